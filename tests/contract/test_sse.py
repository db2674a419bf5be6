"""The parser against the standard's own examples (HTML §9.2.6), and against any bytes in any pieces."""

import time

from hypothesis import example, given
from hypothesis import strategies as st

from contract.sse import SseEvent, SseParser, SseTail


def parse(*chunks: bytes) -> tuple[list[SseEvent], SseTail | None]:
    parser = SseParser()
    events = [event for at, chunk in enumerate(chunks) for event in parser.feed(chunk, at)]
    return events, parser.end()


def told(body: bytes) -> list[tuple[str, str, str]]:
    return [(event.event, event.data, event.id) for event in parse(body)[0]]


def untimed(events: list[SseEvent]) -> list[SseEvent]:
    return [event._replace(at=0) for event in events]


# The examples of §9.2.6.


def test_stock_ticker_data_lines_are_joined_by_a_line_feed() -> None:
    assert told(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [("message", "YHOO\n+2\n10", "")]


def test_four_blocks_the_last_of_which_is_dropped_for_want_of_a_blank_line() -> None:
    body = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event"
    events, tail = parse(body)
    assert [(e.event, e.data, e.id) for e in events] == [
        ("message", "first event", "1"),
        ("message", "second event", ""),
    ]
    assert tail is not None
    assert tail.unfinished == b"data:  third event"
    assert told(body + b"\n\n")[-1] == ("message", " third event", "")


def test_empty_data_fires_and_a_last_block_without_blank_line_does_not() -> None:
    assert told(b"data\n\ndata\ndata\n\ndata:") == [("message", "", ""), ("message", "\n", "")]


def test_the_space_after_the_colon_is_ignored() -> None:
    assert told(b"data:test\n\ndata: test\n\n") == [("message", "test", "")] * 2


# The text of §9.2.5 and §9.2.6, sentence by sentence.


def test_all_three_line_ends_separate_lines() -> None:
    for end in (b"\n", b"\r", b"\r\n"):
        assert told(end.join((b"event: a", b"data: b", b"", b""))) == [("a", "b", "")]


def test_one_byte_order_mark_is_ignored_and_a_second_one_is_not() -> None:
    assert told(b"\xef\xbb\xbfdata: a\n\n") == [("message", "a", "")]
    assert told(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n") == []


def test_a_block_without_data_fires_nothing_but_its_id_stays() -> None:
    assert told(b"event: x\nid: 7\n\ndata: a\n\n") == [("message", "a", "7")]


def test_an_id_with_nul_is_ignored() -> None:
    assert told(b"id: 1\nid: 2\x003\ndata: a\n\n") == [("message", "a", "1")]


def test_retry_takes_only_ascii_digits() -> None:
    body = b"retry: 10\ndata: a\n\nretry: 1x\ndata: b\n\nretry: \xd9\xa1\ndata: c\n\nretry\ndata: d\n\n"
    assert [event.retry for event in parse(body)[0]] == [10, None, None, None]


def test_a_retry_of_very_many_digits_is_only_a_big_number() -> None:
    assert parse(b"retry: " + b"9" * 5000 + b"\ndata: a\n\n")[0][0].retry == int("9" * 18)


def test_unknown_fields_and_fields_in_another_case_are_ignored() -> None:
    assert told(b"Data: a\nfoo: b\ndata: c\n\n") == [("message", "c", "")]


def test_an_empty_event_name_means_message() -> None:
    assert told(b"event:\ndata: a\n\nevent: x\nevent:\ndata: b\n\n") == [
        ("message", "a", ""),
        ("message", "b", ""),
    ]


def test_what_is_no_utf8_becomes_replacement_characters() -> None:
    assert told(b"data: a\xffb\n\nevent: \xc3\ndata: \xe2\x82\n\n") == [
        ("message", "a�b", ""),
        ("�", "�", ""),
    ]


# Offsets.


def test_offsets_are_those_of_the_block_with_its_comments() -> None:
    body = b"\xef\xbb\xbf: hi\ndata: a\n\nevent: e\ndata: b\n\n"
    first, second = parse(body)[0]
    assert body[first.offset : first.end] == b": hi\ndata: a\n\n"
    assert body[second.offset : second.end] == b"event: e\ndata: b\n\n"


def test_with_cr_lf_the_last_lf_is_not_counted_and_the_next_block_begins_after_it() -> None:
    body = b"data: a\r\n\r\ndata: b\r\n\r\n"
    first, second = parse(body)[0]
    assert body[first.offset : first.end] == b"data: a\r\n\r"
    assert second.offset == 11


def test_a_tail_is_what_was_pending() -> None:
    tail = parse(b"data: a\n\nevent: e\ndata: b\ndata: c\nda")[1]
    assert tail == SseTail(9, 36, "e", "b\nc", b"da")
    assert parse(b"data: a\n\n: comment")[1] is None
    assert parse(b"")[1] is None


def test_the_time_is_that_of_the_chunk_that_completed_the_event() -> None:
    assert [event.at for event in parse(b"data: a\n", b"\n", b"data: b\n\ndata: c\n", b"", b"\n")[0]] == [
        1,
        2,
        4,
    ]


# Properties.

BITS = st.sampled_from(
    [
        b"data: a\n\n",
        b"event: x\ndata: {}\n\n",
        b"event: x\r\ndata: {}\r\n\r\n",
        b"data",
        b"id: 1",
        b"id: \0",
        b"retry: 5",
        b":c",
        b": ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\xef\xbb\xbf",
        b"\xef",
        b"\xff",
        "é".encode(),
        b"event:",
    ]
)
BODIES = st.one_of(st.binary(max_size=200), st.lists(BITS, max_size=30).map(b"".join))


@st.composite
def bodies_in_pieces(draw: st.DrawFn) -> list[bytes]:
    body = draw(BODIES)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=12)))
    return [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]


@given(bodies_in_pieces())
@example([b"data: a\r", b"\n\r", b"\ndata: b\n\n"])
@example([b"\xef", b"\xbb", b"\xbf", b"data: a\n\n"])
@example([b"data: a\r\r", b"\ndata: b\r\r"])
def test_any_chunking_gives_the_same_events_with_the_same_offsets(chunks: list[bytes]) -> None:
    body = b"".join(chunks)
    whole, whole_tail = parse(body)
    cut, cut_tail = parse(*chunks)
    assert untimed(cut) == untimed(whole)
    assert cut_tail == whole_tail
    single, single_tail = parse(*(body[i : i + 1] for i in range(len(body))))
    assert untimed(single) == untimed(whole)
    assert single_tail == whole_tail


@given(BODIES)
def test_it_agrees_with_the_standard_read_plainly(body: bytes) -> None:
    assert told(body) == by_the_letter(body)


@given(BODIES)
def test_blocks_do_not_overlap_and_lie_within_the_body(body: bytes) -> None:
    position = 0
    for event in parse(body)[0]:
        assert position <= event.offset < event.end <= len(body)
        position = event.end


def by_the_letter(body: bytes) -> list[tuple[str, str, str]]:
    """§9.2.5 and §9.2.6 on a whole body: slow, and as close to the text as can be."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")[:-1]
    events, data, kind, last = [], "", "", ""
    for line in lines:
        if line == "":
            if data:
                events.append((kind or "message", data.removesuffix("\n"), last))
            data = kind = ""
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data += value + "\n"
            elif name == "event":
                kind = value
            elif name == "id" and "\0" not in value:
                last = value
    return events


def test_a_line_without_end_costs_no_more_than_its_length() -> None:
    def spent(size: int) -> float:
        parser = SseParser()
        begun = time.process_time()
        for _ in range(20):
            assert parser.feed(b"x" * (size // 20)) == []
        return time.process_time() - begun

    spent(1000)
    # Twenty times as much: quadratic would be four hundred times as long.
    assert spent(400_000) < 100 * max(spent(20_000), 0.0005)
