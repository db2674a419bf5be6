"""The two sides of a body: whether the bytes that left are those that came, however both were cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contract.events import Chunk, Form, Message, Side
from contract.two_sides import TwoSides

short = st.binary(max_size=12)


def cut(body: bytes, at: list[int]) -> list[bytes]:
    bounds = sorted({0, len(body), *(each % (len(body) + 1) for each in at)})
    return [body[a:b] for a, b in pairwise(bounds)]


def compared(came: bytes, left: bytes, cuts: list[int], order: list[bool]) -> TwoSides:
    """Both sides of an answer's body, in chunks that come in any order of the two."""
    sides, turns = TwoSides(Message.RESPONSE), list(order)
    waiting = {Side.SERVER: cut(came, cuts), Side.CLIENT: cut(left, cuts[::-1])}
    at = 0
    while any(waiting.values()):
        side = Side.SERVER if (turns.pop() if turns else True) else Side.CLIENT
        side = side if waiting[side] else next(each for each in waiting if waiting[each])
        piece = waiting[side].pop(0)
        at += 1000
        sides.feed(Chunk(1, Message.RESPONSE, side, at, piece, len(piece)))
    return sides


@given(short, short, st.lists(st.integers(0, 50), max_size=6), st.lists(st.booleans(), max_size=20))
def test_the_first_other_byte_is_found_whatever_the_chunks(
    came: bytes, left: bytes, cuts: list[int], order: list[bool]
) -> None:
    sides = compared(came, left, cuts, order)
    pairs = enumerate(zip(came, left, strict=False))
    assert sides.differs_at == next((at for at, (one, other) in pairs if one != other), None)
    assert not sides.is_unsure
    assert sides.is_alike is (came == left)


def test_what_was_not_kept_cannot_be_compared() -> None:
    sides = TwoSides(Message.RESPONSE)
    sides.feed(Chunk(1, Message.RESPONSE, Side.SERVER, 1, b"", 5, Form.LOST))
    assert sides.is_unsure


def test_a_side_that_is_far_ahead_is_let_go() -> None:
    sides = TwoSides(Message.RESPONSE)
    for at in range(20):
        sides.feed(Chunk(1, Message.RESPONSE, Side.SERVER, at, bytes(1 << 16), 1 << 16))
    assert sides.is_unsure
    assert sides.differs_at is None


def test_the_times_are_those_of_the_bytes_that_left() -> None:
    sides = TwoSides(Message.RESPONSE)
    for at in (1, 2, 3):
        sides.feed(Chunk(1, Message.RESPONSE, Side.SERVER, at, b"ab", 2))
    sides.feed(Chunk(1, Message.RESPONSE, Side.CLIENT, 9, b"abab", 4))
    assert (sides.came, sides.left, sides.delay) == ((1, 2), (9, 9), 8)
