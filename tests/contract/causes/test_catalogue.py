"""What was planted is what is concluded: no more, no less, as surely as it should be."""

import pytest

from contract.causes import CAUSES, EXPECTED
from contract.incidents import Confidence
from tests.contract.causes.catalogue import FAMILIES, catalogue
from tests.contract.causes.concluding import explained, incidents
from tests.contract.causes.planted import Planted

ONLY_POSSIBLE = "server-buffered"


def named(planted: Planted) -> str:
    return planted.name


@pytest.mark.parametrize("planted", catalogue(), ids=named)
def test_exactly_the_planted_causes_are_concluded(planted: Planted) -> None:
    explainer, found = explained(planted.events, is_joined=planted.is_joined)
    assert {each.cause for each in found} == set(planted.causes), [each.summary for each in found]
    assert explainer.diagnosis.expected == planted.expected


@pytest.mark.parametrize("planted", [each for each in catalogue() if each.causes], ids=named)
def test_it_is_as_sure_as_it_can_be_and_shows_what_proves_it(planted: Planted) -> None:
    found = incidents(planted.events, is_joined=planted.is_joined)
    incident = next(each for each in found if each.cause == planted.causes[0])
    assert planted.sure in (None, incident.confidence)
    assert set(planted.seen) <= {(fact.exchange, fact.side) for fact in incident.evidence}
    assert all(word in incident.advice for word in planted.says), incident.advice
    assert planted.possible in (None, incident.possible)


@pytest.mark.parametrize("planted", [each for each in catalogue() if each.causes], ids=named)
def test_an_incident_holds_together(planted: Planted) -> None:
    numbers = {event.exchange for event in planted.events}
    for incident in incidents(planted.events, is_joined=planted.is_joined):
        assert incident.cause in CAUSES
        assert incident.evidence
        assert incident.exchange in incident.exchanges
        assert set(incident.exchanges) | {fact.exchange for fact in incident.evidence} <= numbers
        assert incident.at <= incident.last_at
        assert {other.cause for other in incident.ruled_out} <= set(CAUSES) - {incident.cause}
        assert set(incident.possible) <= set(CAUSES)
        assert not incident.possible or bool(incident.decides) or incident.confidence is Confidence.CERTAIN
        assert incident.summary.endswith(".")
        assert incident.advice.endswith(".")


def test_every_cause_is_planted_and_nothing_else_is() -> None:
    planted = {cause for each in catalogue() for cause in each.causes}
    assert planted == set(CAUSES) - {EXPECTED, ONLY_POSSIBLE}
    assert any(each.expected for each in catalogue())
    assert any(ONLY_POSSIBLE in (each.possible or ()) for each in catalogue())


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_cases_where_nothing_is_wrong(family: str) -> None:
    assert any(not each.causes for each in FAMILIES[family]())


def test_no_two_cases_have_the_same_name() -> None:
    names = [each.name for each in catalogue()]
    assert len(set(names)) == len(names)
