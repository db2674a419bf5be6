"""Every kind of fault on the wire: one proxy with a plan of all cases, a scripted service, a raw client.

A case's requests say in `X-Case` which case they are of, and the plan matches faults by that. What a case
expects is written by hand from the fault's page, never computed by the fault.
"""

import time
from collections.abc import Callable
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
    extra: str = field(default="", compare=False)
    """Further tables of the plan; `NAME` in it is the case's name."""

    @property
    def name(self) -> str:
        """What the case is called in the plan and in `X-Case`."""
        return f"{self.kind}.{self.label}" if self.label else self.kind


def plan_of(cases: tuple[WireCase, ...], seed: int = 1) -> str:
    """The plan with the faults of all cases, each for its own requests."""
    tables = [f"seed = {seed}"]
    for case in cases:
        match = f'~hq "X-Case: {case.name}[^a-z0-9.-]"'
        tables.append(
            f'[[fault]]\nkind = "{case.kind}"\nname = "{case.name}"\nmatch = \'{match}\'\n{case.settings}'
        )
        if case.extra:
            tables.append(case.extra.replace("NAME", case.name).replace("MATCH", match))
    return "\n\n".join(tables) + "\n"


class WireBench:
    """The proxy, its service, and the recording in which each case's exchanges are found again."""

    def __init__(self, cases: tuple[WireCase, ...], folder: Path) -> None:
        self.service = ScriptedService({case.name: list(case.scripts) for case in cases})
        plan = folder / "plan.toml"
        plan.write_text(plan_of(cases), "utf-8")
        self._server = self.service.server.__enter__()
        self.proxy = Proxy(
            f"reverse:{self._server.url}", options={"streamid_faults": str(plan)}, folder=folder
        )

    def __enter__(self) -> "WireBench":
        self.proxy.__enter__()
        return self

    def __exit__(self, *about: object) -> None:
        self.proxy.__exit__(None, None, None)
        self._server.__exit__(None, None, None)

    def run(self, case: WireCase) -> Seen:
        """Send the case's requests, and gather what they left."""
        requests = case.requests(case.name)
        if case.at_once:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(len(requests)) as pool:
                got = list(pool.map(lambda each: ask(self.proxy.port, each), requests))
        else:
            got = [ask(self.proxy.port, each) for each in requests]
        return Seen(got, self.service.asked[case.name], self._recorded(case, len(requests)))

    def _recorded(self, case: WireCase, count: int) -> list[Exchange]:
        """The exchanges of the case, once they are over in the recording."""
        deadline = time.monotonic() + 10
        wanted = f"X-Case: {case.name}".encode().split(b": ")[1]
        while True:
            with Recording(self.proxy.recording) as recording:
                found = [
                    Exchange(list(recording.exchange(row.exchange)))
                    for row in recording.exchanges()
                    if row.outcome != "open"
                ]
            mine = [
                each
                for each in found
                if (asked := each.request(Side.CLIENT) or each.request(Side.SERVER))
                and dict(asked.headers).get(b"X-Case") == wanted
            ]
            if len(mine) >= count or time.monotonic() > deadline:
                return mine
            time.sleep(0.1)


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


def assert_journal_tells_all(exchange: Exchange) -> None:
    """What the client's side shows is what the service's side shows and the journal changed."""
    served, sent = exchange.response(Side.SERVER), exchange.response(Side.CLIENT)
    if served is None or sent is None:
        return
    journal = exchange.journal
    assert fields_applied(served.headers, journal) == sorted(sent.headers)
    kept = [line for line in served.headers if line in sent.headers]
    assert [line for line in sent.headers if line in kept] == kept, "untouched lines keep their order"
    came = applied(exchange.body(Side.SERVER), journal)
    left = exchange.body(Side.CLIENT)
    if isinstance(exchange.ended(Side.CLIENT), End) and not any(e.deed is Deed.END for e in journal):
        assert left == came
    else:
        assert came.startswith(left) or left == b"" or any(e.deed is Deed.END for e in journal)
