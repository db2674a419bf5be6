"""A test of the tests: with any single cause disabled, the catalogue is no longer satisfied."""

import pytest

from contract.causes import CAUSES, EXPECTED
from tests.contract.causes.catalogue import catalogue
from tests.contract.causes.concluding import causes
from tests.contract.causes.test_catalogue import ONLY_POSSIBLE


@pytest.mark.parametrize("cause", sorted(set(CAUSES) - {EXPECTED, ONLY_POSSIBLE}))
def test_without_this_cause_some_case_is_not_satisfied(cause: str) -> None:
    others = [each for each in CAUSES if each != cause]
    hit = [each for each in catalogue() if cause in each.causes]
    assert hit
    for planted in hit:
        found = causes(planted.events, is_joined=planted.is_joined, causes=others)
        assert set(found) != set(planted.causes), planted.name
        assert cause not in found
