"""The kinds that break a body off or take its framing: truncate, idle-cut, close-delimited."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.fault import Fault
from faults.parts import Cut, Data, End, Ending, Part, ResponseStart
from faults.scene import What
from faults.streams.blocks import LIMIT
from faults.streams.close_delimited import CloseDelimited
from faults.streams.idle_cut import IdleCut
from faults.streams.truncate import Truncate
from tests.faults.streams.driving import BODY, CHUNK, DONE, FIELDS, HEAD, MS, applied, begun, drive, head

ONE, TWO, PING, THREE = CHUNK % 1, CHUNK % 2, b": ping\n\n", CHUNK % 3


def truncate(**settings: object) -> Fault:
    return Truncate.model_validate(settings)


def idle(**settings: object) -> Fault:
    return IdleCut.model_validate(settings)


@pytest.mark.parametrize(
    ("fault", "left", "told"),
    [
        (truncate(events=2), ONE + TWO, f"close after {len(ONE + TWO)} bytes"),
        (truncate(events=3, ending="reset"), ONE + TWO + PING + THREE, None),
        (truncate(events=4), BODY, None),
        (truncate(events=0), b"", "close after 0 bytes"),
        (truncate(bytes=0, ending="clean"), b"", "clean after 0 bytes"),
        (truncate(bytes=50), BODY[:50], "close after 50 bytes"),
        (truncate(bytes=len(BODY)), BODY, None),
    ],
    ids=str,
)
@given(places=st.lists(st.integers(0, len(BODY)), max_size=8))
def test_truncate_at_a_place_in_any_chunking(
    fault: Truncate, left: bytes, told: str | None, places: list[int]
) -> None:
    ends = sorted({0, len(BODY), *places})
    run = drive(fault, [BODY[first:second] for first, second in pairwise(ends)])
    assert run.body == left
    assert run.last == Cut(fault.ending)
    (note,) = run.notes(What.END)
    assert told is None or note == told
    assert applied(BODY, run.journal) == left
    assert run.pipeline.due is None


def test_truncate_cuts_at_once_what_came_with_it() -> None:
    run = drive(truncate(events=1), [ONE[:5], ONE[5:] + TWO, THREE])
    assert run.times == [(0, HEAD), (10, ONE[:5]), (20, ONE[5:]), (20, Cut(Ending.CLOSE))]
    run = drive(truncate(events=1), [b"data: 1\r\n\r", b"data: 2\r\n"])
    assert run.times[1:] == [(10, b"data: 1\r\n\r"), (20, Cut(Ending.CLOSE))]
    run = drive(truncate(events=1), [b"data: 1\r\n\r"])
    assert run.times[1:] == [(10, b"data: 1\r\n\r"), (10, Cut(Ending.CLOSE))]


def test_truncate_by_time_is_counted_from_the_head() -> None:
    run = drive(truncate(after="25 ms", ending="reset"), [ONE, TWO, THREE])
    assert run.times == [(0, HEAD), (10, ONE), (20, TWO), (25, Cut(Ending.RESET))]
    assert applied(ONE + TWO + THREE, run.journal) == ONE + TWO


def test_what_comes_after_its_time_does_not_get_out_though_it_is_woken_late() -> None:
    parts: list[Part] = [Data(ONE), End()]
    for part in parts:
        for fault in (truncate(after="25 ms"), idle(after="25 ms")):
            run = begun(fault)
            run.feed(HEAD, 0)
            assert run.pipeline.feed(part, 30 * MS) == [Cut(Ending.CLOSE)]
            assert run.pipeline.due is None


@pytest.mark.parametrize(
    ("fault", "start", "chunks", "why"),
    [
        (truncate(events=5), HEAD, [BODY], f"the body ended before that, after {len(BODY)} bytes"),
        (truncate(bytes=9), HEAD, [b"abc"], "the body ended before that, after 3 bytes"),
        (truncate(after="1 s"), HEAD, [b"abc"], "the body ended before that, after 3 bytes"),
        (truncate(events=1), ResponseStart(200, b"OK", ()), [BODY], "the body is no event stream"),
        (truncate(events=0), head((b"Content-Encoding", b"br")), [BODY], "the body is compressed (br)"),
        (truncate(events=1), HEAD, [b"data: " + b"x" * LIMIT, b"\n\n"], "an event is longer than 1 MiB"),
        (idle(after="11 ms"), HEAD, [ONE, TWO], "it was never silent for 11 ms"),
    ],
    ids=str,
)
def test_what_does_not_come_so_far_passes(
    fault: Fault, start: ResponseStart, chunks: list[bytes], why: str
) -> None:
    run = drive(fault, chunks, start=start)
    assert run.parts[0][1] == start
    assert run.chunks == chunks
    assert run.last == End()
    assert [(change.what, change.name) for change in run.journal] == [(What.PASSED, why)]
    assert run.pipeline.due is None


def test_a_clean_ending_needs_a_framing_without_a_length() -> None:
    start = ResponseStart(200, b"OK", (FIELDS[0], (b"Content-Length", b"%d" % len(BODY))))
    for make in (truncate, idle):
        settings: dict[str, object] = {"after": "15 ms"}
        assert drive(make(ending="clean", **settings), [ONE, TWO], start=start).head.headers == FIELDS
        assert drive(make(ending="close", **settings), [ONE, TWO], start=start).head == start
    compressed = ResponseStart(200, b"OK", (*start.headers, (b"Content-Encoding", b"br")))
    assert drive(truncate(events=1, ending="clean"), [BODY], start=compressed).head == compressed


def test_idle_cut_counts_from_the_head_and_each_chunk() -> None:
    run = begun(idle(after="15 ms", ending="clean"))
    run.feed(HEAD, 0)
    run.feed(Data(ONE), 14 * MS)
    run.feed(Data(TWO), 28 * MS)
    run.until(99 * MS)
    assert run.times == [(0, HEAD), (14, ONE), (28, TWO), (43, Cut(Ending.CLEAN))]
    assert run.notes(What.END) == ["clean after 15 ms of silence"]
    assert applied(ONE + TWO, run.journal) == ONE + TWO
    run = drive(idle(after="15 ms"), [ONE], every=99 * MS)
    assert run.notes(What.END) == ["close after 15 ms of silence"]
    assert len(run.journal) == 1
    assert run.times == [(0, HEAD), (15, Cut(Ending.CLOSE))]


def test_the_peer_may_cut_first() -> None:
    for fault in (truncate(after="1 s"), idle(after="1 s")):
        run = drive(fault, [ONE], last=Cut(by_peer=True))
        assert run.times == [(0, HEAD), (10, ONE), (10, Cut(by_peer=True))]
        assert run.pipeline.due is None
        assert run.journal == []


def test_truncate_by_bytes_or_time_is_for_any_body() -> None:
    scene, plain = begun(truncate(bytes=1)).scene, ResponseStart(200, b"OK", ())
    assert truncate(bytes=1).applies(scene, plain)
    assert truncate(after="1 s").applies(scene, plain)
    assert not truncate(events=1).applies(scene, plain)


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_close_delimited_takes_the_framing(version: str) -> None:
    more = ((b"Connection", b"Keep-Alive, X-Hop"), (b"Keep-Alive", b"timeout=5"), (b"X-Hop", b"1"))
    run = drive(CloseDelimited(), [ONE, TWO], start=head(*more), version=version)
    assert run.head.headers == (FIELDS[0], (b"X-Hop", b"1"), (b"Connection", b"X-Hop, close"))
    assert run.times[1:] == [(10, ONE), (20, TWO), (20, End())]
    start = ResponseStart(200, b"OK", ((b"content-length", b"9"),))
    assert drive(CloseDelimited(), [], start=start).head.headers == ((b"Connection", b"close"),)


def test_close_delimited_can_do_nothing_on_http2() -> None:
    run = drive(CloseDelimited(), [ONE, DONE], version="HTTP/2.0")
    assert run.head == HEAD
    assert run.chunks == [ONE, DONE]
    assert run.notes(What.PASSED) == ["HTTP/2.0 frames every body itself"]


@pytest.mark.parametrize(
    ("kind", "settings", "why"),
    [
        (Truncate, {}, "give exactly one of events, bytes and after"),
        (Truncate, {"events": 1, "bytes": 1}, "give exactly one of events, bytes and after"),
        (Truncate, {"events": 1, "ending": "soft"}, "'clean', 'close' or 'reset'"),
        (Truncate, {"bytes": -1}, "greater than or equal to 0"),
        (IdleCut, {"after": 3}, "a time is written like"),
        (CloseDelimited, {"x": 3}, "Extra inputs are not permitted"),
    ],
)
def test_bad_settings_are_refused(kind: type[Fault], settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        kind.model_validate(settings)
    assert "1 validation error" in str(refused.value)
