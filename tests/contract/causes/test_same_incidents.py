"""The same traffic gives the same incidents, whatever its chunks, batches, and order of unrelated events."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import Chunk, Event, Form
from contract.explainer import Explainer
from contract.findings import Output
from contract.incidents import Incident
from tests.contract.build import FIRST, SECOND, Talk, mismatch
from tests.contract.causes.catalogue import catalogue
from tests.contract.causes.concluding import CHAT, incidents
from tests.contract.causes.planted import Planted
from tests.contract.test_interleavings import STEPS, Step, concurrent, may_swap

MORE_STEPS: tuple[Step, ...] = (
    *STEPS,
    lambda t: t.stream(None),
    lambda t: t.update(None),
    lambda t: t.refused("stream-1732312345"),
    lambda t: t.refused(FIRST, answer=mismatch(SECOND, FIRST)),
    lambda t: t.refused(SECOND, answer=mismatch(None, SECOND)),
    lambda t: t.preflight(status=401),
)


def cut_up(events: list[Event], choose: random.Random) -> list[Event]:
    """The same bytes at the same times, in smaller chunks."""
    out: list[Event] = []
    for event in events:
        if isinstance(event, Chunk) and event.form is Form.WIRE and event.size > 1 and choose.random() < 0.7:
            at = choose.randrange(1, event.size)
            parts = event.data[:at], event.data[at:]
            out += [replace(event, data=part, size=len(part)) for part in parts]
        else:
            out.append(event)
    return out


def in_batches(events: list[Event], planted: Planted, choose: random.Random) -> list[Incident]:
    explainer = Explainer(CHAT, waits=True, is_joined=planted.is_joined)
    out: list[Output] = []
    rest = list(events)
    while rest:
        size = choose.choice((1, 2, 5, 20))
        explainer.feed_all(rest[:size], out)
        del rest[:size]
    out += explainer.end()
    return [each for each in out if isinstance(each, Incident)]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(catalogue()), st.integers(0, 2**32))
def test_neither_chunks_nor_batches_matter(planted: Planted, seed: int) -> None:
    choose = random.Random(seed)
    whole = incidents(planted.events, is_joined=planted.is_joined)
    assert in_batches(cut_up(planted.events, choose), planted, choose) == whole


def told(found: list[Incident]) -> list[str]:
    return sorted(map(repr, found))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(MORE_STEPS), st.sampled_from(["s1", "s2", "s3"])), min_size=2, max_size=7
    ),
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
    # Of when each came its place in the order is left: in another order the times would contradict it.
    events = [replace(event, at=0) for event in concurrent(groups, choose)]
    assert told(incidents(shuffled(events, scopes, choose))) == told(incidents(events))


def shuffled(events: list[Event], scopes: dict[int, str], choose: random.Random) -> list[Event]:
    """In another order, but for what one scope's exchanges can have known of each other."""
    out = list(events)
    for _ in range(20 * len(out)):
        place = choose.randrange(len(out) - 1)
        one, other = out[place : place + 2]
        if scopes[one.exchange] != scopes[other.exchange] and may_swap(one, other, scopes):
            out[place : place + 2] = other, one
    return out
