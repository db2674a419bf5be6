"""Views with plain names and times in UTC, for the `sqlite3` shell and Datasette."""
# ruff: noqa: S608 - all SQL here is made of constants


def _utc(at: str) -> str:
    """SQL for `at` (µs since the start of the run) as ISO 8601 text with microseconds."""
    since_1970 = f"((SELECT started FROM run) + {at})"
    return (
        f"strftime('%Y-%m-%dT%H:%M:%S', {since_1970} / 1000000, 'unixepoch')"
        f" || printf('.%06dZ', {since_1970} % 1000000)"
    )


URL = (
    "CASE WHEN x.target LIKE '/%' THEN x.scheme || '://' || x.host"
    " || CASE WHEN (x.scheme, x.port) IN (('http', 80), ('https', 443)) THEN '' ELSE ':' || x.port END"
    " || x.target ELSE x.target END"
)
"""SQL for the URL of a row `x` of table `exchange`."""

_FIRST_SIDE = (
    "CASE WHEN second_headers IS NULL THEN side WHEN second_side = 'server' THEN 'client' ELSE 'server' END"
)
_SECTIONS = " UNION ALL ".join(
    f"SELECT exchange, '{message}' AS message, {_FIRST_SIDE} AS side, at, headers FROM {message}"
    f" UNION ALL SELECT exchange, '{message}', second_side, second_at, second_headers FROM {message}"
    " WHERE second_headers IS NOT NULL"
    for message in ("request", "response")
)
"""SQL for header sections as they are stored: one for both sides where they are the same."""

VIEWS = (
    f"""CREATE VIEW runs AS
    SELECT {_utc("0")} AS started,
        CASE WHEN closed IS NULL THEN NULL ELSE {_utc("closed")} END AS closed,
        {_utc("last_at")} AS last_event, last_seq + 1 AS events, lost_events, lost_bytes,
        profile_name AS profile, options, mitmproxy, streamid, python, platform, pid
    FROM run""",
    f"""CREATE VIEW exchanges AS
    SELECT x.id AS exchange, {_utc("x.at")} AS at, x.method, {URL} AS url, x.status, x.role, x.stream,
        x.scope, x.outcome, (SELECT count(*) FROM finding f WHERE f.exchange = x.id) AS findings,
        (x.ended_at - x.at) / 1000.0 AS ms, x.first_byte / 1000.0 AS first_byte_ms,
        x.events, x.largest_gap / 1000.0 AS largest_gap_ms, x.request_size, x.response_size,
        x.kind, x.client, x.server
    FROM exchange x ORDER BY x.id""",
    f"""CREATE VIEW headers AS
    SELECT h.exchange, h.message, h.side, {_utc("h.at")} AS at, p.key AS position, f.name, f.value
    FROM ({_SECTIONS}) h, json_each(h.headers) p JOIN field f ON f.id = p.value""",
    f"""CREATE VIEW bodies AS
    SELECT m.exchange, m.message, m.side, {_utc("m.at")} AS at, m.chunks, m.size, m.kept,
        m.end_seq IS NOT NULL AS complete, lower(hex(b.hash)) AS sha256, b.coding AS stored_as, b.data
    FROM message m LEFT JOIN body b ON b.id = m.body""",
    f"""CREATE VIEW streams AS
    SELECT v.stream, v.scope, v.issued, v.exposed, v.echoed, v.accepted, v.status, {_utc("v.at")} AS at
    FROM verdict v
    WHERE v.id = (SELECT max(w.id) FROM verdict w WHERE w.stream = v.stream AND w.scope = v.scope)""",
    f"""CREATE VIEW findings AS
    SELECT f.exchange, {_utc("f.at")} AS at, f.code, f.name, f.severity, f.verdict, f.message, f.stream,
        f.scope, f.side, f.evidence FROM finding f""",
    f"""CREATE VIEW aborts AS
    SELECT a.exchange, a.side, {_utc("a.at")} AS at, a."by", a.manner, a.reason, a.answered FROM abort a""",
    f"""CREATE VIEW gaps AS
    SELECT g.exchange, {_utc("g.at")} AS at, g.events, g.size, g.because FROM gap g""",
    """CREATE VIEW redactions AS
    SELECT r.exchange, r.message, r.side, r.place, r.offset, r.length, r.token FROM redaction r""",
)

VIEWS_OF_FORMAT_2 = (
    f"""CREATE VIEW injections AS
    SELECT i.exchange, {_utc("i.at")} AS at, i.fault, i.kind, i.message, i.deed, i.key, i.ordinal, i.name,
        CAST(i.before AS TEXT) AS before, CAST(i.after AS TEXT) AS after, i.offset
    FROM injection i""",
)

VIEWS_OF_FORMAT_3 = (
    f"""CREATE VIEW incidents AS
    SELECT i.exchange, {_utc("i.at")} AS at, {_utc("i.last_at")} AS last_at, i.cause, i.confidence, i.summary,
        i.advice, i.status, i.stream, i.scope, i.injected, i.evidence, i.ruled_out, i.possible, i.decides,
        i.exchanges
    FROM incident i""",
)

VIEWS_OF_FORMAT_4 = (
    f"""CREATE VIEW streams AS
    SELECT v.stream, v.scope, v.issued, v.exposed, v.echoed, v.accepted, v.status, {_utc("v.at")} AS at,
        CASE WHEN v.echoed IS NULL THEN 'not sent back' WHEN v.accepted IS NULL THEN 'undecided'
            WHEN v.accepted THEN 'accepted' ELSE 'refused' END AS verdict,
        x.outcome, x.events, x.first_byte / 1000.0 AS first_byte_ms, x.largest_gap / 1000.0 AS largest_gap_ms,
        coalesce(f.findings, 0) AS findings
    FROM verdict v LEFT JOIN exchange x ON x.id = v.issued
        LEFT JOIN (SELECT stream, scope, count(*) AS findings FROM finding GROUP BY 1, 2) f
            ON f.stream = v.stream AND f.scope = v.scope
    WHERE v.id IN (SELECT max(id) FROM verdict GROUP BY stream, scope)""",
    f"""CREATE VIEW findings AS
    SELECT f.exchange, {_utc("f.at")} AS at, f.code, f.name, f.severity, f.verdict, f.message, f.stream,
        f.scope, f.side, f.evidence, x.title AS request
    FROM finding f LEFT JOIN exchange x ON x.id = f.exchange""",
    f"""CREATE VIEW incidents AS
    SELECT i.exchange, {_utc("i.at")} AS at, {_utc("i.last_at")} AS last_at, i.cause, i.confidence, i.summary,
        i.advice, i.status, i.stream, i.scope, i.injected, i.evidence, i.ruled_out, i.possible, i.decides,
        i.exchanges, x.title AS request
    FROM incident i LEFT JOIN exchange x ON x.id = i.exchange""",
)

VIEWS_OF_FORMAT_5 = (
    f"""CREATE VIEW bodies AS
    SELECT m.exchange, m.message, m.side, {_utc("m.at")} AS at, m.chunks, m.size, m.kept,
        m.end_seq IS NOT NULL AS complete, lower(hex(b.hash)) AS sha256, b.coding AS stored_as,
        CASE b.coding WHEN '' THEN CAST(b.data AS TEXT) END AS data, b.id AS body
    FROM message m LEFT JOIN body b ON b.id = m.body""",
)

EVENTS = f"""CREATE VIEW events AS
    SELECT e.exchange, e.side, e.number, {_utc("e.at")} AS at, (e.at - x.at - x.first_byte) / 1000.0 AS ms,
        e.event, e.data, e.last_event_id, e.offset
    FROM event e JOIN exchange x ON x.id = e.exchange"""
"""The view that `recordings.index` makes with its table; `ms` counts from the head of the answer."""
