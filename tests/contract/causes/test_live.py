"""A diagnosis of live traffic: each incident once, none left out, and no more kept than has to be."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import diagnosis as concluding
from contract import experience
from contract.diagnosis import Diagnosis
from contract.events import Event
from contract.explainer import Explainer
from contract.findings import Finding, Output
from contract.incidents import Incident
from tests.contract.build import ID_HEADER, Talk
from tests.contract.causes.catalogue import catalogue
from tests.contract.causes.concluding import CHAT, incidents
from tests.contract.causes.planted import Planted

QUIET, SETTLED = concluding.QUIET, concluding.SETTLED


def live(
    events: list[Event], choose: random.Random | None = None, *, is_joined: bool = False
) -> list[Incident]:
    """What a live diagnosis tells, which hears at any moments that it is later by now."""
    explainer = Explainer(CHAT, is_joined=is_joined)
    out: list[Output] = []
    for event, following in zip(events, [*events[1:], None], strict=True):
        explainer.feed_all([event], out)
        until = following.at if following else event.at + 3 * QUIET
        if choose is not None and choose.random() < 0.3 and until > event.at:
            out += explainer.advance(choose.randrange(event.at, until))
    out += explainer.end()
    return [each for each in out if isinstance(each, Incident)]


def one_after_the_other(planted: list[Planted]) -> list[Event]:
    """Several cases in one run; exchanges and times go on."""
    out: list[Event] = []
    for number, each in enumerate(planted):
        start = out[-1].at + 1000 if out else 0
        out += [
            replace(
                event, exchange=event.exchange + 5000 * number if event.exchange else 0, at=event.at + start
            )
            for event in each.events
        ]
    return out


def later(events: list[Event], places: list[int], pause: int) -> list[Event]:
    """The same events, with so many µs more before some of them."""
    out = list(events)
    for place in places:
        at = place % len(out)
        out[at:] = [replace(event, at=event.at + pause) for event in out[at:]]
    return out


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(catalogue()), min_size=1, max_size=2),
    st.lists(st.integers(0, 400), max_size=4),
    st.sampled_from([SETTLED + 1, QUIET + 1]),
    st.integers(0, 2**32),
)
def test_no_incident_is_told_twice(planted: list[Planted], places: list[int], pause: int, seed: int) -> None:
    events = later(one_after_the_other(planted), places, pause)
    found = [(each.cause, each.exchange, each.scope) for each in live(events, random.Random(seed))]
    assert len(set(found)) == len(found)


ALONE = [
    each
    for each in catalogue()
    if each.causes
    and len({incident.scope for incident in incidents(each.events, is_joined=each.is_joined)}) == 1
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ALONE), st.integers(0, 2**32))
def test_live_tells_what_a_reader_of_the_recording_is_told(planted: Planted, seed: int) -> None:
    waiting = {each.cause for each in incidents(planted.events, is_joined=planted.is_joined)}
    told = {each.cause for each in live(planted.events, random.Random(seed), is_joined=planted.is_joined)}
    assert waiting <= told


@pytest.mark.parametrize("planted", ALONE, ids=lambda each: each.name)
def test_live_and_undisturbed_it_tells_the_same_causes(planted: Planted) -> None:
    told = {each.cause for each in live(planted.events, is_joined=planted.is_joined)}
    assert told == set(planted.causes)


def test_an_incident_is_told_when_nothing_more_of_it_has_come_for_a_while() -> None:
    t = Talk()
    explainer = Explainer(CHAT)
    out: list[Output] = []
    explainer.feed_all(t.stream() + t.refused(None), out)
    assert not any(isinstance(each, Incident) for each in out)
    assert explainer.advance(t.at + QUIET - 1) == []
    (told,) = explainer.advance(t.at + QUIET)
    assert isinstance(told, Incident)
    assert told.cause == "client-never-extracted"
    assert explainer.advance(t.at + 9 * QUIET) == explainer.end() == []


def test_after_an_accepted_update_it_is_told_sooner() -> None:
    t = Talk()
    explainer = Explainer(CHAT)
    out: list[Output] = []
    explainer.feed_all(t.stream() + t.refused("stream-1732312345-1a2b3c4d") + t.update(), out)
    (told,) = explainer.advance(t.at + SETTLED)
    assert isinstance(told, Incident)
    assert told.cause == "client-fabricated-id"


def test_while_its_stream_still_runs_an_invented_id_is_not_said_to_come_before_any() -> None:
    t = Talk()
    running, invented = t.stream()[:-1], t.refused("stream-1732312345")
    explainer = Explainer(CHAT)
    explainer.feed_all(running + invented, [])
    (told,) = explainer.advance(t.at + QUIET)
    assert isinstance(told, Incident)
    assert told.cause == "client-fabricated-id"
    assert told.summary.startswith("The client sent 'stream-1732312345', which nobody had issued; it has")


def test_retries_that_come_later_belong_to_what_was_told() -> None:
    t = Talk()
    explainer = Explainer(CHAT)
    out: list[Output] = []
    explainer.feed_all(t.stream() + t.refused(None), out)
    assert len(explainer.advance(t.at + QUIET)) == 1
    explainer.feed_all(t.wait(20).refused(None), out)
    assert explainer.advance(t.at + QUIET) == []
    assert explainer.end() == []


@pytest.mark.parametrize("waits", [False, True])
def test_of_thousands_of_scopes_few_are_kept_and_no_incident_is_lost(
    waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concluding, "_CASES", 40)
    monkeypatch.setattr(concluding, "_WAITING", 60)
    monkeypatch.setattr(concluding, "_GONE", 50)
    monkeypatch.setattr(experience, "_IDS", 30)
    t, found = Talk(), 0
    explainer = Explainer(CHAT, waits=waits, window=30)
    diagnosis = explainer.diagnosis
    for number in range(1_500):
        t.session = f"s{number}"
        out: list[Output] = []
        explainer.feed_all(t.stream(f"stream-17323{number:08}-1a2b3c4d") + t.refused(None), out)
        found += sum(isinstance(each, Incident) for each in out)
        assert number % 20 or max(kept(diagnosis).values()) <= 60, kept(diagnosis)
    found += sum(isinstance(each, Incident) for each in explainer.end())
    assert found == 1_500
    assert (diagnosis.streams, diagnosis.healthy) == (1_500, 0)
    assert kept(diagnosis)["_open"] == kept(diagnosis)["_waiting"] == kept(diagnosis)["_fresh"] == 0


def kept(diagnosis: concluding.Diagnosis) -> dict[str, int]:
    """How much is in each container of a diagnosis and its experience."""
    parts = {**vars(diagnosis), **vars(diagnosis._seen)}
    return {
        name: len(value) for name, value in parts.items() if hasattr(value, "__len__") and name != "_causes"
    }


def test_a_scope_with_thousands_of_exchanges_is_let_go_in_parts() -> None:
    t = Talk()
    explainer = Explainer(CHAT)
    out: list[Output] = []
    for _ in range(700):
        explainer.feed_all(t.stream() + t.update() if not out else t.refused(None), out)
        assert max((len(each.testimonies) for each in explainer.diagnosis._open.values()), default=0) < 200
    assert explainer.diagnosis.exchanges == 701


def test_what_was_let_go_is_not_held_against_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concluding, "_CASES", 1)
    t = Talk()
    other = t.but(session="s2")
    explainer = Explainer(CHAT)
    out: list[Output] = []
    explainer.feed_all(t.stream() + t.update() + other.stream() + other.update(), out)
    explainer.feed_all(t.refused("stream-1732312345"), out)
    (told,) = explainer.end()
    assert isinstance(told, Incident)
    assert told.cause == "inconclusive"
    assert "client-fabricated-id" in told.possible


def test_an_error_of_the_diagnosis_is_told_once_and_judging_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Diagnosis, testimony: object) -> list[Incident]:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Diagnosis, "feed", fail)
    told: list[Exception] = []
    explainer, out = Explainer(CHAT, on_trouble=told.append), list[Output]()
    t = Talk()
    explainer.feed_all(t.stream() + t.refused("stream-1732312345"), out)
    out += explainer.end()
    assert [type(error) for error in told] == [ZeroDivisionError]
    assert "EC203" in [each.code for each in out if isinstance(each, Finding)]
    with pytest.raises(ZeroDivisionError):
        Explainer(CHAT).feed_all(Talk().stream(), [])


def test_a_long_chat_is_told_as_a_short_one_though_it_is_looked_at_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    t = Talk()
    events: list[Event] = []
    for number in range(9):
        server = ((ID_HEADER, f"stream-{1732312345678 + number}-1a2b3c4d"),)
        events += t.stream(None, server=server) + t.refused(f"stream-{1732312345 + number}")
    whole = incidents(events)
    monkeypatch.setattr(concluding, "_EACH", 5)  # parts end between a stream and its update
    explainer, out = Explainer(CHAT, waits=True), list[Output]()
    explainer.feed_all(events, out)
    out += explainer.end()
    assert {each.cause for each in whole} == {"network-stripped"}
    told = [(each.cause, each.exchange) for each in out if isinstance(each, Incident)]
    assert told == [(each.cause, each.exchange) for each in whole]
    assert (explainer.diagnosis.streams, explainer.diagnosis.healthy) == (9, 0)
