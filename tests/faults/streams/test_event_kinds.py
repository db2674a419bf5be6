"""The kinds about single events: exact bytes, the journal, and that chunk boundaries change nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Headers
from faults.fault import Fault
from faults.parts import Cut, Data, End, ResponseStart
from faults.scene import What
from faults.streams.append_after_terminal import AppendAfterTerminal
from faults.streams.blocks import LIMIT
from faults.streams.corrupt_event import CorruptEvent
from faults.streams.drop_event import DropEvent
from faults.streams.drop_terminal import DropTerminal
from faults.streams.escape_newlines import EscapeNewlines
from faults.streams.reorder_events import ReorderEvents
from faults.streams.repeat_event import RepeatEvent
from tests.faults.streams.driving import BODY, CHUNK, DONE, FIELDS, HEAD, MS, applied, begun, drive, head

ONE, TWO, PING, THREE = CHUNK % 1, CHUNK % 2, b": ping\n\n", CHUNK % 3
MARK = b"\xef\xbb\xbf"
EVENT_KINDS: list[Fault] = [
    DropEvent(nth=1),
    DropEvent(every=2),
    DropEvent(type_="x"),
    RepeatEvent(nth=2, times=2),
    ReorderEvents(nth=1),
    ReorderEvents(nth=2),
    CorruptEvent(nth=1, how="json"),
    CorruptEvent(nth=1, how="utf8"),
    CorruptEvent(nth=1, how="field"),
    EscapeNewlines(from_=2),
    DropTerminal(),
    AppendAfterTerminal(event="late", data="a\nb"),
]
PIECES = st.lists(
    st.sampled_from(
        [
            *(b"\r", b"\n", b"\r\n", b"\n\n", b"data: b\r\r", b"data", b": c", b"event: x", b"event: done"),
            *(b"data: a\xc3\xa9", b'data: {"t": "\xf0\x9f\x98\x80"}', MARK, b"\xff"),
        ]
    ),
    max_size=30,
).map(b"".join)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[first:second] for first, second in pairwise(ends)]


@pytest.mark.parametrize("fault", EVENT_KINDS, ids=str)
@given(body=PIECES, places=st.lists(st.integers(0, 500), max_size=8))
def test_any_chunking_gives_the_same_bytes_and_the_journal_tells_them(
    fault: Fault, body: bytes, places: list[int]
) -> None:
    once, cut_up = (
        drive(fault, chunks, terminal=("done",)) for chunks in ([body] if body else [], cut(body, places))
    )
    assert cut_up.body == once.body
    assert cut_up.journal == once.journal
    assert applied(body, once.journal) == once.body
    assert bool(once.notes(What.BODY)) != bool(once.notes(What.PASSED))
    assert isinstance(cut_up.last, End)


@pytest.mark.parametrize(
    ("fault", "expected", "told"),
    [
        (DropEvent(nth=2), ONE + PING + THREE + DONE, ["event 2 (chunk) left out"]),
        (DropEvent(every=2), ONE + PING + THREE, ["event 2 (chunk) left out", "event 4 (done) left out"]),
        (DropEvent(type_="done"), ONE + TWO + PING + THREE, ["event 4 (done) left out"]),
        (RepeatEvent(nth=2), ONE + TWO + TWO + PING + THREE + DONE, ["event 2 (chunk) repeated"]),
        (RepeatEvent(nth=4, times=2), BODY + DONE + DONE, ["event 4 (done) repeated"]),
        (
            ReorderEvents(nth=2),
            ONE + PING + THREE + TWO + DONE,
            ["event 2 (chunk) held back", "event 2 (chunk) after event 3 (chunk)"],
        ),
        (
            CorruptEvent(nth=2),
            ONE + TWO.replace(b"}", b"") + PING + THREE + DONE,
            ["event 2 (chunk) broken: json"],
        ),
        (
            CorruptEvent(nth=2, how="utf8"),
            ONE + TWO.replace(b'"}', b'\xff"}') + PING + THREE + DONE,
            ["event 2 (chunk) broken: utf8"],
        ),
        (
            CorruptEvent(nth=2, how="field"),
            ONE + TWO.replace(b"data:", b"dta:") + PING + THREE + DONE,
            ["event 2 (chunk) broken: field"],
        ),
        (
            EscapeNewlines(from_=3),
            ONE + TWO + PING + (THREE + DONE).replace(b"\n", rb"\n"),
            ["event 3 (chunk) without line ends", "event 4 (done) without line ends"],
        ),
        (DropTerminal(), ONE + TWO + PING + THREE, ["event 4 (done) left out"]),
        (
            AppendAfterTerminal(event="chunk", data="{}\n[]"),
            BODY + b"event: chunk\ndata: {}\ndata: []\n\n",
            ["one more event after event 4 (done)"],
        ),
        (AppendAfterTerminal(), BODY + b"data: {}\n\n", ["one more event after event 4 (done)"]),
    ],
    ids=str,
)
def test_exact_bytes(fault: Fault, expected: bytes, told: list[str]) -> None:
    run = drive(fault, [BODY])
    assert run.chunks == [expected]
    assert run.notes(What.BODY) == told
    assert run.head.headers == FIELDS
    assert applied(BODY, run.journal) == expected


@pytest.mark.parametrize(
    ("fault", "body", "expected"),
    [
        (CorruptEvent(nth=1), "data: é\n\n".encode(), b"data: \n\n"),
        (CorruptEvent(nth=1), b"data:a\rdata\r\r", b"data:\rdata\r\r"),
        (CorruptEvent(nth=1), b"data: a\xff\n\n", b"data: a\n\n"),
        (CorruptEvent(nth=1, how="utf8"), b"data: a\r\nid: 1\r\n\r\n", b"data: a\xff\r\nid: 1\r\n\r\n"),
        (
            CorruptEvent(nth=1, how="field"),
            MARK + b"data: a\ndatab: c\ndata\nid: data\n\n",
            MARK + b"dta: a\ndatab: c\ndta\nid: data\n\n",
        ),
        (
            EscapeNewlines(),
            b"event: a\r\ndata: b\r\n\r\n: c\r\n\r\n",
            rb"event: a\ndata: b\n\n" + b": c\r\n\r\n",
        ),
        (RepeatEvent(nth=1), MARK + b"data: a\n\n", MARK + b"data: a\n\ndata: a\n\n"),
        (ReorderEvents(nth=1), MARK + b"data: a\n\ndata: b\n\n", MARK + b"data: b\n\ndata: a\n\n"),
        (
            AppendAfterTerminal(event="é", data="x"),
            b"event: done\rdata: a\r\r",
            "event: done\rdata: a\r\revent: é\rdata: x\r\r".encode(),
        ),
    ],
)
def test_unusual_events(fault: Fault, body: bytes, expected: bytes) -> None:
    run = drive(fault, [body])
    assert run.body == expected
    assert applied(body, run.journal) == expected


@pytest.mark.parametrize(
    ("fault", "body", "why"),
    [
        (DropEvent(nth=5), BODY, "no event that it is for came"),
        (DropEvent(nth=1), b"", "no event that it is for came"),
        (ReorderEvents(nth=4), BODY, "no event came after event 4"),
        (ReorderEvents(nth=5), BODY, "there was no event 5"),
        (CorruptEvent(nth=5), BODY, "there was no event 5"),
        (CorruptEvent(nth=1), b"data\n\n", "event 1 has empty data"),
        (DropTerminal(), ONE, "no terminal event came"),
        (AppendAfterTerminal(), ONE, "no terminal event came"),
    ],
    ids=str,
)
def test_a_stream_without_such_an_event_passes(fault: Fault, body: bytes, why: str) -> None:
    run = drive(fault, [body[:20], body[20:]] if body else [])
    assert run.body == body
    assert [(change.what, change.name) for change in run.journal] == [(What.PASSED, why)]


def test_without_terminal_events_in_the_profile_nothing_is_terminal() -> None:
    for fault in (DropTerminal(), AppendAfterTerminal()):
        run = drive(fault, [BODY], terminal=())
        assert run.body == BODY
        assert run.notes(What.PASSED) == ["the profile has no terminal events"]


@pytest.mark.parametrize("fault", EVENT_KINDS, ids=str)
def test_what_is_compressed_passes_untouched_with_its_length(fault: Fault) -> None:
    start = head((b"Content-Encoding", b"br"), (b"Content-Length", b"6"))
    run = drive(fault, [b"data: ", b"a\n\n"], start=start)
    assert run.head == start
    assert run.chunks == [b"data: ", b"a\n\n"]
    assert run.notes(What.PASSED) == ["the body is compressed (br)"]


def test_only_event_streams_count() -> None:
    scene = begun(DropEvent(nth=1)).scene
    assert DropEvent(nth=1).applies(scene, HEAD)
    fields: Headers = ((b"Content-Type", b"application/json"),)
    assert not DropEvent(nth=1).applies(scene, ResponseStart(200, b"OK", fields))


def test_a_length_gives_way() -> None:
    start = ResponseStart(200, b"OK", (FIELDS[0], (b"Content-Length", b"%d" % len(BODY))))
    run = drive(DropEvent(nth=1), [BODY], start=start)
    assert run.head.headers == FIELDS
    assert run.notes(What.HEADER) == ["Content-Length", "Transfer-Encoding"]


def test_events_of_a_chunk_leave_together_and_an_unfinished_one_waits() -> None:
    run = begun(DropEvent(nth=3))
    run.feed(HEAD, 0)
    run.feed(Data(ONE + TWO + b"event"), 1 * MS)
    assert run.pipeline.held == 5
    run.feed(Data(b": chunk\n"), 2 * MS)
    assert run.pipeline.held == 13
    run.feed(Data(b"data: 3\n\n" + PING + DONE[:4]), 3 * MS)
    run.feed(End(), 4 * MS)
    assert run.times[1:] == [(1, ONE + TWO), (3, PING), (4, DONE[:4]), (4, End())]
    assert run.pipeline.held == 0


def test_the_event_that_is_held_back_is_counted_and_goes_with_a_cut() -> None:
    run = begun(ReorderEvents(nth=1))
    run.feed(HEAD, 0)
    run.feed(Data(ONE + b"eve"), 1 * MS)
    assert run.pipeline.held == len(ONE) + 3
    run.feed(Cut(by_peer=True), 2 * MS)
    assert run.pipeline.held == 0
    assert run.times[1:] == [(2, Cut(by_peer=True))]


def test_an_event_that_is_too_long_passes_with_all_that_follows() -> None:
    long = b"data: " + b"x" * LIMIT + b"\n\n"
    for chunks in ([ONE + long + TWO], [ONE, long[:-1], long[-1:], TWO]):
        run = drive(ReorderEvents(nth=1), chunks)
        assert run.body == ONE + long + TWO
        assert run.notes(What.PASSED) == ["an event is longer than 1 MiB"]
        assert run.pipeline.held == 0


@pytest.mark.parametrize(
    ("kind", "settings", "why"),
    [
        (DropEvent, {}, "give exactly one of nth, every and type"),
        (DropEvent, {"nth": 1, "type": "x"}, "give exactly one of nth, every and type"),
        (DropEvent, {"nth": 0}, "greater than 0"),
        (RepeatEvent, {"nth": 1, "times": 1001}, "less than or equal to 1000"),
        (CorruptEvent, {"nth": 1, "how": "no"}, "'json', 'utf8' or 'field'"),
        (AppendAfterTerminal, {"event": "a\nb"}, "the type of an event is one line"),
        (EscapeNewlines, {"frm": 1}, "Extra inputs are not permitted"),
    ],
)
def test_bad_settings_are_refused(kind: type[Fault], settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        kind.model_validate(settings)
