"""The conformance table: what the contract's rules said, by rule."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from contract.findings import Severity, Verdict
from contract.rules import RULES, Rule
from contract.subjects import Ruling

ABOUT_CLIENTS = ("EC", "HT602")
"""Rules that judge the client, and here that is the probe: it errs, and leaves early, on purpose."""
TWO_SIDES = ("HP",)
"""Rules that compare the two sides of a hop; a probe has one."""

ACROSS_ORIGINS = ("CO",)
"""Rules about what scripts of another origin see: many services answer them only where there is one."""


class Result(StrEnum):
    """What a rule says of a service, the worst first."""

    FAIL = "fail"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"  # noqa: S105 - a result, not a password
    NA = "not applicable"


@dataclass
class Counts:
    """How often a rule said what; a failure that weighs as a warning counts as one."""

    passed: int = 0
    failed: int = 0
    warned: int = 0
    inconclusive: int = 0
    not_applicable: int = 0

    def add(self, ruling: Ruling, severity: Severity) -> None:
        """Count a ruling of a rule whose own severity is this one."""
        match ruling.verdict:
            case Verdict.PASS:
                self.passed += 1
            case Verdict.NA:
                self.not_applicable += 1
            case Verdict.INCONCLUSIVE:
                self.inconclusive += 1
            case Verdict.WARN:
                self.warned += 1
            case Verdict.FAIL if (ruling.severity or severity) is Severity.ERROR:
                self.failed += 1
            case Verdict.FAIL:
                self.warned += 1

    @property
    def result(self) -> Result:
        """The worst of it."""
        if self.failed:
            return Result.FAIL
        if self.warned:
            return Result.WARN
        if self.inconclusive:
            return Result.INCONCLUSIVE
        return Result.PASS if self.passed else Result.NA


@dataclass(frozen=True)
class Row:
    """A rule's line in the table. `because` says why it does not apply."""

    rule: Rule
    counts: Counts
    because: str = ""

    @property
    def result(self) -> Result:
        """What the rule says of the service."""
        return self.counts.result


@dataclass
class Tally:
    """Counts what rules say, also that they hold: the checker itself tells only what does not."""

    by_code: dict[str, Counts] = field(default_factory=dict)

    def counting(self, rules: Mapping[str, Rule] = RULES) -> dict[str, Rule]:
        """The same rules; each time that one is asked, the answer is counted."""
        return {code: self._counting(rule) for code, rule in rules.items()}

    def _counting(self, rule: Rule) -> Rule:
        counts = self.by_code.setdefault(rule.code, Counts())

        def counted[S](judge: Callable[[S], Ruling]) -> Callable[[S], Ruling]:
            def asked(subject: S) -> Ruling:
                ruling = judge(subject)
                counts.add(ruling, rule.severity)
                return ruling

            return asked

        judges = ("of_issue", "of_echo", "of_reply", "of_stream", "of_ending", "of_passage")
        given = {name: judge for name in judges if (judge := getattr(rule, name))}
        wrapped: dict[str, Any] = {name: counted(judge) for name, judge in given.items()}
        return replace(rule, **wrapped)

    def rows(self, *, chosen: Callable[[str], bool], origin: str) -> list[Row]:
        """A row for each of the `chosen` rules, in their order."""
        return [self._row(rule, origin) for code, rule in RULES.items() if chosen(code)]

    def _row(self, rule: Rule, origin: str) -> Row:
        counts = self.by_code.get(rule.code, Counts())
        return Row(rule, counts, "" if counts.result is not Result.NA else _because(rule, origin))


def totals(rows: list[Row]) -> Counter[Result]:
    """How many rules there are of each result."""
    return Counter(row.result for row in rows)


def _because(rule: Rule, origin: str) -> str:
    if rule.code.startswith(ABOUT_CLIENTS):
        return "judges clients, and here the client is the probe"
    if rule.code.startswith(TWO_SIDES):
        return "compares the two sides of a hop"
    if rule.code.startswith(ACROSS_ORIGINS) and not origin:
        return "needs an origin: --origin"
    return "nothing that it judges occurred"
