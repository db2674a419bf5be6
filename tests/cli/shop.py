"""A foreign service for tests of `streamid resend`, a recording of its client, and the report."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.cli.recorded import record, run_info
from tests.cli.streamid import streamid
from tests.replay.resending.build import JSON, exchange, in_time
from tests.replay.resending.service import Asked, Part, answer

TOKEN = "0b2f6c0e-5a53-4c3e-9a44-0f3e7d1c2b3a"
CART = 7
MS = 1000
SECRET = ("--secret", "jo=hunter2-hunter2", "--secret", "theme=dark")


def shop(numbers: Iterator[int]) -> Any:
    """A foreign service: a login gives a token, a cart has a number, and both are new each time."""
    tokens: dict[str, int] = {}

    def serve(asked: Asked) -> Iterable[Part]:
        number = next(numbers)
        if asked.path == "/login":
            good = json.loads(asked.body)["password"] == "hunter2-hunter2"
            token = f"{number:08x}-5a53-4c3e-9a44-0f3e7d1c2b3a"
            tokens[token] = number
            body = json.dumps({"token": token}).encode()
            return [answer(body, b"Set-Cookie: sid=" + token.encode()) if good else answer(b"{}", status=401)]
        if asked.field("Authorization").removeprefix("Bearer ") not in tokens:
            return [answer(b'{"error":"who are you"}', status=401)]
        if asked.line == "POST /carts":
            return [answer(json.dumps({"id": number + 100, "items": []}).encode(), status=201)]
        cart = int(asked.path.partition("?")[0].split("/")[2])
        return [answer(json.dumps({"id": cart, "items": json.loads(asked.body or b"[]")}).encode())]

    return serve


def shopping(path: Path, *, redact: bool = True) -> Path:
    """A recording of a client of that service."""
    auth = (b"authorization", f"Bearer {TOKEN}".encode())
    odd = (b"X-oDD", b"a  b")
    cookie = (b"Cookie", f"theme=dark; sid={TOKEN}".encode())
    login = b'{"user": "jo", "password": "hunter2-hunter2"}'
    token = json.dumps({"token": TOKEN}).encode()
    cart = json.dumps({"id": CART, "items": []}).encode()
    put = json.dumps({"id": CART, "items": {"cartId": CART, "count": 7}}).encode()
    events = in_time(
        exchange(
            1, 0, "POST /login", fields=[JSON], body=login, answer=token,
            answer_fields=[JSON, (b"Set-Cookie", f"sid={TOKEN}".encode())],
        ),
        exchange(2, 20 * MS, "POST /carts", fields=[odd, auth, cookie], status=201, answer=cart),
        exchange(
            3, 40 * MS, f"PUT /carts/{CART}?x=%41", fields=[auth, JSON],
            body=b'{"cartId": 7,  "count": 7}', answer=put,
        ),
    )  # fmt: skip
    info = replace(run_info(), options={"streamid_redact": "on" if redact else "off"})
    return record(path, events, info, redact=redact)


def report_of(*arguments: object, code: int) -> dict[str, Any]:
    result = streamid("resend", *arguments, "--format", "json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def differences(report: dict[str, Any]) -> dict[int, list[str]]:
    return {
        each["exchange"]: [one["where"] for one in each["differences"]]
        for each in report["exchanges"]
        if each["differences"]
    }
