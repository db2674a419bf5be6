"""What `streamid resend` found, as JSON."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from replay.resending.report import Fate

if TYPE_CHECKING:
    from replay.resending.report import Compared, Report


def report_json(report: "Report") -> str:
    """One object; times are in µs, from the request."""
    found = {
        "recording": report.recording,
        "to": report.targets,
        "interrupted": report.interrupted,
        "exchanges": [_exchange(each) for each in report.exchanges],
        "left_out": [{"exchange": exchange, "because": why} for exchange, why in report.left_out],
        "learned": report.learned,
        "summary": {
            "exchanges": len(report.exchanges),
            "same": report.count(Fate.SAME),
            "different": report.count(Fate.DIFFERENT),
            "not_sent": report.count(Fate.NOT_SENT),
            "interrupted": report.count(Fate.CUT),
            "differences": sum(len(each.differences) for each in report.exchanges),
        },
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _exchange(each: "Compared") -> dict[str, Any]:
    old, new = each.timing
    return {
        "exchange": each.exchange,
        "new": each.new or None,
        "method": each.method,
        "origin": each.origin,
        "path": each.path,
        "new_path": each.new_path or None,
        "result": each.fate.value,
        "because": each.because,
        "needed_by": list(each.needed_by),
        "status": dict(zip(("recorded", "new"), each.status, strict=True)),
        "outcome": {"recorded": each.outcome[0], "new": each.outcome[1] or None},
        "timing": {"recorded": asdict(old), "new": asdict(new) if new is not None else None},
        "differences": [
            {
                "where": one.where,
                "field": one.field,
                "way": one.way.value,
                "recorded": one.recorded,
                "new": one.new,
            }
            for one in each.differences
        ],
    }
