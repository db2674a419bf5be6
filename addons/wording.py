"""How verdicts and findings read in the log: one line of text each."""

from contract.events import Injection, ResponseHead
from contract.findings import SIDE_NAMES, Finding, StreamVerdict, Verdict
from contract.incidents import Incident
from recordings.drained import RequestLine

_LONGEST_TARGET = 160
_MOST = 8

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


def finding_line(finding: Finding, request: RequestLine | None = None) -> str:
    """For example `EC204 echo-stale error, exchange #9: The update carried … (POST /api/…/update-stream)`.

    The request is left out where it is not known, the stream's ID where the sentence has it already.
    """
    what = f"{_sort(finding)}, exchange #{finding.exchange}: {finding.message}"
    return printable(what + _place(finding, request))


def fault_line(entry: Injection) -> str:
    """For example `fault strip-header strikes the response of exchange #9`."""
    return printable(f"fault {entry.fault} strikes the {entry.message.value} of exchange #{entry.exchange}")


def repeated_line(count: int, last: Finding, request: RequestLine | None = None) -> str:
    """For example `CO408 vary-origin warning: 120 more like these, the last in exchange #99 (GET /api/…)`."""
    these = f"{count} more like these, the last in exchange #{last.exchange}"
    return printable(f"{_sort(last)}: {these}{_place(last, request)}")


def _sort(finding: Finding) -> str:
    sure = " (inconclusive)" if finding.verdict is Verdict.INCONCLUSIVE else ""
    return f"{finding.code} {finding.name} {finding.severity}{sure}"


def _place(finding: Finding, request: RequestLine | None) -> str:
    parts = []
    if request is not None:
        target = request.target
        cut = target if len(target) <= _LONGEST_TARGET else f"{target[:_LONGEST_TARGET]}…"
        parts.append(f"{request.method} {cut}")
    if finding.stream and finding.stream not in finding.message:
        parts.append(f"stream {finding.stream}")
    return f" ({', '.join(parts)})" if parts else ""


def incident_lines(incident: Incident) -> list[str]:
    """For example `CAUSE server-race (certain), exchanges #5, #6: The service refused …`, and what to do."""
    where = ", ".join(f"#{each}" for each in incident.exchanges[:_MOST])
    more = f" and {len(incident.exchanges) - _MOST} more" if len(incident.exchanges) > _MOST else ""
    what = f"CAUSE {incident.cause} ({incident.confidence})"
    said = printable(f"{what}, exchanges {where}{more}: {incident.summary}")
    advice = [f"  → {incident.advice}"] if incident.advice else []
    possible = [f"  possible: {', '.join(incident.possible)}"] if incident.possible else []
    injected = [f"  injected by: {incident.injected}"] if incident.injected else []
    return [said, *(printable(each) for each in (*injected, *possible, *advice))]


def repeated_incident_line(count: int, last: Incident) -> str:
    """For example `CAUSE network-stripped: 40 more like these, the last in exchange #99`."""
    return printable(f"CAUSE {last.cause}: {count} more like these, the last in exchange #{last.exchange}")


def header_lines(head: ResponseHead) -> list[str]:
    """Every header of a response on one side, as it was on the wire."""
    where = f"#{head.exchange} {SIDE_NAMES[head.side]} side"
    return [
        f"{where}: {head.status} {_text(head.reason)}".rstrip(),
        *(f"{where}:   {_text(name)}: {_text(value)}" for name, value in head.headers),
    ]


def printable(text: str) -> str:
    """`text` as one line of visible characters: what a peer sent must not move a cursor or forge a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _text(raw: bytes) -> str:
    return printable(raw.decode("latin-1"))
