"""How verdicts and findings read in the log: one line of text, or one JSON object."""

import json
from typing import Any

from contract.events import Headers, ResponseHead
from contract.findings import SIDE_NAMES, Finding, StreamVerdict, Verdict

_EXPOSED = {True: "readable by scripts", False: "NOT readable by scripts", None: "exposure not to be told"}


def stream_line(verdict: StreamVerdict) -> str:
    """For example `stream-1-ab: issued (#4), readable by scripts, echoed (#5), accepted (200)`."""
    parts = [f"issued (#{verdict.issued})" if verdict.issued else "issue not seen", _EXPOSED[verdict.exposed]]
    if verdict.echoed:
        parts.append(f"echoed (#{verdict.echoed})")
        parts.append(_outcome(verdict))
    return printable(f"{verdict.stream or '(no ID)'}: {', '.join(parts)}")


def _outcome(verdict: StreamVerdict) -> str:
    status = f" ({verdict.status})" if verdict.status else ""
    match verdict.accepted:
        case True:
            return f"accepted{status}"
        case False:
            return f"REFUSED{status}"
    return f"answer undecided{status}"


def finding_line(finding: Finding) -> str:
    """For example `EC204 echo-stale error, exchange #9: the update carried …`."""
    sure = " (inconclusive)" if finding.verdict is Verdict.INCONCLUSIVE else ""
    what = f"{finding.code} {finding.name} {finding.severity}{sure}"
    return printable(f"{what}, exchange #{finding.exchange}: {finding.message}")


def header_lines(head: ResponseHead) -> list[str]:
    """Every header of a response on one side, as it was on the wire."""
    where = f"#{head.exchange} {SIDE_NAMES[head.side]} side"
    return [
        f"{where}: {head.status} {_text(head.reason)}".rstrip(),
        *(f"{where}:   {_text(name)}: {_text(value)}" for name, value in head.headers),
    ]


def as_json(kind: str, **fields: Any) -> str:
    """One log line as one JSON object; its first key says what it is."""
    return json.dumps({"streamid": kind, **fields}, ensure_ascii=False, default=str)


def stream_fields(verdict: StreamVerdict) -> dict[str, Any]:
    """The stable keys of a verdict's JSON line."""
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


def header_fields(headers: Headers) -> list[list[str]]:
    """A header list for JSON, in order, with case and duplicates."""
    return [[_text(name), _text(value)] for name, value in headers]


def printable(text: str) -> str:
    """`text` as one line of visible characters: what a peer sent must not move a cursor or forge a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _text(raw: bytes) -> str:
    return printable(raw.decode("latin-1"))
