import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from recordings.decoding import (
    DECODERS,
    BrotliDecoder,
    Decoder,
    GzipDecoder,
    ZstdDecoder,
    codings,
    decoder_for,
)

TEXT = b'event: chunk\ndata: {"text": "hello"}\n\n' * 20 + bytes(range(256))


def raw_deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(text) + packer.flush()


ENCODED = {
    "gzip": gzip.compress(TEXT),
    "gzip of two members and padding": gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]) + b"\0\0\0",
    "deflate": zlib.compress(TEXT),
    "deflate without its wrapper": raw_deflate(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "zstd of two frames": zstandard.compress(TEXT[:100]) + zstandard.compress(TEXT[100:]),
    "gzip, br": brotli.compress(gzip.compress(TEXT)),
    "zstd, deflate": zlib.compress(zstandard.compress(TEXT)),
}


def new(name: str) -> Decoder:
    decoder = decoder_for(name.partition(" of ")[0].partition(" without ")[0])
    assert decoder is not None
    return decoder


@pytest.mark.parametrize("name", ENCODED)
def test_every_split_gives_what_the_whole_gives(name: str) -> None:
    encoded = ENCODED[name]
    for at in range(len(encoded) + 1):
        decoder = new(name)
        assert decoder.feed(encoded[:at]) + decoder.feed(encoded[at:]) + decoder.end() == TEXT


@pytest.mark.parametrize("name", ENCODED)
def test_single_bytes_give_what_the_whole_gives(name: str) -> None:
    decoder = new(name)
    pieces = [decoder.feed(ENCODED[name][at : at + 1]) for at in range(len(ENCODED[name]))]
    assert b"".join(pieces) + decoder.end() == TEXT


@pytest.mark.parametrize("name", ENCODED)
def test_a_body_cut_short_gives_a_beginning_and_an_error_at_its_end(name: str) -> None:
    decoder = new(name)
    encoded = ENCODED[name].rstrip(b"\0")
    assert TEXT.startswith(decoder.feed(encoded[:-5]))
    with pytest.raises(ValueError, match="cut short"):
        decoder.end()


@given(st.sampled_from(sorted(DECODERS)), st.lists(st.binary(max_size=40), max_size=5))
def test_any_bytes_are_decoded_or_a_value_error(name: str, pieces: list[bytes]) -> None:
    decoder = DECODERS[name]()
    try:
        for piece in pieces:
            decoder.feed(piece)
        decoder.end()
    except ValueError:
        return


@pytest.mark.parametrize("name", DECODERS)
def test_nothing_at_all_is_an_empty_body(name: str) -> None:
    decoder = DECODERS[name]()
    assert decoder.feed(b"") + decoder.end() == b""


def test_a_flushed_gzip_stream_is_decoded_event_by_event() -> None:
    packer = zlib.compressobj(wbits=31)
    decoder = GzipDecoder()
    for number in range(5):
        event = b"data: %d\n\n" % number
        assert decoder.feed(packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH)) == event


@pytest.mark.parametrize(
    ("kind", "encoded"),
    [
        (GzipDecoder, gzip.compress(bytes(3_000_000))),
        (BrotliDecoder, brotli.compress(bytes(3_000_000))),
        (ZstdDecoder, zstandard.compress(bytes(3_000_000))),
    ],
)
def test_a_bomb_is_an_error_before_it_is_unpacked(kind: type[GzipDecoder], encoded: bytes) -> None:
    with pytest.raises(ValueError, match="beyond 1,000,000 bytes"):
        kind(1_000_000).feed(encoded)


def test_garbage_after_a_gzip_body_is_an_error() -> None:
    with pytest.raises(ValueError, match="gzip"):
        GzipDecoder().feed(gzip.compress(b"x") + b"garbage")


def test_codings_are_listed_in_the_order_of_the_field() -> None:
    assert codings(" GZip , identity,, br ") == ["gzip", "br"]


@pytest.mark.parametrize(
    "value", ["", "identity", "compress", "utf-8", "gzip, unheard-of", ", ".join(["gzip"] * 6)]
)
def test_what_is_not_known_is_not_undone(value: str) -> None:
    assert decoder_for(value) is None
