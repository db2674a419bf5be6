"""One recording, judged: what comes of it is plain data, so that another process may do the work."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contract.checker import Checker
from contract.findings import ExchangeFacts, Finding, Output, Role, StreamVerdict, Verdict
from contract.profile import Profile
from recordings.decoding import DECODERS
from recordings.reader import Recording
from replay.baseline import Defect, defect
from replay.narrowing import EVERYTHING, Narrowing

LIMIT = 10_000
"""Findings that are listed, if not told otherwise; all are counted."""

_RECENT = 1_000
"""Streams whose last verdict is remembered in case that a finding on them follows."""

type Advance = Callable[[int], None]


@dataclass(frozen=True)
class Task:
    """How recordings are judged, and what is reported of them.

    `known` are the defects of a baseline. With `gathers`, all defects that are found are handed back to
    become one.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    narrowing: Narrowing = EVERYTHING
    known: frozenset[Defect] = frozenset()
    gathers: bool = False
    limit: int = LIMIT


@dataclass(frozen=True, slots=True)
class Found:
    """A finding and its exchange's line: `url` and `status` as recorded, '' and None where not known."""

    finding: Finding
    method: str
    url: str
    status: int | None


@dataclass
class Judged:
    """What one recording gave.

    `counts` are findings by severity (or `inconclusive`), without those that are `known` by the baseline.
    `findings` are the first `Task.limit` of them, `left_out` is how many more there were, `verdicts` has the
    last verdict on each of their streams. `named` are the streams and scopes asked for that were there.
    """

    name: str
    profile: str
    exchanges: int = 0
    streams: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Found] = field(default_factory=list)
    left_out: int = 0
    verdicts: dict[str, StreamVerdict] = field(default_factory=dict)
    known: Counter[Defect] = field(default_factory=Counter)
    gathered: Counter[Defect] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)


def unheard(events: int) -> None:
    """Progress that nobody asked for."""


def judge(
    name: str, recording: Recording, profile: Profile, task: Task, advance: Advance = unheard
) -> Judged:
    """Judge `recording`, which reports call `name`; `advance` hears of some events at a time."""
    taking = _Taking(Judged(name, profile.name), recording, task)
    checker = Checker(profile, decoders=DECODERS, select=task.select, ignore=task.ignore)
    outputs: list[Output] = []
    for events in recording.batches():
        checker.feed_all(events, outputs)
        taking.take(outputs)
        outputs.clear()
        advance(len(events))
    taking.take(checker.end())
    return taking.judged


def own_profile(recording: Recording) -> Profile:
    """The profile that is stored in `recording`. Raises `ProfileError`."""
    info = recording.run.info
    return Profile.from_toml(info.profile_toml, f"{recording.path} (profile {info.profile_name})")


class _Taking:
    """Takes in what the checker says of one recording."""

    def __init__(self, judged: Judged, recording: Recording, task: Task) -> None:
        self.judged = judged
        self._recording = recording
        self._task = task
        self._narrowing = task.narrowing
        self._span = task.narrowing.span(recording.run.info.started)
        self._needs_defects = task.gathers or bool(task.known)
        self._recent: dict[str, StreamVerdict] = {}
        self._listed: set[str] = set()
        self._line: tuple[int, tuple[str, str, int | None]] = (-1, ("", "", None))

    def take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if self._narrowing:
                self.judged.named |= self._narrowing.named_by(output)
            match output:
                case Finding():
                    self._take_finding(output)
                case StreamVerdict():
                    self._take_verdict(output)
                case ExchangeFacts():
                    self.judged.exchanges += 1
                    self.judged.streams += output.role is Role.ISSUE

    def _take_finding(self, finding: Finding) -> None:
        if not self._narrowing.keeps(finding, self._span):
            return
        if self._needs_defects and self._is_known(finding):
            return
        judged = self.judged
        judged.counts[kind(finding)] += 1
        if len(judged.findings) >= self._task.limit:
            judged.left_out += 1
            return
        judged.findings.append(Found(finding, *self._line_of(finding.exchange)))
        self._listed.add(finding.stream)
        if finding.stream in self._recent:
            judged.verdicts[finding.stream] = self._recent[finding.stream]

    def _is_known(self, finding: Finding) -> bool:
        """Whether the baseline has it; what was found is remembered where one is to be made of it."""
        found = defect(finding, *self._line_of(finding.exchange)[:2])
        if self._task.gathers:
            self.judged.gathered[found] += 1
        if found not in self._task.known:
            return False
        self.judged.known[found] += 1
        return True

    def _line_of(self, exchange: int) -> tuple[str, str, int | None]:
        """Method, URL and status; the findings of one exchange come together."""
        if self._line[0] != exchange:
            row = next(self._recording.exchanges(exchange), None)
            self._line = (exchange, (row.method, row.url, row.status) if row else ("", "", None))
        return self._line[1]

    def _take_verdict(self, verdict: StreamVerdict) -> None:
        stream, recent = verdict.stream, self._recent
        recent.pop(stream, None)
        recent[stream] = verdict
        if len(recent) > _RECENT:
            del recent[next(iter(recent))]
        if stream in self._listed:
            self.judged.verdicts[stream] = verdict


def kind(finding: Finding) -> str:
    """How a finding is counted: by its severity, or as `inconclusive`."""
    return "inconclusive" if finding.verdict is Verdict.INCONCLUSIVE else finding.severity.value
