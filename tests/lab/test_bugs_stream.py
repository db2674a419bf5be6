import gzip
import json
import zlib

import pytest

from lab.processes import Lab
from tests.support.faulty import faulty_client, stream_on_wire
from tests.support.lab import QUICK

CHUNKS = QUICK.tokens


def unchunked(body: bytes) -> tuple[list[bytes], bool]:
    """The chunks of RFC 9112 §7.1, and whether the last one was there."""
    pieces: list[bytes] = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            assert body == b"\r\n"
            return pieces, True
        pieces.append(body[:length])
        assert body[length : length + 2] == b"\r\n"
        body = body[length + 2 :]
    return pieces, False


def events(system: Lab, *bugs: str) -> list[bytes]:
    """The pieces of a complete stream with these bugs."""
    with faulty_client(system, *bugs) as client:
        wire = stream_on_wire(client)
    assert "transfer-encoding: chunked" in [line.lower() for line in wire.lines]
    pieces, complete = unchunked(wire.body)
    assert complete
    return pieces


def test_without_bugs_every_event_is_a_piece_of_its_own(system: Lab) -> None:
    pieces = events(system)
    assert len(pieces) == CHUNKS + 1
    assert all(piece.endswith(b"\n\n") for piece in pieces)
    assert pieces[-1].startswith(b"event: done\n")


def test_escaped_newlines_end_no_event(system: Lab) -> None:
    pieces = events(system, "escaped-newlines")
    assert len(pieces) == CHUNKS + 1
    assert all(piece.endswith(rb"}\n\n") for piece in pieces)
    assert b"\n\n" not in b"".join(pieces)


def test_no_done_ends_with_the_last_chunk(system: Lab) -> None:
    pieces = events(system, "no-done")
    assert len(pieces) == CHUNKS
    assert all(piece.startswith(b"event: chunk\n") for piece in pieces)


def test_bad_utf8_is_in_one_chunk(system: Lab) -> None:
    pieces = events(system, "bad-utf8")
    assert b"".join(pieces).count(b"\xff") == 1
    with pytest.raises(UnicodeDecodeError):
        b"".join(pieces).decode()
    assert b'{"text": "\xffYou"}' in pieces[0]


def test_bad_payload_is_one_chunk_without_text(system: Lab) -> None:
    chunks = events(system, "bad-payload")[:-1]
    payloads = [json.loads(piece.split(b"data: ")[1]) for piece in chunks]
    assert [list(payload) for payload in payloads] == [["txt"], *[["text"]] * (CHUNKS - 1)]


def test_gzip_gives_each_event_at_once(system: Lab) -> None:
    with faulty_client(system, "gzip") as client:
        wire = stream_on_wire(client)
    assert "Content-Encoding: gzip" in wire.lines
    pieces, complete = unchunked(wire.body)
    assert complete
    decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    decoded = [decompressor.decompress(piece) for piece in pieces]
    assert [piece.count(b"\n\n") for piece in decoded] == [1] * (CHUNKS + 1) + [0]
    assert gzip.decompress(b"".join(pieces)) == b"".join(decoded)


def test_gzip_compresses_what_other_bugs_have_spoilt(system: Lab) -> None:
    text = gzip.decompress(b"".join(events(system, "no-done", "bad-utf8", "bad-payload", "gzip")))
    assert text.startswith(b'event: chunk\ndata: {"txt": "\xffYou"}\n\n')
    assert b"event: done" not in text


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_close_delimited_has_no_framing_and_closes(system: Lab, connection: str) -> None:
    with faulty_client(system, "close-delimited") as client:
        wire = stream_on_wire(client, connection)
    names = [line.partition(":")[0].lower() for line in wire.lines]
    assert wire.lines[0] == "HTTP/1.1 200 OK"
    assert "connection: close" in [line.lower() for line in wire.lines]
    assert not {"content-length", "transfer-encoding"} & set(names)
    assert wire.body.startswith(b"event: chunk\ndata: ")
    assert wire.body.count(b"\n\n") == CHUNKS + 1
    assert b"\r\n" not in wire.body


def test_close_delimited_leaves_other_answers_alone(system: Lab) -> None:
    with faulty_client(system, "close-delimited") as client:
        answer = client.chat("GET", "/models")
        assert int(answer.headers["Content-Length"]) == len(answer.content)


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_die_mid_stream_closes_after_five_events(
    system: Lab, connection: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with faulty_client(system, "die-mid-stream") as client:
        wire = stream_on_wire(client, connection)
        assert client.chat("GET", "/models").status_code == 200
    pieces, complete = unchunked(wire.body)
    assert len(pieces) == 5
    assert not complete
    assert capfd.readouterr().err == ""


def test_a_stream_that_dies_without_framing_just_ends(system: Lab) -> None:
    with faulty_client(system, "die-mid-stream", "close-delimited") as client:
        assert stream_on_wire(client, "keep-alive").body.count(b"\n\n") == 5
