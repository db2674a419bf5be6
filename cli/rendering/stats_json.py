"""The JSON of `streamid stats`."""

from typing import Any

from postmortem.activity import Activity
from postmortem.percentiles import SHARES, Distribution
from postmortem.statistics import GAPS, MEASURES, Group, Statistics

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


def stats_json(recordings: list[str], by: str, statistics: Statistics, activity: Activity) -> dict[str, Any]:
    """The documented keys."""
    groups = statistics.groups()
    return {
        "recordings": recordings,
        "since": activity.since.strftime(_TIME),
        "until": activity.until.strftime(_TIME),
        "by": by,
        "groups": [{"group": group.name} | _group(group) for group in groups],
        "total": _group(statistics.total),
    }


def _group(group: Group) -> dict[str, Any]:
    statuses = sorted(group.statuses.items(), key=lambda pair: pair[0] or 0)
    measures = (*MEASURES, GAPS) if GAPS in group.measured else MEASURES
    return {
        "exchanges": group.exchanges,
        "streams": group.streams,
        "findings": group.findings,
        "status": {"none" if status is None else str(status): count for status, count in statuses},
        "outcomes": dict(sorted(group.outcomes.items())),
        "stream_outcomes": dict(sorted(group.stream_outcomes.items())),
        "request_bytes": group.request_bytes,
        "response_bytes": group.response_bytes,
    } | {measure: _distribution(group.measured.get(measure, Distribution())) for measure in measures}


def _distribution(found: Distribution) -> dict[str, Any]:
    shares = {f"p{share}": _number(found.percentiles.get(share)) for share in SHARES}
    return {"n": found.n, **shares, "max": _number(found.max), "exact": found.exact}


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
