"""Runs are what they are said to be, and nothing is lost in finding them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contract.events import Chunk, Event, Form, Message, Side
from recordings.runs import with_runs
from tests.support.sequences import begun, chunk, runs, small


@st.composite
def repeated(draw: st.DrawFn) -> list[Event]:
    """Events, many of them several times."""
    events = draw(runs())
    return [event for event in events for _ in range(draw(st.integers(1, 6)))]


@given(events=repeated())
def test_events_stay_in_their_order_and_runs_are_of_one_message_on_one_side(events: list[Event]) -> None:
    found = list(with_runs(events))
    assert [event for some in found for event in (some if isinstance(some, list) else [some])] == events
    for some in found:
        if isinstance(some, list):
            assert len(some) >= 4
            assert len({(each.exchange, each.message, each.side, each.form) for each in some}) == 1
            assert all(type(each) is Chunk and each.form is Form.WIRE for each in some)


def lengths(events: list[Event]) -> list[int]:
    return [len(some) if isinstance(some, list) else 1 for some in with_runs(events)]


def test_a_run_ends_where_anything_else_comes() -> None:
    one, other = chunk(1, 5, b"a"), chunk(2, 5, b"a")
    assert lengths([*begun(1), *[one] * 9]) == [1, 1, 1, 9]
    assert lengths([one] * 3) == [1, 1, 1]
    assert lengths([*[one] * 4, *[other] * 5]) == [4, 5]
    assert lengths([*[one] * 4, *small(3)[:1], *[one] * 4]) == [4, 1, 4]
    asked = chunk(1, 5, b"a", message=Message.REQUEST)
    at_client = chunk(1, 5, b"a", side=Side.CLIENT)
    assert isinstance(one, Chunk)
    lost = replace(one, data=b"", form=Form.LOST)
    for different in (asked, at_client, lost):
        assert lengths([*[one] * 4, different, *[one] * 4]) == [4, 1, 4]
    assert lengths([lost] * 6) == [1] * 6
