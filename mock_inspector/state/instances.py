"""EC2 instances with the Inspector agent, as a test describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import lru_cache
from typing import Annotated, Any, TypedDict, get_args, get_type_hints

from .._signatures import explain_attributes
from ..api.literals import AgentHealth, AgentHealthCode
from ..api.validation import ShapeName, validate
from ..errors import short_repr, suggest, suggest_call
from .finding_specs import FindingSpec
from .telemetry import Telemetry


class InstanceKeywords(TypedDict, total=False):
    """The keywords of ``add_instance``: the attributes below, None for one that is left open."""

    tags: Mapping[str, str] | None
    hostname: str | None
    ami_id: str | None
    auto_scaling_group: str | None
    ipv4_address: str | None
    operating_system: str | None
    kernel_version: str | None
    agent_version: str | None
    agent_health: AgentHealth
    agent_health_code: AgentHealthCode | None
    agent_health_details: str | None
    network_interfaces: list[dict[str, Any]] | None
    telemetry: list[dict[str, Any]] | None
    findings: Iterable[FindingSpec]


_FIXED = ("number", "instance_id")
"""The attributes that every instance has, and keeps."""


@dataclass(slots=True, eq=False, repr=False)
class InstanceAttributes:
    """What an instance and its entry in a snapshot have in common. Validation reads the shapes."""

    number: int
    instance_id: Annotated[str, ShapeName("AgentId")]
    tags: dict[str, str] = field(default_factory=dict)
    hostname: Annotated[str | None, ShapeName("Hostname")] = None
    ami_id: Annotated[str | None, ShapeName("AmiId")] = None
    auto_scaling_group: Annotated[str | None, ShapeName("AutoScalingGroup")] = None
    ipv4_address: Annotated[str | None, ShapeName("Ipv4Address")] = None
    operating_system: Annotated[str | None, ShapeName("OperatingSystem")] = None
    kernel_version: Annotated[str | None, ShapeName("KernelVersion")] = None
    agent_version: Annotated[str | None, ShapeName("AgentVersion")] = None
    agent_health: Annotated[AgentHealth, ShapeName("AgentHealth")] = "HEALTHY"
    agent_health_code: Annotated[AgentHealthCode | None, ShapeName("AgentHealthCode")] = None
    agent_health_details: Annotated[str | None, ShapeName("Message")] = None
    network_interfaces: Annotated[list[dict[str, Any]], ShapeName("NetworkInterfaces")] = field(default_factory=list)
    telemetry: Annotated[Telemetry | None, ShapeName("TelemetryMetadataList")] = None


@explain_attributes("an instance")
@dataclass(slots=True, eq=False, repr=False)
class Instance(InstanceAttributes):
    """An EC2 instance with an agent, made by ``InspectorBackend.add_instance``.

    A test may change its attributes between runs, but not its id. Each is validated as ``add_instance`` validates it:
    ValueError, which names the attribute, for a value that is not allowed; None for one that is left open. A run keeps
    the attributes of its start.
    """

    findings: tuple[FindingSpec, ...] = ()

    def __repr__(self) -> str:
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)[2:]}
        text = "".join(f", {name}={value!r}" for name, value in values.items() if value)
        return f"Instance({self.instance_id!r}{text})"

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and _has_slot(self, name):
            raise AttributeError(f"{name} of an instance cannot change; remove the instance and add another one")
        if name not in self.__dataclass_fields__:
            raise AttributeError(_describe_attributes(name))
        object.__setattr__(self, name, _validate_attribute(name, value))

    def copy(self) -> Instance:
        """Return the instance as it is now. Changes to one do not reach the other.

        ValueError for a value that the test has made invalid inside a list or mapping, where no assignment is seen.
        """
        return replace(self)

    def take_over(self, other: Instance) -> None:
        """Take the attributes of another one, which is not used any more."""
        for entry in fields(self):
            object.__setattr__(self, entry.name, getattr(other, entry.name))

    def matches(self, tags: Iterable[dict[str, str]]) -> bool:
        """Whether the instance has any of a resource group's tags. A tag without a value matches any value."""
        return any(
            tag["key"] in self.tags and tag.get("value", self.tags[tag["key"]]) == self.tags[tag["key"]] for tag in tags
        )

    def to_preview(self) -> dict[str, Any]:
        """The agent as PreviewAgents shows it (data type AgentPreview)."""
        members = {
            "agentId": self.instance_id,
            "hostname": self.hostname,
            "autoScalingGroup": self.auto_scaling_group,
            "agentHealth": self.agent_health,
            "agentVersion": self.agent_version,
            "operatingSystem": self.operating_system,
            "kernelVersion": self.kernel_version,
            "ipv4Address": self.ipv4_address,
        }
        return {name: value for name, value in members.items() if value is not None}


def _has_slot(instance: Instance, name: str) -> bool:
    try:
        object.__getattribute__(instance, name)
    except AttributeError:
        return False
    return True


def _describe_attributes(name: str) -> str:
    names = [entry.name for entry in fields(Instance) if entry.name != "number"]
    return f"an instance has {', '.join(names)}; got {name!r}{suggest(name, names)}"


@lru_cache(maxsize=1)
def _shapes() -> dict[str, str]:
    """The model's data types of the attributes that have one."""
    hints = get_type_hints(InstanceAttributes, include_extras=True)
    shapes = {name: [part for part in get_args(hint) if isinstance(part, ShapeName)] for name, hint in hints.items()}
    return {name: found[0].name for name, found in shapes.items() if found}


def build_instance(number: int, instance_id: str, keywords: InstanceKeywords) -> Instance:
    """Return a validated instance. ValueError, which names the attribute, for a value that is not allowed."""
    attributes: dict[str, Any] = {name: value for name, value in keywords.items() if value is not None}
    return Instance(number, instance_id, **attributes)


def _validate_attribute(name: str, value: Any) -> Any:
    """Return the value of an attribute, which shares nothing mutable with ``value``. None becomes the default."""
    if value is None and name not in _FIXED:
        return deepcopy(_defaults()[name])
    if name == "tags":
        return validate_tags(value)
    if name == "findings":
        return _validate_specs(value)
    shape = _shapes().get(name)
    return value if shape is None else validate(shape, value, name)


@lru_cache(maxsize=1)
def _defaults() -> dict[str, Any]:
    """The defaults of the attributes that may be left open."""
    return {
        entry.name: entry.default if entry.default_factory is MISSING else entry.default_factory()
        for entry in fields(Instance)
        if entry.name not in _FIXED
    }


def validate_tags(tags: Any) -> dict[str, str]:
    """Return the tags of an instance. ValueError for invalid ones."""
    if not isinstance(tags, Mapping):
        raise ValueError(
            f"tags must be a mapping such as {{'Name': 'web'}}; got {short_repr(tags)}{_suggest_tags(tags)}"
        )
    for key, value in tags.items():
        validate("TagKey", key, "a key of tags")
        if value != "":
            validate("TagValue", value, f"tags[{short_repr(key)}]")
    return dict(tags)


def _suggest_tags(tags: Any) -> str:
    """The mapping of a list of tags in the shape of EC2 or of Inspector."""
    pairs: dict[Any, Any] = {}
    for tag in tags if isinstance(tags, (list, tuple)) else ():
        members = {str(key).lower(): value for key, value in tag.items()} if isinstance(tag, Mapping) else {}
        if "key" not in members:
            return ""
        pairs[members["key"]] = members.get("value", "")
    return f"; did you mean {short_repr(pairs)}?" if pairs else ""


def to_tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as the data type Tag. EC2 allows an empty value, which that data type can only leave out."""
    return [{"key": key} if value == "" else {"key": key, "value": value} for key, value in tags.items()]


def keep_valid(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that an EC2 gives, without those whose answers would be out of the model's bounds."""
    valid: dict[str, Any] = {"tags": {}}
    for key, value in attributes["tags"].items():
        with suppress(ValueError):
            valid["tags"].update(validate_tags({key: value}))
    for name, shape in _shapes().items():
        if attributes.get(name) is not None:
            with suppress(ValueError):
                valid[name] = validate(shape, attributes[name], name)
    return valid


def _validate_specs(findings: Any) -> tuple[FindingSpec, ...]:
    expected = (
        "findings must be a list of what the functions of mock_inspector.findings return, such as cve('CVE-2016-2177')"
    )
    if isinstance(findings, FindingSpec):
        raise ValueError(f"{expected}; got a single one, {short_repr(findings.id)}; did you mean findings=[...]?")
    if not isinstance(findings, Iterable) or isinstance(findings, (str, Mapping)):
        raise ValueError(f"{expected}; got {short_repr(findings)}{_suggest_spec(findings)}")
    specs = tuple(findings)
    for spec in specs:
        if not isinstance(spec, FindingSpec):
            raise ValueError(f"{expected}; got {short_repr(spec)} in it{_suggest_spec(spec)}")
    return specs


def _suggest_spec(value: object) -> str:
    """What a test may have meant by a value where a spec belongs."""
    if isinstance(value, str) and value.upper().startswith("CVE-"):
        return f"; did you mean cve({value.upper()!r})?"
    return suggest_call(value).replace("()", "(...)")
