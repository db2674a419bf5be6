"""Bodies made to be slow to search take an effort that grows with their size, not with its square."""

import time

import pytest

from contract.events import Headers
from recordings.redaction import Redactor
from tests.recordings.redaction.exchanges import JSON, KEY, SSE, answer, redact, request

FORM: Headers = ((b"content-type", b"application/x-www-form-urlencoded"),)
MULTIPART: Headers = ((b"content-type", b"multipart/form-data; boundary=b"),)
HALF = 400_000
MOST = 20
"""Seconds of CPU, some ten times what is needed; the square of the size would take minutes."""
HARD: dict[str, tuple[Headers, bytes]] = {
    "a form without fields": (FORM, b"a" * HALF),
    "queries in queries": (JSON, b'{"token": "' + b"?a=" * (HALF // 3) + b'"}'),
    "quotes": (JSON, b'{"token": "' + b'\\"' * (HALF // 2) + b'"}'),
    "deep JSON": (JSON, b'{"token":' + b"[" * (HALF // 2) + b"]" * (HALF // 2) + b"}"),
    "open JSON": (JSON, b'{"token":' + b"[" * HALF),
    "names": (JSON, b'["token":' * (HALF // 9)),
    "spaces": (JSON, b'{"token"' + b" " * HALF + b"x"),
    "many lines": (SSE, b'data: {"token":[\n' + b'data: "a b",\n' * (HALF // 13) + b"data: 1]}\n\n"),
    "line ends": (SSE, b'data: {"token": 1}' + b"\r" * HALF),
    "boundaries": (MULTIPART, b"\n--b" * (HALF // 4)),
    "part names": (MULTIPART, b"--b" + b"; name=" * (HALF // 7)),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_bodies(name: str) -> None:
    headers, text = HARD[name]
    before = time.process_time()
    redact(answer(headers, [text]))
    assert time.process_time() - before < MOST


@pytest.mark.parametrize(
    "value", [b"a=" + b" " * 60_000 + b"b", b";" * 60_000, b'"' * 60_000, b"a=b;" * 15_000]
)
def test_hard_cookies(value: bytes) -> None:
    before = time.process_time()
    redact([request(((b"Cookie", value), (b"Set-Cookie", value), (b"Location", value)))], Redactor(KEY))
    assert time.process_time() - before < MOST
