from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contract.sse import SseParser
from faults.streams.blocks import LIMIT, Block, Blocks, EventEnd

PIECES = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b"data: a", b"data", b"event: x", b": c", b"\xef\xbb\xbf", b"\xff"]
    ),
    max_size=30,
).map(b"".join)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[first:second] for first, second in pairwise(ends)]


def whole(chunks: list[bytes]) -> tuple[list[Block], bytes]:
    blocks = Blocks()
    found = [block for chunk in chunks for block in blocks.feed(chunk)] + blocks.end()
    return found, bytes(blocks.rest)


@given(PIECES, st.lists(st.integers(0, 500), max_size=8))
def test_any_chunking_gives_the_same_blocks_and_each_event_of_the_parser_is_in_one(
    body: bytes, places: list[int]
) -> None:
    blocks, rest = whole([body])
    assert whole(cut(body, places)) == (blocks, rest)
    assert b"".join(block.raw for block in blocks) + rest == body
    expected = SseParser().feed(body)
    assert [block.event for block in blocks if block.event] == expected
    assert [block.number for block in blocks if block.event] == list(range(1, len(expected) + 1))
    for block in blocks:
        assert body[block.offset :].startswith(block.raw)
        assert block.event is None or block.offset <= block.event.offset < block.event.end <= (
            block.offset + len(block.raw)
        )


def test_a_mark_and_comments_belong_to_what_follows() -> None:
    blocks, rest = whole([b"\xef\xbb\xbf: hello\r\ndata: 1\r\n\r", b"\n: ping\r\n\r\ndata: 2\r\n"])
    assert [block.raw for block in blocks] == [
        b"\xef\xbb\xbf: hello\r\ndata: 1\r\n\r\n",
        b": ping\r\n\r\n",
    ]
    assert [block.number for block in blocks] == [1, 0]
    assert rest == b"data: 2\r\n"


def test_a_cr_that_may_be_half_of_a_line_end_waits_only_where_line_ends_have_an_lf() -> None:
    blocks = Blocks()
    assert len(blocks.feed(b"data: 1\r\r")) == 1
    assert not blocks.feed(b"data: 2\r\n\r")
    assert len(blocks.end()) == 1
    assert not blocks.rest


def test_a_block_of_the_limit_is_taken_and_a_longer_one_is_not() -> None:
    for size in (LIMIT, LIMIT + 1):
        block = b"data: " + b"x" * (size - 8) + b"\n\n"
        for chunks in ([block + b"data: 2\n\n"], [block[:99], block[99:], b"data: 2\n\n"]):
            blocks = Blocks()
            found = []
            for chunk in chunks:
                if not blocks.is_too_long:
                    found += blocks.feed(chunk)
            assert blocks.is_too_long == (size > LIMIT)
            assert len(found) == (2 if size == LIMIT else 0)


@given(PIECES, st.lists(st.integers(0, 500), max_size=8), st.integers(1, 3))
def test_the_end_of_an_event_is_found_in_any_chunking(body: bytes, places: list[int], number: int) -> None:
    blocks, _ = whole([body])
    expected = next((block.offset + len(block.raw) for block in blocks if block.number == number), None)
    end, position, found = EventEnd(number), 0, None
    for chunk in cut(body, places):
        at = end.find(chunk)
        if at is not None:
            found = position + at
            break
        position += len(chunk)
    if found is None and end.is_at_end():
        found = len(body)
    assert found == expected
