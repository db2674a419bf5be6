"""The summary's number of events is the number that the parser dispatches, for every chunking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.sse import SseParser
from recordings import counting
from recordings.counting import EventCount

pieces = st.sampled_from(
    [
        b"data",
        b":",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"data: x\n",
        b"\xef\xbb\xbf",
        b"a",
        b"id: 3\n",
        b"\x00",
        b" ",
    ]
)


@given(st.lists(pieces, max_size=30).map(b"".join), st.lists(st.integers(1, 7), max_size=40), st.booleans())
def test_it_counts_what_the_parser_dispatches(stream: bytes, sizes: list[int], short: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if short:
            patch.setattr(counting, "_LONG", 3)
        count = EventCount()
        rest = stream
        for size in sizes:
            count.feed(rest[:size])
            rest = rest[size:]
        count.feed(rest)
        assert count.end() == len(SseParser().feed(stream))


blocks = st.sampled_from(
    [
        *(b"data: x\n\n", b"event: a\ndata:\n\n", b"data: x\ndata: y\n\n", b": c\n\n", b"event: a\n\n"),
        *(b"data\n\n", b"\n", b"\n\n", b"id: 1\ndata: \xc3\xa9\n\n", b"\xef\xbb\xbf", b"\r\n", b"data: x"),
    ]
)


@given(blocks, st.integers(0, 4), blocks, st.integers(0, 3), blocks, st.integers(0, 40))
def test_streams_of_blocks_that_are_alike_are_counted_rightly(
    first: bytes, times: int, second: bytes, again: int, last: bytes, cut: int
) -> None:
    stream = first * times + second * again + first + last
    count = EventCount()
    count.feed(stream[:cut])
    count.feed(stream[cut:])
    assert count.end() == len(SseParser().feed(stream))


def test_an_event_that_never_ends_takes_no_memory() -> None:
    count = EventCount()
    for _ in range(100):
        count.feed(b"data: " + b"x" * 10_000)
        count.feed(b"\n")
    assert len(count._rest) < 100_000
    count.feed(b"\n")
    assert count.events == 1
