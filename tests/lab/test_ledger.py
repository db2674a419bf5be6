from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.ledger import CreditsShortError, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        yield ledger


def test_what_expires_first_is_spent_first_and_comes_back_to_where_it_was(ledger: Ledger) -> None:
    late = ledger.allocate("a", 10, 20, "", "admin")
    soon = ledger.allocate("a", 5, 1, "", "admin")
    held = ledger.reserve("s", "a", "m", 8)
    assert {one.id: one.remaining for one in ledger.open("a")} == {late.id: 7}
    ledger.settle(held, 6, "completed")
    assert {one.id: one.remaining for one in ledger.open("a")} == {late.id: 9}
    assert soon.id not in [one.id for one in ledger.open("a")]


def test_a_reservation_that_fails_leaves_no_trace(ledger: Ledger) -> None:
    ledger.allocate("a", 5, 1, "", "admin")
    with pytest.raises(CreditsShortError):
        ledger.reserve("s", "a", "m", 6)
    assert ledger.find("s", "a") is None
    assert ledger.balance("a") == 5


def test_one_users_credits_are_not_anothers(ledger: Ledger) -> None:
    ledger.allocate("a", 5, 1, "", "admin")
    with pytest.raises(CreditsShortError):
        ledger.reserve("s", "b", "m", 1)


@settings(deadline=None, max_examples=30)
@given(
    given_credits=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    streams=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 90)), max_size=8),
)
def test_no_credit_is_ever_lost_or_made_up(
    given_credits: list[int], streams: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with closing(Ledger(tmp_path_factory.mktemp("ledger") / "ledger.db")) as ledger:
        for credit in given_credits:
            ledger.allocate("a", credit, 1, "", "admin")
        total, spent = sum(given_credits), 0.0
        for number, (reserve, use) in enumerate(streams):
            if reserve > ledger.balance("a"):
                with pytest.raises(CreditsShortError):
                    ledger.reserve(f"s{number}", "a", "m", reserve)
                continue
            held = ledger.reserve(f"s{number}", "a", "m", reserve)
            assert ledger.balance("a") == total - spent - reserve
            spent += ledger.settle(held, use, "completed").used
            assert ledger.balance("a") == total - spent >= 0
