"""Findings and verdicts as text."""

from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from contract.findings import Finding, Severity, StreamVerdict, Verdict

if TYPE_CHECKING:
    from replay.validation import ReportedFinding

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_EXPOSED = {True: "readable by scripts", False: "NOT readable by scripts", None: "exposure not to be told"}
_ACCEPTED = {True: "accepted", False: "REFUSED", None: "answer undecided"}


def finding_text(finding: Finding) -> str:
    """For example `EC204 echo-stale error: the update carried …`."""
    return f"{finding.code} {finding.name} {weight(finding)}: {printable(finding.message)}"


def code_colour(severity: Severity, verdict: Verdict) -> str:
    """The colour of a finding's code; grey where the rule could not decide."""
    return "bright_black" if verdict is Verdict.INCONCLUSIVE else COLOURS[severity]


def weight(finding: "Finding | ReportedFinding") -> str:
    """The severity, and whether the finding is sure."""
    sure = " (inconclusive)" if finding.verdict is Verdict.INCONCLUSIVE else ""
    return f"{finding.severity.value}{sure}"


def verdict_text(verdict: StreamVerdict) -> str:
    """For example `stream-1-ab: issued (#4), readable by scripts, echoed (#5), accepted (200)`."""
    parts = [f"issued (#{verdict.issued})" if verdict.issued else "issue not seen", _EXPOSED[verdict.exposed]]
    if verdict.echoed:
        status = f" ({verdict.status})" if verdict.status else ""
        parts += [f"echoed (#{verdict.echoed})", _ACCEPTED[verdict.accepted] + status]
    return f"{printable(verdict.stream) or '(no ID)'}: {', '.join(parts)}"
