import gzip
import zlib
from collections.abc import Callable
from random import Random

import brotli
import pytest
import zstandard

from contract.events import Abort, Breaker, Event, Form, Headers, Kind, Manner, Side
from recordings.decoding import decoder_for
from recordings.redaction import Redactor
from recordings.redaction.redactor import MOST_WAITING
from tests.recordings.redaction.exchanges import (
    JSON,
    KEY,
    REQUEST,
    RESPONSE,
    SSE,
    answer,
    body,
    chunk,
    chunks,
    cut,
    end,
    forms,
    redact,
    request,
    response,
)

EVENT = b'event: chunk\ndata: {"text": "hello"}\n\n'
SECRET = b'data: {"accessToken": "s3cret-Value"}\n\n'


def test_the_sides_of_a_message_are_redacted_each_by_itself() -> None:
    events = redact(
        [
            request(),
            response(SSE, side=Side.SERVER),
            response(SSE, side=Side.CLIENT),
            chunk(SECRET[:10], side=Side.SERVER),
            chunk(SECRET, side=Side.CLIENT),
            chunk(SECRET[10:], side=Side.SERVER),
        ]
    )
    for side in (Side.SERVER, Side.CLIENT):
        assert len(body(events, RESPONSE, side)) == len(SECRET)
        assert b"s3cret" not in body(events, RESPONSE, side)
    assert body(events, RESPONSE, Side.SERVER) == body(events, RESPONSE, Side.CLIENT)


@pytest.mark.parametrize("at", range(len(SECRET)))
def test_a_message_whose_sides_go_apart_in_an_event_loses_nothing(at: int) -> None:
    events = redact(
        [
            request(),
            response(SSE),
            chunk(EVENT + SECRET[:at]),
            chunk(SECRET[at:], side=Side.SERVER),
            chunk(SECRET[at : at + 1], side=Side.CLIENT),
            chunk(SECRET[at + 1 :], side=Side.CLIENT),
            chunk(EVENT),
            end(side=Side.SERVER),
            end(side=Side.CLIENT),
        ]
    )
    for side in (Side.SERVER, Side.CLIENT):
        assert len(body(events, RESPONSE, side)) == 2 * len(EVENT) + len(SECRET)
        assert b"s3cret" not in body(events, RESPONSE, side)


def test_sides_that_came_together_again_are_redacted_as_one() -> None:
    redactor = Redactor(KEY)
    apart = [chunk(EVENT, side=Side.SERVER), chunk(EVENT, side=Side.CLIENT)]
    redact([request(), response(SSE), *apart, chunk(EVENT)], redactor)
    redactor.feed(chunk(SECRET[:10]))
    (first, second) = redactor.feed(chunk(SECRET[10:] + EVENT))
    assert b"s3cret" not in body([first, second])
    assert [each.where for each in redactor.take_redactions()] == ["body"]


def test_sides_that_are_not_at_the_same_place_stay_apart() -> None:
    redactor = Redactor(KEY)
    events = redact(
        [
            request(),
            response(SSE),
            chunk(EVENT, side=Side.SERVER),
            chunk(EVENT),
            chunk(EVENT + SECRET, side=Side.CLIENT),
            chunk(SECRET, side=Side.SERVER),
            chunk(EVENT),
        ],
        redactor,
    )
    for side in (Side.CLIENT, Side.SERVER):
        assert len(body(events, RESPONSE, side)) == len(EVENT + EVENT + SECRET + EVENT)
        assert b"s3cret" not in body(events, RESPONSE, side)


def test_json_that_ends_on_one_side_only_waits_for_the_other() -> None:
    redactor = Redactor(KEY)
    redact([request(), response(JSON), chunk(b'{"token": "s3cret-Value"')], redactor)
    assert redactor.feed(chunk(b"}", side=Side.SERVER)) == []
    assert redactor.feed(end(side=Side.SERVER)) == []
    assert redactor.feed(chunk(b"}", side=Side.CLIENT)) == []
    released = redactor.feed(end(side=Side.CLIENT))
    assert forms(released) == [Form.WIRE] * 3
    assert b"s3cret" not in body(released)


def test_the_type_is_that_of_the_side() -> None:
    png: Headers = ((b"content-type", b"image/png"),)
    events = redact(
        [
            request(),
            response(JSON, side=Side.SERVER),
            response(png, side=Side.CLIENT),
            chunk(b'{"pwd": "hunter2"}'),
            end(),
        ]
    )
    assert b"hunter2" not in body(events)


def test_after_an_abort_nothing_is_held_and_what_still_comes_leaks_nothing() -> None:
    gone = Abort(1, Side.CLIENT, 0, Breaker.CLIENT, Manner.CLOSED, "")
    redactor = Redactor(KEY)
    events = redact([request(), response(SSE), chunk(SECRET[:-9]), gone], redactor)
    assert events[-1] == gone
    late = redact([chunk(SECRET[-9:], side=Side.SERVER), chunk(EVENT, side=Side.SERVER)], redactor)
    assert forms(late) == [Form.LOST, Form.WIRE]


def test_what_waits_behind_a_held_body_is_bounded() -> None:
    redactor = Redactor(KEY)
    events: list[Event] = [
        request(JSON),
        chunk(b'{"password": "', REQUEST),
        response(((b"content-type", b"image/png"),)),
    ]
    events += [chunk(b"x" * 100_000)] * (MOST_WAITING // 100_000 + 1)
    released = redact(events, redactor)
    assert [each.form for each in chunks(released, REQUEST)] == [Form.LOST]
    assert len(chunks(released)) == len(events) - 3
    assert redactor.feed(chunk(b'hunter2"}', REQUEST))[0].form is Form.LOST  # type: ignore[union-attr]


def test_frames_of_other_protocols_pass_chunk_by_chunk() -> None:
    for kind in (Kind.TCP, Kind.WEBSOCKET):
        events = redact(
            [
                request(kind=kind),
                response(status=101),
                chunk(b'\x81\x20{"token": "s3cret-Value"}'),
                chunk(b"\x00\xff\x01", REQUEST),
            ]
        )
        assert body(events).startswith(b'\x81\x20{"token": "')
        assert b"s3cret" not in body(events)
        assert body(events, REQUEST) == b"\x00\xff\x01"


def test_a_refused_upgrade_is_answered_in_http() -> None:
    events = redact(
        [request(kind=Kind.WEBSOCKET), response(JSON, status=400), chunk(b'{"pwd": "a b"}'), end()]
    )
    assert b"a b" not in body(events)


def gzip_flushed(pieces: list[bytes]) -> list[bytes]:
    packer = zlib.compressobj(wbits=31)
    return [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces] + [packer.flush()]


def br_flushed(pieces: list[bytes]) -> list[bytes]:
    packer = brotli.Compressor()
    return [packer.process(piece) + packer.flush() for piece in pieces] + [packer.finish()]


def zstd_flushed(pieces: list[bytes]) -> list[bytes]:
    packer = zstandard.ZstdCompressor().compressobj()
    flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
    return [packer.compress(piece) + packer.flush(flush) for piece in pieces] + [packer.flush()]


CODINGS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "gzip": gzip_flushed,
    "br": br_flushed,
    "zstd": zstd_flushed,
}


def plain(events: list[Event], coding: str) -> bytes:
    """What a reader of the events decodes: what is on the wire, then what was decoded already."""
    decoder = decoder_for(coding)
    assert decoder is not None
    return b"".join(
        decoder.feed(each.data) if each.form is Form.WIRE else each.data for each in chunks(events)
    )


@pytest.mark.parametrize("coding", CODINGS)
def test_an_encoded_stream_is_on_the_wire_until_its_first_secret(coding: str) -> None:
    pieces = CODINGS[coding]([EVENT, EVENT, SECRET, EVENT])
    headers = (*SSE, (b"content-encoding", coding.encode()))
    events = redact(answer(headers, pieces))
    assert forms(events) == [Form.WIRE, Form.WIRE, Form.DECODED, Form.DECODED, Form.DECODED]
    assert [each.size for each in chunks(events)] == [len(piece) for piece in pieces]
    redacted = plain(events, coding)
    assert len(redacted) == len(EVENT * 3 + SECRET)
    assert redacted.startswith(EVENT * 2 + b'data: {"accessToken": "')
    assert redacted.endswith(b'"}\n\n' + EVENT)
    assert b"s3cret" not in redacted


@pytest.mark.parametrize("coding", CODINGS)
def test_a_clean_encoded_stream_stays_as_it_is(coding: str) -> None:
    pieces = CODINGS[coding]([EVENT, EVENT])
    events = answer((*SSE, (b"content-encoding", coding.encode())), pieces)
    assert redact(events) == events


def test_a_flushed_gzip_stream_is_not_held() -> None:
    redactor = Redactor(KEY)
    redact([request(), response((*SSE, (b"content-encoding", b"gzip")))], redactor)
    for piece in gzip_flushed([EVENT, EVENT])[:-1]:
        assert forms(redactor.feed(chunk(piece))) == [Form.WIRE]


@pytest.mark.parametrize("coding", CODINGS)
def test_an_encoded_body_in_any_pieces_has_the_same_text(coding: str) -> None:
    whole = b"".join(CODINGS[coding]([EVENT * 3 + SECRET + EVENT]))
    headers = (*SSE, (b"content-encoding", coding.encode()))
    texts = {
        plain(redact(answer(headers, cut(whole, range(0, len(whole), step)))), coding)
        for step in range(1, 40)
    }
    assert len(texts) == 1
    assert b"s3cret" not in texts.pop()


@pytest.mark.parametrize("coding", CODINGS)
def test_encoded_json_with_a_secret_is_decoded_and_redacted(coding: str) -> None:
    pieces = CODINGS[coding]([b'{"a": 1, "pass', b'word": "hunter2"}'])
    events = redact(answer((*JSON, (b"Content-Encoding", coding.encode())), pieces))
    assert b"hunter2" not in plain(events, coding)
    assert len(plain(events, coding)) == len(b'{"a": 1, "password": "hunter2"}')


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("keep", [1, 10, 30, 50])
def test_an_encoded_body_cut_short_leaks_nothing(coding: str, keep: int) -> None:
    whole = b"".join(CODINGS[coding]([b'{"password": "' + bytes(range(40, 90)) + b'"}']))[:keep]
    gone = Abort(1, Side.BOTH, 0, Breaker.SERVER, Manner.CLOSED, "")
    events = redact(
        [request(), response((*JSON, (b"content-encoding", coding.encode()))), chunk(whole), gone]
    )
    assert bytes(range(40, 60)) not in body(events)


def test_what_follows_broken_coding_is_lost() -> None:
    pieces = [*gzip_flushed([EVENT])[:-1], b"\xff\xff garbage", b"more"]
    events = redact(answer((*SSE, (b"content-encoding", b"gzip")), pieces))
    assert forms(events) == [Form.WIRE, Form.LOST, Form.LOST]


def test_a_bomb_is_lost() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    events = redact(answer((*JSON, (b"content-encoding", b"gzip")), [bomb]))
    assert forms(events) == [Form.LOST]


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("secret", [b"", SECRET])
@pytest.mark.parametrize("coding", CODINGS)
def test_an_encoded_message_whose_sides_go_apart_loses_nothing(coding: str, secret: bytes, at: int) -> None:
    pieces = CODINGS[coding]([EVENT, EVENT, secret, EVENT])
    given: list[Event] = [request(), response((*SSE, (b"Content-Encoding", coding.encode())))]
    for number, piece in enumerate(pieces):
        sides = (Side.SERVER, Side.CLIENT) if number == at else (Side.BOTH,)
        given += [chunk(piece, side=side) for side in sides]
    events = redact([*given, end()])
    assert Form.LOST not in forms(events)
    if not secret:
        assert [each.data for each in chunks(events) if Side.CLIENT in each.side] == pieces
    assert b"s3cret" not in b"".join(each.data for each in chunks(events))


def test_of_a_long_encoded_message_only_one_side_is_kept_where_they_go_apart() -> None:
    long = b"data: %s\n\n" % Random(1).randbytes(400 * 1024).hex().encode()
    first, second, *_ = CODINGS["gzip"]([long, EVENT])
    pieces = [first[start : start + 8192] for start in range(0, len(first), 8192)]
    head = response((*SSE, (b"Content-Encoding", b"gzip")))
    apart = [chunk(second, side=Side.SERVER), chunk(second, side=Side.CLIENT)]
    events = redact([request(), head, *map(chunk, pieces), *apart])
    assert len(first) > 256 * 1024
    assert [each.side for each in chunks(events) if each.form is Form.LOST] == [Side.SERVER]
