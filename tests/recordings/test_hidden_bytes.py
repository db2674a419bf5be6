"""Bytes that the redactor could not release are counted with what was lost."""

from pathlib import Path

from contract.events import Chunk, End, Form, Message, Side
from recordings.reader import Recording
from recordings.redaction import Redactor
from recordings.writer import Writer
from tests.support.sequences import RUN, request, response

BROKEN = b'{"password": "hunter2-hunter2", '


def test_a_broken_body_with_what_may_be_a_secret_is_lost_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    writer = Writer(
        path,
        RUN,
        redactor=Redactor(b"k" * 32),
        profile=None,
        on_judged=lambda outputs: None,
        on_trouble=lambda sentence: None,
    )
    for event in (
        request(1, 1),
        End(1, Message.REQUEST, Side.BOTH, 2),
        response(1, 3),
        Chunk(1, Message.RESPONSE, Side.BOTH, 4, BROKEN, len(BROKEN)),
        End(1, Message.RESPONSE, Side.BOTH, 5),
    ):
        writer.put(event)
    closing = writer.close()
    assert (closing.lost_events, closing.lost_bytes) == (0, len(BROKEN))
    with Recording(path) as recording:
        assert recording.run.lost_bytes == len(BROKEN)
        (chunk,) = (event for event in recording.events() if isinstance(event, Chunk))
    assert (chunk.form, chunk.size) == (Form.LOST, len(BROKEN))
