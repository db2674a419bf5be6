"""Which answers are not whole because bytes of them were not kept."""

from pathlib import Path

import pytest

from contract.events import Chunk, End, Event, Form, Gap, Message, Side
from recordings.reader import Recording
from tests.support.sequences import chunk, record, request, response, stream

BOTH = Side.BOTH


def answer(number: int, at: int, *body: Event, over: bool = True) -> list[Event]:
    head = [request(number, at), End(number, Message.REQUEST, BOTH, at + 1), response(number, at + 10)]
    return [*head, *body, *([End(number, Message.RESPONSE, BOTH, at + 90)] if over else [])]


def of(
    number: int, at: int, data: bytes, size: int, form: Form, message: Message = Message.RESPONSE
) -> Chunk:
    return Chunk(number, message, BOTH, at, data, size, form)


def lost(tmp_path: Path, *events: Event) -> set[int]:
    with Recording(record(tmp_path / "x.db", events)) as recording:
        return recording.with_lost_answers()


@pytest.mark.parametrize("over", [True, False])
def test_a_chunk_without_its_bytes_makes_an_answer_one(over: bool, tmp_path: Path) -> None:
    body = [chunk(1, 20, b"kept"), of(1, 30, b"", 7, Form.LOST)]
    assert lost(tmp_path, *answer(1, 0, *body, over=over), *stream(2, 1000)) == {1}


def test_a_request_without_its_bytes_does_not(tmp_path: Path) -> None:
    sent = of(1, 5, b"", 7, Form.LOST, Message.REQUEST)
    first, *rest = answer(1, 0, chunk(1, 20, b"kept"))
    assert lost(tmp_path, first, sent, *rest) == set()


def test_a_body_that_is_shorter_without_its_content_coding_is_whole(tmp_path: Path) -> None:
    assert lost(tmp_path, *answer(1, 0, of(1, 20, b"{}", 22, Form.DECODED))) == set()


def test_what_ran_when_the_writer_could_not_follow_may_lack_chunks(tmp_path: Path) -> None:
    running = answer(2, 100, chunk(2, 120, b"before"), chunk(2, 150, b"after"))
    gap = Gap(0, 130, 3, 300, "the writer could not follow")
    events = [*answer(1, 0, chunk(1, 20, b"over")), *running[:4], gap, *running[4:]]
    assert lost(tmp_path, *events, *answer(3, 200, chunk(3, 220, b"later"))) == {2}
