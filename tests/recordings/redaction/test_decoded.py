"""Bodies whose content-coding was undone before they came here, as imported ones, are redacted, too."""

from contract.events import Chunk, Form, Headers
from recordings.redaction import Redactor
from tests.recordings.redaction.exchanges import (
    JSON,
    KEY,
    REQUEST,
    RESPONSE,
    SSE,
    end,
    redact,
    request,
    response,
)

CODED: Headers = ((b"Content-Encoding", b"br"),)


def decoded(data: bytes, size: int) -> Chunk:
    return Chunk(1, RESPONSE, request().side, 0, data, size, Form.DECODED)


def redacted(headers: Headers, *chunks: Chunk) -> list[Chunk]:
    redactor = Redactor(KEY)
    out = redact([request(), end(REQUEST), response((*headers, *CODED)), *chunks, end()], redactor)
    return [each for each in [*out, *redactor.flush()] if isinstance(each, Chunk)]


def test_a_secret_in_json_is_replaced_and_the_form_and_size_stay() -> None:
    (chunk,) = redacted(JSON, decoded(b'{"password": "hunter2-s3cret"}', 25))
    assert b"hunter2" not in chunk.data
    assert len(chunk.data) == 30
    assert (chunk.form, chunk.size) == (Form.DECODED, 25)


def test_a_secret_in_an_event_is_replaced_and_the_rest_of_the_stream_stays() -> None:
    first, second = b'data: {"a": 1}\n\n', b'data: {"password": "hunter2-s3cret"}\n\n'
    chunks = redacted(SSE, decoded(first, 9), decoded(second, 11))
    assert chunks[0] == decoded(first, 9)
    assert b"hunter2" not in chunks[1].data
    assert (chunks[1].form, chunks[1].size) == (Form.DECODED, 11)
