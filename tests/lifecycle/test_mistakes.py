"""Mistakes of a test's author: each gets an answer that says what was given, what is allowed, and what was meant."""

import datetime
import inspect
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mock_inspector import InspectorBackend, errors, findings, mock_inspector
from mock_inspector.actions.registry import ACTIONS

from ..support.aws import CVE

mock: Any = mock_inspector
f: Any = findings
"""Type checkers find most of these mistakes."""


@pytest.fixture
def given(inspector_backend):
    """The backend, and responses of its actions."""
    backend = inspector_backend
    target = backend.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    template = backend.create_assessment_template(
        assessmentTargetArn=target, assessmentTemplateName="hourly", durationInSeconds=3600, rulesPackageArns=[CVE]
    )
    instance = backend.add_instance("i-0web")
    started = backend.start_assessment_run(**template)
    run = started["assessmentRunArn"]
    described = backend.describe_assessment_runs(assessmentRunArns=[run])
    return SimpleNamespace(
        backend=backend, template=template, started=started, run=run, described=described, i=instance
    )


RUN_ARN = "run_arn must be the ARN of an assessment run; got "

BACKEND = {
    "for_region": [
        (lambda b, _: b.for_region("us_east_1"), "region must .*; got 'us_east_1'; did you mean 'us-east-1'?"),
        (lambda b, _: b.for_region("eu-west-1b"), "region must .*; got 'eu-west-1b'; did you mean 'eu-west-1'?"),
        (lambda b, _: b.for_region({}), "region must be the name of a region such as 'us-east-1'; got {}"),
        (lambda b, _: b.for_region(nam="us-east-1"), "for_region() takes name; got 'nam'; did you mean 'name'?"),
        (lambda b, _: b.for_region(regoin="us-east-1"), "for_region() takes name; got 'regoin'"),
        (lambda b, _: b.for_region(), "for_region() takes name; name must be given; got nothing"),
        (lambda b, _: b.for_region("a", "b"), "for_region() takes name by position; got 'b' as well"),
    ],
    "for_account": [
        (lambda b, _: b.for_account(123456789012), "account_id must .*; got 123456789012; did you mean '123456789012'?"),
        (lambda b, _: b.for_account([]), "account_id must be a string of 12 digits; got []"),
        (lambda b, _: b.for_account(accountId="1"), "for_account() takes account_id; got 'accountId'; did you mean "),
    ],
    "register_access_key": [
        (lambda b, _: b.register_access_key(None), "access_key_id must be the id of an access key; got None"),
        (lambda b, _: b.register_access_key(access_key="AKIA"), ".* got 'access_key'; did you mean 'access_key_id'?"),
    ],
    "add_instance": [
        (lambda b, g: b.add_instance(g.i), "instance_id must be a string .*; got Instance(.*; did you mean 'i-0web'?"),
        (lambda b, _: b.add_instance(3), "instance_id must be a string such as 'i-0web'; got 3"),
        (lambda b, _: b.add_instance("i-0db", {"Name": "db"}), "add_instance() takes instance_id by position, and by keyword tags, .*; got {'Name': 'db'} as well"),
        (lambda b, _: b.add_instance(regoin="x"), "add_instance() takes instance_id, tags, .*; got 'regoin'"),
        (lambda b, _: b.add_instance(agentHealth="x"), ".*; got 'agentHealth'; did you mean 'agent_health'?"),
        (lambda b, _: b.add_instance(agent_health="unhealthy"), "agent_health must be one of .*; got 'unhealthy'; did you mean 'UNHEALTHY'?"),
        (lambda b, _: b.add_instance(agent_health_code="idle"), "agent_health_code must .*; did you mean 'IDLE'?"),
        (lambda b, _: b.add_instance(tags=[{"Key": "Name", "Value": "db"}]), "tags must be a mapping .*; did you mean {'Name': 'db'}?"),
        (lambda b, _: b.add_instance(tags=["Name"]), "tags must be a mapping such as {'Name': 'web'}; got ['Name']"),
        (lambda b, _: b.add_instance(network_interfaces=[{"vpc_id": "vpc-1"}]), ".* unknown member 'vpc_id'; .*; did you mean 'vpcId'?"),
        (lambda b, _: b.add_instance(telemetry={"messageType": "x"}), "telemetry must be a list; got {'messageType': 'x'}"),
        (lambda b, _: b.add_instance(findings=f.cve("CVE-2016-2177")), "findings must be a list .*; got a single one, 'CVE-2016-2177'; did you mean findings=[...]?"),
        (lambda b, _: b.add_instance(findings=f.cve), "findings must be a list .*; got <function cve.*; did you mean cve(...)?"),
        (lambda b, _: b.add_instance(findings=[f.cve]), "findings must be a list .*; got <function cve.* in it; did you mean cve(...)?"),
        (lambda b, _: b.add_instance(findings="cve-2016-2177"), ".*; got 'cve-2016-2177'; did you mean cve('CVE-2016-2177')?"),
        (lambda b, _: b.add_instance(findings=[{"severity": "High"}]), "findings must .*; got {'severity': 'High'} in it"),
        (lambda b, _: b.add_instance(findings={"severity": "High"}), "findings must .*; got {'severity': 'High'}"),
    ],
    "instances": [
        (lambda b, _: b.instances["i-0wbe"], ".*instances are i-0web; got 'i-0wbe'; did you mean 'i-0web'?"),
        (lambda b, g: setattr(g.i, "agent_helth", "x"), "an instance has instance_id, .*; got 'agent_helth'; did you mean 'agent_health'?"),
        (lambda b, g: g.i.host_name, "an instance has no 'host_name'; did you mean 'hostname'?"),
        (lambda b, g: setattr(g.i, "agent_health", "healthy"), "agent_health must be one of .*; did you mean 'HEALTHY'?"),
        (lambda b, g: setattr(g.i, "findings", f.cve("CVE-2016-2177")), "findings must .*; did you mean findings=[...]?"),
    ],
    "remove_instance": [
        (lambda b, _: b.remove_instance("i-0wbe"), "instance_id must be one of i-0web; got 'i-0wbe'; did you mean 'i-0web'?"),
        (lambda b, g: b.remove_instance(g.i), "instance_id must be one of i-0web; got Instance(.*; did you mean 'i-0web'?"),
        (lambda b, _: b.remove_instance({"instance_id": "i-0web"}), "instance_id must be one of i-0web; got {"),
    ],
    "add_rules_package": [
        (lambda b, _: b.add_rules_package(3), "rules package.name must be a string; got 3"),
        (lambda b, _: b.add_rules_package("x", arn=3), "arn must be the ARN of a rules package in us-west-2; got 3"),
        (lambda b, _: b.add_rules_package("x", arn={"rulesPackageArns": [CVE]}), "arn must .*; did you mean its ['rulesPackageArns'][0]?"),
        (lambda b, _: b.add_rules_package("x", verison="2"), ".*; got 'verison'; did you mean 'version'?"),
        (lambda b, _: b.add_rules_package("x", "arn"), "add_rules_package() takes name by position, and by keyword arn, .*; got 'arn' as well"),
    ],
    "add_finding": [
        (lambda b, g: b.add_finding(g.started, {}), f"{RUN_ARN}{{.*; did you mean its ['assessmentRunArn']?"),
        (lambda b, g: b.add_finding(g.described["assessmentRuns"][0], {}), f"{RUN_ARN}{{.*; did you mean its ['arn']?"),
        (lambda b, g: b.add_finding([g.run], {}), f"{RUN_ARN}.*; did you mean its [0]?"),
        (lambda b, g: b.add_finding({"title": "x"}), f"{RUN_ARN}{{'title': 'x'}}"),
        (lambda b, g: b.add_finding(g.template["assessmentTemplateArn"], {}), f"{RUN_ARN}'arn:"),
        (lambda b, g: b.add_finding(g.run), "add_finding() takes run_arn, finding; finding must be given; got 'arn:"),
        (lambda b, g: b.add_finding(g.run, title="x"), "add_finding() takes run_arn, finding; got 'title'"),
        (lambda b, g: b.add_finding(g.run, f.cve("CVE-2016-2177")), "finding must be a mapping in the shape of DescribeFindings; got FindingSpec(.*; add_instance(findings=[...]) takes it"),
        (lambda b, g: b.add_finding(g.run, {"sevrity": "High"}), "finding has the unknown member 'sevrity'; .*; did you mean 'severity'?"),
        (lambda b, g: b.add_finding(g.run, {"numeric_severity": 9}), "finding has the unknown member .*; did you mean 'numericSeverity'?"),
        (lambda b, g: b.add_finding(g.run, {"severity": "HIGH"}), "finding.severity must be one of .*; did you mean 'High'?"),
        (lambda b, g: b.add_finding(g.run, {"attributes": [{"Key": "a"}]}), ".* unknown member 'Key'; .*; did you mean 'key'?"),
        (lambda b, g: b.add_finding(g.run, {"createdAt": "now"}), "finding.createdAt must be epoch seconds as a number; got 'now'"),
    ],
    "add_exclusion": [
        (lambda b, g: b.add_exclusion(g.started, {}), f"{RUN_ARN}{{.*; did you mean its ['assessmentRunArn']?"),
        (lambda b, g: b.add_exclusion(g.run, "No instances in target"), "exclusion must be a mapping .*; got 'No inst"),
        (lambda b, g: b.add_exclusion(g.run, {"titel": "x"}), "exclusion has the unknown member 'titel'; .*; did you mean 'title'?"),
    ],
    "set_run_state": [
        (lambda b, g: b.set_run_state(g.run, "completed"), "state must be one of CREATED, .*; got 'completed'; did you mean 'COMPLETED'?"),
        (lambda b, g: b.set_run_state(g.run, "CANCELLED"), "state must be one of .*; did you mean 'CANCELED'?"),
        (lambda b, g: b.set_run_state(g.run, {"state": "FAILED"}), "state must be one of .*; got {'state': 'FAILED'}"),
        (lambda b, g: b.set_run_state(g.started, "FAILED"), f"{RUN_ARN}{{.*; did you mean its ['assessmentRunArn']?"),
        (lambda b, g: b.set_run_state("FAILED", g.run), f"{RUN_ARN}'FAILED'"),
        (lambda b, g: b.set_run_state(g.run), "set_run_state() takes run_arn, state; state must be given; got 'arn:"),
        (lambda b, g: b.set_run_state(g.run, status="x"), ".* takes run_arn, state; got 'status'; did you mean 'state'?"),
    ],
    "finish_run": [
        (lambda b, g: b.finish_run(g.started), f"{RUN_ARN}{{.*; did you mean its ['assessmentRunArn']?"),
        (lambda b, g: b.finish_run(g.described), f"{RUN_ARN}{{.*; did you mean its ['assessmentRuns'][0]['arn']?"),
        (lambda b, g: b.finish_run(None), f"{RUN_ARN}None"),
        (lambda b, g: b.finish_run(), "finish_run() takes run_arn; run_arn must be given; got nothing"),
    ],
    "clock": [
        (lambda b, _: b.clock.tick("30"), "delta must be seconds or a timedelta; got '30'; did you mean 30?"),
        (lambda b, _: b.clock.tick(10**400), "delta must be within the calendar; got "),
        (lambda b, _: b.clock.tick("1 h"), "delta must be seconds or a timedelta; got '1 h'"),
        (lambda b, _: b.clock.tick(b.clock.now()), "delta must be .*; did you mean clock.move_to(...)?"),
        (lambda b, _: b.clock.tick(minutes=5), "clock.tick() takes delta; got 'minutes'"),
        (lambda b, _: b.clock.move_to(timedelta(hours=1)), "moment must be .*; did you mean clock.tick(...)?"),
        (lambda b, _: b.clock.move_to(datetime.date(2030, 1, 1)), "moment must be a datetime, ISO 8601 text or .*; got "),
        (lambda b, _: b.clock.move_to("next week"), "moment must be a datetime, ISO 8601 text or .*; got 'next week'"),
        (lambda b, _: b.clock.move_to(), "clock.move_to() takes moment; moment must be given; got nothing"),
        (lambda b, _: b.clock.advance(3), "clock has no 'advance'; it has microseconds, move_to, now, "),
        (lambda b, _: b.clock.moveTo(3), "clock has no 'moveTo'; did you mean 'move_to'?"),
        (lambda b, _: b.clock.run("fast"), "speed must be a number; got 'fast'"),
    ],
    "inject_fault": [
        (lambda b, _: b.inject_fault("list_findings"), "operation must .*; got 'list_findings'; did you mean 'ListFindings'?"),
        (lambda b, _: b.inject_fault("list_findings", "Throttling"), "operation must .*; did you mean 'ListFindings'?"),
        (lambda b, _: b.inject_fault(b.list_findings, "Throttling"), "operation must .*; did you mean 'ListFindings'?"),
        (lambda b, _: b.inject_fault(["ListFindings"], "Throttling"), "operation must .*; did you mean 'ListFindings'?"),
        (lambda b, _: b.inject_fault("ThrottlingException", "ListFindings"), "operation must .*; got 'ThrottlingException', which is an error: the operation comes first"),
        (lambda b, _: b.inject_fault("ListFindings"), "inject_fault() takes operation, error, times, after, when; error must be given; got 'ListFindings'"),
        (lambda b, _: b.inject_fault("ListFindings", "throttling_exception"), "error must be one of .*; did you mean 'ThrottlingException'?"),
        (lambda b, _: b.inject_fault("ListFindings", errors.NoSuchEntityException), "error must be .*; did you mean NoSuchEntityException()?"),
        (lambda b, _: b.inject_fault("ListFindings", {"Error": {"Code": "Throttling"}}), "error must be .*; did you mean {'code': 'Throttling'}?"),
        (lambda b, _: b.inject_fault("ListFindings", 429), "error must be an error's code .*; got 429"),
        (lambda b, _: b.inject_fault("ListFindings", "Throttling", 3), "inject_fault() takes operation, error by position, and by keyword times, after, when; got 3 as well"),
        (lambda b, _: b.inject_fault("ListFindings", "Throttling", time=3), ".*; got 'time'; did you mean 'times'?"),
        (lambda b, _: b.inject_fault("ListFindings", "Throttling", times="2"), "times must be a whole number .*; got '2'"),
        (lambda b, _: b.inject_fault("ListFindings", "Throttling", when={"maxResults": 3}), "when must be a function .*; got {"),
    ],
    "calls": [
        (lambda b, _: b.calls.of("list_findings"), "calls.of() must .*; got 'list_findings'; did you mean 'ListFindings'?"),
        (lambda b, _: b.calls.of(["ListFindings", "DescribeFindings"]), "calls.of() must .*; did you mean calls.of('ListFindings', 'DescribeFindings')?"),
        (lambda b, _: b.calls.of(operation="x"), "calls.of() takes *operations, account, .*; got 'operation'; did you mean '*operations'?"),
        (lambda b, _: b.calls.of(regoin="x"), "calls.of() takes .*; got 'regoin'; did you mean 'region'?"),
        (lambda b, _: b.calls.of(account=123456789012), "account must .*; did you mean '123456789012'?"),
        (lambda b, _: b.calls.of(region="us_east_1"), "region must .*; did you mean 'us-east-1'?"),
        (lambda b, _: b.calls.of(access_key=3), "access_key must be the id of an access key; got 3"),
        (lambda b, _: b.calls.of(error=OSError), "error must be an error's code, True or False; got <class 'OSError'>; did you mean 'OSError'?"),
        (lambda b, _: b.calls.of(error=404), "error must be an error's code, True or False; got 404"),
        (lambda b, _: b.calls.last("ListFindings"), "maximum must be a whole number of at least 0; got 'ListFindings'; did you mean calls.of('ListFindings')[-1]?"),
        (lambda b, _: b.calls.last(-1), "maximum must be a whole number of at least 0; got -1"),
        (lambda b, _: b.calls.last(), "calls.last() takes maximum; maximum must be given; got nothing"),
        (lambda b, _: b.calls["list_findings"], "calls[...] must be given an index or a slice; got 'list_findings'; did you mean calls.of('ListFindings')?"),
        (lambda b, _: b.calls.ofOperation("ListFindings"), "calls has no 'ofOperation'; it has "),
        (lambda b, _: b.calls[7], "calls has 0 calls; got the index 7"),
    ],
    "next_ids": [
        (lambda b, _: b.next_ids(["0-nvgVhaxX"]), "next_ids must have the form .*; got ['0-nvgVhaxX']; did you mean next_ids('0-nvgVhaxX')?"),
        (lambda b, _: b.next_ids("nvg"), "next_ids must have the form '0-nvgVhaxX'; got 'nvg'"),
    ],
    "snapshot": [(lambda b, _: b.snapshot("state.json"), "snapshot() takes no arguments; got 'state.json'")],
    "restore": [
        (lambda b, _: b.restore("state.json"), "snapshot must be a mapping .*; got 'state.json'; did you mean json.load() of that file?"),
        (lambda b, _: b.restore(b.snapshot), "snapshot must be a mapping .*; did you mean snapshot()?"),
        (lambda b, _: b.restore(), "restore() takes snapshot; snapshot must be given; got nothing"),
    ],
    "reset": [(lambda b, _: b.reset(True), "reset() takes no arguments; got True")],
}  # fmt: skip

ACTION_METHODS = [
    (lambda b, _: b.ListFindings(), "InspectorBackend has no 'ListFindings'; did you mean 'list_findings'?"),
    (lambda b, _: b.add_instances(), "InspectorBackend has no 'add_instances'; did you mean 'add_instance'?"),
    (lambda b, _: b.list_findings("x"), "list_findings() takes the request's members as keywords; got ('x',)"),
    (lambda b, _: b.list_findings(assessment_run_arns=[]), ".* takes assessmentRunArns, .*; did you mean 'assessmentRunArns'?"),
    (lambda b, g: b.list_findings(assessmentRunArns=g.run), "assessmentRunArns must be a list; got 'arn:.*; did you mean ['arn:"),
    (lambda b, g: b.list_findings(assessmentRunArns=[g.started]), "assessmentRunArns[0] must be a string; got .*; did you mean its ['assessmentRunArn']?"),
    (lambda b, _: b.list_findings(filter={"severity": ["High"]}), "filter has the unknown member 'severity'; .*; did you mean 'severities'?"),
    (lambda b, _: b.list_findings(filter={"severities": ["high"]}), "filter.severities[0] must be one of .*; did you mean 'High'?"),
    (lambda b, g: b.start_assessment_run(assessmentTemplateArn=g.template), "assessmentTemplateArn must be a string; got .*; did you mean its ['assessmentTemplateArn']?"),
]  # fmt: skip

KEYWORDS = "mock_inspector decorates functions and test classes, and takes account_id, .* as keywords; got "

FUNCTIONS = {
    "mock_inspector": [
        (lambda: mock("us-east-1"), f"{KEYWORDS}'us-east-1'; did you mean region='us-east-1'?"),
        (lambda: mock("123456789012"), f"{KEYWORDS}'123456789012'; did you mean account_id='123456789012'?"),
        (lambda: mock("2020-01-01"), f"{KEYWORDS}'2020-01-01'; did you mean at='2020-01-01'?"),
        (lambda: mock(False), f"{KEYWORDS}False; did you mean freeze=False?"),
        (lambda: mock({"region": "us-east-1"}), f"{KEYWORDS}{{'region': 'us-east-1'}}; did you mean **{{...}}?"),
        (lambda: mock("us-east-1", "123456789012"), "mock_inspector() takes account_id, .* as keywords; got ('us-east-1', '123456789012') by position"),
        (lambda: mock(regoin="us-east-1"), "mock_inspector() takes account_id, .*; got 'regoin'; did you mean 'region'?"),
        (lambda: mock(accountId="1"), "mock_inspector() takes account_id, .*; got 'accountId'; did you mean 'account_id'?"),
        (lambda: mock(freeze="time_machine"), "freeze must .*; got 'time_machine'; did you mean 'time-machine'?"),
        (lambda: mock(region="US-EAST-1"), "region must .*; got 'US-EAST-1'; did you mean 'us-east-1'?"),
        (lambda: mock(account_id="1234-5678-9012"), "account_id must .*; did you mean '123456789012'?"),
        (lambda: mock(limits={"assessmentTargets": 3}), "limits may name .*; did you mean 'assessment_targets'?"),
        (lambda: mock(state=dict), "state must be a snapshot or the path of its JSON file; got <class 'dict'>; did you mean dict()?"),
    ],
    "cve": [
        (lambda: f.cve("cve-2016-2177"), "cve_id must .*; got 'cve-2016-2177'; did you mean 'CVE-2016-2177'?"),
        (lambda: f.cve("2016-2177"), "cve_id must .*; got '2016-2177'; did you mean 'CVE-2016-2177'?"),
        (lambda: f.cve(["CVE-2016-2177"]), "cve_id must be an id such as 'CVE-2016-2177'; got ['CVE-2016-2177']"),
        (lambda: f.cve("CVE-2016-2177", "High"), "cve() takes cve_id by position, and by keyword package, .*, severity, .*; got 'High' as well"),
        (lambda: f.cve(id="CVE-2016-2177"), "cve() takes cve_id, .*; cve_id must be given; got id='CVE-2016-2177'"),
        (lambda: f.cve("CVE-2016-2177", sevrity="High"), "cve() takes .*; got 'sevrity'; did you mean 'severity'?"),
        (lambda: f.cve("CVE-2016-2177", regoin="x"), "cve() takes cve_id, .*; got 'regoin'"),
        (lambda: f.cve("CVE-2016-2177", severity="HIGH"), "severity must be one of .*; did you mean 'High'?"),
        (lambda: f.cve("CVE-2016-2177", severity=[[]]), "severity must be a string; got [[]]"),
        (lambda: f.cve("CVE-2016-2177", package=3), "package must be a name .*, or a list of such names; got 3"),
        (lambda: f.cve("CVE-2016-2177", package=[3]), "package must be a name .*, or a list of such names; got [3]"),
        (lambda: f.cve("CVE-2016-2177", package=[]), "package must be a name .*, or a list of such names; got []"),
        (lambda: f.cve("CVE-2016-2177", package=""), "package must be a name .*, or a list of such names; got ''"),
        (lambda: f.cve("CVE-2016-2177", package=["a", ""]), "package must be a name .*, or a list of such names; got ['a', '']"),
        (lambda: f.cve("CVE-2016-2177", package="x" * 300), "package must have 1 to 256 characters; got 300"),
        (lambda: f.cve("CVE-2016-2177", package=["x" * 200] * 2), "package must have 1 to 256 characters; got 402"),
        (lambda: f.cve("CVE-2016-" + "1" * 300), "cve_id must have at most 128 characters; got 309"),
        (lambda: f.cve("CVE-2016-2177", cvss2_score="high"), "cvss2_score must be a number from 0 to 10; got 'high'"),
        (lambda: f.cve("CVE-2016-2177", cvss3_score=11), "cvss3_score must be a number from 0 to 10; got 11"),
        (lambda: f.cve("CVE-2016-2177", attributes=[{"key": "a"}]), "attributes must be a mapping .*; got [{'key': 'a'}]"),
        (lambda: f.cve("CVE-2016-2177", attributes={"a": 3}), "attributes['a'] must be a string; got 3"),
    ],
    "cis": [
        (lambda: f.cis(1.1), "rule must be a rule's number and name .*; got 1.1"),
        (lambda: f.cis("Ensure cramfs is disabled"), "rule must be a rule's number and name .*; got 'Ensure"),
        (lambda: f.cis("1.1.1 x", benchmark=3), "benchmark must be a string such as 'CIS .*; got 3"),
        (lambda: f.cis("1.1.1 x", benchmark=""), "benchmark must have 1 to 256 characters; got 0"),
        (lambda: f.cis("1.1.1 x", benchmark="x" * 300), "benchmark must have 1 to 256 characters; got 300"),
        (lambda: f.cis("1.1.1 x", profile="x" * 300), "benchmark and profile must have 1 to 256 characters; got 336"),
        (lambda: f.cis("1.1.1 x", profil="Level 2"), "cis() takes .*; got 'profil'; did you mean 'profile'?"),
    ],
    "best_practice": [
        (lambda: f.best_practice("enable aslr"), "rule must be one of .*; got 'enable aslr'; did you mean 'Enable ASLR'?"),
        (lambda: f.best_practice(["Enable ASLR"]), "rule must be one of .*; did you mean 'Enable ASLR'?"),
        (lambda: f.best_practice("Software Without DEP"), "rule must .*; did you mean runtime_behavior('Software Without DEP')?"),
    ],
    "runtime_behavior": [
        (lambda: f.runtime_behavior("Enable ASLR"), "rule must .*; did you mean best_practice('Enable ASLR')?"),
        (f.runtime_behavior, "runtime_behavior() takes rule, severity, .*; rule must be given; got nothing"),
    ],
    "network_reachability": [
        (lambda: f.network_reachability("22"), "port must be 1 to 65535; got '22'; did you mean 22?"),
        (lambda: f.network_reachability("ssh"), "port must be 1 to 65535; got 'ssh'; did you mean 22?"),
        (lambda: f.network_reachability([22, 80]), "port must be 1 to 65535; got [22, 80]"),
        (lambda: f.network_reachability(22, protocol="tcp"), "protocol must be one of TCP, UDP; .*; did you mean 'TCP'?"),
        (lambda: f.network_reachability(22, route="internet"), "route must be one of .*; did you mean 'Internet'?"),
        (lambda: f.network_reachability(22, listener="yes"), "listener must be True, False or None; got 'yes'"),
    ],
}  # fmt: skip


def matches(expected, message):
    """Whether a message begins as expected; only ``.*`` is special in that."""
    return re.match(".*".join(map(re.escape, expected.split(".*"))), message) is not None


def check(mistakes, *args):
    wrong = []
    for make, expected in mistakes:
        with pytest.raises((TypeError, ValueError, AttributeError, LookupError, errors.ApiError)) as caught:
            make(*args)
        if not matches(expected, str(caught.value)) or ("did you mean" in str(caught.value)) != (
            "did you mean" in expected
        ):
            wrong.append(f"expected {expected}\n     got {caught.value}")
    assert wrong == []


@pytest.mark.parametrize("member", BACKEND)
def test_a_mistake_with_a_member_of_the_backend_gets_an_answer_that_helps(member, given):
    before = given.backend.snapshot()

    check(BACKEND[member], given.backend, given)

    assert given.backend.snapshot() == before


def test_a_mistake_with_an_action_of_the_backend_gets_an_answer_that_helps(given):
    check(ACTION_METHODS, given.backend, given)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_mistake_with_a_function_gets_an_answer_that_helps(function):
    check(FUNCTIONS[function])


def test_there_is_a_mistake_for_every_member_and_every_function():
    members = {
        name for name, _ in inspect.getmembers(InspectorBackend) if not name.startswith("_") and name not in ACTIONS
    }
    read_only = {"account_id", "region", "partition", "published"}

    assert members - read_only == set(BACKEND)
    assert set(FUNCTIONS) == {"mock_inspector", *findings.__all__} - {"FindingSpec"}


def test_a_markers_argument_by_position_suggests_the_keyword(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mock_inspector("eu-west-1")
        def test_it(inspector_backend):
            pass
        """
    )

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    assert "got ('eu-west-1',); did you mean region='eu-west-1'?" in result.stdout.str()


def test_None_leaves_the_keyword_of_a_finding_open():
    assert f.cve("CVE-2016-2177", severity=None, title=None, attributes=None) == f.cve("CVE-2016-2177")


@pytest.mark.parametrize("name", sorted(set(findings.__all__) - {"FindingSpec"}))
def test_the_signature_of_a_function_has_its_keywords(name):
    shown = inspect.signature(getattr(findings, name)).parameters

    assert {"severity", "numeric_severity", "id", "title", "description", "recommendation", "attributes"} <= set(shown)
    assert shown["severity"].default is None


def test_an_attribute_that_a_call_does_not_have_suggests_one(inspector_backend, client):
    client.list_findings()

    with pytest.raises(AttributeError, match=r"^a call has no 'params'; did you mean 'parameters'\?$"):
        inspector_backend.calls[-1].params  # noqa: B018
    assert not hasattr(inspector_backend.calls[-1], "params")
