"""An account with everything in it that a snapshot holds."""

from mock_inspector.findings import best_practice, cve, network_reachability

from ..support.requests import create_target, create_template, furnish

AT = "2024-02-29T12:00:00Z"


OTHER = ("210987654321", "eu-west-1")


SUFFERED = [cve("CVE-2016-2177"), network_reachability(22), best_practice("Enable ASLR")]


def stocked(backend):
    """Everything that there can be: runs in every state, whatever can be pending, several accounts and regions."""
    backend.add_instance(
        "i-0all", tags={"Name": "web"}, findings=SUFFERED, telemetry=[{"messageType": "a", "count": 3}]
    )
    backend.add_instance("i-0off", tags={"Name": "web"}, agent_health="UNKNOWN", findings=SUFFERED)
    has = furnish(backend)
    own = backend.add_rules_package("Own", version="2")
    backend.add_rules_package("Redefined", arn=has.package, deprecated=True)
    backend.register_cross_account_access_role(roleArn=has.role)
    backend.register_access_key("AKIAOTHER")
    backend.add_attributes_to_findings(findingArns=[has.finding], attributes=[{"key": "owner", "value": "blue"}])
    backend.get_assessment_report(assessmentRunArn=has.run, reportFileFormat="HTML", reportType="FULL")
    template = create_template(
        backend,
        create_target(backend, "of everything"),
        rulesPackageArns=[own, *backend.list_rules_packages()["rulesPackageArns"][1:4]],
        userAttributesForFindings=[{"key": "owner", "value": "red"}],
    )
    backend.finish_run(has.running)
    backend.finish_run(backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
    idle = create_template(backend, has.idle_target, "for states")
    for state in ("CREATED", "COLLECTING_DATA", "EVALUATING_RULES", "FAILED", "ERROR", "CANCELED", "COMPLETED"):
        run = backend.start_assessment_run(assessmentTemplateArn=idle)["assessmentRunArn"]
        backend.clock.tick(0.1)
        backend.set_run_state(run, state)
    run = backend.start_assessment_run(assessmentTemplateArn=idle)["assessmentRunArn"]
    backend.clock.tick(10)
    backend.stop_assessment_run(assessmentRunArn=run)
    backend.create_exclusions_preview(assessmentTemplateArn=has.template)
    backend.start_assessment_run(assessmentTemplateArn=has.template)
    backend.clock.tick(1)
    backend.remove_instance("i-0all")
    backend.next_ids("0-pinned00", "0-pinned01")
    backend.inject_fault(
        "ListFindings", {"code": "NoSuchEntityException", "errorCode": "FINDING_DOES_NOT_EXIST"}, after=5
    )
    sibling = backend.for_account(OTHER[0]).for_region(OTHER[1])
    sibling.add_instance()
    sibling.start_assessment_run(assessmentTemplateArn=create_template(sibling, create_target(sibling, "elsewhere")))
    return has
