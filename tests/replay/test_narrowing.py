from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract.events import Side
from contract.findings import ExchangeFacts, Finding, Role, Severity, Verdict
from replay.narrowing import EVERYTHING, Moment, Narrowing

STARTED = datetime(2025, 1, 31, 12, 0, 0, tzinfo=UTC)
ELSEWHERE = timezone(timedelta(hours=2))


def finding(at: int = 0, stream: str = "s", scope: str = "c") -> Finding:
    return Finding("EC203", "n", Severity.ERROR, Verdict.FAIL, "m", 1, stream, scope, Side.CLIENT, at)


def keeps(narrowing: Narrowing, found: Finding) -> bool:
    return narrowing.keeps(found, narrowing.span(STARTED))


@pytest.mark.parametrize(
    "moment",
    [1_500_000, STARTED + timedelta(seconds=1.5), datetime(2025, 1, 31, 14, 0, 1, 500_000, ELSEWHERE)],
)
def test_a_finding_is_kept_from_since_on_and_before_until(moment: Moment) -> None:
    since, until = Narrowing(since=moment), Narrowing(until=moment)
    assert [keeps(since, finding(at)) for at in (1_499_999, 1_500_000)] == [False, True]
    assert [keeps(until, finding(at)) for at in (1_499_999, 1_500_000)] == [True, False]


def test_a_finding_is_kept_of_any_stream_and_of_any_scope_that_is_named() -> None:
    both = Narrowing(streams=frozenset({"s", "t"}), scopes=frozenset({"c"}))
    assert keeps(both, finding())
    assert keeps(both, finding(stream="t"))
    assert not keeps(both, finding(stream="u"))
    assert not keeps(both, finding(scope="d"))


def test_what_is_named_is_found_in_whatever_the_checker_says() -> None:
    both = Narrowing(streams=frozenset({"s", "t"}), scopes=frozenset({"c"}))
    assert both.named_by(ExchangeFacts(1, Role.ISSUE, "t", "c")) == {"t", "c"}
    assert both.named_by(finding(stream="u", scope="d")) == set()


def test_everything_is_no_narrowing() -> None:
    assert not EVERYTHING
    assert keeps(EVERYTHING, finding(1 << 60))
    assert Narrowing(since=0)
