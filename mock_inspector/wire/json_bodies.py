"""The bodies of requests and responses: JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..errors import CommonError, short_repr


def parse_body(body: bytes) -> Any:
    """Return what a request's body says; one that is empty has no members. CommonError for what is no JSON."""
    if body in {b"", b"{}"}:
        return {}
    try:
        text = body.decode("utf-8")
        params = _decode(text)
        if "\\u" in text:
            # Escapes can spell half of a surrogate pair, which no response could send back.
            json.dumps(params, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise CommonError(
            "SerializationException", f"The request body must be JSON that can be read; got {short_repr(str(error))}."
        ) from None
    return params


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _make_encoder() -> Callable[[dict[str, Any]], bytes]:
    """What encodes bodies: as ``JSONEncoder.encode``, which makes the encoder written in C anew for each call."""
    plain = json.JSONEncoder(separators=(",", ":"), check_circular=False)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    try:
        chunks = make(None, plain.default, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True)
        "".join(chunks({"tried": 1}, 0))
    except TypeError:  # this Python has none, or another one
        return lambda body: plain.encode(body).encode("ascii")
    return lambda body: "".join(chunks(body, 0)).encode("ascii")


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode

encode_body = _make_encoder()
"""Returns a response's body as compact JSON."""
