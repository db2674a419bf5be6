"""Sessions of clients with services that never existed, in which it is known what was issued and sent back.

A scope is one client with its own token; it takes steps (`tests.support.plants`) one after the other: an
exchange or two that plant a value, or something that only looks like it. Scopes overlap in time.
"""

import json
import string
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

from contract.events import RequestHead, ResponseHead, Side
from replay.recorded import Piece, Recorded, RecordedBody
from replay.values import Place

NOW_MS = 1_795_550_006_061


class Issue(NamedTuple):
    """A value that the answer of a call is the first to have."""

    value: str
    place: Place


@dataclass(slots=True)
class Call:
    """One exchange: `body` is JSON or (with `is_form`) a form; the answer has `said` as JSON, or `events`."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    is_form: bool = False
    status: int = 200
    said_headers: dict[str, str] = field(default_factory=dict)
    said: Any = None
    events: list[tuple[str, str, str]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    echoes: list[Issue] = field(default_factory=list)


def echoing(call: Call, value: str, kind: str, name: str) -> Call:
    """The call, which carries the value there."""
    call.echoes.append(Issue(value, Place(kind, name)))
    return call


class Scope:
    """What a client knows, and what is unique in the service it talks to."""

    def __init__(self, number: int, random: Random) -> None:
        self.number = number
        self.random = random
        self.token = ""
        self.taken = 0

    def count(self) -> int:
        """A small number that no other scope gets for the same kind of thing."""
        self.taken += 1
        return self.taken * 8 + self.number


def _letters(random: Random, size: int, alphabet: str) -> str:
    return "".join(random.choices(alphabet, k=size))


_ALPHANUMERIC = string.ascii_letters + string.digits


def _segment(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _jwt(random: Random) -> str:
    claims = {"sub": f"user{random.randrange(9)}", "iat": NOW_MS // 1000, "exp": NOW_MS // 1000 + 900}
    signature = urlsafe_b64encode(random.randbytes(32)).decode().rstrip("=")
    return f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{_segment(claims)}.{signature}"


FORMATS: dict[str, Callable[[Random], str]] = {
    "uuid": lambda random: str(uuid.UUID(int=random.getrandbits(128), version=4)),
    "uuid in capitals": lambda random: str(uuid.UUID(int=random.getrandbits(128), version=4)).upper(),
    "hex": lambda random: f"{random.getrandbits(128):032x}",
    "jwt": _jwt,
    "base64url": lambda random: urlsafe_b64encode(random.randbytes(32)).decode().rstrip("="),
    "prefixed": lambda random: f"cus_{_letters(random, 24, _ALPHANUMERIC)}",
    "streaming": lambda random: f"stream-{NOW_MS + random.randrange(10**6)}-{random.getrandbits(32):08x}",
    "ulid": lambda random: "01KB" + _letters(random, 22, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    "redacted": lambda random: f"redacted~{_letters(random, 40, _ALPHANUMERIC + '-_')}",
    "snowflake": lambda random: str(random.randrange(2 * 10**17, 9 * 10**18)),
}


_CUTS = Random(0)

type Step = Callable[[Scope], Iterator[Call]]
type Site = tuple[int, str, str]


@dataclass(slots=True)
class Planted:
    """The exchanges, and by value and first issue (exchange, kind, name) where it was sent back."""

    exchanges: list[Recorded]
    bindings: dict[tuple[str, Site], set[Site]]


def planted(scripts: list[list[Step]], random: Random) -> Planted:
    """Run one script a scope; the exchanges come as they end, numbered as they began."""
    timed: list[tuple[int, int, Call]] = []
    for number, script in enumerate(scripts):
        scope = Scope(number, random)
        clock = random.randrange(500)
        for step in script:
            for call in step(scope):
                duration = random.randrange(20, 900)
                timed.append((clock, clock + duration, _with_token(call, scope)))
                clock += duration + random.randrange(1, 300)
    timed.sort(key=lambda each: each[:2])
    issued: dict[str, Site] = {}
    found: dict[tuple[str, Site], set[Site]] = {}
    recorded: list[tuple[int, Recorded]] = []
    for number, (start, end, call) in enumerate(timed, 1):
        recorded.append((end, as_recorded(number, start, end, call, random)))
        issued |= {issue.value: (number, *issue.place) for issue in call.issues}
    for number, (_, _, call) in enumerate(timed, 1):
        for echo in call.echoes:
            found.setdefault((echo.value, issued[echo.value]), set()).add((number, *echo.place))
    return Planted([each for _, each in sorted(recorded, key=lambda each: each[0])], found)


def _with_token(call: Call, scope: Scope) -> Call:
    """With the scope's token, where it has one; nobody logs in with a token."""
    if scope.token and "Authorization" not in call.headers and call.target != "/login":
        call.headers["Authorization"] = f"Bearer {scope.token}"
        echoing(call, scope.token, "header", "authorization")
    return call


def as_recorded(number: int, start: int, end: int, call: Call, random: Random = _CUTS) -> Recorded:
    """The exchange of a call: its request's head at `start` (µs), all of its answer by `end`."""
    body = json.dumps(call.body).encode() if call.body is not None else b""
    kind = "application/json"
    if call.is_form:
        body, kind = urlencode(call.body).encode(), "application/x-www-form-urlencoded"
    said = json.dumps(call.said).encode() if call.said is not None else b""
    said_kind = "application/json"
    if call.events:
        said_kind = "text/event-stream"
        said = "".join(
            f"{f'id: {name}{chr(10)}' if name else ''}event: {event}\ndata: {data}\n\n"
            for event, name, data in call.events
        ).encode()
    middle = start + (end - start) // 2
    target = call.target.encode()
    sent = (("Host", "localhost:3000"), ("Content-Type", kind), *call.headers.items())
    got = (("Content-Type", said_kind), ("Date", "Tue, 24 Nov 2026 19:53:26 GMT"), *call.said_headers.items())
    return Recorded(
        number,
        RequestHead(
            number, Side.BOTH, start, call.method.encode(), "http", "localhost", 3000, target, b"HTTP/1.1",
            tuple((name.encode(), value.encode()) for name, value in sent),
        ),
        RecordedBody((Piece(start + 1, body),) if body else (), start + 2),
        ResponseHead(
            number, Side.BOTH, middle, call.status, b"OK", b"HTTP/1.1",
            tuple((name.encode(), value.encode()) for name, value in got),
        ),
        RecordedBody(_pieces(said, middle, end, random), end),
        None,
    )  # fmt: skip


def _pieces(body: bytes, start: int, end: int, random: Random) -> tuple[Piece, ...]:
    cuts = sorted({0, *random.choices(range(len(body) + 1), k=3), len(body)})
    times = sorted(random.choices(range(start, end), k=len(cuts)))
    parts = [body[one:two] for one, two in pairwise(cuts)]
    return tuple(Piece(at, part) for at, part in zip(times, parts, strict=False))
