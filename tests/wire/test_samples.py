"""The 32 sample exchanges of the API reference: in the samples' states, the samples' requests get their responses."""

import json
import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, StructureShape

from mock_inspector.wire.dispatcher import handle
from mock_inspector.wire.http import Request

from ..support.aws import create_group, create_target, create_template, start_run
from ..support.fake_service import fake_service

SAMPLES = {
    sample["operation"]: sample for sample in json.loads(Path(__file__).with_name("samples.json").read_text("utf-8"))
}
MODEL = ServiceModel(Loader().load_service_model("inspector", "service-2", "2016-02-16"), "inspector")

ROOT = "arn:aws:inspector:us-west-2:123456789012"
EXAMPLE_TARGET = f"{ROOT}:target/0-0kFIPusq"
EXAMPLE_GROUP = f"{ROOT}:resourcegroup/0-PyGXopAI"
EXAMPLE_TEMPLATE = f"{EXAMPLE_TARGET}/template/0-4r1V2mAw"
EXAMPLE_RUN = f"{EXAMPLE_TEMPLATE}/run/0-MKkpXXPE"
OTHER_RUN = f"{EXAMPLE_TEMPLATE}/run/0-v5D6fI3v"
EXAMPLE_PACKAGE = "arn:aws:inspector:us-west-2:758058086616:rulespackage/0-X1KXtawP"
ROLE = "arn:aws:iam::123456789012:role/inspector"
TOPIC = "arn:aws:sns:us-west-2:123456789012:exampletopic"

ROLE_REGISTERED = 1458069182.826
GROUP_CREATED, TARGET_CREATED, TEMPLATE_CREATED = 1458074191.098, 1458074191.459, 1458074191.844
RUN_CREATED, RUN_STOPPED, RUN_COMPLETED = 1458680170.035, 1458680239.883, 1458680301.4
SUBSCRIBED = 1459455440.867

UUID_1 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{day}/us-west-2/inspector/aws4_request, "
    "SignedHeaders=accept-encoding;content-type;host;user-agent;x-amz-date;x-amz-target, "
    "Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"
)

GAINED_SINCE_2016 = {
    "AgentPreview": {"agentHealth"},
    "AssessmentRun": {"findingCounts", "userAttributesForFindings"},
    "AssessmentTemplate": {"assessmentRunCount", "lastAssessmentRunArn"},
    # Not new, but its end of the document is cut off.
    "DescribeAssessmentRunsResponse": {"failedItems"},
}
"""Members that an answer may have beyond the sample's, by shape."""


def _moment(operation):
    """When the sample's response was sent."""
    return parsedate_to_datetime(SAMPLES[operation]["response"]["headers"]["Date"])


class Scene:
    """A backend on its way into a sample's state, through what every user of the package has."""

    def __init__(self, backend, client):
        self.backend = backend
        self.client = client
        self._made = set()

    def make(self, arn, **details):
        """Create what an ARN names, after what contains it, each under its own id, where it is not there yet."""
        head, _, path = arn.rpartition(":")
        parts = path.split("/")
        for end in range(2, len(parts) + 1, 2):
            expected = f"{head}:{'/'.join(parts[:end])}"
            if expected in self._made:
                continue
            self._made.add(expected)
            self.backend.next_ids(parts[end - 1])
            parent = expected.rsplit("/", 2)[0]
            assert getattr(self, f"_{parts[end - 2]}")(parent, **(details if expected == arn else {})) == expected

    def _resourcegroup(self, _):
        return create_group(self.client, Name="example")

    def _target(self, _, group=None):
        return create_target(self.client, "ExampleAssessmentTarget", group)

    def _template(self, target, name="ExampleAssessmentTemplate"):
        self.add_rules_package(EXAMPLE_PACKAGE)
        return create_template(self.client, target, name, duration=3600, packages=[EXAMPLE_PACKAGE])

    def _run(self, template):
        return start_run(self.client, template)

    def _finding(self, run):
        return self.backend.add_finding(run, {})

    def add_rules_package(self, arn):
        """Two rules packages of the samples are in no table of the documentation; their names are not known."""
        self.backend.add_rules_package("Unlisted", arn=arn)

    def move_to(self, moment):
        self.backend.clock.move_to(moment)

    def finish_run(self, run, finding_id=None):
        if finding_id:
            self.backend.next_ids(finding_id)
        self.backend.finish_run(run)

    def make_example_target(self):
        """The target of the samples, with what it is made of, at the moments that they show."""
        self.move_to(GROUP_CREATED)
        self.make(EXAMPLE_GROUP)
        self.move_to(TARGET_CREATED)
        self.make(EXAMPLE_TARGET, group=EXAMPLE_GROUP)
        self.move_to(TEMPLATE_CREATED)
        self.make(EXAMPLE_TEMPLATE)

    def make_example_run(self):
        """The run of the samples: of one instance, stopped after 70 of its 3600 seconds, and completed."""
        self.make_example_target()
        self.backend.add_instance("i-49113b93", tags={"Name": "example"})
        self.move_to(RUN_CREATED)
        self.make(EXAMPLE_RUN)
        self.move_to(RUN_STOPPED)
        self.client.stop_assessment_run(assessmentRunArn=EXAMPLE_RUN)
        self.finish_run(EXAMPLE_RUN, "0-HwPnsDm4")
        assert self.backend.clock.now().timestamp() == RUN_COMPLETED

    def make_both_runs(self):
        """The two runs that the List samples show, one after the other, each with its finding."""
        self.make(EXAMPLE_TEMPLATE)
        self.backend.add_instance("i-49113b93")
        for run, finding_id in ((EXAMPLE_RUN, "0-HwPnsDm4"), (OTHER_RUN, "0-tyvmqBLy")):
            self.make(run)
            self.finish_run(run, finding_id)

    def make_subscribed_template(self, template):
        self.make(template)
        self.move_to(SUBSCRIBED)
        self.client.subscribe_to_event(resourceArn=template, event="ASSESSMENT_RUN_COMPLETED", topicArn=TOPIC)


def _ended_run(scene, body):
    scene.make(body["assessmentRunArn"])
    scene.finish_run(body["assessmentRunArn"])


def _run_in_progress(scene, body):
    scene.move_to(_moment("StopAssessmentRun") - timedelta(minutes=9))  # as StartAssessmentRun's sample lies before it
    scene.make(body["assessmentRunArn"])


def _registered_role(scene, body):
    scene.move_to(ROLE_REGISTERED)
    scene.client.register_cross_account_access_role(roleArn=ROLE)


def _two_templates(scene, body):
    scene.make(EXAMPLE_TEMPLATE)
    scene.make(f"{EXAMPLE_TARGET}/template/0-Uza6ihLh", name="Another")


def _tagged_template(scene, body):
    scene.make(body["resourceArn"])
    scene.client.set_tags_for_resource(resourceArn=body["resourceArn"], tags=[{"key": "Name", "value": "Example"}])


def _previewed_target(scene, body):
    scene.make(body["previewAgentsArn"])
    scene.backend.add_instance("i-49113b93")


def _finding_with_attribute(scene, body):
    scene.make(body["findingArns"][0])
    attribute = {"key": body["attributeKeys"][0], "value": "example"}
    scene.client.add_attributes_to_findings(findingArns=body["findingArns"], attributes=[attribute])


def _target_and_next_template(scene, body):
    scene.make(body["assessmentTargetArn"])
    scene.add_rules_package(body["rulesPackageArns"][0])
    scene.backend.next_ids("0-it5r2S4T")


def _template_and_next_run(scene, body):
    scene.make(body["assessmentTemplateArn"])
    scene.backend.next_ids("0-jOoroxyY")


def _group_and_next_target(scene, body):
    scene.make(body["resourceGroupArn"])
    scene.backend.next_ids("0-nvgVhaxX")


def _target_and_group(scene, body):
    scene.make(body["assessmentTargetArn"])
    scene.make(body["resourceGroupArn"])


STATES = {
    "AddAttributesToFindings": lambda scene, body: scene.make(body["findingArns"][0]),
    "CreateAssessmentTarget": _group_and_next_target,
    "CreateAssessmentTemplate": _target_and_next_template,
    "CreateResourceGroup": lambda scene, body: scene.backend.next_ids("0-AB6DMKnv"),
    "DeleteAssessmentRun": _ended_run,
    "DeleteAssessmentTarget": lambda scene, body: scene.make(EXAMPLE_TEMPLATE),
    "DeleteAssessmentTemplate": lambda scene, body: scene.make(body["assessmentTemplateArn"]),
    "DescribeAssessmentRuns": lambda scene, body: scene.make_example_run(),
    "DescribeAssessmentTargets": lambda scene, body: scene.make_example_target(),
    "DescribeAssessmentTemplates": lambda scene, body: scene.make_example_target(),
    "DescribeCrossAccountAccessRole": _registered_role,
    "DescribeFindings": lambda scene, body: scene.make_example_run(),
    "DescribeResourceGroups": lambda scene, body: scene.make_example_target(),
    "DescribeRulesPackages": lambda scene, body: None,
    "GetTelemetryMetadata": lambda scene, body: scene.make_example_run(),
    "ListAssessmentRunAgents": lambda scene, body: scene.make_example_run(),
    "ListAssessmentRuns": lambda scene, body: scene.make_both_runs(),
    "ListAssessmentTargets": lambda scene, body: scene.make(EXAMPLE_TARGET),
    "ListAssessmentTemplates": _two_templates,
    "ListEventSubscriptions": lambda scene, body: scene.make_subscribed_template(body["resourceArn"]),
    "ListFindings": lambda scene, body: scene.make_both_runs(),
    "ListRulesPackages": lambda scene, body: None,
    "ListTagsForResource": _tagged_template,
    "PreviewAgents": _previewed_target,
    "RegisterCrossAccountAccessRole": lambda scene, body: None,
    "RemoveAttributesFromFindings": _finding_with_attribute,
    "SetTagsForResource": lambda scene, body: scene.make(body["resourceArn"]),
    "StartAssessmentRun": _template_and_next_run,
    "StopAssessmentRun": _run_in_progress,
    "SubscribeToEvent": lambda scene, body: scene.make(body["resourceArn"]),
    "UnsubscribeFromEvent": lambda scene, body: scene.make_subscribed_template(body["resourceArn"]),
    "UpdateAssessmentTarget": _target_and_group,
}


def _as_documented(operation, answered):
    """The answer, cut where the samples are: the three edits that their documents tell of or give away."""
    if operation == "DescribeAssessmentRuns":  # the first three of eight states
        run = answered["assessmentRuns"][0]
        assert len(run["stateChanges"]) == 8
        run["stateChanges"] = run["stateChanges"][:3]
    elif operation == "ListAssessmentRunAgents":  # three of the message types that GetTelemetryMetadata sums up
        agent = answered["assessmentRunAgents"][0]
        assert len(agent["telemetryMetadata"]) == 29
        agent["telemetryMetadata"] = agent["telemetryMetadata"][:3]
    elif operation == "ListRulesPackages":  # Network Reachability came in November 2018
        answered["rulesPackageArns"].remove("arn:aws:inspector:us-west-2:758058086616:rulespackage/0-rD1z6dpl")
    return answered


def _differences(shape, sample, answered, path="$"):
    """In what an answer differs from a sample, other than by members that the shape has gained since."""
    if isinstance(shape, StructureShape):
        for name in sample.keys() | answered.keys():
            if name not in answered:
                yield f"{path}.{name} is missing"
            elif name in sample:
                yield from _differences(shape.members[name], sample[name], answered[name], f"{path}.{name}")
            elif name not in GAINED_SINCE_2016.get(shape.name, ()) or name not in shape.members:
                yield f"{path}.{name} is not in the sample"
    elif isinstance(shape, ListShape) and len(sample) == len(answered):
        for index, (expected, found) in enumerate(zip(sample, answered, strict=True)):
            yield from _differences(shape.member, expected, found, f"{path}[{index}]")
    elif sample != answered or (type(sample) is not type(answered) and shape.type_name not in {"double", "timestamp"}):
        yield f"{path}: the sample has {sample!r}, the answer {answered!r}"


def _sent(backend, sample):
    """The response to exactly the sample's request, at the moment of the sample's response."""
    headers, body = sample["request"]["headers"], sample["request"]["body"]
    backend.clock.move_to(_moment(sample["operation"]))
    signed = {**headers, "Authorization": AUTHORIZATION.format(day=headers["X-Amz-Date"][:8])}
    url = f"https://{headers['Host']}/"
    return handle(fake_service(backend), Request("POST", url, signed, json.dumps(body).encode()))


def test_there_is_a_state_for_each_of_the_32_samples():
    assert len(SAMPLES) == 32
    assert STATES.keys() == SAMPLES.keys()


@pytest.mark.mock_inspector(at=ROLE_REGISTERED, region="us-west-2")
@pytest.mark.parametrize("operation", SAMPLES)
def test_a_samples_request_gets_the_samples_response(operation, inspector_backend, client):
    sample = SAMPLES[operation]
    STATES[operation](Scene(inspector_backend, client), sample["request"]["body"])

    response = _sent(inspector_backend, sample)

    expected = sample["response"]
    assert response.status == expected["status"]
    assert UUID_1.fullmatch(response.headers["x-amzn-RequestId"])
    assert response.headers["Content-Type"] == expected["headers"]["Content-Type"]
    assert response.headers["Date"] == expected["headers"]["Date"]
    assert response.headers["Content-Length"] == str(len(response.body))
    if expected["body"] is None:
        assert response.body == b""
    else:
        answered = json.loads(response.body)
        assert response.body == json.dumps(answered, separators=(",", ":")).encode(), "compact JSON"
        shape = MODEL.operation_model(operation).output_shape
        assert list(_differences(shape, expected["body"], _as_documented(operation, answered))) == []
