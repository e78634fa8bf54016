"""A call in process, against the same client with a canned answer, and against moto."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from botocore.awsrequest import AWSResponse
from freezegun import freeze_time

from mock_inspector import mock_inspector

from .measuring import Figure, Size, client_of, inside, ratio

_CANNED = b'{"assessmentTargetArns":["arn:aws:inspector:us-west-2:123456789012:target/0-nvgVhaxX"]}'


class _Raw:
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield _CANNED


def _canned(request: Any, **_: Any) -> Any:
    """What any mock of botocore has to do at the least, with the headers that the service sends."""
    headers = {
        "x-amzn-RequestId": "00000001-6c28-11e5-9855-b47cdf926941",
        "Content-Type": "application/x-amz-json-1.1",
        "Content-Length": str(len(_CANNED)),
        "Date": "Tue, 29 Mar 2016 23:38:11 GMT",
    }
    return AWSResponse(request.url, 200, headers, _Raw())


def calls(size: Size) -> Iterator[Figure]:
    """ListAssessmentTargets of an account with one target."""
    from moto import mock_aws

    floor, ours, moto = client_of("inspector"), client_of("inspector"), client_of("inspector2")
    floor.meta.events.register_first("before-send.inspector", _canned)
    rounds, times = size.of(400, 3), size.of(40, 5)

    def our_call(freeze: bool) -> float:
        with mock_inspector(region="us-west-2", freeze=freeze):
            ours.create_assessment_target(assessmentTargetName="one")
            return inside(nullcontext, ours.list_assessment_targets, times)

    measured = ratio(lambda: our_call(False), lambda: inside(nullcontext, floor.list_assessment_targets, times), rounds)
    yield Figure("a call in process / with a canned answer", 1.12, measured)
    measured = ratio(
        lambda: our_call(True),
        lambda: inside(lambda: freeze_time("2026-01-01"), floor.list_assessment_targets, times),
        rounds,
    )
    yield Figure("  the same, time frozen", 1.12, measured)
    measured = ratio(lambda: our_call(False), lambda: inside(mock_aws, moto.list_findings, times), size.of(50, 2))
    yield Figure("a call in process / moto's ListFindings of inspector2", 0.5, measured)
