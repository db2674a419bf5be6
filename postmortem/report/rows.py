"""The exchanges of a report as compact JSON, for the script of its page to draw as many as are looked at."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from postmortem.report.model import Report, Section
from postmortem.report.visible import shortened

URL_SHOWN = 2_000
"""Characters of a URL."""

COLUMNS = (
    *("exchange", "at", "first", "end", "method", "url", "status", "role", "stream", "scope", "outcome"),
    *("codes", "causes", "events", "sent", "got", "story"),
)
"""An exchange in the JSON, in this order. Texts are numbers into `texts`; times are µs, -1 for none."""


def rows_json(report: Report) -> str:
    """JSON that may stand in a `script` element: it has neither `<`, `>`, `&` nor anything beyond ASCII."""
    texts: dict[str, int] = {}

    def text(value: str | None) -> int:
        return texts.setdefault(shortened(value or "", URL_SHOWN), len(texts))

    sections = [
        {
            "number": section.number,
            "name": section.name,
            "started": int(section.run.info.started.timestamp() * 1_000_000),
            "rows": _rows(section, text),
        }
        for section in report.sections
    ]
    made = json.dumps({"texts": list(texts), "sections": sections}, separators=(",", ":"))
    return made.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _rows(section: Section, text: Any) -> list[list[int]]:
    """A list for each exchange, as `COLUMNS` has it."""
    stories = _story_of(section)
    rows = []
    for row in section.rows:
        number = row.exchange
        rows.append(
            [
                *(number, row.at, -1 if row.first_byte is None else row.at + row.first_byte),
                -1 if row.ended_at is None else row.ended_at,
                *(text(row.method), text(row.url), row.status or 0, text(row.role or "other")),
                *(text(row.stream), text(row.scope), text(row.outcome)),
                *(text(_joined(section.codes, number)), text(_joined(section.causes, number))),
                -1 if row.events is None else row.events,
                *(row.request_size, row.response_size, stories.get(number, 0)),
            ]
        )
    return rows


def _joined(by_exchange: Mapping[int, Sequence[str]], number: int) -> str:
    return " ".join(by_exchange.get(number, ()))


def _story_of(section: Section) -> dict[int, int]:
    """By exchange that which the story is about in which it is shown in full."""
    return {each.row.exchange: story.exchange for story in section.stories for each in story.details}
