"""With one side alone: the planted cause, or not decided with it among those left; never another."""

import pytest

from contract.causes import CAUSES
from contract.causes.unsolved import INCONCLUSIVE
from contract.events import Breaker, Event, Manner, Side
from contract.incidents import Confidence, Incident
from contract.vantage import ALIKE, ALIKE_BEHIND, Vantage
from postmortem.vantages import client_side
from tests.contract.build import Talk
from tests.contract.causes.catalogue import catalogue
from tests.contract.causes.concluding import explained, incidents
from tests.contract.causes.planted import Planted
from tests.contract.causes.sides import broken
from tests.contract.causes.test_catalogue import named
from tests.postmortem.two_taps import taken_apart


def seen_from_client(events: list[Event]) -> list[Incident]:
    (seen,) = client_side([events])
    return incidents(seen, vantage=Vantage.CLIENT)


@pytest.mark.parametrize("planted", catalogue(), ids=named)
def test_from_the_clients_side_nobody_is_blamed_wrongly(planted: Planted) -> None:
    found = seen_from_client(planted.events)
    for incident in found:
        assert {fact.side for fact in incident.evidence} == {Side.CLIENT}
        assert not {other.cause for other in incident.ruled_out} & {incident.cause, *incident.possible}
        if incident.cause == INCONCLUSIVE:
            assert set(planted.causes) & {INCONCLUSIVE, *incident.possible}, incident
            assert incident.confidence is Confidence.POSSIBLE
            assert incident.decides
        else:
            assert incident.cause in planted.causes
            assert incident.cause not in ALIKE
    told = {cause for each in found for cause in (each.cause, *each.possible)}
    if planted.hidden:
        assert told == set()
    else:
        assert set(planted.causes) <= told


def test_before_a_hop_it_is_not_known_that_the_hop_cut_a_stream_on_purpose() -> None:
    events = broken(Talk().stream(size=40), 6, (Side.CLIENT, Breaker.PROXY, Manner.INJECTED))
    (incident,) = seen_from_client(events)
    assert incident.possible[:2] == ("server-truncated", "network-truncated")


@pytest.mark.parametrize("planted", [each for each in catalogue() if not each.causes], ids=named)
def test_from_the_clients_side_healthy_traffic_is_healthy(planted: Planted) -> None:
    (seen,) = client_side([planted.events])
    explainer, found = explained(seen, vantage=Vantage.CLIENT)
    assert found == []
    assert explainer.diagnosis.expected == planted.expected


def test_what_looks_alike_are_causes_and_others() -> None:
    for cause, alike in [*ALIKE.items(), *ALIKE_BEHIND.items()]:
        assert {cause, *alike} <= set(CAUSES)
        assert INCONCLUSIVE not in alike


@pytest.mark.parametrize("planted", catalogue(), ids=named)
def test_from_the_services_side_nobody_is_blamed_wrongly(planted: Planted) -> None:
    _, seen = taken_apart(planted.events)
    for incident in incidents(seen, vantage=Vantage.SERVER):
        if incident.cause == INCONCLUSIVE:
            assert set(planted.causes) & {INCONCLUSIVE, *incident.possible}, incident
        else:
            assert incident.cause in (*planted.causes, *planted.behind), incident
            assert incident.cause not in ALIKE_BEHIND


def test_with_both_sides_of_a_hop_what_a_hop_behind_might_have_done_is_decided() -> None:
    t = Talk()
    events = t.stream(None) + t.refused(None)
    (alone,), (joined,) = incidents(events), incidents(events, is_joined=True)
    assert (alone.cause, alone.confidence, bool(alone.decides)) == (
        "server-never-issued",
        Confidence.LIKELY,
        True,
    )
    assert (joined.cause, joined.confidence, joined.decides) == (
        "server-never-issued",
        Confidence.CERTAIN,
        "",
    )
