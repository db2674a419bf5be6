"""A report as plain values: what `streamid report --format json` prints."""

from collections.abc import Iterator
from typing import Any

from contract.findings import SIDE_NAMES, finding_fields
from contract.incidents import incident_fields
from postmortem.report.model import Detail, MessageView, Report, Section, Story, StreamView
from postmortem.report.verdict import verdict
from recordings.rows import ExchangeRow


def head(report: Report) -> dict[str, Any]:
    """What is said of all recordings together."""
    return {
        "verdict": verdict(report),
        "streamid": report.version,
        "made": report.made.isoformat(),
        "exchanges": report.exchanges,
        "streams": report.streams,
        "findings": dict(sorted(report.counts.items())),
        "causes": [
            {"cause": group.cause, "count": group.count, "scopes": group.scopes} for group in report.causes()
        ],
    }


def recording(section: Section) -> dict[str, Any]:
    """What is said of one recording, but for its exchanges."""
    info, diagnosed = section.run.info, section.diagnosed
    return {
        "recording": section.name,
        "started": section.run.time(0).isoformat(),
        "profile": info.profile_name,
        "streamid": info.streamid,
        "mitmproxy": info.mitmproxy,
        "state": section.run.state(),
        "healthy": diagnosed.healthy,
        "expected": diagnosed.expected,
        "incidents": [incident_fields(incident) for incident in diagnosed.incidents],
        "incidents_left_out": diagnosed.left_out,
        "findings": [finding_fields(finding) for finding in section.findings],
        "streams": [_story(story) for story in section.stories],
        "streams_left_out": section.stories_left_out,
    }


def exchanges(section: Section) -> Iterator[dict[str, Any]]:
    """A line for each exchange; times are µs since the start of the run."""
    for row in section.rows:
        yield _line(row) | {
            "findings": list(section.codes.get(row.exchange, ())),
            "causes": list(section.causes.get(row.exchange, ())),
        }


def _line(row: ExchangeRow) -> dict[str, Any]:
    return {
        "exchange": row.exchange,
        "at": row.at,
        "first_byte": row.first_byte,
        "ended_at": row.ended_at,
        "method": row.method,
        "url": row.url,
        "status": row.status,
        "role": row.role,
        "stream": row.stream,
        "scope": row.scope,
        "outcome": row.outcome,
        "events": row.events,
    }


def _story(story: Story) -> dict[str, Any]:
    return {
        "exchange": story.exchange,
        "stream": story.stream,
        "scope": story.scope,
        "causes": list(story.causes),
        "exchanges": [_detail(each) for each in story.details],
    }


def _detail(each: Detail) -> dict[str, Any]:
    return {
        "exchange": each.row.exchange,
        "request": _message(each.request),
        "response": _message(each.response),
        "events": _events(each.stream),
        "faults": list(each.journal),
        "end": each.end,
    }


def _message(message: MessageView | None) -> dict[str, Any] | None:
    if message is None:
        return None
    return {
        "sides": SIDE_NAMES[message.side],
        "entered": message.entered,
        "left": message.left,
        "headers": [
            {"name": row.name, "entered": row.entered, "left": row.left, "mark": row.mark.value}
            for row in message.headers
        ],
        "body": message.body,
    }


def _events(stream: StreamView | None) -> dict[str, Any] | None:
    if stream is None:
        return None
    return {
        "sent": stream.sent,
        "got": stream.got,
        "note": stream.note,
        "shown": [
            {
                "number": event.ordinal,
                "sent": event.sent,
                "got": event.got,
                "event": event.event,
                "data": event.data,
                "id": event.id,
            }
            for event in (*stream.first, *stream.last)
        ],
    }
