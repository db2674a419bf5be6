"""Concurrent exchanges may be written down in any order that keeps what happened before what."""

import random
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import Chunk, End, Event, Message, RequestHead, ResponseHead
from contract.findings import ExchangeFacts, Output
from tests.contract.build import CORS, FIRST, SECOND, SSE, THIRD, Talk, cut
from tests.contract.judge import outputs
from tests.contract.more_cases import held_back

type Step = Callable[[Talk], list[Event]]

STEPS: tuple[Step, ...] = (
    lambda t: t.stream(FIRST),
    lambda t: t.stream(SECOND),
    lambda t: t.stream(THIRD, answer=SSE * 3, size=9),
    lambda t: t.stream(THIRD, more=CORS[:2]),
    lambda t: held_back(t.stream(SECOND)),
    lambda t: cut(t.stream(SECOND), 5),
    lambda t: t.update(FIRST),
    lambda t: t.update(SECOND, size=7),
    lambda t: t.refused(FIRST),
    lambda t: t.refused(THIRD),
    lambda t: t.refused(None),
    lambda t: t.preflight(),
    lambda t: t.create(),
    lambda t: t.delete(),
    lambda t: t.exchange("GET", "/api/models"),
)


def concurrent(groups: Sequence[list[Event]], choose: random.Random) -> list[Event]:
    """All of them at once, in some order; most begin late, so that some come one after the other."""
    waiting = [list(reversed(group)) for group in groups]
    out: list[Event] = []
    while waiting:
        # The first ones are the likeliest, so that exchanges overlap by a few events.
        one = waiting[min(int(choose.expovariate(1.0)), len(waiting) - 1)]
        out.append(one.pop())
        waiting = [group for group in waiting if group]
    return out


def may_swap(one: Event, other: Event, scopes: dict[int, str]) -> bool:
    """Whether neither of two events of different exchanges can have to do with the other's coming first.

    Chunks decide nothing by themselves. Two requests do not know of each other. All else may be what a
    client knew when it sent its request, or the order in which a service issued two IDs.
    """
    if isinstance(one, Chunk) or isinstance(other, Chunk):
        return True
    if is_asking(one) and is_asking(other):
        return True
    if isinstance(one, ResponseHead) and isinstance(other, ResponseHead):
        return False
    return scopes[one.exchange] != scopes[other.exchange] and is_asking(one) == is_asking(other)


def is_asking(event: Event) -> bool:
    return isinstance(event, RequestHead) or (isinstance(event, End) and event.message is Message.REQUEST)


def shuffled(events: list[Event], scopes: dict[int, str], choose: random.Random) -> list[Event]:
    out = list(events)
    for _ in range(20 * len(out)):
        place = choose.randrange(len(out) - 1)
        one, other = out[place : place + 2]
        if one.exchange != other.exchange and may_swap(one, other, scopes):
            out[place : place + 2] = other, one
    return out


def told(found: list[Output]) -> list[str]:
    return sorted(repr(each) for each in found if not isinstance(each, ExchangeFacts))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(["s1", "s2"])), min_size=2, max_size=7),
    st.integers(0, 2**32),
)
def test_the_order_of_concurrent_events_changes_nothing_but_what_it_has_to(
    steps: list[tuple[Step, str]], seed: int
) -> None:
    t, choose = Talk(), random.Random(seed)
    groups: list[list[Event]] = []
    scopes: dict[int, str] = {}
    for step, session in steps:
        t.session = session
        groups.append(step(t))
        scopes[groups[-1][0].exchange] = session
    events = concurrent(groups, choose)
    assert told(outputs(shuffled(events, scopes, choose))) == told(outputs(events))
