"""The report of `streamid validate` as JSON."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replay.validation import Report


def report_json(report: "Report") -> str:
    """The documented keys; `recording` in a finding only where several recordings were judged."""
    return json.dumps(report.model_dump(mode="json", exclude_none=True), indent=2, ensure_ascii=True)
