"""Judge recordings again, from their events: the same checker as live, hence the same findings."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Literal

from pydantic import BaseModel, Field

from contract.events import Side
from contract.findings import Finding, Severity, StreamVerdict, Verdict
from contract.judging import is_chosen
from contract.profile import Profile
from contract.rules import RULES
from recordings.reader import Recording
from replay.baseline import Defect, defect
from replay.judging import Advance, Found, Judged, Task, judge, kind, unheard

_SIDES: dict[Side, Literal["client", "server", "both"]] = {
    Side.CLIENT: "client",
    Side.SERVER: "server",
    Side.BOTH: "both",
}

type FailOn = Literal["error", "warning", "never"]


class ReportedFinding(BaseModel):
    """One finding. `at`: µs since the start of its run. `recording` is there where several were judged.

    What is not in the JSON is for the other formats: the exchange's line, and the defect's fingerprint.
    """

    recording: str | None = None
    code: str
    name: str
    severity: Severity
    verdict: Verdict
    message: str
    exchange: int
    stream: str
    side: Literal["client", "server", "both"]
    at: int
    evidence: dict[str, str]
    method: str = Field(default="", exclude=True)
    url: str = Field(default="", exclude=True)
    status: int | None = Field(default=None, exclude=True)
    fingerprint: str = Field(default="", exclude=True)


class Summary(BaseModel):
    """How many findings there are of each severity; inconclusive ones are counted apart."""

    error: int = 0
    warning: int = 0
    info: int = 0
    inconclusive: int = 0


class Report(BaseModel):
    """What `streamid validate --format json` prints. `streams`: how many exchanges issue a stream's ID.

    What is not in the JSON: `codes` of the rules that were judged, `verdicts` by recording and stream, how
    many findings are `known` by the baseline and how many are `left_out` of the list, and the baseline's
    defects that were not found any more (`gone`).
    """

    recordings: list[str]
    profile: str
    exchanges: int = 0
    streams: int = 0
    findings: list[ReportedFinding] = []
    summary: Summary = Summary()
    codes: list[str] = Field(default=[], exclude=True)
    verdicts: dict[tuple[str, str], StreamVerdict] = Field(default={}, exclude=True)
    known: int = Field(default=0, exclude=True)
    left_out: int = Field(default=0, exclude=True)
    gone: list[Defect] = Field(default=[], exclude=True)

    def recording_of(self, finding: ReportedFinding) -> str:
        """The recording that `finding` is from, however many there are."""
        return finding.recording or self.recordings[0]


class Validation:
    """Gathers what the checker says of recordings. A checker's state ends with its run: each has its own."""

    def __init__(self, task: Task = Task()) -> None:  # noqa: B008 - it is frozen
        self._task = task
        self._names: list[str] = []
        self._profiles: dict[str, None] = {}
        self._exchanges = self._streams = self._left_out = 0
        self._counts: Counter[str] = Counter()
        self._findings: list[tuple[str, Found]] = []
        self._verdicts: dict[tuple[str, str], StreamVerdict] = {}
        self._known: Counter[Defect] = Counter()
        self._named: set[str] = set()
        self.gathered: Counter[Defect] = Counter()
        """All defects that were found, where the task is to gather them."""

    def judge(self, name: str, recording: Recording, profile: Profile, advance: Advance = unheard) -> None:
        """Judge `recording`, which reports call `name`; `advance` hears of every 4,096 events or so."""
        self.add(judge(name, recording, profile, self._task, advance))

    def add(self, judged: Judged) -> None:
        """Take in what one recording gave; reports have them in this order."""
        self._names.append(judged.name)
        self._profiles[judged.profile] = None
        self._exchanges += judged.exchanges
        self._streams += judged.streams
        self._counts += judged.counts
        self._known += judged.known
        self.gathered += judged.gathered
        self._named |= judged.named
        room = self._task.limit - len(self._findings)
        self._findings += [(judged.name, found) for found in judged.findings[:room]]
        self._left_out += judged.left_out + len(judged.findings[room:])
        self._verdicts |= {(judged.name, stream): last for stream, last in judged.verdicts.items()}

    def missing(self) -> list[str]:
        """The streams and scopes that are asked for and in none of the recordings."""
        narrowing = self._task.narrowing
        return sorted((narrowing.streams | narrowing.scopes) - self._named)

    def report(self) -> Report:
        """All that was found so far."""
        several = len(self._names) > 1
        return Report(
            recordings=self._names,
            profile=", ".join(self._profiles),
            exchanges=self._exchanges,
            streams=self._streams,
            findings=[reported(found, name if several else None) for name, found in self._findings],
            summary=Summary(**self._counts),
            codes=chosen_codes(self._task.select, self._task.ignore),
            verdicts=self._verdicts,
            known=self._known.total(),
            left_out=self._left_out,
            gone=self._gone(),
        )

    def _gone(self) -> list[Defect]:
        """Not told where only a part of the findings was looked at."""
        if self._task.narrowing:
            return []
        codes = chosen_codes(self._task.select, self._task.ignore)
        return sorted(each for each in self._task.known - set(self._known) if each.code in codes)


def chosen_codes(select: Collection[str] | None, ignore: Collection[str]) -> list[str]:
    """The codes of the rules that `select` and `ignore` leave."""
    return [code for code in RULES if is_chosen(code, select, ignore)]


def reported(found: Found, recording: str | None) -> ReportedFinding:
    """`found` as reports have it."""
    finding = found.finding
    return ReportedFinding(
        recording=recording,
        code=finding.code,
        name=finding.name,
        severity=finding.severity,
        verdict=finding.verdict,
        message=finding.message,
        exchange=finding.exchange,
        stream=finding.stream,
        side=_SIDES[finding.side],
        at=finding.at,
        evidence=dict(finding.evidence),
        method=found.method,
        url=found.url,
        status=found.status,
        fingerprint=defect(finding, found.method, found.url).fingerprint(),
    )


def summary(findings: Iterable[Finding]) -> Summary:
    """The counts of `findings`."""
    return Summary(**Counter(map(kind, findings)))


def fails(counts: Summary, fail_on: FailOn) -> bool:
    """Whether there is anything at or above `fail_on`; what is inconclusive never is."""
    if fail_on == "never":
        return False
    return counts.error > 0 or (fail_on == "warning" and counts.warning > 0)
