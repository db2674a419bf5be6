"""A run in a few lines, or as one JSON object: said at its end, and at any time by `streamid.summary`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addons.tally import Kind, Tally
from contract.findings import Severity

_ORDER = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run has brought. `streams` are counted by outcome, those under way as `open`."""

    exchanges: int
    streams: dict[str, int]
    issued: int
    echoes: dict[str, int]
    findings: dict[Kind, int]
    incidents: dict[str, int]
    lost_events: int
    lost_bytes: int
    recording: Path | None


def summary(tally: Tally, exchanges: int, lost: tuple[int, int], recording: Path | None) -> Summary:
    """As of now. `exchanges` are all that have begun, `lost` events and bytes."""
    opened = {"open": tally.open_streams} if tally.open_streams else {}
    return Summary(
        exchanges=exchanges,
        streams=dict(tally.streams) | opened,
        issued=tally.issued,
        echoes=dict(tally.echoes),
        findings=dict(tally.findings),
        incidents=dict(tally.incidents),
        lost_events=lost[0],
        lost_bytes=lost[1],
        recording=recording,
    )


def lines(found: Summary) -> list[str]:
    """For people; the first line says it all, the others what it is made of."""
    decided = {kind: count for kind, count in found.findings.items() if kind.is_decided}
    streams = _number(sum(found.streams.values()), "stream")
    said = [f"streamid: {_number(found.exchanges, 'exchange')}, {streams}, {_severities(decided)}"]
    if found.streams:
        said.append(f"  streams: {_counts(sorted(found.streams.items()))}")
    if found.issued or found.echoes:
        echoed = _counts(sorted(found.echoes.items())) or "none"
        said.append(f"  IDs: {found.issued} issued; sent back: {echoed}")
    said += [f"  {kind.severity}: {_named(kind)} ×{count}" for kind, count in _sorted(decided)]
    undecided = [(kind, count) for kind, count in _sorted(found.findings) if not kind.is_decided]
    if undecided:
        said.append("  undecided: " + ", ".join(f"{_named(kind)} ×{count}" for kind, count in undecided))
    if found.incidents:
        said.append(f"  causes: {_counts(sorted(found.incidents.items()))}")
    if found.lost_events or found.lost_bytes:
        said.append(f"  NOT recorded: {found.lost_events} events, {found.lost_bytes} bytes")
    if found.recording is not None:
        said.append(f"  recording: {found.recording}")
    return said


def fields(found: Summary) -> dict[str, Any]:
    """The stable keys of the JSON line."""
    return {
        "exchanges": found.exchanges,
        "streams": dict(sorted(found.streams.items())),
        "issued": found.issued,
        "echoes": dict(sorted(found.echoes.items())),
        "findings": [
            {
                "code": kind.code,
                "name": kind.name,
                "severity": kind.severity.value,
                "verdict": kind.verdict.value,
                "count": count,
            }
            for kind, count in _sorted(found.findings)
        ],
        "incidents": dict(sorted(found.incidents.items())),
        "lost_events": found.lost_events,
        "lost_bytes": found.lost_bytes,
        "recording": None if found.recording is None else str(found.recording),
    }


def _sorted(findings: Mapping[Kind, int]) -> list[tuple[Kind, int]]:
    """The worst first, then by code."""
    return sorted(findings.items(), key=lambda each: (_ORDER.index(each[0].severity), each[0]))


def _severities(decided: Mapping[Kind, int]) -> str:
    if not decided:
        return "no findings"
    sums = {
        severity: sum(count for kind, count in decided.items() if kind.severity is severity)
        for severity in _ORDER
    }
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    return ", ".join(_number(count, words[severity]) for severity, count in sums.items() if count)


def _named(kind: Kind) -> str:
    return f"{kind.code} {kind.name}"


def _counts(counted: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counted)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
