"""What the classes say of themselves is complete, and true of a healthy stream of the lab's."""

import tomllib
import zlib
from collections.abc import Sequence
from typing import Any, cast

import pytest

from contract.checker import Checker
from contract.events import Abort, Breaker, Chunk, Event, Manner, Message, RequestHead, ResponseHead, Side
from contract.events import End as EndEvent
from contract.findings import Finding, Verdict
from contract.profile import builtin
from contract.rules import RULES
from faults.fault import Fault
from faults.parts import Cut, Data, End, Ending, Part, RequestStart, ResponseStart
from faults.registry import KINDS
from faults.streams import FAULTS
from tests.contract.build import CORS, FIRST, ID_HEADER, ORIGIN, Talk, fields
from tests.faults.streams.driving import MS, Run, begun

PACE = 100 * MS
EVENTS = [
    *(b'event: chunk\ndata: {"text": "%d"}\n\n' % number for number in range(14)),
    b'event: done\ndata: {"message": "Stream complete", "tokensUsed": 14}\n\n',
]
PATH = b"/api/chat/sessions/s1/stream"
ASKED = fields(
    (("Host", "chat.test"), ("Authorization", "Bearer one"), ("Accept-Encoding", "gzip, deflate")), ORIGIN
)
ANSWERED = fields(
    (
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-cache"),
        (ID_HEADER, FIRST),
        ("Transfer-Encoding", "chunked"),
    ),
    CORS,
)


class Gunzip:
    """Undoes gzip for the checker."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> bytes:
        return self._object.decompress(data)

    def end(self) -> bytes:
        return self._object.flush()


def example(kind: type[Fault]) -> Fault:
    return kind.model_validate(tomllib.loads(kind.example))


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.kind)
def test_the_texts_of_a_kind_are_complete(kind: type[Fault]) -> None:
    assert KINDS[kind.kind] is kind
    assert kind.family == "streams"
    assert kind.__doc__
    assert kind.__module__ == f"faults.streams.{kind.kind.replace('-', '_')}"
    assert kind.__name__ == kind.kind.title().replace("-", "")
    assert kind.summary.endswith(".")
    assert "\n" not in kind.summary
    assert kind.received.endswith(".")
    assert kind.summary.isascii()
    assert kind.received.isascii()
    assert set(kind.breaks + kind.follows) <= set(RULES)
    assert all(field.description for field in kind.model_fields.values())
    example(kind)


def test_the_kinds_are_in_alphabetical_order() -> None:
    assert [kind.kind for kind in FAULTS] == sorted(kind.kind for kind in FAULTS)


def as_head(start: ResponseStart, number: int, side: Side, at: int) -> ResponseHead:
    return ResponseHead(number, side, at, start.status, start.reason, b"HTTP/1.1", start.headers)


def asked(number: int, at: int, side: Side = Side.BOTH) -> list[Event]:
    line = (b"POST", "http", "chat.test", 80, PATH, b"HTTP/1.1")
    return [
        RequestHead(number, side, at, *line, ASKED),
        EndEvent(number, Message.REQUEST, side, at),
    ]


def seen(run: Run, came: list[tuple[int, ResponseStart | Data | End]], number: int = 1) -> list[Event]:
    """What a recorder on both sides of the proxy sees of the answer, in order."""
    found: list[tuple[int, int, Event]] = []
    both: list[tuple[Side, Sequence[tuple[int, Part]]]] = [(Side.SERVER, came), (Side.CLIENT, run.parts)]
    for order, (side, parts) in enumerate(both):
        for at, part in parts:
            event: Event
            match part:
                case ResponseStart():
                    event = as_head(part, number, side, at)
                case Data(data):
                    event = Chunk(number, Message.RESPONSE, side, at, data, len(data))
                case End() | Cut(Ending.CLEAN):
                    event = EndEvent(number, Message.RESPONSE, side, at)
                case _:
                    event = Abort(number, side, at, Breaker.PROXY, Manner.CLOSED, "a fault")
            found.append((at, order, event))
    return [event for _, _, event in sorted(found, key=lambda each: each[:2])]


def judged(events: list[Event]) -> set[str]:
    checker = Checker(builtin("chat"), decoders={"gzip": Gunzip})
    out = [output for event in events for output in checker.feed(event)] + checker.end()
    return {
        each.code
        for each in out
        if isinstance(each, Finding) and each.verdict in (Verdict.FAIL, Verdict.WARN)
    }


def struck(fault: Fault) -> list[Event]:
    run = begun(fault, request=RequestStart(b"POST", PATH, ASKED))
    start = ResponseStart(200, b"OK", ANSWERED)
    came: list[tuple[int, ResponseStart | Data | End]] = [(0, start)]
    came += [(number * PACE, Data(data)) for number, data in enumerate(EVENTS, start=1)]
    came.append((len(EVENTS) * PACE, End()))
    for at, part in came:
        run.feed(part, at)
    run.until(run.now + 3600_000 * MS)
    assert run.pipeline.is_over
    return [*asked(1, 0), *seen(run, came)]


@pytest.mark.parametrize(
    "kind", [kind for kind in FAULTS if kind.kind != "replay-cached"], ids=lambda kind: kind.kind
)
def test_the_example_breaks_what_its_kind_says(kind: type[Fault]) -> None:
    assert judged(struck(example(kind))) == set(kind.breaks)


def test_a_healthy_stream_breaks_nothing() -> None:
    assert judged(struck(cast(Any, KINDS["idle-cut"]).model_validate({"after": "1 min"}))) == set()


def test_what_the_cache_gives_away_breaks_what_its_kind_says() -> None:
    fault = KINDS["replay-cached"]()
    run = begun(fault, request=RequestStart(b"POST", PATH, ASKED))
    came: list[tuple[int, ResponseStart | Data | End]] = [(0, ResponseStart(200, b"OK", ANSWERED))]
    came += [(1, Data(b"".join(EVENTS))), (1, End())]
    for at, part in came:
        run.feed(part, at)
    again = fault.answer(run.scene, 2_000_000)
    assert again is not None
    talk = Talk(number=10, at=2_000_000)
    events = [*asked(1, 0), *seen(run, came), *talk.update(FIRST)]
    events += [*asked(2, 3_000_000, Side.CLIENT), as_head(again.start, 2, Side.CLIENT, 3_000_000)]
    events.append(Chunk(2, Message.RESPONSE, Side.CLIENT, 3_000_000, again.body, len(again.body)))
    events.append(EndEvent(2, Message.RESPONSE, Side.CLIENT, 3_000_000))
    assert judged(events) == set(fault.breaks)
    assert judged([*events, *Talk(number=20, at=4_000_000).refused(FIRST)]) == {*fault.breaks, *fault.follows}
