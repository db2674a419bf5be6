"""Two taps joined are judged as one proxy in the hop's place would be."""

from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Form,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from postmortem.joining import Flavour, Joint, Origin
from postmortem.taps import Taps
from recordings.decoding import DECODERS
from recordings.reader import Recording
from tests.contract.build import FIRST, ID_HEADER, Talk
from tests.contract.case import Case
from tests.contract.cases import catalogue
from tests.contract.judge import labels
from tests.postmortem.two_taps import taken_apart, written, written_elsewhere
from tests.support.sequences import small


@pytest.mark.parametrize("case", catalogue(), ids=lambda case: case.name)
def test_a_hop_is_judged_as_the_two_sides_of_one_proxy_are(case: Case, tmp_path: Path) -> None:
    ours, theirs = taken_apart(case.events)
    a = written(tmp_path / "a.db", ours)
    b = written_elsewhere(tmp_path / "b.db", theirs, 3e6, 50e-6)
    with Recording(a) as first, Recording(b) as second:
        taps = Taps(first, second)
        judged = [labels(taps.events(flavour), decoders=DECODERS) for flavour in Flavour]
    expected = labels(case.events, decoders=DECODERS)
    if any(isinstance(event, Chunk) and event.form is not Form.WIRE for event in case.events):
        # One proxy knows that a chunk passed unchanged though its bytes were not kept; two taps do not.
        expected = tuple(sorted({*expected, "HP704?:info"}))
    assert judged == [expected, expected]


def joined(tmp_path: Path, ours: list[Event], theirs: list[Event]) -> tuple[list[Event], Taps, Joint]:
    a = written(tmp_path / "a.db", ours)
    b = written_elsewhere(tmp_path / "b.db", theirs, -5e6, -20e-6)
    with Recording(a) as first, Recording(b) as second:
        taps = Taps(first, second)
        joint = taps.joint()
        return list(joint.events()), taps, joint


def test_causes_come_before_their_effects_though_the_estimate_of_the_clock_is_off(tmp_path: Path) -> None:
    talk = Talk()
    events = [event for _ in range(5) for event in (*talk.stream(FIRST), *talk.update(FIRST))]
    ours, theirs = taken_apart(events, delay=400)
    a, b = written(tmp_path / "a.db", ours), written(tmp_path / "b.db", theirs)
    with Recording(a) as first, Recording(b) as second:
        taps = Taps(first, second)
        for wrong in (-300_000, 300_000):
            taps.clock = replace(taps.clock, offset=taps.clock.offset + wrong)
            assert_causal(list(taps.events()))


def assert_causal(events: list[Event]) -> None:
    numbers = {event.exchange for event in events}
    for number in numbers:
        of_one = [event for event in events if event.exchange == number]
        heads = [event.side for event in of_one if isinstance(event, RequestHead)]
        answers = [event.side for event in of_one if isinstance(event, ResponseHead)]
        ends = [
            event.side for event in of_one if isinstance(event, End) and event.message is Message.RESPONSE
        ]
        assert heads == [Side.CLIENT, Side.SERVER]
        assert answers == ends == [Side.SERVER, Side.CLIENT]


def test_what_only_the_server_side_saw_is_numbered_after_all_else(tmp_path: Path) -> None:
    ours, theirs = taken_apart(Talk().stream())
    health = [replace(event, exchange=1) for event in small(1, 50)]
    theirs = [replace(event, exchange=event.exchange + 1) for event in theirs]
    events, _, joint = joined(tmp_path, ours, [*taken_apart(health)[1], *theirs])
    assert {event.exchange for event in events} == {1, 2}
    assert {getattr(event, "side", None) for event in events if event.exchange == 2} == {Side.SERVER}
    assert joint.origin(1) == Origin(1, 2)
    assert joint.origin(2) == Origin(None, 1)


def test_of_several_tries_the_one_that_was_answered_is_the_exchange(tmp_path: Path) -> None:
    events = Talk().update(FIRST)
    ours, theirs = taken_apart(events)
    failed = [replace(event, status=503) if isinstance(event, ResponseHead) else event for event in theirs]
    again = [replace(event, exchange=2, at=event.at + 20_000) for event in theirs]
    ours = [replace(event, at=event.at + 20_000) if _answers(event) else event for event in ours]
    events, taps, _ = joined(tmp_path, ours, [*failed, *again])
    (pair,) = taps.pairing.pairs
    assert (pair.b.exchange, [each.exchange for each in pair.others]) == (2, [1])
    statuses = {event.exchange: event.status for event in events if isinstance(event, ResponseHead)}
    assert statuses == {1: 200, 2: 503}


def _answers(event: Event) -> bool:
    return isinstance(event, ResponseHead) or getattr(event, "message", None) is Message.RESPONSE


@pytest.mark.parametrize(
    ("at_a", "at_b", "judged"),
    [
        (Breaker.SERVER, None, Breaker.PROXY),
        (Breaker.SERVER, Breaker.SERVER, Breaker.SERVER),
        (Breaker.CLIENT, Breaker.CLIENT, Breaker.CLIENT),
        (Breaker.SERVER, Breaker.CLIENT, Breaker.PROXY),
        (Breaker.PROXY, Breaker.CLIENT, Breaker.CLIENT),
    ],
)
def test_what_nobody_else_broke_off_was_broken_off_by_the_hop(
    at_a: Breaker, at_b: Breaker | None, judged: Breaker, tmp_path: Path
) -> None:
    events = Talk().stream()
    ours, theirs = taken_apart(events)
    ours[-1] = Abort(1, Side.BOTH, ours[-1].at, at_a, Manner.CLOSED, "")
    if at_b is not None:
        theirs[-1] = Abort(1, Side.BOTH, theirs[-1].at, at_b, Manner.CLOSED, "")
    events, _, _ = joined(tmp_path, ours, theirs)
    assert {event.by for event in events if isinstance(event, Abort)} == {judged}


def test_only_what_was_seen_towards_the_hop_is_the_hops(tmp_path: Path) -> None:
    """The tap on the client's side changed the answer itself: the ends differ, the hop changed nothing."""
    talk = Talk()
    own = talk.stream(None, server=((ID_HEADER, FIRST),))
    _, theirs = taken_apart(own)
    a, b = written(tmp_path / "a.db", own), written(tmp_path / "b.db", theirs)
    with Recording(a) as first, Recording(b) as second:
        taps = Taps(first, second)
        assert labels(taps.events(Flavour.HOP)) == ()
        assert labels(taps.events(Flavour.ENDS)) == ("HP701:error", "ID101:error")
