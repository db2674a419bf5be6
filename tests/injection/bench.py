"""Every kind of fault on the wire: one proxy with a plan of all cases, a scripted service, a raw client.

A case's requests say in `X-Case` which case they are of, and the plan matches faults by that. What a case
expects is written by hand from the fault's page, never computed by the fault.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from contract.events import (
    Abort,
    Chunk,
    Deed,
    End,
    Event,
    Headers,
    Injection,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.headers import first
from recordings.reader import Recording
from tests.injection.service import Act, Asked, ScriptedService
from tests.injection.wire import Received, ask
from tests.support.proxy import Proxy

ID = b"stream-1700000000000-0a1b2c3d"
EVENTS = (
    b'event: chunk\ndata: {"text": "Gr\xc3\xbc\xc3\x9fe"}\n\n',
    b'event: chunk\ndata: {"text": " aus"}\n\n',
    b'event: chunk\ndata: {"text": " Wien"}\n\n',
    b'event: done\ndata: {"message": "Stream complete", "tokensUsed": 3}\n\n',
)
BODY = b"".join(EVENTS)
FIELDS: tuple[bytes, ...] = (
    b"Content-Type: text/event-stream",
    b"Cache-Control: no-cache, no-transform",
    b"X-Streaming-Session-Id: " + ID,
    b"Access-Control-Allow-Origin: http://page.test",
    b"Access-Control-Allow-Credentials: true",
    b"Access-Control-Expose-Headers: X-Streaming-Session-Id",
    b"Vary: Origin",
)
CHUNKED = b"Transfer-Encoding: chunked"


def head(*fields: bytes, status: bytes = b"200 OK", framing: bytes = CHUNKED) -> bytes:
    """A response's head."""
    return b"\r\n".join([b"HTTP/1.1 " + status, *fields, *([framing] if framing else []), b"", b""])


def chunk(data: bytes) -> bytes:
    """One chunk on HTTP/1.1."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def stream(*events: bytes, pause: float = 0.03, fields: tuple[bytes, ...] = FIELDS) -> tuple[Act, ...]:
    """An event stream that sends an event a chunk, and pauses between them."""
    acts: list[Act] = [head(*fields), pause]
    for event in events or EVENTS:
        acts += [chunk(event), pause]
    return (*acts, b"0\r\n\r\n")


def whole(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> tuple[Act, ...]:
    """An answer with a length, at once."""
    return (head(*fields, status=status, framing=b"Content-Length: %d" % len(body)) + body,)


def request(
    case: str,
    *fields: bytes,
    method: bytes = b"POST",
    path: bytes = b"/api/chat/sessions/s1/stream",
    body: bytes = b"",
) -> bytes:
    """A request of a case."""
    lines = [
        b"%s %s HTTP/1.1" % (method, path),
        b"Host: test",
        b"X-Case: " + case.encode(),
        b"Origin: http://page.test",
        *fields,
        b"Content-Length: %d" % len(body),
        b"",
        body,
    ]
    return b"\r\n".join(lines)


@dataclass
class Exchange:
    """What the recording has of one exchange."""

    events: list[Event]

    @property
    def journal(self) -> list[Injection]:
        """The entries about it."""
        return [each for each in self.events if isinstance(each, Injection)]

    def body(self, side: Side, message: Message = Message.RESPONSE) -> bytes:
        """A message's bytes on one side."""
        chunks = [e for e in self.events if isinstance(e, Chunk) and e.message is message and e.side & side]
        return b"".join(each.data for each in chunks)

    def response(self, side: Side) -> ResponseHead | None:
        """The response's head on one side."""
        return next((e for e in self.events if isinstance(e, ResponseHead) and e.side & side), None)

    def request(self, side: Side) -> RequestHead | None:
        """The request's head on one side."""
        return next((e for e in self.events if isinstance(e, RequestHead) and e.side & side), None)

    def ended(self, side: Side) -> End | Abort | None:
        """How the response ended on one side."""
        for each in self.events:
            if isinstance(each, End) and each.message is Message.RESPONSE and each.side & side:
                return each
            if isinstance(each, Abort) and each.side & side:
                return each
        return None


@dataclass
class Seen:
    """All that a case left: what the clients got, what the service was asked, what was recorded."""

    got: list[Received]
    asked: list[Asked]
    exchanges: list[Exchange]


@dataclass(frozen=True)
class WireCase:
    """A case of one kind. `settings` are lines of its table in the plan, without kind, name and match.

    `scripts` are the service's answers, one for each request that reaches it, the last one for all further.
    `requests` are sent one after the other. `check` asserts what its page says, of `Seen`.
    """

    kind: str
    check: Callable[[Seen], None]
    settings: str = ""
    scripts: tuple[tuple[Act, ...], ...] = (stream(),)
    requests: Callable[[str], tuple[bytes, ...]] = lambda case: (request(case),)
    label: str = ""
    at_once: bool = False
    """Send all requests at the same time."""
    patience: float = 10.0
    """Seconds after which the client leaves."""
    exchanges: int | None = None
    """How many the recording has of it, where that is not one for each request."""
    extra: str = field(default="", compare=False)
    """Further tables of the plan; `NAME` in it is the case's name."""

    @property
    def name(self) -> str:
        """What the case is called in the plan and in `X-Case`."""
        return f"{self.kind}.{self.label}" if self.label else self.kind


def plan_of(cases: tuple[WireCase, ...], seed: int = 1, *, armed: bool = True) -> str:
    """The plan with the faults of all cases, each for its own requests."""
    tables = [f"seed = {seed}"]
    for case in cases:
        match = f'~hq "X-Case: {case.name}[^a-z0-9.-]"'
        own = f'kind = "{case.kind}"\nname = "{case.name}"\nmatch = \'{match}\'\narmed = {str(armed).lower()}'
        tables.append(f"[[fault]]\n{own}\n{case.settings}")
        if case.extra:
            tables.append(case.extra.replace("NAME", case.name).replace("MATCH", match))
    return "\n\n".join(tables) + "\n"


class WireBench:
    """The proxy, its service, and the recording in which each case's exchanges are found again."""

    def __init__(self, cases: tuple[WireCase, ...], folder: Path, *, armed: bool = True) -> None:
        self.cases = cases
        self._is_armed = armed
        self.service = self._service({case.name: list(case.scripts) for case in cases})
        plan = folder / "plan.toml"
        plan.write_text(plan_of(cases, armed=armed), "utf-8")
        self._server = self.service.server.__enter__()
        options = {"streamid_faults": str(plan), "ssl_insecure": "true"}
        self.proxy = Proxy(f"reverse:{self._server.url}", options=options, folder=folder)

    def _service(self, scripts: dict[str, list[tuple[Act, ...]]]) -> ScriptedService:
        return ScriptedService(scripts)

    def _one(self, request: bytes, patience: float) -> Received:
        return ask(self.proxy.port, request, patience)

    def __enter__(self) -> "WireBench":
        self.proxy.__enter__()
        return self

    def __exit__(self, *about: object) -> None:
        self.proxy.__exit__(None, None, None)
        self._server.__exit__(None, None, None)

    def run(self, workers: int = 4) -> dict[str, Seen]:
        """Run all cases, some at the same time, and gather by their names what they left."""
        with ThreadPoolExecutor(workers) as pool:
            got = dict(zip(self.cases, pool.map(self._ask, self.cases), strict=True))
        recorded = self.recorded()
        return {
            case.name: Seen(each, self.service.asked[case.name], recorded[case.name])
            for case, each in got.items()
        }

    def _ask(self, case: WireCase) -> list[Received]:
        requests = case.requests(case.name)
        with ThreadPoolExecutor(len(requests) if case.at_once else 1) as pool:
            return list(pool.map(lambda each: self._one(each, case.patience), requests))

    def recorded(self) -> dict[str, list[Exchange]]:
        """The exchanges of each case, once all of them are over in the recording."""
        wanted = {
            case.name: (case.exchanges if self._is_armed else None) or len(case.requests(case.name))
            for case in self.cases
        }
        deadline = time.monotonic() + 10
        while True:
            found = self._over()
            if all(len(found[name]) >= count for name, count in wanted.items()):
                return found
            if time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def _over(self) -> dict[str, list[Exchange]]:
        found: dict[str, list[Exchange]] = defaultdict(list)
        with Recording(self.proxy.recording) as recording:
            for row in recording.exchanges():
                if row.outcome == "open":
                    continue
                exchange = Exchange(list(recording.exchange(row.exchange)))
                head = exchange.request(Side.CLIENT) or exchange.request(Side.SERVER)
                case = first(head.headers, b"x-case") if head else None
                found[(case or b"").decode()].append(exchange)
        return found


def applied(body: bytes, journal: list[Injection], message: Message = Message.RESPONSE) -> bytes:
    """The body that leaves, by the journal, where `body` is what came."""
    entries = [e for e in journal if e.deed is Deed.BODY and e.message is message]
    out, done = b"", 0
    for entry in sorted(entries, key=lambda each: each.offset or 0):
        assert entry.offset is not None
        before = entry.before or b""
        assert body[entry.offset : entry.offset + len(before)] == before, "the journal is about other bytes"
        out += body[done : entry.offset] + (entry.after or b"")
        done = entry.offset + len(before)
    return out + body[done:]


def fields_applied(
    headers: Headers, journal: list[Injection], message: Message = Message.RESPONSE
) -> list[tuple[bytes, bytes]]:
    """The field lines that leave, by the journal; in any order."""
    lines = list(headers)
    for entry in journal:
        if entry.deed is not Deed.HEADER or entry.message is not message:
            continue
        name = entry.name.encode("latin-1")
        if entry.before is not None:
            lines.remove((name, entry.before))
        if entry.after is not None:
            lines.append((name, entry.after))
    return sorted(lines)


def is_told(left: bytes, told: bytes) -> bool:
    """Whether bytes are those that the journal has; pieces that may hide a secret are asterisks there."""
    return len(left) == len(told) and all(two in (one, 0x2A) for one, two in zip(left, told, strict=True))


def in_order(some: Iterable[object], all_: Iterable[object]) -> bool:
    """Whether all of `some` are there in their order."""
    rest = iter(all_)
    return all(each in rest for each in some)


def assert_journal_tells_all(exchange: Exchange) -> None:
    """What leaves the proxy is what came and the journal changed; the request's `Host` is mitmproxy's."""
    _assert_request_told(exchange)
    served, sent = exchange.response(Side.SERVER), exchange.response(Side.CLIENT)
    if served is None or sent is None:
        return
    journal = exchange.journal
    assert fields_applied(served.headers, journal) == sorted(sent.headers)
    kept = [line for line in served.headers if line in sent.headers]
    assert in_order(kept, sent.headers), "untouched lines keep their order"
    lines = [b"%d %s" % (each.status, each.reason) for each in (served, sent)]
    starts = [(e.before, e.after) for e in journal if e.deed is Deed.START]
    assert starts == ([(lines[0], lines[1])] if lines[0] != lines[1] else [])
    came, left = exchange.body(Side.SERVER), exchange.body(Side.CLIENT)
    ends = [entry.offset for entry in journal if entry.deed is Deed.END]
    if ends:
        assert is_told(left, applied(came[: ends[0]], journal))
    elif isinstance(exchange.ended(Side.CLIENT), End):
        assert is_told(left, applied(came, journal))
    else:
        assert is_told(left, applied(came, journal)[: len(left)])


def _assert_request_told(exchange: Exchange) -> None:
    came, left = exchange.request(Side.CLIENT), exchange.request(Side.SERVER)
    if came is None or left is None:
        return
    told = fields_applied(came.headers, exchange.journal, Message.REQUEST)
    assert _without_host(told) == sorted(_without_host(left.headers))
    before, after = (exchange.body(side, Message.REQUEST) for side in (Side.CLIENT, Side.SERVER))
    assert is_told(after, applied(before, exchange.journal, Message.REQUEST))


def _without_host(lines: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [line for line in lines if line[0].lower() not in (b"host", b":authority")]
