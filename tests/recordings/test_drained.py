"""What the writer tells those who watch a run: what is over, what is open, and times between chunks."""

from pathlib import Path

import pytest

from contract.events import Abort, Breaker, Chunk, End, Event, Headers, Manner, Message, Side
from contract.profile import builtin
from recordings.drained import Drained
from recordings.reader import Recording
from recordings.writer import Writer
from tests.support.sequences import RUN, SSE, Plain, begun, chunk, request, response, small, stream


def told(
    path: Path | None, events: list[Event], *, timed: bool = True, judged: bool = False
) -> list[Drained]:
    """What a writer tells of `events`."""
    drained: list[Drained] = []
    writer = Writer(
        path,
        RUN,
        redactor=Plain(),
        profile=builtin("chat") if judged else None,
        on_judged=lambda outputs: None,
        on_trouble=print,
        on_drained=drained.append,
        timed=timed,
    )
    for event in events:
        writer.put(event)
    assert writer.close().clean
    return drained


def gaps(drained: list[Drained]) -> list[int]:
    return [gap for each in drained for gap in each.gaps]


def test_an_exchange_that_is_over_is_told_once_as_the_recording_has_it(tmp_path: Path) -> None:
    events = [*small(1), *stream(2, 5000), *begun(3, 9000)]
    events.append(Abort(3, Side.BOTH, 9900, Breaker.CLIENT, Manner.CLOSED, "gone"))
    ended = [each for some in told(tmp_path / "r.db", events) for each in some.ended]
    with Recording(tmp_path / "r.db") as recording:
        rows = list(recording.exchanges())
    assert [(each.exchange, each.outcome, each.url, each.status, each.first_byte) for each in ended] == [
        (row.exchange, row.outcome, row.url, row.status, row.first_byte) for row in rows
    ]
    assert [each.is_event_stream for each in ended] == [False, True, True]


def test_what_is_under_way_is_open_until_it_is_over() -> None:
    (first, *_, last) = [*told(None, begun(1)), *told(None, [*begun(1), *begun(2), *stream(3)])]
    assert (first.open_exchanges, first.open_streams) == (1, 1)
    assert (last.open_exchanges, last.open_streams) == (2, 2)
    assert told(None, stream(1))[-1].open_streams == 0


def test_what_comes_after_the_end_of_an_exchange_is_no_other_exchange() -> None:
    late = Abort(1, Side.BOTH, 9000, Breaker.CLIENT, Manner.CLOSED, "gone")
    writer_told = [*told(None, small(1)), *told(None, [late])]
    assert [each.exchange for some in writer_told for each in some.ended] == [1]


@pytest.mark.parametrize("headers", [SSE, (*SSE, (b"content-encoding", b"gzip"))])
def test_times_between_the_chunks_of_a_stream_are_those_of_the_services_side(headers: Headers) -> None:
    events = [*begun(1)[:2], response(1, 900, headers=headers)]
    events += [chunk(1, at, b"data: 1\n\n", side=Side.SERVER) for at in (1000, 4000, 4500)]
    events += [chunk(1, 9000 + at, b"data: 1\n\n", side=Side.CLIENT) for at in (0, 7, 14)]
    drained = told(None, [*events, End(1, Message.RESPONSE, Side.BOTH, 9999)])
    assert sorted(gaps(drained)) == [500, 3000]
    assert [each for some in drained for each in some.first_bytes] == [(True, 900)]


def test_times_between_chunks_are_complete_however_they_are_drained() -> None:
    from recordings.intake import Intake

    intake = Intake(timed=True)
    events = stream(1, events=50)
    for event in events:
        intake.store([event])
        intake.take()
    assert gaps([intake.drained([])]) == [1000] * 49


def test_other_answers_have_no_gaps_and_without_asking_nobody_has() -> None:
    drained = told(None, [*small(1), *[chunk(1, 700 + n, b"x") for n in range(5)]])
    assert gaps(drained) == []
    assert [each for some in drained for each in some.first_bytes] == [(False, 500)]
    unasked = told(None, stream(2), timed=False)
    assert gaps(unasked) == []
    assert [each.first_bytes for each in unasked] == [[]] * len(unasked)


def test_a_finding_comes_with_the_request_that_it_is_about() -> None:
    target = b"/api/chat/sessions/s/update-stream"
    body = b'{"completeResponse": "x", "streamingSessionId": "stream-1700000000", "tokensUsed": 1}'
    events = [
        request(7, 0, target=target),
        Chunk(7, Message.REQUEST, Side.BOTH, 1, body, len(body)),
        End(7, Message.REQUEST, Side.BOTH, 2),
        response(7, 500),
        End(7, Message.RESPONSE, Side.BOTH, 600),
    ]
    requests = {
        number: line for each in told(None, events, judged=True) for number, line in each.requests.items()
    }
    assert requests == {7: ("POST", target.decode())}


def test_the_load_counts_what_waits_and_the_file(tmp_path: Path) -> None:
    writer = Writer(
        tmp_path / "r.db",
        RUN,
        redactor=Plain(),
        profile=None,
        on_judged=lambda outputs: None,
        on_trouble=print,
    )
    for event in stream(1, events=100):
        writer.put(event)
    waiting = writer.load()
    assert writer.close().clean
    done = writer.load()
    assert waiting.file_bytes
    assert (done.waiting_events, done.waiting_bytes) == (0, 0)
    assert (done.lost_events, done.lost_bytes) == (0, 0)
    assert done.file_bytes == (tmp_path / "r.db").stat().st_size
