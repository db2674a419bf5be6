"""The facts of event streams, each by example."""

import gzip
import zlib

import pytest

from contract.bodies import LIMIT, LOST
from contract.events import Chunk, Form, Message, Side
from contract.stream_facts import StreamFacts
from contract.stream_reading import TOO_LONG, StreamReader
from recordings.decoding import DECODERS
from tests.contract.streams import BARE, BOM, CHAT, DONE, TEXT, chunk, chunks, read

# Events, times, terminal events.


def test_a_healthy_stream_has_all_its_events_and_no_fault() -> None:
    assert read(TEXT, TEXT, DONE) == StreamFacts(3, 1, 3, 1, 0, "done", None, None, "", (), 0, "")


def test_an_empty_stream_has_no_events() -> None:
    assert read() == StreamFacts(0, 0, 0, 0, 0, "", None, None, "", (), 0, "")


def test_times_are_those_of_the_chunks_that_completed_the_first_and_the_last_event() -> None:
    facts = read(b": hi\n\n", TEXT[:-1], b"\n" + TEXT, b"", TEXT[:9], TEXT[9:] + b"event:", b" x\n")
    assert (facts.events, facts.first_at, facts.last_at) == (3, 3, 6)


def test_terminal_events_are_counted_and_so_is_what_follows_the_first() -> None:
    facts = read(TEXT, DONE, TEXT, TEXT, DONE)
    assert (facts.terminals, facts.after_terminal, facts.last_event) == (2, 3, "done")
    assert read(TEXT).terminals == 0


def test_the_last_event_is_told_by_its_type() -> None:
    assert read(TEXT, b"event: ping\ndata: \n\n").last_event == "ping"
    assert read(TEXT, b"data: x\n\n").last_event == "message"
    assert read(b"event:" + b"x" * 500 + b"\ndata: x\n\n").last_event == "x" * 79 + "…"


def test_line_ends_may_be_of_any_kind_and_mixed() -> None:
    body = TEXT + TEXT.replace(b"\n", b"\r\n") * 2 + TEXT.replace(b"\n", b"\r") + DONE
    facts = read(body)
    assert (facts.events, facts.terminals, facts.payload_failures, facts.pending) == (5, 1, 0, None)


# What the end drops.


def test_an_event_without_its_blank_line_is_pending_at_the_end() -> None:
    assert read(TEXT, DONE[:-1]).pending == DONE[:-1].decode()
    assert read(TEXT, b"data: " + b"x" * 100).pending == "data: " + "x" * 73 + "…"


def test_an_unfinished_comment_or_a_lone_id_is_not_pending() -> None:
    assert read(TEXT, b": keep-al").pending is None
    assert read(TEXT, b"id: 7\n").pending is None
    assert read(TEXT, b"id: 7").pending == "id: 7"


def test_nothing_is_said_about_what_is_pending_where_the_stream_was_broken_off() -> None:
    reader = StreamReader(CHAT, "", {})
    reader.feed(chunk(TEXT + TEXT[:10] + b"\xc3"))
    facts = reader.stop()
    assert (facts.events, facts.pending, facts.encoding) == (1, None, "")


# Literal line ends.


def test_a_stream_that_is_one_endless_line_of_literal_line_ends_is_found() -> None:
    line = TEXT.replace(b"\n", rb"\n")
    facts = read(*[line] * 50)
    assert facts.escaped is not None
    assert facts.escaped.startswith(r'event: chunk\ndata: {"text": " word"}\n\nevent')
    assert (facts.events, facts.terminals) == (0, 0)
    assert facts.pending is not None


def test_it_is_found_while_the_stream_still_runs_and_where_it_is_too_long_to_be_kept() -> None:
    reader = StreamReader(CHAT, "", {})
    reader.feed(chunk(TEXT.replace(b"\n", rb"\n")))
    assert reader.stop().escaped is not None
    facts = read(TEXT.replace(b"\n", rb"\n") * (LIMIT // len(TEXT)))
    assert facts.escaped is not None
    assert facts.unread == TOO_LONG


@pytest.mark.parametrize(
    "line",
    [
        rb"data: a\ndata: b",
        rb"data: a\n\n",
        rb"data: a\n",
        rb"event: x\ndata: 1",
        rb": ping\n",
        rb'data: {"a": 1}\n\n',
    ],
)
def test_a_literal_line_end_is_told_with_its_line(line: bytes) -> None:
    assert read(TEXT + line + b"\n\n" + TEXT).escaped == line.decode()


@pytest.mark.parametrize(
    "line",
    [
        rb'data: {"text": "a\n\nb"}',
        rb'data: {"text": "\ndata: b\n"}',
        b'data: {"text": \ndata: "a' + rb"\n\n" + b'"}',
        rb"data: C:\new\table",
        rb"data: a\nb",
    ],
)
def test_in_json_or_before_other_letters_it_is_none(line: bytes) -> None:
    assert read(line + b"\n\n").escaped is None
    assert read(b"event: chunk\n" + line + b"\n\n").escaped is None


def test_json_that_is_cut_off_within_a_string_has_none() -> None:
    assert read(TEXT, rb'data: {"text": "a\n\ndata: ').escaped is None


# Encoding.


def test_the_first_byte_that_is_no_utf8_is_told_with_its_offset() -> None:
    assert (
        read(TEXT, b"data: a\xff\n\n", b"data: \xfe\n\n").encoding
        == f"byte 0xff at offset {len(TEXT) + 7} is no UTF-8"
    )
    assert read(b"data: \xed\xa0\x80\n\n").encoding == "byte 0xed at offset 6 is no UTF-8"


def test_a_character_may_be_cut_by_chunks_but_not_by_the_end() -> None:
    assert read(b"data: \xe2", b"\x82", b"\xac\n\n").encoding == ""
    assert read(b"data: \xe2\x82").encoding == "byte 0xe2 at offset 6 is cut short"


def test_a_byte_order_mark_is_right_once_at_the_start_and_in_text() -> None:
    assert read(BOM + TEXT, b"data: a" + BOM + b"\n\n").encoding == ""
    assert read(BOM[:1], BOM[1:] + TEXT).events == 1


def test_a_byte_order_mark_at_the_start_of_another_line_is_told() -> None:
    assert read(BOM + BOM + TEXT).encoding == "a byte order mark at offset 3"
    assert read(TEXT, BOM + TEXT).encoding == f"a byte order mark at offset {len(TEXT)}"
    assert read(b"data: a\n" + BOM).encoding == "a byte order mark at offset 8"


# Payloads.


def test_payloads_that_do_not_fit_are_counted_and_the_first_three_told() -> None:
    facts = read(
        TEXT,
        b"event: chunk\ndata: {}\n\n",
        b'event: done\ndata: {"message": "m", "tokensUsed": "9"}\n\n',
        b"event: chunk\ndata: hello\n\n",
        b"event: chunk\ndata: 1\n\n",
    )
    assert facts.payload == (
        "event 2 (chunk): 'text' is missing",
        "event 3 (done): 'tokensUsed' is a string, not an integer",
        "event 4 (chunk): not JSON",
    )
    assert facts.payload_failures == 4


def test_events_without_a_model_are_not_checked() -> None:
    assert read(b"event: ping\ndata: {\n\n", b"data: x\n\n").payload_failures == 0
    assert read(b"event: chunk\ndata: {\n\n", sse=BARE).payload_failures == 0


# What could not be read.


def test_after_lost_bytes_the_facts_are_about_what_came_before() -> None:
    reader = StreamReader(CHAT, "", {})
    reader.feed_many(
        [chunk(TEXT, 1), Chunk(1, Message.RESPONSE, Side.BOTH, 2, b"", 9, Form.LOST), chunk(DONE, 3)]
    )
    facts = reader.end()
    assert (facts.events, facts.terminals, facts.pending, facts.unread) == (1, 0, None, LOST)


def test_an_unknown_coding_and_broken_bytes_are_told() -> None:
    for coding, why in (
        ("x-odd", "the content-coding 'x-odd' cannot be undone"),
        ("gzip", "not in its content-coding"),
    ):
        reader = StreamReader(CHAT, coding, DECODERS)
        reader.feed(chunk(TEXT))
        facts = reader.end()
        assert why in facts.unread
        assert facts.events == 0


def test_a_compressed_stream_is_read_with_the_time_of_each_chunk() -> None:
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in (b": hi\n\n", TEXT, DONE)]
    reader = StreamReader(CHAT, "gzip", DECODERS)
    reader.feed_many(chunks([*pieces, packer.flush()]))
    assert reader.end() == StreamFacts(2, 2, 3, 1, 0, "done", None, None, "", (), 0, "")


def test_a_compressed_stream_that_is_cut_short_is_told_so_at_its_end_only() -> None:
    packed = zlib.compressobj(wbits=31)
    part = packed.compress(TEXT) + packed.flush(zlib.Z_SYNC_FLUSH)
    for ended, why in ((True, "the body is not in its content-coding 'gzip'"), (False, "")):
        reader = StreamReader(CHAT, "gzip", DECODERS)
        reader.feed(chunk(part))
        facts = reader.end() if ended else reader.stop()
        assert (facts.events, facts.unread) == (1, why)


def test_chunks_that_are_decoded_already_are_read_as_they_are() -> None:
    reader = StreamReader(CHAT, "gzip", DECODERS)
    reader.feed_many([chunk(TEXT, 1, Form.DECODED), chunk(DONE, 2, Form.DECODED)])
    facts = reader.end()
    assert (facts.events, facts.terminals, facts.unread) == (2, 1, "")


def test_what_decodes_to_hundreds_of_times_its_size_is_not_read_to_its_end() -> None:
    reader = StreamReader(CHAT, "gzip", DECODERS)
    reader.feed(chunk(gzip.compress(b"\n" * (1 << 26))))
    assert "500 times" in reader.end().unread


@pytest.mark.parametrize("size", [LIMIT - 8, LIMIT - 7, LIMIT, LIMIT + 50])
@pytest.mark.parametrize("step", [70_000, LIMIT // 2 + 1, 2 * LIMIT])
def test_an_event_beyond_the_limit_ends_the_reading_at_the_same_byte_for_all_chunks(
    size: int, step: int
) -> None:
    body = TEXT + b"data: " + b"x" * size + b"\n\n" + DONE
    facts = read(*(body[i : i + step] for i in range(0, len(body), step)))
    is_long = size + 8 > LIMIT
    assert (facts.unread, facts.events) == ((TOO_LONG, 1) if is_long else ("", 3))
