import pytest

from tests.contract.case import Case
from tests.contract.cases import catalogue
from tests.contract.judge import findings, labels


@pytest.mark.parametrize("case", catalogue(), ids=lambda case: case.name)
def test_each_case_gives_exactly_its_findings(case: Case) -> None:
    assert labels(case.events) == tuple(sorted(case.expected))


@pytest.mark.parametrize("case", catalogue(), ids=lambda case: case.name)
def test_findings_name_an_exchange_of_the_sequence_and_speak_in_sentences(case: Case) -> None:
    exchanges = {event.exchange for event in case.events}
    for finding in findings(case.events):
        assert finding.exchange in exchanges
        assert finding.message[0].isupper()
        assert finding.message.endswith(".")
        assert finding.message.isprintable()
