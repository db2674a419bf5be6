"""What a selection chooses, as SQL and as the same conditions in Python."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contract.events import RequestHead, ResponseHead
from recordings.reader import Recording
from recordings.rows import ExchangeRow
from recordings.selection import EVERY, Selection
from tests.cli.recorded import record
from tests.contract.build import FIRST, SECOND, Talk, cut

STATUSES = ("200", "404", "2xx", "4xx", "5xx", "none")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    talk = Talk()
    other = talk.but(session="s2")
    events = [
        *talk.stream(FIRST),
        *talk.update(FIRST),
        *talk.refused("stream-1732312345678-ffffffff"),
        *talk.exchange("GET", "/api/models?page=1%25", status=404),
        *talk.exchange("GET", "/x", status=503),
        *cut(talk.stream(SECOND), 3),
        *other.stream("stream-1732312345679-11111111"),
    ]
    path: Path = record(tmp_path_factory.mktemp("mixed") / "mixed.db", events)
    with Recording(path) as recording:
        yield recording


def fits(row: ExchangeRow, codes: list[str], chosen: Selection) -> bool:
    def any_or_none(values: tuple[str, ...], *holds: bool) -> bool:
        return not values or any(holds)

    status = "none" if row.status is None else str(row.status)
    return (
        (not chosen.scopes or row.scope in chosen.scopes)
        and (not chosen.streams or row.stream in chosen.streams)
        and (not chosen.roles or row.role in chosen.roles)
        and (not chosen.outcomes or row.outcome in chosen.outcomes)
        and any_or_none(chosen.statuses, *(each in (status, f"{status[0]}xx") for each in chosen.statuses))
        and any_or_none(chosen.urls, *(each in row.url for each in chosen.urls))
        and any_or_none(
            chosen.findings, *(code.startswith(each) for code in codes for each in chosen.findings)
        )
        and (chosen.since is None or row.at >= chosen.since)
        and (chosen.until is None or row.at < chosen.until)
    )


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Mostly nothing: of many conditions at once hardly anything fits all."""
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=2).map(tuple)
    return st.one_of(st.just(()), st.just(()), st.just(()), chosen)


SELECTIONS = st.builds(
    Selection,
    scopes=some("s1", "s2", "s3"),
    streams=some(FIRST, SECOND),
    statuses=some(*STATUSES),
    roles=some("issue", "echo", "other"),
    outcomes=some("complete", "client-abort"),
    findings=some("EC", "EC203", "ID", "HT602"),
    urls=some("update", "models", "%", "?page"),
    since=st.one_of(st.none(), st.integers(0, 60_000)),
    until=st.one_of(st.none(), st.integers(0, 60_000)),
)


@given(SELECTIONS)
@example(Selection(statuses=("4xx",)))
@example(Selection(statuses=("404", "5xx")))
@example(Selection(statuses=("none",)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_sql_chooses_what_the_words_say(mixed: Recording, chosen: Selection) -> None:
    rows = list(mixed.exchanges())
    codes = {row.exchange: [finding.code for finding in mixed.findings(row.exchange)] for row in rows}
    expected = [row.exchange for row in rows if fits(row, codes[row.exchange], chosen)]
    assert [row.exchange for row in mixed.exchanges(chosen=chosen)] == expected
    assert mixed.numbers(chosen) == expected


def test_an_empty_selection_is_every_exchange(mixed: Recording) -> None:
    assert Selection() == EVERY
    assert len(mixed.numbers(EVERY)) == 7


def test_a_value_with_sql_in_it_is_a_value(mixed: Recording) -> None:
    assert mixed.numbers(Selection(scopes=("s1' OR 1 --",))) == []


@pytest.mark.parametrize("status", ["4x", "xxx", "0xx", "40", "4040", "", "٤٠٤"])
def test_what_is_no_status_is_an_error(status: str) -> None:
    with pytest.raises(ValueError, match="is no status; write it like 404, 4xx or none"):
        Selection(statuses=(status,))


def test_codes_are_those_of_the_findings(mixed: Recording) -> None:
    found = mixed.codes(mixed.numbers(EVERY))
    for number, codes in found.items():
        expected = [(each.code, each.severity, each.verdict) for each in mixed.findings(number)]
        assert codes == expected
    assert 3 in found
    assert mixed.codes([]) == {}


def test_heads_are_those_of_all_events(mixed: Recording) -> None:
    first, *_, last = mixed.numbers(EVERY)
    heads = [event for event in mixed.events() if isinstance(event, RequestHead | ResponseHead)]
    assert mixed.heads(first, last) == heads
    assert {event.exchange for event in mixed.heads(2, 3)} == {2, 3}
