import gzip
from collections.abc import Sequence

import pytest

from contract.events import Chunk, Event, Form, Message, ResponseHead, Side
from replay.dispatch import Dispatcher, dispatched
from tests.contract.build import SSE, Talk, fields


def chunk(data: bytes, *, form: Form = Form.WIRE, size: int | None = None, side: Side = Side.BOTH) -> Chunk:
    return Chunk(1, Message.RESPONSE, side, 0, data, len(data) if size is None else size, form)


def seen(chunks: Sequence[Chunk], coding: str = "") -> list[tuple[int, int, str]]:
    dispatcher = Dispatcher(coding)
    return [(event.offset, event.end, event.data) for each in chunks for event in dispatcher.feed(each)]


@pytest.mark.parametrize("size", range(1, 12))
def test_any_chunking_gives_the_same_events(size: int) -> None:
    whole = seen([chunk(SSE)])
    assert [data for _, _, data in whole] == [
        '{"text": "Hello"}',
        '{"message":"Stream complete","tokensUsed":1}',
    ]
    assert seen([chunk(SSE[at : at + size]) for at in range(0, len(SSE), size)]) == whole


def test_a_content_coding_is_undone() -> None:
    packed = gzip.compress(SSE)
    assert seen([chunk(packed[:9]), chunk(packed[9:])], "gzip") == seen([chunk(SSE)])


def test_what_was_stored_decoded_is_taken_as_it_is() -> None:
    compressor = gzip.compress(b"")
    decoded = chunk(SSE, form=Form.DECODED, size=20)
    assert seen([chunk(compressor[:5]), decoded], "gzip") == seen([chunk(SSE)])


def test_after_lost_bytes_events_begin_again_after_the_next_blank_line() -> None:
    lost = chunk(b"", form=Form.LOST, size=100)
    rest = b'cut off"}\n\ndata: next\n\ndata: last\n\n'
    before = b"data: first\n\n"
    assert seen([chunk(before), lost, chunk(rest[:11]), chunk(rest[11:])]) == [
        (0, 13, "first"),
        (124, 136, "next"),
        (136, 148, "last"),
    ]


def test_a_coding_that_is_broken_or_unknown_gives_no_events_and_says_why() -> None:
    broken = Dispatcher("gzip")
    assert broken.feed(chunk(b"not gzip at all")) == []
    assert "not in their content-coding" in broken.body.why
    unknown = Dispatcher("rot13")
    assert unknown.feed(chunk(SSE)) == []
    assert "'rot13' cannot be undone" in unknown.body.why


def test_only_the_asked_side_of_an_event_stream_is_dispatched() -> None:
    head = ResponseHead(
        1, Side.BOTH, 0, 200, b"", b"HTTP/1.1", fields((("Content-Type", "text/event-stream"),))
    )
    events: list[Event] = [
        head,
        chunk(b"data: up\n\n", side=Side.SERVER),
        chunk(b"data: down\n\n", side=Side.CLIENT),
    ]
    assert [event.data for event in dispatched(events, Side.SERVER)] == ["up"]
    assert [event.data for event in dispatched(events, Side.CLIENT)] == ["down"]
    assert list(dispatched(Talk().update(), Side.CLIENT)) == []


def test_what_nothing_ended_is_pending() -> None:
    dispatcher = Dispatcher()
    dispatcher.feed(chunk(SSE + b"data: half"))
    assert dispatcher.pending() == "data: half"
    assert Dispatcher().pending() is None
