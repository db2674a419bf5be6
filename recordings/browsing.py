"""What Datasette is told of a recording: titles, descriptions, what to hide, and queries to start from.

The keys are those of Datasette's metadata, https://docs.datasette.io/en/0.65/metadata.html
"""

from typing import Any

_AT = "UTC, with microseconds"
_EXCHANGE = "number of the exchange in its run, from 1"
_SIDE = "client, server, or both where the two sides of the proxy were alike"
_STREAM = "the ID that was issued for a stream"
_SCOPE = "what the ID belongs to, by the profile: a chat session"

_VIEWS: dict[str, dict[str, Any]] = {
    "runs": {
        "title": "Run",
        "description": "The one run that this recording is of.",
        "columns": {
            "started": _AT,
            "closed": "when the writer closed the file; empty: it runs, or was killed",
            "events": "parts of messages: heads, chunks, ends, aborts",
            "lost_events": "what could not be kept",
        },
    },
    "exchanges": {
        "title": "Exchanges",
        "description": "A row for each request and its answer.",
        "sort": "exchange",
        "facets": ["role", "outcome", "status"],
        "columns": {
            "exchange": _EXCHANGE,
            "at": f"of the request's head, {_AT}",
            "role": "to the profile: issue, echo, preflight, close, other",
            "outcome": "complete, client-abort, server-abort, truncated, proxy, injected, open",
            "findings": "how many rules found something",
            "ms": "milliseconds from the request's head to the end",
            "first_byte_ms": "milliseconds from the request's head to the answer's",
            "events": "events of an event stream that the client got",
            "largest_gap_ms": "longest time between two chunks of the answer, milliseconds",
            "request_size": "bytes of the body as the client saw it",
            "response_size": "bytes of the body as the client saw it",
        },
    },
    "streams": {
        "title": "Streams",
        "description": "A row for each ID that was issued, and what became of it.",
        "sort": "issued",
        "facets": ["verdict", "outcome"],
        "columns": {
            "stream": _STREAM,
            "scope": _SCOPE,
            "issued": "the exchange whose answer issued it; empty: not seen",
            "exposed": "1: a script of another origin could read it",
            "echoed": "the exchange that sent it back",
            "accepted": "1: the service took it, 0: it refused it; empty: its answer does not say",
            "status": "of the answer to the exchange that sent it back",
            "verdict": "not sent back, undecided, accepted, refused",
            "outcome": "how the stream itself ended",
            "first_byte_ms": "milliseconds from the request's head to the answer's",
            "largest_gap_ms": "longest time between two chunks, milliseconds",
        },
    },
    "findings": {
        "title": "Findings",
        "description": "What the rules said. `streamid rule CODE` explains one.",
        "sort": "exchange",
        "facets": ["code", "severity", "verdict"],
        "columns": {
            "at": f"of the event that decided it, {_AT}",
            "side": "the side of the proxy that was judged",
            "evidence": "facts and their values",
            "request": "what the exchange was",
        },
    },
    "incidents": {
        "title": "Incidents",
        "description": "Failures, each with its cause, the evidence and what to change.",
        "sort": "at",
        "facets": ["cause", "confidence"],
        "columns": {
            "exchange": "where it showed first",
            "at": _AT,
            "cause": "what the failure is put down to",
            "confidence": "certain, likely, possible",
            "advice": "what to change",
            "injected": "the fault that made it on purpose",
            "ruled_out": "other causes, and why they are not it",
            "possible": "the causes that are left, where it is inconclusive",
            "decides": "the capture that would tell them apart",
            "exchanges": "all that belong to it",
        },
    },
    "headers": {
        "title": "Header fields",
        "description": "A row for each field line, as it was on the wire, secrets replaced.",
        "columns": {
            "side": _SIDE,
            "position": "in its header section, from 0",
            "value": "a character stands for a byte",
        },
    },
    "bodies": {
        "title": "Bodies",
        "columns": {
            "chunks": "in how many reads it came",
            "size": "bytes that passed",
            "kept": "bytes that are stored",
            "complete": "1: it ended as its framing promised",
            "stored_as": "zstd; empty: as it is; raw: as it is, and no UTF-8",
            "data": "as text, where it is stored as it is; `streamid show` has all",
        },
    },
    "aborts": {
        "title": "Aborts",
        "description": "Who broke an exchange off, and how.",
        "columns": {
            "by": "client, server, proxy",
            "manner": "closed, reset, malformed, unreachable, refused, shutdown, injected",
            "answered": "the status that the proxy answered with instead; 0: none",
        },
    },
    "injections": {
        "title": "Injected faults",
        "description": "What faults decided, and each change that they made.",
        "facets": ["fault", "deed"],
        "columns": {"deed": "hit, miss, or what was changed", "ordinal": "which of the fault's occasions"},
    },
    "gaps": {"title": "Gaps", "description": "What could not be recorded.", "columns": {"size": "bytes"}},
    "redactions": {
        "title": "Redactions",
        "description": "Where secrets were replaced; equal tokens stood for equal secrets.",
        "columns": {"offset": "bytes", "length": "bytes"},
    },
    "events": {
        "title": "Events",
        "description": "A row for each event of an event stream, as a browser dispatches it.",
        "columns": {
            "at": _AT,
            "ms": "milliseconds since the head of the answer",
            "side": _SIDE,
            "number": "in its stream, from 1",
            "offset": "in the stream's bytes",
        },
    },
}

_TABLES = (
    *("run", "exchange", "field", "request", "response", "body", "message", "segment", "abort", "gap"),
    *("finding", "verdict", "redaction", "injection", "incident"),
)
"""What the views are made of; `docs/recording.md` describes them. Their times are µs since the start."""

_SIDES = """SELECT exchange, message, side, lower(name) AS field, name, group_concat(value, ', ') AS value
    FROM (SELECT * FROM headers ORDER BY exchange, message, side, position)
    WHERE side <> 'both' GROUP BY exchange, message, side, lower(name)"""

_QUERIES: dict[str, dict[str, Any]] = {
    "streams_with_verdict": {
        "title": "Streams with their verdict",
        "sql": "SELECT stream, verdict, issued, echoed, status, outcome, events, findings, scope"
        " FROM streams ORDER BY verdict = 'refused' DESC, issued",
    },
    "incidents_by_cause": {
        "title": "Incidents by cause",
        "sql": "SELECT cause, count(*) AS incidents, min(at) AS first, max(last_at) AS last,"
        " count(DISTINCT scope) AS scopes, min(exchange) AS exchange, advice"
        " FROM incidents GROUP BY cause ORDER BY incidents DESC",
    },
    "refused_updates": {
        "title": "Refused updates with their stream",
        "sql": "SELECT s.echoed AS exchange, x.at, x.status, s.stream, s.issued,"
        " (SELECT group_concat(f.code, ' ') FROM finding f WHERE f.exchange = s.echoed) AS findings, s.scope"
        " FROM streams s JOIN exchanges x ON x.exchange = s.echoed WHERE s.accepted = 0 ORDER BY x.at",
    },
    "slowest_first_byte": {
        "title": "Slowest first byte",
        "sql": "SELECT exchange, first_byte_ms, method, url, status, stream FROM exchanges"
        " WHERE first_byte_ms IS NOT NULL ORDER BY first_byte_ms DESC LIMIT 50",
    },
    "largest_gaps": {
        "title": "Largest gaps within streams",
        "sql": "SELECT exchange, largest_gap_ms, events, outcome, stream, url FROM exchanges"
        " WHERE events IS NOT NULL AND largest_gap_ms IS NOT NULL ORDER BY largest_gap_ms DESC LIMIT 50",
    },
    "findings_by_rule": {
        "title": "Findings by rule",
        "sql": "SELECT code, name, severity, verdict, count(*) AS times, count(DISTINCT scope) AS scopes,"
        " min(exchange) AS exchange FROM findings GROUP BY code, severity, verdict ORDER BY times DESC",
    },
    "unfinished": {
        "title": "Exchanges that did not come to their end",
        "sql": 'SELECT x.exchange, x.at, x.outcome, a."by", a.manner, a.reason, x.events, x.stream, x.url'
        " FROM exchanges x LEFT JOIN aborts a USING (exchange) WHERE x.outcome <> 'complete' ORDER BY x.at",
    },
    "headers_that_differ": {
        "title": "Header fields that differ between both sides",
        "description": "What the proxy, or a fault, changed on the way.",
        "sql": f"""WITH sides AS ({_SIDES})
SELECT c.exchange, c.message, c.name AS client_name, c.value AS client_value,
    s.name AS server_name, s.value AS server_value
FROM sides c LEFT JOIN sides s ON s.exchange = c.exchange AND s.message = c.message AND s.field = c.field
    AND s.side = 'server'
WHERE c.side = 'client' AND (s.value IS NULL OR s.value <> c.value OR s.name <> c.name)
UNION ALL
SELECT s.exchange, s.message, NULL, NULL, s.name, s.value FROM sides s
WHERE s.side = 'server' AND NOT EXISTS (SELECT 1 FROM sides c WHERE c.exchange = s.exchange
    AND c.message = s.message AND c.field = s.field AND c.side = 'client')
ORDER BY 1, 2, 3""",  # noqa: S608 - made of constants
    },
    "exchanges_of_a_scope": {
        "title": "Exchanges of a scope",
        "description": "Of one chat session, or whatever the profile calls a scope.",
        "sql": "SELECT exchange, at, role, method, url, status, outcome, stream, findings FROM exchanges"
        " WHERE scope = :scope ORDER BY at",
    },
    "injected_faults": {
        "title": "Injected faults",
        "description": "What faults changed on purpose, byte for byte.",
        "sql": "SELECT exchange, at, fault, kind, message, deed, name, before, after FROM injections"
        " WHERE deed <> 'miss' ORDER BY at",
    },
}

_SEARCH = {
    "title": "Search in the events of streams",
    "description": "In the syntax of SQLite's full-text search.",
    "sql": "SELECT v.exchange, v.number, v.side, v.at, v.ms, v.event, v.data"
    " FROM event_text t JOIN event e ON e.id = t.rowid"
    " JOIN events v ON (v.exchange, v.side, v.number) = (e.exchange, e.side, e.number)"
    """ WHERE event_text MATCH coalesce(nullif(:words, ''), '""') LIMIT 200""",
}


def described(title: str, description: str, *, indexed: bool) -> dict[str, Any]:
    """The metadata of one database. `indexed`: `streamid index` has made its tables."""
    views = {name: view for name, view in _VIEWS.items() if indexed or name != "events"}
    tables: dict[str, Any] = {name: {"hidden": True} for name in _TABLES}
    queries = dict(_QUERIES)
    if indexed:
        tables["event"] = {"hidden": True}
        queries["search_events"] = _SEARCH
    shown = {name: {**query, "hide_sql": True} for name, query in queries.items()}
    return {"title": title, "description": description, "tables": tables | views, "queries": shown}
