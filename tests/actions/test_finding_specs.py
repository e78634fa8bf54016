"""What instances suffer from is what an unmodified scan reports: the five rules packages, story by story."""

import pytest
from botocore.validate import ParamValidator

from mock_inspector.findings import best_practice, cis, cve, network_reachability, runtime_behavior

from ..support.aws import (
    RULES_PACKAGES,
    create_group,
    create_target,
    create_template,
    describe_exclusions,
    describe_finding,
    describe_run,
    list_findings,
    start_and_finish_run,
)
from ..support.service_model import MODEL

EVERY = tuple(RULES_PACKAGES.values())


CLEAN = "No potential security issues found"


def scanned(backend, client, packages=EVERY, **members):
    """The findings of a run over all instances, as DescribeFindings shows them; clean ones left out."""
    run = start_and_finish_run(backend, client, create_template(client, packages=packages, **members))
    found = [describe_finding(client, arn) for arn in list_findings(client, run)]
    return [finding for finding in found if finding["title"] != CLEAN]


def attributes(finding):
    return {entry["key"]: entry["value"] for entry in finding["attributes"]}


def the_only(backend, client, spec, **instance):
    backend.add_instance("i-0web", findings=[spec], **instance)
    (finding,) = scanned(backend, client)
    assert attributes(finding)["INSTANCE_ID"] == finding["assetAttributes"]["agentId"] == "i-0web"
    return finding


def test_a_vulnerable_package_is_reported_as_its_cve(inspector_backend, client):
    finding = the_only(
        inspector_backend, client, cve("CVE-2016-2177", severity="High", package="openssl-1:1.0.1k-14.91")
    )

    assert finding["id"] == "CVE-2016-2177"
    assert finding["title"] == "Instance i-0web is vulnerable to CVE-2016-2177"
    assert (finding["severity"], finding["numericSeverity"]) == ("High", 9.0)
    assert finding["serviceAttributes"]["rulesPackageArn"] == RULES_PACKAGES["Common Vulnerabilities and Exposures"]
    assert attributes(finding).keys() == {"INSTANCE_ID", "CVE_ID", "CVSS2_SCORE", "CVSS3_SCORE", "package_name"}
    assert attributes(finding)["package_name"] == "openssl-1:1.0.1k-14.91"
    assert "update package openssl-1:1.0.1k-14.91." in finding["recommendation"]


def test_several_packages_of_one_cve_are_a_list_with_commas(inspector_backend, client):
    spec = cve("CVE-2018-12345", package=["a-0:1-1", "b-0:2-1"], cvss2_score=4.3, cvss3_score=5.5)
    finding = the_only(inspector_backend, client, spec)

    assert attributes(finding)["package_name"].replace(" ", "") == "a-0:1-1,b-0:2-1"
    assert (attributes(finding)["CVSS2_SCORE"], attributes(finding)["CVSS3_SCORE"]) == ("4.3", "5.5")


def test_a_benchmark_rule_that_is_not_kept_is_reported_by_number_and_name(inspector_backend, client):
    finding = the_only(inspector_backend, client, cis("1.1.1 Ensure mounting of cramfs is disabled"))

    assert finding["title"].startswith("Instance i-0web is not compliant with rule 1.1.1 Ensure mounting of cramfs")
    assert attributes(finding).keys() == {"INSTANCE_ID", "BENCHMARK_ID", "BENCHMARK_RULE_ID", "CIS_BENCHMARK_PROFILE"}
    assert attributes(finding)["BENCHMARK_RULE_ID"].startswith("1.1.1 ")
    assert "Level 1" in attributes(finding)["CIS_BENCHMARK_PROFILE"]


def test_a_benchmark_is_named_as_the_service_named_it(inspector_backend, client):
    """Clients looked for these words; the user guide's headings of the same benchmarks are longer."""
    finding = the_only(inspector_backend, client, cis("1.1.1 Ensure mounting of cramfs is disabled"))

    assert attributes(finding)["BENCHMARK_ID"] == "CIS Amazon Linux 2 Benchmark v1.0.0"
    assert attributes(finding)["CIS_BENCHMARK_PROFILE"] == "CIS Amazon Linux 2 Benchmark v1.0.0 Level 1"
    assert finding["title"].endswith(", CIS Amazon Linux 2 Benchmark v1.0.0, Level 1")


@pytest.mark.parametrize("length", [10, 128, 129, 256, 257, 1000])
def test_a_rule_name_matches_as_a_whole(length, inspector_backend, client):
    rule = "1.1.1 Ensure".ljust(length - 1, "x") + "y" if length > 12 else "1.1 Ensure"
    finding = the_only(inspector_backend, client, cis(rule, benchmark="CIS CentOS Linux 7 Benchmark v2.2.0"))

    assert finding["id"] == rule[:128]
    assert attributes(finding)["BENCHMARK_RULE_ID"] == rule[:256]
    assert rule in finding["title"]
    inspector_backend.restore(inspector_backend.snapshot())
    assert list_findings(client, ruleNames=[rule]) == [finding["arn"]]
    assert list_findings(client, ruleNames=[rule[:-1], rule[: length // 2]]) == []


def test_a_rule_name_is_the_id_that_a_test_gives(inspector_backend, client):
    rule = "1.1.1 Ensure " + "x" * 200
    finding = the_only(inspector_backend, client, cis(rule, id="own"))

    assert list_findings(client, ruleNames=["own"]) == [finding["arn"]]
    assert list_findings(client, ruleNames=[rule]) == []


def test_a_best_practice_that_is_not_kept_is_reported_under_the_rules_name(inspector_backend, client):
    finding = the_only(inspector_backend, client, best_practice("Disable root login over SSH"))

    assert finding["id"] == "Disable root login over SSH"
    assert finding["title"].startswith("Instance i-0web is configured to allow users to log in with root credentials")
    assert (finding["severity"], finding["numericSeverity"]) == ("Medium", 6.0)


def test_runtime_behavior_is_reported_under_the_rules_name(inspector_backend, client):
    finding = the_only(inspector_backend, client, runtime_behavior("Root Process with Insecure Permissions"))

    assert finding["id"] == "Root Process with Insecure Permissions"
    assert finding["severity"] == "High"


def test_a_port_that_an_agent_looked_at_is_reported_without_a_listener(inspector_backend, client):
    finding = the_only(inspector_backend, client, network_reachability(22))

    assert finding["id"] == "Recognized port reachable from internet"
    assert (
        finding["title"]
        == "On instance i-0web, TCP port 22 which is associated with 'SSH' is reachable from the internet"
    )
    assert attributes(finding).keys() >= {"VPC", "ACL", "ENI", "SECURITY_GROUP", "IGW", "PORT", "PROTOCOL"}
    assert attributes(finding)["PORT_GROUP_NAME"] == "SSH"
    assert attributes(finding)["RULE_TYPE"] == "RecognizedPortNoListener"
    assert attributes(finding)["REACHABILITY_TYPE"] == "Internet"


@pytest.mark.parametrize("health", ["UNHEALTHY", "UNKNOWN"])
def test_a_port_is_reported_without_a_working_agent_too(health, inspector_backend, client):
    finding = the_only(inspector_backend, client, network_reachability(22), agent_health=health)

    assert attributes(finding)["RULE_TYPE"] == "RecognizedPortNoAgent"
    assert (finding["severity"], finding["numericSeverity"]) == ("Medium", 6.0)


@pytest.mark.parametrize("health", ["UNHEALTHY", "UNKNOWN"])
@pytest.mark.parametrize("listener", [True, False])
def test_without_a_working_agent_nobody_knows_whether_a_process_listens(listener, health, inspector_backend, client):
    spec = network_reachability(22, listener=listener)
    finding = the_only(inspector_backend, client, spec, agent_health=health)

    assert attributes(finding)["RULE_TYPE"] == "RecognizedPortNoAgent"
    assert finding["id"] == "Recognized port reachable from internet"
    assert "listener" not in finding["title"]


@pytest.mark.parametrize("health", ["UNHEALTHY", "UNKNOWN"])
def test_a_port_of_no_known_service_is_not_reported_without_a_working_agent(health, inspector_backend, client):
    inspector_backend.add_instance("i-0web", findings=[network_reachability(12345)], agent_health=health)

    assert scanned(inspector_backend, client) == []


def test_a_port_is_reported_where_the_instance_sits_in_the_network(inspector_backend, client):
    interface = {
        "networkInterfaceId": "eni-1",
        "vpcId": "vpc-1",
        "securityGroups": [{"groupId": "sg-1", "groupName": "web"}],
    }
    finding = the_only(inspector_backend, client, network_reachability(443), network_interfaces=[interface])

    assert finding["assetAttributes"]["networkInterfaces"] == [interface]
    shown = attributes(finding)
    assert (shown["VPC"], shown["ENI"], shown["SECURITY_GROUP"]) == ("vpc-1", "eni-1", "sg-1")
    assert "Security Group sg-1" in finding["recommendation"]


@pytest.mark.parametrize(
    ("spec", "group", "rule_type"),
    [
        (network_reachability(3306, listener=True), "MySQL", "RecognizedPortWithListener"),
        (network_reachability(514, protocol="UDP", listener=False), "Syslog", "RecognizedPortNoListener"),
        (network_reachability(8080), None, "UnrecognizedPortWithListener"),
    ],
)
def test_what_is_known_of_a_listener_is_in_the_rule_type(spec, group, rule_type, inspector_backend, client):
    finding = the_only(inspector_backend, client, spec)

    assert attributes(finding)["RULE_TYPE"] == rule_type
    assert attributes(finding).get("PORT_GROUP_NAME") == group


@pytest.mark.parametrize("route", ["PeeredVPC", "VGW"])
def test_network_routes_other_than_the_internet_are_named(route, inspector_backend, client):
    finding = the_only(inspector_backend, client, network_reachability(22, route=route))

    assert attributes(finding)["REACHABILITY_TYPE"] == route
    assert "IGW" not in attributes(finding)
    assert "internet" not in finding["title"]


FINDING_SPECS = [
    cve("CVE-2016-2177"),
    cis("1.1.1 Ensure mounting of cramfs is disabled"),
    best_practice("Enable ASLR"),
    network_reachability(22),
    runtime_behavior("Software Without DEP"),
]


def test_findings_of_each_kind_are_of_the_models_shape(inspector_backend, client):
    inspector_backend.add_instance("i-0web", tags={"Name": "web"}, findings=FINDING_SPECS)
    shape = MODEL.shape_for("Finding")
    found = scanned(inspector_backend, client)
    assert len(found) == len(FINDING_SPECS)
    for finding in found:
        assert not ParamValidator().validate(finding, shape).has_errors()
        assert finding["assetAttributes"]["tags"] == [{"key": "Name", "value": "web"}]
        assert finding["assetAttributes"]["ipv4Addresses"] == []
        assert (finding["confidence"], finding["indicatorOfCompromise"]) == (10, False)


def test_a_rules_package_reports_what_belongs_to_it_and_no_other_does(inspector_backend, client):
    inspector_backend.add_instance("i-0web", findings=FINDING_SPECS)
    for name, arn in RULES_PACKAGES.items():
        (finding,) = scanned(inspector_backend, client, packages=[arn])
        assert finding["serviceAttributes"]["rulesPackageArn"] == arn, name


def test_an_added_rules_package_of_the_same_name_reports_the_same(inspector_backend, client):
    arn = inspector_backend.add_rules_package("Common Vulnerabilities and Exposures")
    inspector_backend.add_instance("i-0web", findings=[cve("CVE-2016-2177")])

    (finding,) = scanned(inspector_backend, client, packages=[arn])

    assert finding["serviceAttributes"]["rulesPackageArn"] == arn


def test_rules_packages_without_a_finding_say_so_and_the_others_do_not(inspector_backend, client):
    inspector_backend.add_instance("i-0web", findings=[cve("CVE-2016-2177")])
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=EVERY))
    found = [describe_finding(client, arn) for arn in list_findings(client, run)]

    clean = [finding["serviceAttributes"]["rulesPackageArn"] for finding in found if finding["title"] == CLEAN]

    assert sorted(clean) == sorted(set(EVERY) - {RULES_PACKAGES["Common Vulnerabilities and Exposures"]})
    assert describe_run(client, run)["findingCounts"] == {
        "High": 1, "Medium": 0, "Low": 0, "Informational": 4, "Undefined": 0,
    }  # fmt: skip


def test_findings_are_reported_for_instances_of_the_target_only(inspector_backend, client):
    inspector_backend.add_instance("i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177")])
    inspector_backend.add_instance("i-0db", tags={"Name": "db"}, findings=[cve("CVE-2016-2178")])
    target = create_target(client, group=create_group(client, Name="db"))

    assert [finding["id"] for finding in scanned(inspector_backend, client, target=target)] == ["CVE-2016-2178"]


def test_the_same_scenario_gives_the_same_findings_with_the_same_ids(inspector_backend, client):
    def scenario():
        inspector_backend.reset()
        for number in range(3):
            inspector_backend.add_instance(f"i-0{number}", findings=FINDING_SPECS)
        target = create_target(client, "target")
        run = start_and_finish_run(
            inspector_backend, client, create_template(client, target, "template", packages=EVERY), "run"
        )
        return [(arn, describe_finding(client, arn)["title"]) for arn in list_findings(client, run)]

    assert scenario() == scenario()


# What a test's author may change


def test_every_text_of_a_finding_can_be_overridden(inspector_backend, client):
    spec = cve(
        "CVE-2016-2177",
        severity="Low",
        numeric_severity=2.5,
        id="own id",
        title="{instance_id} and {braces}",
        description="own description",
        recommendation="own recommendation",
        attributes={"CVE_ID": "own", "MORE": "of {instance_id}"},
    )
    finding = the_only(inspector_backend, client, spec)

    assert (finding["severity"], finding["numericSeverity"]) == ("Low", 2.5)
    assert (finding["id"], finding["title"]) == ("own id", "i-0web and {braces}")
    assert (finding["description"], finding["recommendation"]) == ("own description", "own recommendation")
    assert attributes(finding)["CVE_ID"] == "own"
    assert attributes(finding)["MORE"] == "of i-0web"
    assert attributes(finding)["package_name"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: best_practice("Be nice"), "'Enable ASLR'"),  # type: ignore[arg-type]
        (lambda: runtime_behavior("Enable ASLR"), "'Software Without DEP'"),  # type: ignore[arg-type]
        (lambda: cve("2016-2177"), "CVE-2016-2177"),
        (lambda: cis("Ensure mounting of cramfs is disabled"), "1.1.1"),
        (lambda: cis("1.1.1 " + "x" * 995), "rule must have at most 1000 characters; got 1001"),
        (lambda: network_reachability(0), "1 to 65535"),
        (lambda: network_reachability(22, protocol="ICMP"), "TCP, UDP"),  # type: ignore[arg-type]
        (lambda: network_reachability(22, route="Moon"), "Internet, PeeredVPC, VGW"),  # type: ignore[arg-type]
        (lambda: network_reachability(8080, listener=False), "listener"),
        (
            lambda: cve("CVE-2016-2177", severity="Critical"),  # type: ignore[arg-type]
            "severity must be one of Low, Medium, High.*; got 'Critical'",
        ),
        (lambda: cve("CVE-2016-2177", numeric_severity=11), "numeric_severity"),
        (lambda: cve("CVE-2016-2177", id="x" * 200), "id"),
        (lambda: cve("CVE-2016-2177", attributes={"KEY": ""}), "attributes"),
    ],
)
def test_a_finding_that_no_rules_package_reports_is_refused_with_what_is_allowed(make, message):
    with pytest.raises(ValueError, match=message.replace("'", ".")):
        make()


def test_an_unknown_keyword_of_a_finding_is_refused_with_the_known_ones():
    with pytest.raises(
        TypeError, match=r"cve\(\) takes cve_id, .* severity, .*; got 'severty'; did you mean 'severity'\?"
    ):
        cve("CVE-2016-2177", severty="Low")  # type: ignore[call-arg]


def test_an_instance_takes_nothing_but_finding_specs(inspector_backend):
    with pytest.raises(ValueError, match=r"findings must .*cve\(.*; got 'CVE-2016-2177'"):
        inspector_backend.add_instance("i-0web", findings=["CVE-2016-2177"])


# An instance that leaves while a run holds it


def leaving(backend, client, after):
    backend.add_instance("i-0web", findings=[cve("CVE-2016-2177")])
    template = create_template(client)
    run = client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    backend.clock.tick(after)
    backend.remove_instance("i-0web")
    (agent,) = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
    backend.finish_run(run)
    titles = [describe_finding(client, arn)["title"] for arn in list_findings(client, run)]
    return agent, titles, describe_run(client, run)["state"], describe_exclusions(client, run)


def test_what_was_collected_of_a_removed_instance_is_evaluated(inspector_backend, client):
    agent, titles, state, excluded = leaving(inspector_backend, client, after=100)

    assert (agent["agentHealth"], agent["agentHealthCode"]) == ("UNHEALTHY", "SHUTDOWN")
    assert titles == ["Instance i-0web is vulnerable to CVE-2016-2177"]
    assert (state, excluded) == ("COMPLETED", [])


def test_an_instance_removed_before_anything_was_collected_is_excluded(inspector_backend, client):
    agent, titles, state, excluded = leaving(inspector_backend, client, after=0.05)

    assert (agent["agentHealth"], agent["agentHealthCode"]) == ("UNKNOWN", "UNKNOWN")
    assert titles == []
    assert state == "COMPLETED_WITH_ERRORS"
    assert [exclusion["title"] for exclusion in excluded] == ["Agent not found"]


def test_an_instance_removed_after_the_collection_changes_nothing(inspector_backend, client):
    agent, titles, state, excluded = leaving(inspector_backend, client, after=180 + 60.1)

    assert agent["agentHealth"] == "HEALTHY"
    assert titles == ["Instance i-0web is vulnerable to CVE-2016-2177"]
    assert (state, excluded) == ("COMPLETED", [])


def test_a_finding_shows_the_instance_as_it_was_when_the_run_started(inspector_backend, client):
    instance = inspector_backend.add_instance("i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177")])
    run = client.start_assessment_run(assessmentTemplateArn=create_template(client))["assessmentRunArn"]
    instance.tags["Name"] = "db"
    inspector_backend.finish_run(run)

    (finding,) = list_findings(client, run)

    assert describe_finding(client, finding)["assetAttributes"]["tags"] == [{"key": "Name", "value": "web"}]
