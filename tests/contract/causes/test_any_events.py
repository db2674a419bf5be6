"""Whatever comes, in whatever order: a diagnosis takes it, and counts stay counts."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.causes import CAUSES
from contract.events import Deed, Event, Injection, Message
from contract.explainer import Explainer
from contract.findings import Output
from contract.incidents import Incident, incident_fields
from contract.profile import Profile
from contract.vantage import Vantage
from tests.contract.build import Talk
from tests.contract.causes.catalogue import catalogue
from tests.contract.causes.concluding import CHAT
from tests.contract.test_checker_never_raises import EVENTS, NUMBERS
from tests.contract.test_other_protocols import IN_EVENT, IN_JSON, IN_SSE_ID, echo, issue, profile

INJECTIONS = st.builds(
    Injection,
    NUMBERS,
    NUMBERS,
    st.just("planted"),
    st.sampled_from(["drop-request", "repeat-request", "idle-cut", "cut"]),
    st.sampled_from(list(Message)),
    st.sampled_from(list(Deed)),
    st.just("run"),
    NUMBERS,
)
OPTIONS = st.fixed_dictionaries(
    {"waits": st.booleans(), "is_joined": st.booleans(), "vantage": st.sampled_from(list(Vantage))}
)
UNSCOPED = Profile.from_toml(
    """
    name = "unscoped"
    id.format = '[a-z][0-9]+'
    [[issue]]
    method = "POST"
    path = "/rooms/{room}/runs"
    id.header = "X-Id"
    [[echo]]
    method = "PUT"
    path = "/rooms/{room}/runs/{run}"
    id.header = "X-Id"
    """,
    "unscoped.toml",
)
CLIENTS_OWN = profile('id.json = "id"', more='origin = "client"')
OTHERS = (IN_EVENT, IN_SSE_ID, IN_JSON, UNSCOPED, CLIENTS_OWN)


def concluded(events: list[Event], own: Profile, options: dict[str, object]) -> list[Incident]:
    explainer = Explainer(own, window=3, **options)  # type: ignore[arg-type]
    out: list[Output] = []
    for event in events:
        explainer.feed_all([event], out)
        out += explainer.advance(event.at)
    out += explainer.end()
    diagnosis = explainer.diagnosis
    assert 0 <= diagnosis.healthy <= diagnosis.streams <= diagnosis.exchanges
    assert 0 <= diagnosis.expected <= diagnosis.exchanges
    found = [each for each in out if isinstance(each, Incident)]
    for incident in found:
        assert incident_fields(incident)["cause"] in CAUSES
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(EVENTS, EVENTS, INJECTIONS), max_size=40), OPTIONS)
def test_no_sequence_of_events_makes_it_raise(events: list[Event], options: dict[str, object]) -> None:
    concluded(events, CHAT, options)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(catalogue()), min_size=1, max_size=3), OPTIONS, st.integers(0, 2**32))
def test_no_mangled_failure_makes_it_raise(
    planted: list[object], options: dict[str, object], seed: int
) -> None:
    choose = random.Random(seed)
    events = [event for each in planted for event in each.events]  # type: ignore[attr-defined]
    for _ in range(choose.randrange(8)):
        place, other = choose.randrange(len(events)), choose.randrange(len(events))
        match choose.randrange(3):
            case 0 if len(events) > 1:
                del events[place]
            case 1:
                events.insert(other, events[place])
            case _:
                events[place], events[other] = events[other], events[place]
    concluded(events, CHAT, options)


@pytest.mark.parametrize("own", OTHERS, ids=range(len(OTHERS)))
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["a1", "b2", "", "A1", '"a1"', "zz"]), max_size=8), OPTIONS)
def test_other_protocols_do_not_make_it_raise(
    own: Profile, ids: list[str], options: dict[str, object]
) -> None:
    t = Talk()
    events: list[Event] = []
    for number, id_ in enumerate(ids):
        body = b'event: start\nid: %s\ndata: {"run":{"id":"%s"}}\n\n' % (id_.encode(), id_.encode())
        events += issue(t, body) if number % 2 else echo(t, id_)
    concluded(events, own, options)
