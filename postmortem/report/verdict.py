"""The verdict: what a report has to say, in one sentence."""

from contract.causes.unsolved import INCONCLUSIVE
from postmortem.report.model import Report
from postmortem.report.wording import counted


def verdict(report: Report) -> str:
    """For example `3 incidents of 2 causes in 42 exchanges: server-race (2), cors-not-exposed.`"""
    if not report.exchanges:
        where = "the recording" if len(report.sections) == 1 else "any of the recordings"
        return f"Nothing to judge: there is no exchange in {where}."
    exchanges = counted(report.exchanges, "exchange")
    groups = [group for group in report.causes() if group.cause != INCONCLUSIVE]
    undecided = report.incidents - sum(group.count for group in groups)
    if not groups:
        return (
            _undecided(undecided, exchanges)
            if undecided
            else f"No incident in {exchanges}{_findings(report)}."
        )
    named = ", ".join(
        group.cause if group.count == 1 else f"{group.cause} ({group.count:,})" for group in groups
    )
    of = "" if len(groups) == 1 else f" of {len(groups)} causes"
    open_ones = f"; {undecided:,} could not be decided" if undecided else ""
    means = f" {groups[0].known.means}" if len(groups) == 1 and groups[0].known else ""
    said = f"{counted(report.incidents, 'incident')}{of} in {exchanges}: {named}{open_ones}.{means}"
    return said + _on_purpose(report)


def _undecided(count: int, exchanges: str) -> str:
    if count == 1:
        return f"1 incident in {exchanges}, and what caused it could not be decided."
    return f"{count:,} incidents in {exchanges}, and what caused them could not be decided."


def _on_purpose(report: Report) -> str:
    incidents = [each.incident for group in report.causes() for each in group.occurrences]
    injected = sum(bool(incident.injected) for incident in incidents)
    if not injected:
        return ""
    which = (
        "It was"
        if injected == report.incidents == 1
        else f"{injected:,} of them {'was' if injected == 1 else 'were'}"
    )
    return f" {which} made on purpose, by an injected fault."


def _findings(report: Report) -> str:
    counts = report.counts
    parts = [counted(counts[kind], kind) for kind in ("error", "warning") if counts[kind]]
    return f"; rules found {' and '.join(parts)}" if parts else ""
