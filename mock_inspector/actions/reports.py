"""Assessment reports."""

from __future__ import annotations

from ..errors import AssessmentRunInProgressException, UnsupportedFeatureException
from ..state.report_links import FIRST_REPORTED, WITHOUT_REPORT, report_url
from ..state.runs import REPORT_DURATION_MS
from ..state.store import Store
from .registry import Answer, action


@action(follows="newest model, user guide", approximates="the document's layout; ready after 4 seconds")
def get_assessment_report(store: Store, *, assessmentRunArn: str, reportFileFormat: str, reportType: str) -> Answer:
    """GetAssessmentReport: the first call starts the report, later ones find it ready after a few seconds.

    Its URL is good for 15 minutes; the document is made when it is fetched. A run that ended without an evaluation
    (FAILED, ERROR) has no report: status FAILED. Errors: AssessmentRunInProgressException before the run's end,
    UnsupportedFeatureException for a run from before reports were introduced, those of :meth:`.Store.get`.
    """
    run = store.run(assessmentRunArn)
    if run.in_progress(store.now):
        raise AssessmentRunInProgressException(
            f"{run.arn} is in progress ({run.state(store.now)}); its report can be had when it has ended.",
            assessmentRunArns=[run.arn],
        )
    if run.created < FIRST_REPORTED:
        raise UnsupportedFeatureException(f"{run.arn} is older than assessment reports, which began on 2017-04-25.")
    begun = run.reports.setdefault((reportFileFormat, reportType), store.now)
    if store.now < begun + REPORT_DURATION_MS:
        return {"status": "WORK_IN_PROGRESS"}
    if run.state(store.now) in WITHOUT_REPORT:
        return {"status": "FAILED"}
    return {"status": "COMPLETED", "url": report_url(store, run, reportFileFormat, reportType)}
