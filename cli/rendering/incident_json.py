"""The JSON of `streamid diagnose`."""

import json
from typing import TYPE_CHECKING, Any

from contract.incidents import incident_fields

if TYPE_CHECKING:
    from postmortem.diagnosing import Diagnosed


def diagnosis_json(all_of: "list[Diagnosed]") -> str:
    """What was found, as in docs/commands.md; `recording` is there where several were read."""
    several = len(all_of) > 1
    found: dict[str, Any] = {
        "recordings": [each.name for each in all_of],
        "profile": ", ".join(dict.fromkeys(each.profile for each in all_of)),
        "incidents": [
            ({"recording": each.name} if several else {}) | incident_fields(incident)
            for each in all_of
            for incident in each.incidents
        ],
        "groups": [
            ({"recording": each.name} if several else {})
            | {
                "cause": group.cause,
                "count": group.count,
                "scopes": group.scopes,
                "first": {"exchange": group.first, "at": group.first_at},
                "last": {"exchange": group.last, "at": group.last_at},
            }
            for each in all_of
            for group in each.groups
        ],
        "exchanges": sum(each.exchanges for each in all_of),
        "streams": sum(each.streams for each in all_of),
        "healthy": sum(each.healthy for each in all_of),
        "expected": sum(each.expected for each in all_of),
        "left_out": sum(each.left_out for each in all_of),
    }
    return json.dumps(found, indent=2, ensure_ascii=False)
