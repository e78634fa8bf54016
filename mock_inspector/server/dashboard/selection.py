"""What an address of the page selects: an account and region, a filter of findings, failed calls, and what is open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from .overview import MAX_LISTED

MAX_SHOWN = 2_000
"""Limit of the findings listed, however often the page is told to show more."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The query of an address, ``/?account_id=...&region=...&severity=High&open=arn:...``.

    Empty members select everything. Unknown parameters are ignored.
    """

    account_id: str = ""
    region: str = ""
    severity: str = ""
    rules_package: str = ""
    """The ARN of a rules package."""
    instance: str = ""
    """An instance id, or a part of one."""
    run: str = ""
    """The ARN of a run."""
    text: str = ""
    calls: str = ""
    """``failed`` lists the failed calls only."""
    shown: int = MAX_LISTED
    """Limit of the findings listed."""
    open: tuple[str, ...] = ()
    """The ARNs of findings and exclusions, and ``call-7``, ``message-7``: what is shown in full."""

    @classmethod
    def parse(cls, query: str) -> Selection:
        """Return what a query selects."""
        pairs = parse_qsl(query)
        values = {name: value.strip() for name, value in pairs if name in _TEXTS}
        shown = next((value for name, value in pairs if name == "shown"), "")
        number = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 6 else MAX_LISTED  # noqa: PLR2004
        opened = dict.fromkeys(value for name, value in pairs if name == "open")
        return cls(**values, shown=max(1, min(number, MAX_SHOWN)), open=tuple(opened))

    @property
    def filters_findings(self) -> bool:
        """Whether some findings may be left out."""
        return bool(self.severity or self.rules_package or self.instance or self.run or self.text)

    def url(self, **changes: str | int | tuple[str, ...]) -> str:
        """Return the address that selects the same but for some changes."""
        changed = replace(self, **changes)  # type: ignore[arg-type]  # of the members' types
        pairs: list[tuple[str, str | int]] = [(name, value) for name in _TEXTS if (value := getattr(changed, name))]
        if changed.shown != MAX_LISTED:
            pairs.append(("shown", changed.shown))
        return "/?" + urlencode([*pairs, *(("open", key) for key in changed.open)])

    def url_without_filter(self, **changes: str | int | tuple[str, ...]) -> str:
        """Return the address that filters findings by nothing but what is given."""
        nothing = dict.fromkeys(("severity", "rules_package", "instance", "run", "text"), "")
        return self.url(**{**nothing, "shown": MAX_LISTED, **changes})

    def toggle(self, key: str) -> str:
        """Return the address that opens an item, or closes it if it is open."""
        keys = tuple(entry for entry in self.open if entry != key) if key in self.open else (*self.open, key)
        return self.url(open=keys)


_TEXTS = ("account_id", "region", "severity", "rules_package", "instance", "run", "text", "calls")
