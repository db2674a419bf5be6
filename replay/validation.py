"""Judge recordings again, from their events: the same checker as live, hence the same findings."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Literal

from pydantic import BaseModel

from contract.checker import Checker
from contract.events import Side
from contract.findings import ExchangeFacts, Finding, Output, Role, Severity, StreamVerdict, Verdict
from contract.profile import Profile
from recordings.decoding import DECODERS
from recordings.reader import Recording

STEP = 4096
"""Events between two reports of progress."""

_SIDES: dict[Side, Literal["client", "server", "both"]] = {
    Side.CLIENT: "client",
    Side.SERVER: "server",
    Side.BOTH: "both",
}
_KEPT_VERDICTS = 100_000


class ReportedFinding(BaseModel):
    """One finding. `at`: µs since the start of its run. `recording` is there where several were judged."""

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


class Summary(BaseModel):
    """How many findings there are of each severity; inconclusive ones are counted apart."""

    error: int = 0
    warning: int = 0
    info: int = 0
    inconclusive: int = 0


class Report(BaseModel):
    """What `streamid validate --format json` prints. `streams`: how many exchanges issue a stream's ID."""

    recordings: list[str]
    profile: str
    exchanges: int = 0
    streams: int = 0
    findings: list[ReportedFinding] = []
    summary: Summary = Summary()


class Validation:
    """Gathers what the checker says of recordings, which are judged one after the other.

    A checker's state ends with its run, so each recording has its own. `latest` has, by recording and
    stream, the last verdict on each stream – those of the last 100,000 streams.
    """

    def __init__(self, *, select: Collection[str] | None = None, ignore: Collection[str] = ()) -> None:
        self.latest: dict[tuple[str, str], StreamVerdict] = {}
        self._select = select
        self._ignore = ignore
        self._names: list[str] = []
        self._profiles: dict[str, None] = {}
        self._exchanges: int = 0
        self._streams = 0
        self._findings: list[tuple[str, Finding]] = []

    def judge(
        self,
        name: str,
        recording: Recording,
        profile: Profile,
        advance: Callable[[int], None] = lambda events: None,
    ) -> None:
        """Judge `recording`, which reports call `name`; `advance` hears of every `STEP` events or so."""
        self._names.append(name)
        self._profiles[profile.name] = None
        checker = Checker(profile, decoders=DECODERS, select=self._select, ignore=self._ignore)
        feed, waiting = checker.feed, 0
        for event in recording.events():
            outputs = feed(event)
            if outputs:
                self._take(name, outputs)
            waiting += 1
            if waiting == STEP:
                advance(waiting)
                waiting = 0
        self._take(name, checker.end())
        advance(waiting)

    def _take(self, name: str, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case Finding():
                    self._findings.append((name, output))
                case StreamVerdict():
                    self._keep(name, output)
                case ExchangeFacts():
                    self._exchanges += 1
                    self._streams += output.role is Role.ISSUE

    def _keep(self, name: str, verdict: StreamVerdict) -> None:
        latest = self.latest
        latest[name, verdict.stream] = verdict
        if len(latest) > _KEPT_VERDICTS:
            del latest[next(iter(latest))]

    def report(self) -> Report:
        """All that was found so far."""
        several = len(self._names) > 1
        return Report(
            recordings=self._names,
            profile=", ".join(self._profiles),
            exchanges=self._exchanges,
            streams=self._streams,
            findings=[reported(found, name if several else None) for name, found in self._findings],
            summary=summary(found for _, found in self._findings),
        )


def reported(finding: Finding, recording: str | None) -> ReportedFinding:
    """`finding` as reports have it."""
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
    )


def summary(findings: Iterable[Finding]) -> Summary:
    """The counts of `findings`."""
    counts = Counter(
        "inconclusive" if found.verdict is Verdict.INCONCLUSIVE else found.severity.value
        for found in findings
    )
    return Summary(**counts)


def fails(counts: Summary, fail_on: Literal["error", "warning", "never"]) -> bool:
    """Whether there is anything at or above `fail_on`; what is inconclusive never is."""
    if fail_on == "never":
        return False
    return counts.error > 0 or (fail_on == "warning" and counts.warning > 0)
