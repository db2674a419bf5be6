"""From recordings and their diagnosis to a report: one pass over lines, then the streams that matter."""

from collections.abc import Iterable
from datetime import datetime

from contract.findings import Finding, Severity, Verdict
from postmortem.report.choosing import choose
from postmortem.report.details import detail
from postmortem.report.lanes import timeline
from postmortem.report.model import Detail, Report, Section, Source, Story, finding_kind
from recordings.reader import Recording

STREAMS = 40
"""How many streams of a recording are shown in full, if not told otherwise."""


def build(
    sources: Iterable[Source],
    *,
    version: str,
    made: datetime,
    limit: int | None = STREAMS,
) -> Report:
    """The report. Each source is read and done with before the next one is asked for.

    `limit` is the most streams of a recording that are shown in full; None: all of them.
    """
    sections = [_section(number, source, limit) for number, source in enumerate(sources, 1)]
    return Report(sections, version, made, limit if limit is not None else 0)


def _section(number: int, source: Source, limit: int | None) -> Section:
    recording = source.recording
    section = Section(number, source.name, recording.run, source.diagnosed, list(recording.exchanges()))
    codes: dict[int, dict[str, None]] = {}
    errors: dict[int, None] = {}
    for finding in recording.findings():
        section.counts[finding_kind(finding)] += 1
        codes.setdefault(finding.exchange, {})[finding.code] = None
        section.findings.append(finding)
        if finding.severity is Severity.ERROR and finding.verdict is Verdict.FAIL:
            errors[finding.exchange] = None
    section.codes = {exchange: tuple(each) for exchange, each in codes.items()}
    section.causes = _causes(section)
    chosen = choose(section.rows, source.diagnosed.incidents, section.codes, errors, limit=limit)
    section.stories_left_out = chosen.left_out
    by_exchange = _by_exchange(section.findings, {n for group in chosen.stories for n in group})
    section.stories = [_story(recording, section, group, by_exchange) for group in chosen.stories]
    return section


def _causes(section: Section) -> dict[int, tuple[str, ...]]:
    found: dict[int, dict[str, None]] = {}
    for incident in section.diagnosed.incidents:
        for exchange in (incident.exchange, *incident.exchanges):
            found.setdefault(exchange, {})[incident.cause] = None
    return {exchange: tuple(causes) for exchange, causes in found.items()}


def _by_exchange(findings: Iterable[Finding], wanted: set[int]) -> dict[int, tuple[Finding, ...]]:
    found: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.exchange in wanted:
            found.setdefault(finding.exchange, []).append(finding)
    return {exchange: tuple(each) for exchange, each in found.items()}


def _story(
    recording: Recording,
    section: Section,
    group: tuple[int, ...],
    findings: dict[int, tuple[Finding, ...]],
) -> Story:
    rows = [row for number in group for row in recording.exchanges(number)]
    details: list[Detail] = []
    trace = None
    for row in rows:
        view, found = detail(recording, row, findings.get(row.exchange, ()))
        details.append(view)
        trace = found if row is rows[0] else trace
    flags = [each for number in group for each in findings.get(number, ())]
    causes = dict.fromkeys(cause for number in group for cause in section.causes.get(number, ()))
    others = sorted(rows[1:], key=lambda row: row.at)
    return Story(
        exchange=rows[0].exchange,
        stream=rows[0].stream or "",
        scope=rows[0].scope or "",
        causes=tuple(causes),
        timeline=timeline(rows[0], trace, others, flags),
        details=tuple(details),
    )
