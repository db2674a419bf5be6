"""The lines of `streamid_log=json`: one object a line, what it is in its first key; see docs/live.md."""

import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from addons.settings import Settings
from contract.events import Injection, ResponseHead
from contract.findings import SIDE_NAMES, Finding, StreamVerdict, finding_fields
from recordings.drained import Ended, RequestLine

RUN, FINDING, STREAM, HEADERS = "run", "finding", "stream", "headers"
INCIDENT = "incident"
EXCHANGE, FAULT, TROUBLE, SUMMARY = "exchange", "fault", "trouble", "summary"


def line(kind: str, fields: dict[str, Any]) -> str:
    """One line, in ASCII: whatever a peer sent can neither end the line nor reach a terminal as it is."""
    return json.dumps({"streamid": kind, **fields}, ensure_ascii=True)


def write(lines: Iterable[str]) -> None:
    """Write to standard output, without mitmproxy's time stamp before them."""
    text = "".join([f"{each}\n" for each in lines])
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # The reader is gone. mitmproxy's own log ends the process where it notices that.
        return


def run_fields(
    version: str, mitmproxy: str, started: datetime, servers: list[str], settings: Settings, metrics: str
) -> dict[str, Any]:
    """A run has started; the arguments are those of the banner."""
    return {
        "version": version,
        "mitmproxy": mitmproxy,
        "started": started.astimezone(UTC).isoformat(timespec="microseconds"),
        "pid": os.getpid(),
        "listening": servers,
        "profile": settings.profile.name,
        "recording": None if settings.record is None else str(settings.record),
        "metrics": metrics or None,
    }


def fault_fields(entry: Injection) -> dict[str, Any]:
    """A fault strikes a message."""
    return {
        "exchange": entry.exchange,
        "at": entry.at,
        "fault": entry.fault,
        "strikes": entry.message.value,
        "key": entry.key,
        "ordinal": entry.ordinal,
    }


def finding_line_fields(finding: Finding, request: RequestLine | None) -> dict[str, Any]:
    """The keys of `validate`, and the request that the finding is about."""
    return {
        **finding_fields(finding),
        "scope": finding.scope,
        "method": None if request is None else request.method,
        "target": None if request is None else request.target,
    }


def stream_fields(verdict: StreamVerdict) -> dict[str, Any]:
    """What became of an ID."""
    return {
        "stream": verdict.stream,
        "scope": verdict.scope,
        "issued": verdict.issued,
        "exposed": verdict.exposed,
        "echoed": verdict.echoed,
        "accepted": verdict.accepted,
        "status": verdict.status,
        "at": verdict.at,
    }


def header_fields(head: ResponseHead) -> dict[str, Any]:
    """A header list in order, with case and duplicates, one character a byte."""
    return {
        "exchange": head.exchange,
        "side": SIDE_NAMES[head.side],
        "status": head.status,
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in head.headers],
    }


def exchange_fields(ended: Ended) -> dict[str, Any]:
    """An exchange is over."""
    return {
        "exchange": ended.exchange,
        "at": ended.at,
        "kind": ended.kind,
        "method": ended.method,
        "url": ended.url,
        "status": ended.status,
        "role": ended.role,
        "stream": ended.stream or "",
        "scope": ended.scope or "",
        "outcome": ended.outcome,
        "duration": ended.ended_at - ended.at,
        "first_byte": ended.first_byte,
        "events": ended.events,
        "largest_gap": ended.largest_gap,
        "request_size": ended.request_size,
        "response_size": ended.response_size,
    }


def trouble_fields(sentence: str) -> dict[str, Any]:
    """The recorder complains, or says that it is well again."""
    return {"message": sentence}
