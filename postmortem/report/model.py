"""What a report says, before anything draws it. Times are µs since the start of the run, as everywhere.

Texts are as they were recorded (secrets redacted, long ones cut short), not escaped for any output.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contract.causes import CAUSES
from contract.causes.cause import Cause
from contract.causes.unsolved import INCONCLUSIVE
from contract.events import Message, Side
from contract.findings import Finding, Verdict
from contract.incidents import Incident
from postmortem.diagnosing import Diagnosed
from postmortem.report.lanes import Timeline
from recordings.reader import Recording
from recordings.rows import ExchangeRow, Run


@dataclass(frozen=True, slots=True)
class Source:
    """A recording, open, what the report calls it, and what its diagnosis gave."""

    name: str
    recording: Recording
    diagnosed: Diagnosed


class Mark(StrEnum):
    """What became of a header between the two sides."""

    SAME = "same"
    DROPPED = "dropped"
    RENAMED = "renamed"
    CHANGED = "changed"
    ADDED = "added"
    HOP = "per hop"
    """Differs, as HTTP has it: framing, `Host` and the like are each hop's own."""


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """A header as it entered the proxy and as it left (None: it is not there). `name` as first written."""

    name: str
    entered: str | None
    left: str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class MessageView:
    """A request or an answer. Where one side was seen only (`side`), `left` is empty and rows have that."""

    message: Message
    side: Side
    entered: str
    left: str
    headers: tuple[HeaderRow, ...]
    body: str
    """As text; empty where there is none, or where it is an event stream."""
    body_note: str

    @property
    def from_whom(self) -> str:
        """Whose words `entered` are."""
        return "Client sent" if self.message is Message.REQUEST else "Service sent"

    @property
    def to_whom(self) -> str:
        """Who got `left`."""
        return "Service got" if self.message is Message.REQUEST else "Client got"

    @property
    def title(self) -> str:
        """What the message is called."""
        return "Request" if self.message is Message.REQUEST else "Answer"

    @property
    def differs(self) -> bool:
        """Whether what left is not what entered, beyond what each hop may write anew."""
        return any(row.mark not in (Mark.SAME, Mark.HOP) for row in self.headers)


@dataclass(frozen=True, slots=True)
class EventRow:
    """An SSE event, as a browser dispatches it; the times at which it was sent, and got. None: it was not."""

    ordinal: int
    sent: int | None
    got: int | None
    event: str
    data: str
    id: str


@dataclass(frozen=True, slots=True)
class StreamView:
    """The events of a stream: how many on each side (None: not seen there), the first and the last ones."""

    sent: int | None
    got: int | None
    first: tuple[EventRow, ...]
    last: tuple[EventRow, ...]
    note: str = ""

    @property
    def left_out(self) -> int:
        """How many events are between the first and the last ones."""
        return max(self.sent or 0, self.got or 0) - len(self.first) - len(self.last)


@dataclass(frozen=True, slots=True)
class Detail:
    """One exchange in full."""

    row: ExchangeRow
    findings: tuple[Finding, ...]
    request: MessageView | None
    response: MessageView | None
    stream: StreamView | None
    journal: tuple[str, ...]
    """What faults did on purpose."""
    end: str
    """How it broke off; empty where it did not."""


@dataclass(frozen=True, slots=True)
class Story:
    """A stream with the exchanges that belong to it, or an exchange alone: a timeline, and each in full."""

    exchange: int
    stream: str
    scope: str
    causes: tuple[str, ...]
    timeline: Timeline
    details: tuple[Detail, ...]


@dataclass
class Section:
    """One recording. `codes` and `causes` are by exchange; `counts` has all findings by kind."""

    number: int
    name: str
    run: Run
    diagnosed: Diagnosed
    rows: list[ExchangeRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    codes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    causes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    stories: list[Story] = field(default_factory=list)
    stories_left_out: int = 0

    @property
    def streams_not_shown(self) -> int:
        """How many streams are not shown in full."""
        shown = {each.row.exchange for story in self.stories for each in story.details}
        return sum(row.role == "issue" and row.exchange not in shown for row in self.rows)

    @property
    def ended_at(self) -> int:
        """The last time that anything is known of."""
        return max([row.ended_at or row.at for row in self.rows], default=self.run.last_at)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An incident, and the recording that it is from."""

    section: Section
    incident: Incident


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """All incidents of one cause, over all recordings, in order.

    `count` is how many there are; a diagnosis may have listed fewer. `known` explains the cause; None
    where it is another version's.
    """

    cause: str
    occurrences: Sequence[Occurrence]
    count: int
    known: Cause | None

    @property
    def scopes(self) -> list[str]:
        """The scopes that are affected."""
        return list(dict.fromkeys(each.incident.scope for each in self.occurrences if each.incident.scope))


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """What one rule found: the first findings, each with its recording, and how many there are."""

    code: str
    count: int
    kinds: Counter[str]
    findings: Sequence[tuple[Section, Finding]]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `made` is when, `version` that of the streamid that made it."""

    sections: Sequence[Section]
    version: str
    made: datetime
    limit: int
    """How many streams of a recording are shown in full."""

    @property
    def exchanges(self) -> int:
        """How many there are."""
        return sum(len(section.rows) for section in self.sections)

    @property
    def streams(self) -> int:
        """How many exchanges issue a stream's ID."""
        return sum(row.role == "issue" for section in self.sections for row in section.rows)

    @property
    def counts(self) -> Counter[str]:
        """All findings by severity, or as `inconclusive`."""
        return sum([section.counts for section in self.sections], Counter[str]())

    @property
    def incidents(self) -> int:
        """How many there are, with those that a limit left out of the lists."""
        return sum(len(each.diagnosed.incidents) + each.diagnosed.left_out for each in self.sections)

    def causes(self) -> list[CauseGroup]:
        """The incidents by cause: what happened most often first, what could not be decided last."""
        found: dict[str, list[Occurrence]] = {}
        for section in self.sections:
            for incident in section.diagnosed.incidents:
                found.setdefault(incident.cause, []).append(Occurrence(section, incident))
        counts = Counter[str]()
        for section in self.sections:
            counts.update({group.cause: group.count for group in section.diagnosed.groups})
        groups = [
            CauseGroup(cause, each, max(counts[cause], len(each)), CAUSES.get(cause))
            for cause, each in found.items()
        ]
        return sorted(groups, key=lambda group: (group.cause == INCONCLUSIVE, -group.count))

    def rules(self) -> list[RuleGroup]:
        """The findings by rule, in the order of their codes."""
        found: dict[str, list[tuple[Section, Finding]]] = {}
        for section in self.sections:
            for finding in section.findings:
                found.setdefault(finding.code, []).append((section, finding))
        return [
            RuleGroup(code, len(each), Counter(finding_kind(finding) for _, finding in each), each)
            for code, each in sorted(found.items())
        ]


def finding_kind(finding: Finding) -> str:
    """How a finding is counted: by its severity, or as `inconclusive`."""
    return "inconclusive" if finding.verdict is Verdict.INCONCLUSIVE else finding.severity.value
