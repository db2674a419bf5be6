"""The verdict: what a report has to say, in one sentence."""

from postmortem.report.model import Report
from postmortem.report.wording import counted


def verdict(report: Report) -> str:
    """For example `3 incidents of 2 causes in 42 exchanges: server-race (2), network-stripped.`"""
    if not report.exchanges:
        where = "the recording" if len(report.sections) == 1 else "any of the recordings"
        return f"Nothing to judge: there is no exchange in {where}."
    exchanges = counted(report.exchanges, "exchange")
    groups = report.causes()
    if not groups:
        return f"No incident in {exchanges}{_findings(report)}."
    named = ", ".join(
        group.cause if group.count == 1 else f"{group.cause} ({group.count:,})" for group in groups
    )
    of = "" if len(groups) == 1 else f" of {len(groups)} causes"
    injected = sum(bool(each.incident.injected) for group in groups for each in group.occurrences)
    purpose = f" {injected:,} of them made on purpose, by an injected fault." if injected else ""
    means = f" {groups[0].known.means}" if len(groups) == 1 and groups[0].known else ""
    return f"{counted(report.incidents, 'incident')}{of} in {exchanges}: {named}.{means}{purpose}"


def _findings(report: Report) -> str:
    counts = report.counts
    parts = [counted(counts[kind], kind) for kind in ("error", "warning") if counts[kind]]
    return f"; rules found {' and '.join(parts)}" if parts else ""
