"""Which signatures the mock accepts, and what unsigned requests get."""

import pytest

from ..support.in_process import AUTHORIZATION, LIST_TARGETS, SCOPE, SIGNED_HEADERS, URL, authorization, send_http


@pytest.mark.slow
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
        (authorization().removeprefix("AWS4-HMAC-SHA256 "), 400, "IncompleteSignatureException"),
        (authorization(rest=""), 400, "IncompleteSignatureException"),
        (authorization(rest=", SignedHeaders=host"), 400, "IncompleteSignatureException"),
        (authorization(rest=", Signature=00"), 400, "IncompleteSignatureException"),
        (authorization(rest=", SignedHeaders=, Signature="), 400, "IncompleteSignatureException"),
        (authorization(rest=", SignedHeaders=host, Signature="), 400, "IncompleteSignatureException"),
        (authorization(rest=", SignedHeaders=host, Signature=00,"), 400, "IncompleteSignatureException"),
        (authorization(rest=", SignedHeaders=host, Signature=00 00"), 400, "IncompleteSignatureException"),
        (authorization(rest=", SignedHeaders=host, Signature= 00"), 400, "IncompleteSignatureException"),
        (authorization(""), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE"), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE/2016-03-15/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE/٢٠١٦٠٣١٥/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/us-west-2/inspector/aws5_request"), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/us-west-2/aws4_request"), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE/20160315//inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (authorization("/20160315/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (authorization(f"{SCOPE}/{SCOPE}"), 400, "IncompleteSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/mars/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/us-west-2/ec2/aws4_request"), 400, "InvalidSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/us-west-2/inspector2/aws4_request"), 400, "InvalidSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/us-west-2/Inspector/aws4_request"), 400, "InvalidSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/../inspector/aws4_request"), 400, "InvalidSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/US-WEST-2/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (authorization("AKIAEXAMPLE/20160315/us-west-2\x00/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (b"AWS4-HMAC-SHA256 Credential=\xff\xfe", 400, "IncompleteSignatureException"),
    ],
)
def test_an_unsigned_request_is_refused(inspector_backend, authorization, status, code):
    headers = {"X-Amz-Target": LIST_TARGETS, **({} if authorization is None else {"Authorization": authorization})}
    answer = send_http(inspector_backend, headers=headers)
    assert (answer.status, answer.code) == (status, code)


PRESIGNED = (
    f"{URL}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE}&X-Amz-Date=20160315T184622Z"
    "&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (PRESIGNED.replace("X-Amz-Signature", "Signature"), "IncompleteSignatureException"),
        (PRESIGNED.replace("X-Amz-Credential", "Credential"), "IncompleteSignatureException"),
        (PRESIGNED.replace(SCOPE, ""), "IncompleteSignatureException"),
        (PRESIGNED.replace("us-west-2/", "mars/"), "InvalidSignatureException"),
        (PRESIGNED.replace("/inspector/", "/ec2/"), "InvalidSignatureException"),
        (PRESIGNED.replace("/inspector/", "/inspector2/"), "InvalidSignatureException"),
        (PRESIGNED.replace("=AWS4-HMAC-SHA256", "=AWS4-HMAC-SHA1"), "IncompleteSignatureException"),
        (PRESIGNED.replace("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), "IncompleteSignatureException"),
        (PRESIGNED.replace("X-Amz-Date=20160315T184622Z&", ""), "IncompleteSignatureException"),
        (PRESIGNED.replace("X-Amz-SignedHeaders=host&", ""), "IncompleteSignatureException"),
        (PRESIGNED.replace("=20160315T184622Z", "="), "IncompleteSignatureException"),
        (PRESIGNED.replace("=host", "="), "IncompleteSignatureException"),
        (PRESIGNED.removesuffix("0"), "IncompleteSignatureException"),
        (f"{URL}?", "MissingAuthenticationTokenException"),
        (f"{URL}?AWSAccessKeyId=AKIAEXAMPLE&Signature=0", "MissingAuthenticationTokenException"),
        (f"{URL}#{PRESIGNED}", "MissingAuthenticationTokenException"),
        ("https://[inspector", "MissingAuthenticationTokenException"),
        ("", "MissingAuthenticationTokenException"),
    ],
)
def test_an_unsigned_query_is_refused(inspector_backend, url, code):
    assert send_http(inspector_backend, headers={"X-Amz-Target": LIST_TARGETS}, url=url).code == code


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        (SIGNED_HEADERS, URL),
        ({name.lower(): value for name, value in SIGNED_HEADERS.items()}, URL),
        ({name: value.encode() for name, value in SIGNED_HEADERS.items()}, URL),
        ({**SIGNED_HEADERS, "Authorization": AUTHORIZATION.replace(", ", ",")}, URL),
        (
            {**SIGNED_HEADERS, "Content-Type": "text/plain", "Host": "localhost", "Date": "yesterday"},
            "http://localhost:8080/",
        ),
        ({"X-Amz-Target": LIST_TARGETS}, PRESIGNED),
        ({"X-Amz-Target": LIST_TARGETS}, PRESIGNED.replace("/2016", "%2F2016")),
        # Dates are not enforced.
        ({"X-Amz-Target": LIST_TARGETS}, PRESIGNED.replace("20160315T", "20100101T") + "&X-Amz-Expires=60"),
        ({**SIGNED_HEADERS, "X-Amz-Date": "20140323T213431Z"}, URL),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b' {"unknown": [1, {}], "maxResults": null}\n'])
def test_a_signed_request_is_answered(inspector_backend, headers, url, body):
    answer = send_http(inspector_backend, body, headers, url=url)
    assert (answer.status, answer.body) == (200, {"assessmentTargetArns": []})
