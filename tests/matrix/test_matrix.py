"""Each switch of the lab gives exactly the rules that its documentation names, live and by `validate`."""

import json
import os
from collections.abc import Iterator

import pytest

from lab.bugs import BUGS
from lab.carelessness import CLIENT_BUGS
from lab.hop.table import HOP_FAULTS
from tests.cli.streamid import streamid
from tests.matrix.bench import Bench
from tests.matrix.cell import Cell, told
from tests.matrix.explained import named, wrong_culprits, wrongly_sure
from tests.matrix.page import PAGE, renewed
from tests.matrix.table import ALL

WHOLE = os.environ.get("MATRIX") == "whole"
"""Every cell in both modes, as `make matrix` runs it; else each once, every third in reverse mode."""


def sample() -> list[tuple[Cell, str]]:
    if WHOLE:
        return [(cell, mode) for cell in ALL for mode in ("regular", "reverse")]
    return [(cell, "reverse" if number % 3 == 0 else "regular") for number, cell in enumerate(ALL)]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """The cells in regular mode run through one proxy; at its end all is judged again (see `Proxy`)."""
    bench = Bench()
    with bench.proxy:
        yield bench


@pytest.mark.parametrize(("cell", "mode"), sample(), ids=str)
def test_a_switch_gives_its_rules_and_no_others(bench: Bench, cell: Cell, mode: str) -> None:
    seen = bench.run(cell) if mode == "regular" else bench.run_in_reverse(cell)
    assert told(seen.findings) == tuple(sorted(cell.expected))
    causes, planted = seen.explained, tuple(sorted(cell.causes))
    assert named(causes.best) == planted
    assert not [*wrongly_sure(causes.best, planted), *wrongly_sure(causes.by_proxy, planted)]
    assert not list(wrong_culprits(causes.from_client, planted))
    assert bool(causes.from_client) == bool(planted)


def test_validate_says_of_the_whole_recording_what_was_said_live(bench: Bench) -> None:
    live = bench.all_findings()
    report = json.loads(
        streamid("validate", bench.proxy.recording, "--format", "json", "--limit", "100000").stdout
    )
    offline = [(each["exchange"], each["code"], each["message"]) for each in report["findings"]]
    assert sorted(offline) == sorted((each.exchange, each.code, each.message) for each in live)
    assert offline


def test_every_switch_is_in_the_table_and_breaks_what_its_own_documentation_names() -> None:
    rows = {name: set(row.breaks) for name, row in BUGS.items()}
    rows |= {f"client {name}": set(row.breaks) for name, row in CLIENT_BUGS.items()}
    rows |= {f"hop {row.name}": {*row.breaks, *row.follows} for row in HOP_FAULTS}
    seen: dict[str, set[str]] = {name: set() for name in rows}
    for cell in ALL:
        for name in switches(cell):
            seen[name] |= {label[:5] for label in cell.expected}
    for name, breaks in rows.items():
        assert breaks <= seen[name], name
        assert any(name in switches(cell) for cell in ALL), name


def switches(cell: Cell) -> list[str]:
    names = [bug.partition("=")[0] for bug in cell.bugs]
    names += [f"client {cell.client}"] if cell.client else []
    return names + [f"hop {fault.partition('=')[0]}" for fault in cell.faults]


def test_the_page_has_todays_tables() -> None:
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, "make it anew: python -m tests.matrix.page"
