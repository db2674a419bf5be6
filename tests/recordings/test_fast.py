"""Events that are made fast are the events."""

import dataclasses

import pytest

from contract.events import Chunk, End, Event, Form, Kind, Message, RequestHead, ResponseHead, Side
from recordings import fast

PAIRS: list[tuple[Event, Event]] = [
    (
        fast.chunk(1, Message.REQUEST, Side.CLIENT, 2, b"ab", 2, Form.WIRE),
        Chunk(1, Message.REQUEST, Side.CLIENT, 2, b"ab", 2, Form.WIRE),
    ),
    (
        fast.end(1, Message.RESPONSE, Side.BOTH, 2, ((b"a", b"b"),)),
        End(1, Message.RESPONSE, Side.BOTH, 2, ((b"a", b"b"),)),
    ),
    (
        fast.request_head(1, Side.SERVER, 2, (Kind.TCP, b"M", "s", "h", 3, b"/t", b"v", (), "c", "d")),
        RequestHead(1, Side.SERVER, 2, b"M", "s", "h", 3, b"/t", b"v", (), Kind.TCP, "c", "d"),
    ),
    (
        fast.response_head(1, Side.BOTH, 2, (200, b"OK", b"v", ((b"a", b"b"),))),
        ResponseHead(1, Side.BOTH, 2, 200, b"OK", b"v", ((b"a", b"b"),)),
    ),
]


@pytest.mark.parametrize(("made", "usual"), PAIRS, ids=lambda event: type(event).__name__)
def test_it_is_the_same_and_as_frozen(made: Event, usual: Event) -> None:
    assert type(made) is type(usual)
    assert made == usual
    assert hash(made) == hash(usual)
    assert repr(made) == repr(usual)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.at = 3  # type: ignore[misc]
