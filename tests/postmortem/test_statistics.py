"""Groups of exchanges, measured."""

import random
from dataclasses import replace

import pytest

from postmortem.activity import PARTS, Activity
from postmortem.statistics import GAPS, MOST_GROUPS, OTHERS, Statistics
from recordings.figures import Figures
from recordings.rows import ExchangeRow, Run
from tests.cli.recorded import run_info

ROW = ExchangeRow(
    exchange=1, seq=0, at=1_000_000, kind="http", method="POST", url="http://a/", status=200, role="issue",
    stream="s", scope="k", outcome="complete", findings=0, ended_at=3_010_000, first_byte=10_000, events=21,
    largest_gap=500_000, request_size=10, response_size=1000,
)  # fmt: skip


def test_a_group_counts_and_measures_its_exchanges() -> None:
    with Figures(4) as figures:
        statistics = Statistics(figures)
        statistics.take(ROW, "a")
        statistics.take(replace(ROW, outcome="client-abort", findings=2, first_byte=30_000), "a")
        statistics.take(
            replace(ROW, role="echo", status=400, events=None, largest_gap=9, first_byte=20_000), "b"
        )
        statistics.take(replace(ROW, role=None, status=None, events=None, outcome="open", ended_at=None), "b")
        a, b = statistics.groups()
    assert (a.name, a.exchanges, a.streams, a.findings) == ("a", 2, 2, 2)
    assert dict(a.stream_outcomes) == {"complete": 1, "client-abort": 1}
    assert (a.request_bytes, a.response_bytes) == (20, 2000)
    assert a.measured["first_byte"].percentiles == {50: 10_000, 90: 30_000, 99: 30_000}
    # Only the complete one counts: 21 events in the two seconds after the first byte.
    assert (a.measured["whole"].n, a.measured["whole"].max) == (1, 2_010_000)
    assert a.measured["event_rate"].max == 10.5
    assert a.measured["largest_gap"].n == 2
    assert dict(b.statuses) == {400: 1, None: 1}
    assert b.streams == 0
    assert "largest_gap" not in b.measured
    assert statistics.total.exchanges == 4
    assert statistics.total.measured["first_byte"].percentiles == {50: 10_000, 90: 30_000, 99: 30_000}
    assert statistics.total.measured["first_byte"].n == 4


def test_percentiles_of_many_exchanges_in_any_order_are_exact() -> None:
    times = [n * 37 for n in range(1, 5001)]
    random.Random(1).shuffle(times)
    with Figures(4) as figures:
        statistics = Statistics(figures)
        for number, time in enumerate(times):
            statistics.take(replace(ROW, first_byte=time), "even" if number % 2 else "odd")
        even, _ = statistics.groups()
    ours = sorted(times[1::2])
    assert even.measured["first_byte"].percentiles == {50: ours[1249], 90: ours[2249], 99: ours[2474]}
    assert statistics.total.measured["first_byte"].percentiles == {50: 92_500, 90: 166_500, 99: 183_150}


def test_gaps_are_measured_where_they_are_asked_for() -> None:
    with Figures(4) as figures:
        statistics = Statistics(figures, with_gaps=True)
        statistics.take(ROW, "a", [0, 10_000, 20_000, 1_020_000])
        statistics.take(ROW, "a", [5])
        (group,) = statistics.groups()
    gaps = group.measured[GAPS]
    assert (gaps.n, gaps.max, gaps.exact) == (3, 1_000_000, False)
    assert gaps.percentiles[50] == pytest.approx(10_000, rel=0.01)
    assert statistics.total.measured[GAPS].n == 3


def test_more_groups_than_there_is_room_for_are_counted_together() -> None:
    with Figures(4) as figures:
        statistics = Statistics(figures)
        for number in range(MOST_GROUPS + 50):
            statistics.take(ROW, f"route {number:05}")
        groups = statistics.groups()
    assert len(groups) == MOST_GROUPS + 1
    assert (groups[-1].name, groups[-1].exchanges) == (OTHERS, 50)


def test_activity_counts_what_began_in_each_part_of_all_runs() -> None:
    run = Run(run_info(), 1, 48_000_000, 1, 0, 0, closed=True, closed_at=None)
    activity = Activity([run])
    for at in (0, 999_999, 1_000_000, 47_999_999, 48_000_000):
        activity.count(run.time(at))
    assert len(activity.counts) == PARTS
    assert activity.counts[:3] == [2, 1, 0]
    assert activity.counts[-1] == 2


def test_a_run_without_a_duration_has_its_exchanges_in_some_part() -> None:
    run = Run(run_info(), 0, 0, 1, 0, 0, closed=True, closed_at=None)
    activity = Activity([run])
    activity.count(run.time(0))
    assert sum(activity.counts) == 1
