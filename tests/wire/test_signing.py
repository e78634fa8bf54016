"""Which signatures the mock accepts, and what unsigned requests get."""

import pytest

from ..support.in_process import BOTH, LISTING, SCOPE, SIGNED, URL, knock, signed


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 403, "MissingAuthenticationTokenException"),
        ("", 400, "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256", 400, "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 ", 400, "IncompleteSignatureException"),
        ("Basic QUtJQTpzZWNyZXQ=", 400, "IncompleteSignatureException"),
        ("Bearer token", 400, "IncompleteSignatureException"),
        (f"AWS AKIAEXAMPLE:{'0' * 27}=", 400, "IncompleteSignatureException"),
        (signed().removeprefix("AWS4-HMAC-SHA256 "), 400, "IncompleteSignatureException"),
        (signed(rest=""), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host"), 400, "IncompleteSignatureException"),
        (signed(rest=", Signature=00"), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=, Signature="), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature="), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature=00,"), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature=00 00"), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature= 00"), 400, "IncompleteSignatureException"),
        (signed(""), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/2016-03-15/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/٢٠١٦٠٣١٥/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315/us-west-2/inspector/aws5_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315/us-west-2/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315//inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("/20160315/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed(f"{SCOPE}/{SCOPE}"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315/mars/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (signed("AKIAEXAMPLE/20160315/../inspector/aws4_request"), 400, "InvalidSignatureException"),
        (signed("AKIAEXAMPLE/20160315/US-WEST-2/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (signed("AKIAEXAMPLE/20160315/us-west-2\x00/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (b"AWS4-HMAC-SHA256 Credential=\xff\xfe", 400, "IncompleteSignatureException"),
    ],
)
def test_what_is_not_signed_is_refused(inspector_backend, authorization, status, code):
    headers = {"X-Amz-Target": LISTING, **({} if authorization is None else {"Authorization": authorization})}
    answer = knock(inspector_backend, headers=headers)
    assert (answer.status, answer.code) == (status, code)


PRESIGNED = (
    f"{URL}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE}&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (PRESIGNED.replace("X-Amz-Signature", "Signature"), "IncompleteSignatureException"),
        (PRESIGNED.replace("X-Amz-Credential", "Credential"), "IncompleteSignatureException"),
        (PRESIGNED.replace(SCOPE, ""), "IncompleteSignatureException"),
        (PRESIGNED.replace("us-west-2/", "mars/"), "InvalidSignatureException"),
        (f"{URL}?", "MissingAuthenticationTokenException"),
        (f"{URL}?AWSAccessKeyId=AKIAEXAMPLE&Signature=0", "MissingAuthenticationTokenException"),
        (f"{URL}#{PRESIGNED}", "MissingAuthenticationTokenException"),
        ("https://[inspector", "MissingAuthenticationTokenException"),
        ("", "MissingAuthenticationTokenException"),
    ],
)
def test_a_query_that_is_not_signed_is_refused(inspector_backend, url, code):
    assert knock(inspector_backend, headers={"X-Amz-Target": LISTING}, url=url).code == code


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        (BOTH, URL),
        ({name.lower(): value for name, value in BOTH.items()}, URL),
        ({name: value.encode() for name, value in BOTH.items()}, URL),
        ({**BOTH, "Authorization": SIGNED.replace(", ", ",")}, URL),
        ({**BOTH, "Content-Type": "text/plain", "Host": "localhost", "Date": "yesterday"}, "http://localhost:8080/"),
        ({"X-Amz-Target": LISTING}, PRESIGNED),
        ({"X-Amz-Target": LISTING}, PRESIGNED.replace("/2016", "%2F2016")),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b' {"unknown": [1, {}], "maxResults": null}\n'])
def test_a_signed_request_is_answered(inspector_backend, headers, url, body):
    answer = knock(inspector_backend, body, headers, url=url)
    assert (answer.status, answer.body) == (200, {"assessmentTargetArns": []})
