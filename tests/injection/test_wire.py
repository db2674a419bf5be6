"""Every kind of fault through a real proxy: both sides get to the byte and in time what its page says."""

from collections.abc import Iterator

import pytest

from contract.events import Deed
from faults.registry import KINDS
from tests.injection import cases_cors, cases_heads, cases_identity, cases_requests, cases_streams
from tests.injection.bench import Seen, WireBench, WireCase, assert_journal_tells_all
from tests.injection.surfaces import assert_recording_is_the_wire

CASES: tuple[WireCase, ...] = (
    *cases_heads.CASES,
    *cases_identity.CASES,
    *cases_cors.CASES,
    *cases_requests.CASES,
    *cases_streams.CASES,
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    with WireBench(CASES, tmp_path_factory.mktemp("armed")) as bench:
        yield bench.run()


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    with WireBench(CASES, tmp_path_factory.mktemp("disarmed"), armed=False) as bench:
        yield bench.run()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_sides_get_what_the_page_says(case: WireCase, seen: dict[str, Seen]) -> None:
    found = seen[case.name]
    case.check(found)
    assert_recording_is_the_wire(case, found)
    for exchange in found.exchanges:
        assert_journal_tells_all(exchange)
        assert {entry.fault for entry in exchange.journal} <= {case.name}
    assert any(entry.deed is Deed.HIT for each in found.exchanges for entry in each.journal)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_its_fault_a_case_fails(case: WireCase, unharmed: dict[str, Seen]) -> None:
    found = unharmed[case.name]
    with pytest.raises((AssertionError, ValueError, IndexError)):
        case.check(found)
    assert_recording_is_the_wire(case, found)
    assert not any(exchange.journal for exchange in found.exchanges)


def test_every_kind_has_a_case() -> None:
    assert {case.kind for case in CASES} == set(KINDS)
    assert len({case.name for case in CASES}) == len(CASES)
