"""Assessment reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import AssessmentRunInProgressException, UnsupportedFeatureException
from ..state.report_links import FIRST_REPORT, STATES_WITHOUT_REPORT, issue_report_url
from ..state.runs import REPORT_DURATION_MS
from ..state.store import RUN, Store
from .registry import action

if TYPE_CHECKING:
    from ..api import literals, shapes


@action(
    follows="newest model, user guide",
    approximates="the layout; a report is ready after 4 seconds; runs before 2017-04-25 have none",
    changes_with_time=True,
)
def get_assessment_report(
    store: Store, *, assessmentRunArn: str, reportFileFormat: literals.ReportFileFormat, reportType: literals.ReportType
) -> shapes.GetAssessmentReportResponse:
    """GetAssessmentReport: the first call starts the report, later calls find it ready after a few seconds.

    Its URL is valid for 15 minutes; the document is made when it is downloaded. A run that ended without an evaluation
    (FAILED, ERROR) has no report: status FAILED. Errors: AssessmentRunInProgressException before the run's end,
    UnsupportedFeatureException for a run from before reports were introduced, those of :meth:`.Store.get`.
    """
    run = store.get(RUN, assessmentRunArn)
    if run.in_progress(store.now):
        raise AssessmentRunInProgressException(
            f"{run.arn} is in progress ({run.state(store.now)}); its report is available when it has ended.",
            assessmentRunArns=[run.arn],
        )
    if run.created < FIRST_REPORT:
        raise UnsupportedFeatureException(f"{run.arn} is older than assessment reports, which began on 2017-04-25.")
    begun = run.reports.setdefault((reportFileFormat, reportType), store.now)
    if store.now < begun + REPORT_DURATION_MS:
        return {"status": "WORK_IN_PROGRESS"}
    if run.state(store.now) in STATES_WITHOUT_REPORT:
        return {"status": "FAILED"}
    return {"status": "COMPLETED", "url": issue_report_url(store, run, reportFileFormat, reportType)}
