"""An account with everything in it that a snapshot holds."""

from mock_inspector.findings import best_practice, cve, network_reachability

from ..support.aws import create_resources, create_target, create_template, list_packages

MOMENT = "2024-02-29T12:00:00Z"


OTHER_ACCOUNT = ("210987654321", "eu-west-1")


FINDING_SPECS = [cve("CVE-2016-2177"), network_reachability(22), best_practice("Enable ASLR")]


def create_full_account(backend):
    """Everything that there can be: runs in every state, whatever can be pending, several accounts and regions."""
    backend.add_instance(
        "i-0all", tags={"Name": "web"}, findings=FINDING_SPECS, telemetry=[{"messageType": "a", "count": 3}]
    )
    backend.add_instance("i-0off", tags={"Name": "web"}, agent_health="UNKNOWN", findings=FINDING_SPECS)
    resources = create_resources(backend)
    own = backend.add_rules_package("Own", version="2")
    backend.add_rules_package("Redefined", arn=resources.package, deprecated=True)
    backend.register_cross_account_access_role(roleArn=resources.role)
    backend.register_access_key("AKIAOTHER")
    backend.add_attributes_to_findings(findingArns=[resources.finding], attributes=[{"key": "owner", "value": "blue"}])
    backend.get_assessment_report(assessmentRunArn=resources.run, reportFileFormat="HTML", reportType="FULL")
    template = create_template(
        backend,
        create_target(backend, "of everything"),
        "daily",
        duration=3600,
        packages=[own, *backend.list_rules_packages()["rulesPackageArns"][1:4]],
        attributes={"owner": "red"},
    )
    backend.finish_run(resources.running)
    backend.finish_run(backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
    idle = create_template(backend, resources.idle_target, "for states", duration=3600)
    for state in ("CREATED", "COLLECTING_DATA", "EVALUATING_RULES", "FAILED", "ERROR", "CANCELED", "COMPLETED"):
        run = backend.start_assessment_run(assessmentTemplateArn=idle)["assessmentRunArn"]
        backend.clock.tick(0.1)
        backend.set_run_state(run, state)
    run = backend.start_assessment_run(assessmentTemplateArn=idle)["assessmentRunArn"]
    backend.clock.tick(10)
    backend.stop_assessment_run(assessmentRunArn=run)
    backend.create_exclusions_preview(assessmentTemplateArn=resources.template)
    backend.start_assessment_run(assessmentTemplateArn=resources.template)
    backend.clock.tick(1)
    backend.remove_instance("i-0all")
    backend.next_ids("0-pinned00", "0-pinned01")
    backend.inject_fault(
        "ListFindings", {"code": "NoSuchEntityException", "errorCode": "FINDING_DOES_NOT_EXIST"}, after=5
    )
    sibling = backend.for_account(OTHER_ACCOUNT[0]).for_region(OTHER_ACCOUNT[1])
    sibling.add_instance()
    sibling.start_assessment_run(
        assessmentTemplateArn=create_template(
            sibling, create_target(sibling, "elsewhere"), "daily", packages=list_packages(sibling)
        )
    )
    return resources
