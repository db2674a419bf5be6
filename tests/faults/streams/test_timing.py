"""The kinds about time and grouping: every byte gets out, in order, at the right time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.fault import Fault
from faults.parts import Cut, Data, End, ResponseStart
from faults.scene import What
from faults.streams.blocks import LIMIT
from faults.streams.coalesce import Coalesce
from faults.streams.delay import Delay
from faults.streams.jitter import Jitter
from faults.streams.split import Split
from faults.streams.stall import Stall
from faults.streams.throttle import Throttle
from tests.faults.streams.driving import BODY, CHUNK, DONE, HEAD, MS, Run, begun, drive, head

ONE, TWO, THREE = CHUNK % 1, CHUNK % 2, CHUNK % 3


def make(kind: type[Fault], **settings: object) -> Fault:
    return kind.model_validate({name.replace("_", "-"): value for name, value in settings.items()})


TIMING: list[Fault] = [
    make(Delay, by="35 ms"),
    make(Jitter, to="50 ms"),
    make(Jitter, **{"from": "10 ms", "to": "10 ms"}),
    make(Stall, **{"for": "25 ms"}),
    make(Stall, **{"for": "25 ms", "events": 2}),
    make(Throttle, rate=300),
    make(Throttle, rate=20, burst=1),
    make(Throttle, rate=1_000_000),
    make(Coalesce),
    make(Coalesce, bytes=7, hold_head=True),
    make(Coalesce, every="30 ms", hold_head=True),
    make(Split, at=3),
    make(Split, at=3, gap="7 ms"),
    make(Split, at="utf-8"),
    make(Split, at="crlf"),
    make(Split, at="field", gap="1 ms"),
]
CHUNKS = st.lists(
    st.lists(
        st.sampled_from([b"data: a", "é😀".encode(), b"\r\n", b"\n\n", b"\r", b"id", b"event: x", b"\xff"]),
        min_size=1,
        max_size=5,
    ).map(b"".join),
    max_size=12,
)


@pytest.mark.parametrize("fault", TIMING, ids=str)
@given(chunks=CHUNKS, every=st.sampled_from([0, 1, 9 * MS, 40 * MS]))
def test_all_bytes_get_out_in_order_and_the_end_last(fault: Fault, chunks: list[bytes], every: int) -> None:
    run = drive(fault, chunks, every=every)
    assert run.body == b"".join(chunks)
    assert run.head == HEAD
    assert run.parts[0][1] == HEAD
    assert run.last == End()
    assert all(part.data for _, part in run.parts if isinstance(part, Data))
    assert {change.what for change in run.journal} <= {What.TIME, What.PASSED}
    assert len(run.journal) <= 1
    assert run.pipeline.held == 0


@pytest.mark.parametrize("fault", TIMING, ids=str)
@given(chunks=CHUNKS, ends=st.booleans())
def test_what_is_held_is_counted_to_the_byte_and_goes_with_a_cut(
    fault: Fault, chunks: list[bytes], ends: bool
) -> None:
    run = begun(fault)
    run.feed(HEAD, 0)
    came = 0
    for number, chunk in enumerate(chunks):
        run.feed(Data(chunk), number * 8 * MS)
        came += len(chunk)
        assert run.pipeline.held == came - len(run.body)
    if ends:
        run.feed(End(), run.now)
    left = len(run.parts)
    over = run.pipeline.is_over
    run.feed(Cut(by_peer=True), run.now)
    assert [part for _, part in run.parts[left:]] == ([] if over else [Cut(by_peer=True)])
    assert run.pipeline.held == 0
    assert run.pipeline.due is None


def test_delay_moves_all_by_the_same_time() -> None:
    run = drive(make(Delay, by="1.5 s"), [ONE, TWO])
    assert run.times == [(0, HEAD), (1510, ONE), (1520, TWO), (1520, End())]
    assert run.notes(What.TIME) == ["each chunk leaves 1500 ms later"]


def test_jitter_keeps_within_its_bounds_and_is_the_same_for_a_seed() -> None:
    fault = make(Jitter, **{"from": "20 ms", "to": "90 ms"})
    chunks = [b"%d" % number for number in range(10)]
    run = drive(fault, chunks)
    late = [at - (number + 1) * 10 * MS for number, (at, _) in enumerate(run.parts[1:-1])]
    assert all(20 * MS <= each <= 90 * MS for each in late)
    assert len(set(late)) > 5
    assert run.chunks == chunks
    assert run.parts[-1][0] == run.parts[-2][0]
    assert drive(fault, chunks).parts == run.parts


def test_stall_stops_between_two_events_and_lets_all_out_at_once() -> None:
    chunks = [ONE[:9], ONE[9:] + TWO + THREE[:5], THREE[5:], DONE]
    run = drive(make(Stall, events=2, **{"for": "15 ms"}), chunks)
    assert run.times == [
        (0, HEAD),
        (10, ONE[:9]),
        (20, ONE[9:] + TWO),
        (35, THREE[:5]),
        (35, THREE[5:]),
        (40, DONE),
        (40, End()),
    ]
    assert run.notes(What.TIME) == ["after event 2 nothing leaves for 15 ms"]


def test_stall_at_once_holds_all_but_the_head_and_the_end_too() -> None:
    run = drive(make(Stall, **{"for": "1 s"}), [ONE, TWO])
    assert run.times == [(0, HEAD), (1000, ONE), (1000, TWO), (1000, End())]
    assert run.notes(What.TIME) == ["after the head nothing leaves for 1000 ms"]


def test_stall_for_ever_ends_only_with_a_cut() -> None:
    run = drive(make(Stall, **{"for": "forever"}), [ONE, TWO])
    assert run.times == [(0, HEAD)]
    assert run.pipeline.held == len(ONE + TWO)
    run.feed(Cut(by_peer=True), run.now)
    assert run.last == Cut(by_peer=True)
    assert run.pipeline.held == 0


def test_stall_after_an_event_that_the_end_completes_holds_the_end() -> None:
    run = drive(make(Stall, events=1, **{"for": "1 s"}), [b"data: 1\r\n\r"])
    assert run.times == [(0, HEAD), (10, b"data: 1\r\n\r"), (1010, End())]


@pytest.mark.parametrize(
    ("start", "body", "why"),
    [
        (HEAD, BODY, "there was no event 9"),
        (head((b"Content-Encoding", b"gzip")), BODY, "the body is compressed (gzip)"),
        (ResponseStart(200, b"OK", ()), BODY, "the body is no event stream"),
        (HEAD, b"data: " + b"x" * LIMIT, "an event is longer than 1 MiB"),
    ],
)
def test_stall_passes_what_it_cannot_count(start: ResponseStart, body: bytes, why: str) -> None:
    run = drive(make(Stall, events=9, **{"for": "1 s"}), [body, b"more"], start=start)
    assert run.times[1:] == [(10, body), (20, b"more"), (20, End())]
    assert run.notes(What.PASSED) == [why]


def test_throttle_cuts_at_an_even_pace() -> None:
    run = drive(make(Throttle, rate=1000), [b"x" * 100, b"y" * 50])
    pieces = [(at, len(part)) for at, part in run.times[1:] if isinstance(part, bytes)]
    assert pieces == [(10, 100), (20, 10), (40, 20), (60, 20)]
    assert run.times[-1] == (60, End())


def test_throttle_waits_with_a_piece_of_a_new_chunk_too() -> None:
    run = begun(make(Throttle, rate=1000, burst=30))
    run.feed(HEAD, 0)
    run.feed(Data(b"x" * 40), 10 * MS)
    run.feed(Data(b"y" * 45), 31 * MS)
    run.feed(End(), 32 * MS)
    run.until(99 * MS)
    pieces = [(at, len(part)) for at, part in run.times[1:] if isinstance(part, bytes)]
    assert pieces == [(10, 30), (30, 10), (50, 30), (70, 15)]
    assert run.times[-1] == (70, End())


def test_throttle_of_less_than_a_byte_each_20_ms_waits_for_whole_bytes() -> None:
    run = drive(make(Throttle, rate=8), [b"abc", b"d"])
    assert run.times[1:] == [(10, b"a"), (125, b"b"), (250, b"c"), (375, b"d"), (375, End())]


@given(st.integers(1, 5000), st.integers(1, 400), st.lists(st.integers(1, 90), min_size=1, max_size=20))
def test_throttle_never_exceeds_its_rate_and_never_cuts_more_often_than_each_20_ms(
    rate: int, burst: int, sizes: list[int]
) -> None:
    run = drive(make(Throttle, rate=rate, burst=burst), [b"x" * size for size in sizes], every=3 * MS)
    sent = 0
    most = max(burst, 1 + rate * 20 * MS / 1e6)
    for at, part in run.parts[1:-1]:
        assert isinstance(part, Data)
        sent += len(part.data)
        assert sent <= most + rate * at / 1e6
    ideal = max(0, sum(sizes) - burst) / rate
    assert run.parts[-1][0] <= 3 * MS * len(sizes) + ideal * 1e6 + 20 * MS + 1
    late = sorted({at for at, _ in run.parts[1:-1] if at % (3 * MS) or at > 3 * MS * len(sizes)})
    assert all(second - first >= 20 * MS for first, second in pairwise(late))


def test_coalesce_till_the_end() -> None:
    run = drive(make(Coalesce), [ONE, TWO])
    assert run.times == [(0, HEAD), (20, ONE + TWO), (20, End())]
    assert run.notes(What.TIME) == ["chunks are held till the end"]


def test_coalesce_with_the_head() -> None:
    run = drive(make(Coalesce, hold_head=True), [ONE, TWO])
    assert run.times == [(20, HEAD), (20, ONE + TWO), (20, End())]
    assert drive(make(Coalesce, hold_head=True), []).times == [(0, HEAD), (0, End())]


def test_coalesce_to_chunks_of_a_size() -> None:
    run = drive(make(Coalesce, bytes=4, hold_head=True), [b"abc", b"defghi", b"jk"])
    assert run.times == [(20, HEAD), (20, b"abcd"), (20, b"efgh"), (30, b"ijk"), (30, End())]


def test_coalesce_for_a_time() -> None:
    run = drive(make(Coalesce, every="15 ms"), [b"a", b"b", b"c", b"d"])
    assert run.times == [(0, HEAD), (25, b"ab"), (40, b"cd"), (40, End())]
    run = drive(make(Coalesce, every="15 ms", hold_head=True), [b"a", b"b"])
    assert run.times == [(15, HEAD), (15, b"a"), (20, b"b"), (20, End())]


@pytest.mark.parametrize(
    ("at", "chunks", "pieces"),
    [
        (2, [b"abcde", b"fg", b"h"], [b"ab", b"cd", b"e", b"fg", b"h"]),
        ("utf-8", ["aéb😀".encode()], [b"a\xc3", b"\xa9b\xf0", b"\x9f\x98\x80"]),
        ("crlf", [b"a\r\nb\r\n", b"c\r", b"\n"], [b"a\r", b"\nb\r", b"\n", b"c\r", b"\n"]),
        (
            "field",
            [b"event: a\ndata: b\n\nid: data: x\n"],
            [b"ev", b"ent: a\nda", b"ta: b\n\ni", b"d: data: x\n"],
        ),
        ("field", [b"x", b"data: 1\n", b"data\n"], [b"x", b"data: 1\n", b"da", b"ta\n"]),
    ],
)
def test_split_cuts_where_it_should(at: int | str, chunks: list[bytes], pieces: list[bytes]) -> None:
    run = drive(make(Split, at=at), chunks)
    assert run.chunks == pieces
    assert [each for each, _ in run.times[1:-1]] == sorted(each for each, _ in run.times[1:-1])
    assert len(run.notes(What.TIME)) == 1


def test_split_with_a_gap_delays_what_follows_only_as_far_as_order_needs() -> None:
    run = drive(make(Split, at=1, gap="6 ms"), [b"abc", b"d", b"e"])
    assert run.times == [(0, HEAD), (10, b"a"), (16, b"b"), (22, b"c"), (22, b"d"), (30, b"e"), (30, End())]
    run = drive(make(Split, at=1, gap="6 ms"), [b"abc", b"de"])
    assert run.times[1:] == [(10, b"a"), (16, b"b"), (22, b"c"), (22, b"d"), (28, b"e"), (28, End())]


def test_split_with_nothing_to_cut_passes() -> None:
    assert drive(make(Split, at="crlf"), [b"a\n"]).notes(What.PASSED) == ["there was nothing to cut"]
    run = drive(make(Split, at="crlf"), [b"a\r\n"], start=head((b"Content-Encoding", b"gzip")))
    assert run.chunks == [b"a\r\n"]
    assert run.notes(What.PASSED) == ["the body is compressed (gzip)"]


def test_what_is_woken_late_leaves_before_what_comes_then() -> None:
    for fault in (make(Stall, **{"for": "15 ms"}), make(Coalesce, every="5 ms"), make(Delay, by="1 ms")):
        run = begun(fault)
        out: Run = run
        out.parts += [(0, part) for part in run.pipeline.feed(HEAD, 0)]
        out.parts += [(0, part) for part in run.pipeline.feed(Data(b"a"), 10 * MS)]
        out.parts += [(0, part) for part in run.pipeline.feed(Data(b"b"), 50 * MS)]
        out.until(90 * MS)
        assert run.chunks == [b"a", b"b"]
        assert run.pipeline.held == 0


@pytest.mark.parametrize(
    ("kind", "settings", "why"),
    [
        (Delay, {"by": "0 s"}, "greater than 0"),
        (Jitter, {"from": "2 s", "to": "1 s"}, "from is longer than to"),
        (Stall, {}, "Field required"),
        (Stall, {"for": "ever"}, "a time is written like"),
        (Stall, {"for": "1 s", "events": 0}, "greater than 0"),
        (Throttle, {"rate": 0}, "greater than 0"),
        (Coalesce, {"bytes": 1, "every": "1 s"}, "give bytes or every, or neither"),
        (Split, {"at": 0}, "at is a number of bytes"),
        (Split, {"at": True}, "at is a number of bytes"),
        (Split, {"at": "utf8"}, "at is a number of bytes"),
        (Split, {"at": ["crlf"]}, "at is a number of bytes"),
    ],
)
def test_bad_settings_are_refused(kind: type[Fault], settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        kind.model_validate(settings)
    assert "1 validation error" in str(refused.value)
