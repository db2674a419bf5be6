"""Which findings are worth a line of their own in the log, where the same one comes for every exchange.

Findings are the same where code, severity and verdict are, and their sentences differ in nothing but
the values in them. The first `IN_FULL` of a sort are logged; those that follow are counted, and one
line an interval says how many. A sort that was quiet for an interval begins anew. Nothing is withheld
from the recording, the JSON log, the metrics or the summary.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from contract.findings import Finding, Severity, Verdict
from contract.incidents import Incident
from recordings.drained import RequestLine

IN_FULL = 5
INTERVAL = 30.0
"""Seconds between two lines about findings of one sort that were counted only."""

SORTS = 500
"""How many sorts are told apart at once; a peer can make up any number of them."""

_VALUE = re.compile(r"[\d'\"]")
_LONG = 500


class Found(NamedTuple):
    """A finding, and the request that it is about where that is known."""

    finding: Finding
    request: RequestLine | None


class Sort(NamedTuple):
    """What findings have in common that are the same to a reader."""

    code: str
    severity: Severity
    verdict: Verdict
    sentence: str


@dataclass(slots=True)
class _Seen:
    count: int
    held: int
    last: Found


class Repetition:
    """Lets the first findings of a sort pass, and counts the rest. At most `SORTS` sorts are kept."""

    def __init__(self) -> None:
        self._seen: dict[Sort, _Seen] = {}
        self._incidents: Counter[str] = Counter()
        self._last: dict[str, Incident] = {}

    def __bool__(self) -> bool:
        """Whether `counted` is to be called once the interval is over."""
        return bool(self._seen or self._incidents)

    def admits_incident(self, incident: Incident) -> bool:
        """Whether to log an incident in full; if not, it counts. They are the same where the cause is."""
        self._incidents[incident.cause] += 1
        if self._incidents[incident.cause] <= IN_FULL:
            return True
        self._last[incident.cause] = incident
        return False

    def counted_incidents(self) -> list[tuple[int, Incident]]:
        """The interval is over: how many incidents were held back of each cause, and the last of them."""
        held = [(self._incidents[cause] - IN_FULL, last) for cause, last in self._last.items()]
        self._incidents = Counter(dict.fromkeys(self._last, IN_FULL))
        self._last = {}
        return held

    def admits(self, found: Found) -> bool:
        """Whether to log `found` in full; if not, it counts."""
        sort = _sort(found.finding)
        if sort not in self._seen and len(self._seen) >= SORTS:
            sort = sort._replace(sentence="")
        seen = self._seen.setdefault(sort, _Seen(0, 0, found))
        seen.count += 1
        if seen.count <= IN_FULL:
            return True
        seen.held += 1
        seen.last = found
        return False

    def counted(self) -> list[tuple[int, Found]]:
        """The interval is over: how many were held back of each sort, and the last of them."""
        held = [(seen.held, seen.last) for seen in self._seen.values() if seen.held]
        self._seen = {sort: seen for sort, seen in self._seen.items() if seen.held}
        for seen in self._seen.values():
            seen.held = 0
        return held


def _sort(finding: Finding) -> Sort:
    words = finding.message[:_LONG].split()
    sentence = " ".join(["…" if _VALUE.search(word) else word for word in words])
    return Sort(finding.code, finding.severity, finding.verdict, sentence)
