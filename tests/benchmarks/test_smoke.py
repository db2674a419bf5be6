"""The benchmarks still run: the cheap ones, with amounts too small to say anything."""

import json
from functools import partial
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measurement import Budget, Effort, Row, Spread, interleaved
from benchmarks.table import as_json


@pytest.mark.parametrize("name", ["writer", "validate", "parser", "diagnose"])
def test_cheap_benchmarks_yield_figures_with_ratios(name: str) -> None:
    rows = BENCHMARKS[name](Effort(rounds=1, share=0.002))
    assert all(row.name == name and row.figures.median > 0 for row in rows)
    assert any(row.budget is not None and row.ratio is not None for row in rows)


def test_what_is_judged_in_a_benchmark_is_right() -> None:
    rows = BENCHMARKS["judging"](Effort(rounds=1, share=0.005))
    assert [row.variant for row in rows].count("streamid") == 4
    assert all(row.figures.median > 0 for row in rows)


def test_a_proxy_is_measured_end_to_end(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    assert main(["burst", "--rounds", "1", "--effort", "0.02", "--json", str(written)]) == 0
    assert "SSE events, burst" in capsys.readouterr().out
    found = json.loads(written.read_text("utf-8"))
    assert {row["variant"] for row in found["rows"]} == {"bare, stream=True", "streamid"}
    assert all(row["figures"]["median"] > 0 for row in found["rows"] if row["unit"] == "1/s")


def test_variants_take_turns() -> None:
    calls: list[str] = []

    def measure(name: str) -> tuple[float]:
        calls.append(name)
        return (float(len(calls)),)

    found = interleaved({name: partial(measure, name) for name in ("a", "b")}, 2)
    assert calls == ["a", "b", "a", "b"]
    assert [found[name][0].rounds for name in ("a", "b")] == [(1.0, 3.0), (2.0, 4.0)]


def test_a_budget_is_judged_by_the_median_of_ratios_within_rounds() -> None:
    row = Row(
        *("small", "exchanges", "streamid", "1/s", Spread((90.0, 50.0, 200.0))),
        *("bare", Spread((100.0, 50.0, 100.0)), Budget("ratio", 0.95, above=True)),
    )
    assert row.ratio == Spread((0.9, 1.0, 2.0))
    assert row.met
    assert as_json([row])[0]["met"] is True


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "no such benchmark: nothing" in capsys.readouterr().err
