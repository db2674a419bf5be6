"""Measure, and print the budget table: `python -m benchmarks [option …] [name …]`, see docs/benchmarks.md."""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from benchmarks import (
    cores,
    diagnosis,
    judging,
    memory,
    parser,
    playback,
    redaction,
    small,
    streaming,
    taps,
    validation,
    writer,
)
from benchmarks.measurement import Effort, Row
from benchmarks.table import as_json, table

BENCHMARKS: dict[str, Callable[[Effort], list[Row]]] = {
    "small": small.rows,
    "paced": streaming.paced,
    "burst": streaming.burst,
    "memory": memory.per_stream,
    "flat": memory.flat,
    "writer": writer.rows,
    "judging": judging.rows,
    "validate": validation.rows,
    "diagnose": diagnosis.rows,
    "parser": parser.rows,
    "redaction": redaction.rows,
    "playback": playback.rows,
    "taps": taps.rows,
}

WIDTH = 116
"""Columns that the table needs at least, also where it goes to a file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is named, everything by default; exit code 1 where a budget is not kept and --strict asks."""
    given = _parsed(arguments)
    effort, progress = Effort(given.rounds, given.effort), Console(stderr=True)
    rows: list[Row] = []
    for name in given.names or BENCHMARKS:
        progress.print(f"[dim]{name}: {BENCHMARKS[name].__doc__}[/dim]")
        rows += BENCHMARKS[name](effort)
    screen = Console()
    screen.width = max(screen.width, WIDTH)
    screen.print(table(rows))
    if given.json:
        given.json.write_text(json.dumps({"machine": _machine(), "rows": as_json(rows)}, indent=2) + "\n")
    return int(given.strict and any(row.met is False for row in rows))


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure streamid against its budgets, beside what it is compared with.",
    )
    options.add_argument(
        "names", nargs="*", metavar="name", help=f"any of {', '.join(BENCHMARKS)}; all by default"
    )
    options.add_argument("--rounds", type=int, default=5, help="turns of each variant (default 5)")
    options.add_argument(
        "--effort", type=float, default=1.0, help="share of the usual amount in a round (default 1)"
    )
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures of every round to FILE")
    options.add_argument("--strict", action="store_true", help="exit with 1 where a budget is not kept")
    given = options.parse_args(arguments)
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown or given.rounds < 1 or given.effort <= 0:
        options.error(f"no such benchmark: {', '.join(unknown)}" if unknown else "nothing to measure")
    return given


def _machine() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "mitmproxy": version("mitmproxy"),
        "platform": platform.platform(),
        "processors": cores.count(),
        "pinned": cores.proxy_core() is not None,
    }


if __name__ == "__main__":
    sys.exit(main())
