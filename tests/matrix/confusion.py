"""Which cause is concluded where which was planted: `make bench-diagnosis`.

Every switch of the lab alone, each kind of injected fault and each preset; printed as a table, and written
between the marks of docs/matrix.md with `--write`.
"""

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from contract.incidents import Confidence, Incident
from faults.presets.preset import PRESETS
from faults.registry import KINDS
from tests.injection.lab_bench import LabBench
from tests.injection.test_lab_matrix import CAUSES as OF_KINDS
from tests.injection.test_lab_matrix import CONCURRENT, SENT, SLOW, case
from tests.matrix.bench import Bench
from tests.matrix.explained import Explained, named
from tests.matrix.page import PAGE
from tests.matrix.table import ALL
from tests.matrix.test_presets_explained import CAUSES as OF_PRESETS
from tests.matrix.test_presets_explained import SILENT, plan

type Seen = tuple[str, tuple[str, ...], Explained]

_PLACE = re.compile(r"(?<=<!-- confusion -->\n).*(?=<!-- end of confusion -->)", re.DOTALL)


def everything() -> Iterator[Seen]:
    """Each run: its name, what was planted, and what was said of it."""
    bench = Bench()
    with bench.proxy:
        for cell in ALL:
            yield str(cell), cell.causes, bench.run(cell).explained
    for is_slow in (False, True):
        with _lab(0.08 if is_slow else 0.01) as lab:
            for kind in sorted(set(KINDS) - set(CONCURRENT)):
                if (kind in SLOW) is is_slow:
                    lab.run(case(kind).plan(), SENT.get(kind))
                    yield kind, OF_KINDS.get(kind, ()), lab.explained()
    for is_silent in (False, True):
        with _lab(0.8 if is_silent else 0.04, 3 if is_silent else 12) as lab:
            for name in PRESETS:
                if (name in SILENT) is is_silent:
                    lab.run(plan(name))
                    yield name, (OF_PRESETS[name],) if name in OF_PRESETS else (), lab.explained()


def _lab(interval: float, tokens: int = 12) -> LabBench:
    return LabBench(Path(tempfile.mkdtemp(prefix="confusion-")), interval, tokens)


class Confusion:
    """Counts runs by what was planted and what was concluded."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.from_client: Counter[str] = Counter()
        self.sure: Counter[Confidence] = Counter()
        self.runs = self.right = 0

    def add(self, planted: tuple[str, ...], seen: Explained) -> None:
        """Another run."""
        concluded = named(seen.best)
        self.runs += 1
        self.right += concluded == tuple(sorted(planted))
        for cause in planted or ("none",):
            found = cause if cause in concluded else ", ".join(concluded) or "none"
            self.counts[cause, found if planted else ", ".join(concluded) or "none"] += 1
        for incident in seen.best:
            self.sure[incident.confidence] += 1
        for incident in seen.from_client:
            self.from_client[_kind(incident, planted)] += 1

    def lines(self) -> Iterator[str]:
        """The table in Markdown, and what it comes to."""
        yield "| planted | concluded | runs |"
        yield "|---|---|---|"
        for (planted, concluded), count in sorted(self.counts.items()):
            mark = "" if planted == concluded else " **wrong**"
            yield f"| {planted} | {concluded}{mark} | {count} |"
        yield ""
        yield f"{self.right} of {self.runs} runs: just what was planted, and nothing else. Of the incidents,"
        sure = ", ".join(f"{count} {name.value}" for name, count in sorted(self.sure.items()))
        client = ", ".join(f"{count} {name}" for name, count in sorted(self.from_client.items()))
        yield f"{sure}. From the client's side alone: {client}."


def _kind(incident: Incident, planted: tuple[str, ...]) -> str:
    if not set(incident.possible or (incident.cause,)) & set(planted):
        return "wrong"
    return "left open, the planted one among the possible" if incident.possible else "concluded"


def main() -> None:
    """Run everything, and print."""
    options = argparse.ArgumentParser(description="Plant every cause, and compare with what is concluded.")
    options.add_argument("--write", action="store_true", help="put the table into docs/matrix.md")
    given = options.parse_args()
    confusion = Confusion()
    for name, planted, seen in everything():
        confusion.add(planted, seen)
        print(
            f"{name}: planted {', '.join(planted) or 'none'}; {', '.join(named(seen.best)) or 'none'}",
            flush=True,
        )
    text = "\n".join(confusion.lines())
    print(f"\n{text}")
    if given.write:
        page = PAGE.read_text("utf-8")
        PAGE.write_text(_PLACE.sub(lambda _: f"\n{text}\n\n", page), "utf-8")


if __name__ == "__main__":
    main()
