"""The facts of event streams: each by example, and the same for every chunking and on both ways through."""

import gzip
import re
import tracemalloc
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.bodies import LIMIT, LOST
from contract.events import Chunk, Form, Message, Side
from contract.profile import builtin
from contract.profile_sections import Sse
from contract.sse import SseEvent, SseParser
from contract.stream_facts import StreamFacts, shortened
from contract.stream_grammar import CleanRun, grammar
from contract.stream_reading import TOO_LONG, StreamReader
from recordings.decoding import DECODERS

CHAT = builtin("chat").sse
BARE = Sse()
TEXT = b'event: chunk\ndata: {"text": " word"}\n\n'
DONE = b'event: done\ndata: {"message": "Stream complete", "tokensUsed": 200}\n\n'
BOM = b"\xef\xbb\xbf"


def chunk(data: bytes, at: int = 0, form: Form = Form.WIRE) -> Chunk:
    return Chunk(1, Message.RESPONSE, Side.BOTH, at, data, len(data), form)


def chunks(pieces: Iterable[bytes]) -> list[Chunk]:
    return [chunk(piece, at) for at, piece in enumerate(pieces, start=1)]


def read(*pieces: bytes, sse: Sse = CHAT) -> StreamFacts:
    reader = StreamReader(sse, "", {})
    for each in chunks(pieces):
        reader.feed(each)
    return reader.end()


def without_times(facts: StreamFacts) -> StreamFacts:
    return replace(facts, first_at=0, last_at=0)


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


# Properties.

FRAGMENTS = st.sampled_from(
    [
        TEXT,
        TEXT * 3,
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"\n", b"\r"),
        TEXT.replace(b"\n", rb"\n"),
        DONE,
        DONE.replace(b"\n", b"\r\n"),
        'event: chunk\ndata: {"text": "né 世"}\n\n'.encode(),
        b'event: chunk\ndata: {"text": "a\\n\\ndata: \\"b"}\n\n',
        b'event: chunk\ndata: {"text": 1}\n\n',
        b'event: chunk\ndata: {"text": "a\n\n',
        b'event: chunk\ndata:{"text":"\xff"}\n\n',
        b'event: error\ndata: {"error": null}\n\n',
        b"event:  done\ndata: x\n\n",
        b"event: \ndata: x\n\n",
        b"event: message\ndata: \\n\n\n",
        b"event: ping\ndata: a\\b\n\n",
        b"data: a\\\\ndata: b\n\n",
        b"id: 1\nretry: 5\ndata: 1\n\n",
        b": hi\n\n",
        b": hi\n",
        b": hi\\n\r\n",
        b"event: chunk\n",
        b"event:",
        b"data",
        b"data: ",
        b"\n",
        b"\r",
        b"\r\n",
        rb"\n",
        BOM,
        b"\xef",
        b"\xe2\x82",
        b"\xff",
        b'{"a": "',
    ]
)
BODIES = st.one_of(st.binary(max_size=100), st.lists(FRAGMENTS, max_size=20).map(b"".join))
LONG_BODIES = st.lists(st.one_of(FRAGMENTS, st.just(b"x" * 4500)), max_size=20).map(b"".join)
PROFILES = st.sampled_from(
    [
        CHAT,
        BARE,
        Sse.model_validate({"terminal": ["message"], "payloads": {"chunk": {"required": {"text": "any"}}}}),
        Sse.model_validate({"payloads": {"message": {"required": {"a": "string"}}, "ping": {}}}),
    ]
)


@st.composite
def bodies_in_pieces(draw: st.DrawFn, bodies: st.SearchStrategy[bytes] = BODIES) -> list[bytes]:
    body = draw(bodies)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=40)))
    return [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]


def facts_of(pieces: Sequence[bytes], sse: Sse, *, fast: bool = True, ended: bool = True) -> StreamFacts:
    reader = StreamReader(sse, "", {})
    if not fast:
        never = cast("re.Pattern[bytes]", re.compile(b"")).match
        plain = CleanRun(b"\n", never)  # type: ignore[arg-type]
        reader._grammar = replace(grammar(sse), lf=plain, crlf=plain)
        reader._clean = plain
    for each in chunks(pieces):
        reader.feed(each)
    return reader.end() if ended else reader.stop()


@given(bodies_in_pieces(BODIES | LONG_BODIES), PROFILES, st.booleans())
@example([b"data: a\r", b"\n\r", b"\ndata: b\n\n"], CHAT, True)
@example([BOM[:2], BOM[2:] + BOM, b"data: a\n\n"], CHAT, True)
@example([TEXT.replace(b"\n", b"\r\n")[:-1], b"\n" + TEXT], CHAT, True)
def test_any_chunking_gives_the_same_facts(pieces: list[bytes], sse: Sse, ended: bool) -> None:
    body = b"".join(pieces)
    whole = without_times(facts_of([body], sse, ended=ended))
    assert without_times(facts_of(pieces, sse, ended=ended)) == whole
    single = [body[i : i + 1] for i in range(len(body))]
    assert without_times(facts_of(single, sse, ended=ended)) == whole


@given(bodies_in_pieces(BODIES | LONG_BODIES), PROFILES, st.booleans())
def test_the_run_pattern_changes_nothing_not_even_times(pieces: list[bytes], sse: Sse, ended: bool) -> None:
    assert facts_of(pieces, sse, ended=ended) == facts_of(pieces, sse, fast=False, ended=ended)


@given(bodies_in_pieces(), PROFILES)
def test_events_times_and_types_are_those_of_the_parser_fed_chunk_by_chunk(
    pieces: list[bytes], sse: Sse
) -> None:
    parser = SseParser()
    events: list[SseEvent] = [event for each in chunks(pieces) for event in parser.feed(each.data, each.at)]
    tail = parser.end()
    facts = facts_of(pieces, sse)
    assert facts.events == len(events)
    assert facts.terminals == sum(event.event in sse.terminal for event in events)
    assert (facts.pending is None) == (tail is None)
    if events:
        assert (facts.first_at, facts.last_at) == (events[0].at, events[-1].at)
        assert facts.last_event == shortened(events[-1].event)


@given(BODIES)
def test_a_fault_of_the_encoding_is_there_exactly_where_strict_utf8_fails(body: bytes) -> None:
    try:
        body.decode()
        is_utf8 = True
    except UnicodeDecodeError:
        is_utf8 = False
    mark = re.search(rb"(?<=[\r\n])\xef\xbb\xbf|\A\xef\xbb\xbf\xef\xbb\xbf", body)
    assert (read(body).encoding == "") == (is_utf8 and mark is None)


@given(bodies_in_pieces(), st.sampled_from(["", "gzip", "br", "deflate", "zstd", "gzip, br"]))
def test_no_bytes_in_any_coding_make_it_raise(pieces: list[bytes], coding: str) -> None:
    reader = StreamReader(CHAT, coding, DECODERS)
    reader.feed_many(chunks(pieces))
    assert reader.end().events >= 0


@given(bodies_in_pieces())
def test_chunks_given_one_by_one_or_as_a_run_give_the_same_facts_and_times(pieces: list[bytes]) -> None:
    reader = StreamReader(CHAT, "", {})
    run = chunks(pieces)
    half = len(run) // 2
    for each in run[:half]:
        reader.feed(each)
    reader.feed_many(run[half:])
    assert reader.end() == facts_of(pieces, CHAT)


# Costs.


@pytest.mark.parametrize("piece", [TEXT, b'event: chunk\ndata: {"nope": 1}\n\n'])
def test_memory_is_flat_over_many_events(piece: bytes) -> None:
    reader = StreamReader(CHAT, "", {})

    def feed(events: int) -> None:
        for at in range(events):
            reader.feed(chunk(piece, at))

    tracemalloc.start()
    try:
        feed(1000)
        before, _ = tracemalloc.get_traced_memory()
        feed(199_000 if piece is TEXT else 19_000)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 10_000
    assert peak - before < 100_000
    assert reader.end().events in (200_000, 20_000)


def test_an_endless_line_takes_little_more_memory_than_the_limit_of_an_event() -> None:
    reader = StreamReader(CHAT, "", {})
    tracemalloc.start()
    try:
        for at in range(20_000):
            reader.feed(chunk(TEXT.replace(b"\n", rb"\n"), at))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * LIMIT
    assert reader.end().escaped is not None
