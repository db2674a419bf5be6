"""Running the checker over sequences of events."""

from collections.abc import Iterable, Mapping
from typing import Any

from contract.checker import Checker
from contract.events import Event
from contract.findings import Finding, Output, Verdict
from contract.profile import Profile, builtin
from contract.rules import RULES, Rule

CHAT = builtin("chat")


def outputs(events: Iterable[Event], profile: Profile = CHAT, **options: Any) -> list[Output]:
    checker = Checker(profile, **options)
    out = [output for event in events for output in checker.feed(event)]
    out += checker.end()
    assert len(checker) == 0
    return out


def findings(events: Iterable[Event], profile: Profile = CHAT, **options: Any) -> list[Finding]:
    return [output for output in outputs(events, profile, **options) if isinstance(output, Finding)]


def label(finding: Finding) -> str:
    mark = "?" if finding.verdict is Verdict.INCONCLUSIVE else ""
    return f"{finding.code}{mark}:{finding.severity}"


def labels(
    events: Iterable[Event], profile: Profile = CHAT, rules: Mapping[str, Rule] = RULES, **options: Any
) -> tuple[str, ...]:
    return tuple(sorted(label(finding) for finding in findings(events, profile, rules=rules, **options)))
