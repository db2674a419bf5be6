"""One run of the matrix: a lab with its switches, a client, and what the proxy between them found."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from contract.findings import Finding, Severity, Verdict
from recordings.reader import Recording

PATIENCE = 20.0


@dataclass(frozen=True)
class Cell:
    """Switches that are on together: of the service, of the client, of a hop between proxy and service.

    `scenario` names another client, for what the tester never does. `pace` are tokens and
    the seconds between them, where quick answers would not show it; `delay` and `stop_after` are the
    tester's. `causes` are those that were planted, and so to be named (of a hop: with a second tap behind
    it).
    """

    bugs: tuple[str, ...] = ()
    client: str = ""
    faults: tuple[str, ...] = ()
    scenario: str = ""
    pace: tuple[int, float] = (12, 0.005)
    delay: float = 0.0
    stop_after: int = 0
    expected: tuple[str, ...] = field(default=(), compare=False)
    causes: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        parts = [*self.bugs, *([f"client {self.client}"] if self.client else [])]
        parts += [f"hop {fault}" for fault in self.faults]
        return " + ".join(parts) or "plain"


def label(finding: Finding) -> str:
    """For example `CO402`, `SV304:warning`, `HT601?`; a plain code is an error."""
    if finding.verdict is Verdict.INCONCLUSIVE:
        return f"{finding.code}?"
    return finding.code if finding.severity is Severity.ERROR else f"{finding.code}:{finding.severity}"


def told(findings: list[Finding]) -> tuple[str, ...]:
    """What was found, without the facts that are no more than `info`."""
    labels = {label(each) for each in findings}
    return tuple(sorted(each for each in labels if not each.endswith(":info")))


def settled(path: Path, after: int) -> tuple[int, list[Finding]]:
    """The last exchange, and the findings of those after `after`, once nothing of them is open any more."""
    deadline = time.monotonic() + PATIENCE
    before = (-1, -1)
    while time.monotonic() < deadline:
        if path.exists():
            with Recording(path) as recording:
                rows = list(recording.exchanges())
                found = [each for each in recording.findings() if each.exchange > after]
                now = (recording.run.last_seq, len(found))
            is_over = bool(rows) and all(row.outcome != "open" for row in rows if row.exchange > after)
            if is_over and now == before:
                return rows[-1].exchange, found
            before = now
        time.sleep(0.25)
    raise AssertionError(f"exchanges after {after} are still open")
