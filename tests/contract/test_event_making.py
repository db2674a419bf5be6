"""Events that are made fast are the events."""

import dataclasses
import inspect

import pytest

from contract import event_making
from contract.events import Chunk, End, Event, Form, Kind, Message, RequestHead, ResponseHead, Side

WAYS = [
    (event_making.request_head, RequestHead),
    (event_making.response_head, ResponseHead),
    (event_making.chunk, Chunk),
    (event_making.end, End),
]
HEAD = (1, Side.SERVER, 2, b"M", "s", "h", 3, b"/t", b"v", ((b"a", b"b"),))
PAIRS: list[tuple[Event, Event]] = [
    (event_making.request_head(*HEAD), RequestHead(*HEAD)),
    (event_making.request_head(*HEAD, Kind.TCP, "c", "d"), RequestHead(*HEAD, Kind.TCP, "c", "d")),
    (
        event_making.response_head(1, Side.BOTH, 2, 200, b"OK", b"v", ((b"a", b"b"),)),
        ResponseHead(1, Side.BOTH, 2, 200, b"OK", b"v", ((b"a", b"b"),)),
    ),
    (
        event_making.chunk(1, Message.REQUEST, Side.CLIENT, 2, b"ab", 2),
        Chunk(1, Message.REQUEST, Side.CLIENT, 2, b"ab", 2),
    ),
    (
        event_making.chunk(1, Message.REQUEST, Side.CLIENT, 2, b"", 2, Form.LOST),
        Chunk(1, Message.REQUEST, Side.CLIENT, 2, b"", 2, Form.LOST),
    ),
    (event_making.end(1, Message.RESPONSE, Side.BOTH, 2), End(1, Message.RESPONSE, Side.BOTH, 2)),
    (
        event_making.end(1, Message.RESPONSE, Side.BOTH, 2, ((b"a", b"b"),)),
        End(1, Message.RESPONSE, Side.BOTH, 2, ((b"a", b"b"),)),
    ),
]


@pytest.mark.parametrize(("made", "usual"), PAIRS)
def test_it_is_the_same_and_as_frozen(made: Event, usual: Event) -> None:
    assert type(made) is type(usual)
    assert made == usual
    assert hash(made) == hash(usual)
    assert repr(made) == repr(usual)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.at = 3  # type: ignore[misc]


@pytest.mark.parametrize(("fast", "usual"), WAYS)
def test_it_is_called_in_the_same_way(fast: type[Event], usual: type[Event]) -> None:
    own, theirs = (inspect.signature(each.__init__).parameters.values() for each in (fast, usual))
    assert [(each.name, each.default) for each in own] == [(each.name, each.default) for each in theirs]


def test_a_run_of_chunks_is_what_each_of_them_is() -> None:
    made = event_making.numbered_chunks(
        *((4, 7), 1, Message.RESPONSE, Side.BOTH, (10, 20), (b"ab", b""), (2, 5), (Form.WIRE, Form.LOST))
    )
    usual = [
        (4, Chunk(1, Message.RESPONSE, Side.BOTH, 10, b"ab", 2)),
        (7, Chunk(1, Message.RESPONSE, Side.BOTH, 20, b"", 5, Form.LOST)),
    ]
    assert made == usual
    assert [repr(each) for each in made] == [repr(each) for each in usual]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made[0][1].at = 3  # type: ignore[misc]
