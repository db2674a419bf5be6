"""What two taps tell of a hop, as JSON: the documented keys, times in µs."""

from typing import TYPE_CHECKING, Any

from contract.findings import finding_fields
from postmortem.taps import quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postmortem.clocks import Clock
    from postmortem.comparing import Comparison
    from postmortem.differences import Difference
    from postmortem.hops import HopReport
    from postmortem.sightings import Sighting
    from postmortem.taps import Done


def diff_fields(reports: "Sequence[HopReport]", profile: str) -> dict[str, Any]:
    """All that `streamid diff --format json` prints."""
    recordings = [reports[0].client_side, *(report.server_side for report in reports)]
    return {"recordings": recordings, "profile": profile, "hops": [_hop(report) for report in reports]}


def _hop(report: "HopReport") -> dict[str, Any]:
    return {
        "client_side": report.client_side,
        "server_side": report.server_side,
        "clock": _clock(report.clock),
        "paired": report.tally.pairs,
        "differing": report.tally.differing,
        "never_arrived": [_sighting(each) for each in report.lost],
        "repeated": [
            {"exchange": pair.a.exchange, "server_side": pair.b.exchange, "others": _numbers(pair.others)}
            for pair in report.repeated
        ],
        "only_at_server_side": [_sighting(each) for each in report.extra],
        "changes": [_done(each) for each in report.tally.done()],
        "latency": {
            "request": _quantiles(report.tally.requests),
            "first_byte": _quantiles(report.tally.first_bytes),
            "end": _quantiles(report.tally.ends),
        },
        "exchanges": [_comparison(each, report) for each in report.comparisons],
        "left_out": report.left_out,
    }


def _clock(clock: "Clock") -> dict[str, Any]:
    return {
        "offset": round(clock.offset),
        "drift_ppm": round(clock.drift * 1e6, 3),
        "drift_error_ppm": round(clock.drift_error * 1e6, 3),
        "early": None if clock.early is None else round(clock.early),
        "late": None if clock.late is None else round(clock.late),
        "pairs": clock.pairs,
        "violations": clock.violations,
    }


def _numbers(sightings: "Sequence[Sighting]") -> list[int]:
    return [each.exchange for each in sightings]


def _sighting(seen: "Sighting") -> dict[str, Any]:
    return {
        "exchange": seen.exchange,
        "at": seen.asked_at,
        "method": seen.method.decode("latin-1"),
        "target": seen.target.decode("latin-1"),
        "status": seen.status or None,
    }


def _done(done: "Done") -> dict[str, Any]:
    first = done.first
    return {
        "kind": first.kind.value,
        "message": first.message.value,
        "name": first.name,
        "count": done.count,
        "of": done.of,
        "first": {"before": first.before, "after": first.after},
    }


def _quantiles(values: list[int]) -> dict[str, int] | None:
    found = quantiles(values)
    return None if found is None else {"median": found.median, "p95": found.p95, "max": found.most}


def _comparison(comparison: "Comparison", report: "HopReport") -> dict[str, Any]:
    pair, latency, counted = report.pairs[comparison.exchange], comparison.latency, comparison.counted
    return {
        "exchange": comparison.exchange,
        "server_side": pair.b.exchange,
        "others": _numbers(pair.others),
        "at": comparison.at,
        "method": comparison.method.decode("latin-1"),
        "target": comparison.target.decode("latin-1"),
        "status": comparison.status,
        "differences": [_difference(each) for each in comparison.differences],
        "findings": [finding_fields(each) for each in comparison.findings],
        "latency": {
            "request": latency.request,
            "first_byte": latency.first_byte,
            "end": latency.end,
            "events": list(latency.events),
        },
        "bytes": list(counted.bytes),
        "chunks": list(counted.chunks),
        "events": list(counted.events),
        "versions": [each.decode("latin-1") for each in comparison.versions],
    }


def _difference(difference: "Difference") -> dict[str, Any]:
    return {
        "kind": difference.kind.value,
        "message": difference.message.value,
        "name": difference.name,
        "before": difference.before,
        "after": difference.after,
    }
