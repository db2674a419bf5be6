"""What a probe found: the conformance table, the findings behind it, and what was sent."""

from collections import Counter

from pydantic import BaseModel, Field

from replay.judging import Found, kind
from replay.probing.conformance import Row
from replay.probing.runner import Outcome
from replay.validation import FailOn, Report, ReportedFinding, Summary, fails, reported


class RuleRow(BaseModel):
    """A rule's line: how often it said what, and the worst of it as `result`."""

    code: str
    name: str
    severity: str
    result: str
    passed: int
    failed: int
    warned: int
    inconclusive: int
    not_applicable: int
    because: str = ""


class StepLine(BaseModel):
    """A request of a step: its exchange (0: not sent), its answer's status (None: none), what is to know."""

    says: str
    exchange: int
    status: int | None
    note: str = ""


class StepReport(BaseModel):
    """A step; `troubles` say why it was not carried out as it was meant."""

    name: str
    says: str
    requests: list[StepLine]
    troubles: list[str] = []


class ProbeReport(BaseModel):
    """What `streamid probe --format json` prints. `left`: sessions that could not be deleted."""

    url: str
    profile: str
    origin: str
    requests: int
    streams: int
    rules: list[RuleRow]
    findings: list[ReportedFinding]
    summary: Summary
    steps: list[StepReport]
    left: list[str] = []
    exchanges: int = Field(default=0, exclude=True)

    @property
    def troubles(self) -> list[str]:
        """Why steps were not carried out as they were meant, each with its step's name."""
        return [f"{step.name}: {trouble}" for step in self.steps for trouble in step.troubles]

    def fails(self, fail_on: FailOn) -> bool:
        """Whether anything is at or above `fail_on`, or was not carried out."""
        return fails(self.summary, fail_on) or (fail_on != "never" and bool(self.troubles))

    def as_validation(self) -> Report:
        """The findings as a report of `streamid validate` has them, the URL in the place of a recording."""
        return Report(
            recordings=[self.url],
            profile=self.profile,
            exchanges=self.exchanges,
            streams=self.streams,
            findings=self.findings,
            summary=self.summary,
            codes=[row.code for row in self.rules],
        )


def rule_row(row: Row) -> RuleRow:
    """`row` as reports have it."""
    counts = row.counts
    return RuleRow(
        code=row.rule.code,
        name=row.rule.name,
        severity=row.rule.severity,
        result=row.result,
        passed=counts.passed,
        failed=counts.failed,
        warned=counts.warned,
        inconclusive=counts.inconclusive,
        not_applicable=counts.not_applicable,
        because=row.because,
    )


def step_report(outcome: Outcome) -> StepReport:
    """`outcome` as reports have it."""
    lines = [
        StepLine(says=line.says, exchange=line.exchange, status=line.status, note=line.note)
        for line in outcome.lines
    ]
    return StepReport(name=outcome.name, says=outcome.says, requests=lines, troubles=outcome.troubles)


def summed(found: list[Found]) -> tuple[list[ReportedFinding], Summary]:
    """The findings as reports have them, and their counts."""
    counts = Counter(kind(each.finding) for each in found)
    return [reported(each, None) for each in found], Summary(**counts)
