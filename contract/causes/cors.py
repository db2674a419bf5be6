"""What scripts of other origins could not read, or were not allowed to ask."""

from collections.abc import Iterator
from dataclasses import replace

from contract.case import Case
from contract.causes.cause import (
    CERTAIN,
    CLIENT,
    LIKELY,
    SERVER,
    TAP_BEHIND,
    Verdict,
    counted,
    facts,
    incident,
    not_because,
)
from contract.causes.echoes import UNREADABLE, consequence, is_expected, is_without_id, may_be_script
from contract.cors import Credentials, header_readable, judge_preflight
from contract.events import ResponseHead
from contract.experience import Experience
from contract.findings import Role
from contract.headers import combined, first, lines
from contract.incidents import Fact, Incident, RuledOut
from contract.subjects import shown
from contract.testimony import Testimony

_ALLOW_ORIGIN, _EXPOSE = b"access-control-allow-origin", b"access-control-expose-headers"
_RENAMED = frozenset(("network-renamed", "server-name-mismatch"))
"""Causes after which it is no news that the ID's name, which is another one, is not exposed."""
_REPLACED = frozenset(("network-replaced", "network-redirected"))
"""Causes after which the answer is not the service's."""


def find(case: Case, seen: Experience) -> Iterator[Incident]:
    """The incidents of the case's CORS headers: one of each cause."""
    made: dict[str, tuple[Verdict, list[Testimony]]] = {}
    for testimony in case.testimonies:
        verdict = _judged(case, testimony)
        if verdict is not None:
            made.setdefault(verdict.cause, (verdict, []))[1].append(testimony)
    if {"cors-origin-rejected", "cors-duplicate-origin"} & set(made):
        _explain_by_origin(made)
    for verdict, testimonies in made.values():
        lost = _lost_echoes(case, testimonies) if verdict.cause in UNREADABLE else []
        if lost:
            told = facts(*verdict.evidence, consequence(case, testimonies[0]))
            verdict = replace(verdict, evidence=told)
        yield incident(case, verdict, [*testimonies, *lost])


def _lost_echoes(case: Case, issues: list[Testimony]) -> list[Testimony]:
    """The echoes that came without the ID, since no script could read it."""
    return [
        echo
        for echo in case.echoes
        if is_without_id(echo)
        and may_be_script(echo.request)
        and not is_expected(case, echo)
        and any(case.issue_before(echo) is issue and issue.is_cross_origin for issue in issues)
    ]


def _explain_by_origin(made: dict[str, tuple[Verdict, list[Testimony]]]) -> None:
    """Errors and preflights whose Allow-Origin is wrong in the same way are no incidents of their own."""
    into = made.get("cors-duplicate-origin") or made["cors-origin-rejected"]
    for other in ("cors-errors-unreadable", "cors-preflight-refused"):
        if other in made and all(_has_wrong_origin(each) for each in made[other][1]):
            into[1].extend(made.pop(other)[1])


def _has_wrong_origin(testimony: Testimony) -> bool:
    """Whether the answer itself is fine, and only the origin that it allows is not."""
    head = testimony.client
    if head is None:
        return False
    return testimony.role is not Role.PREFLIGHT or 200 <= head.status < 300


def _judged(case: Case, testimony: Testimony) -> Verdict | None:
    causes = case.causes_of(testimony.exchange)
    if testimony.client is None or causes & _REPLACED:
        return None
    if testimony.role is Role.PREFLIGHT:
        return _preflight(case, testimony)
    if testimony.fails("CO401"):
        # Whoever took the ID away took this, too.
        is_same = "network-stripped" in causes and _changed(testimony, _ALLOW_ORIGIN) is not None
        return None if is_same else _origin(testimony, "CO401")
    if testimony.fails("CO409"):
        return None if _is_proxys_own(testimony) else _error(testimony)
    if causes & _RENAMED and not testimony.fails("CO403", "CO404", "CO405"):
        return None
    return _expose(testimony)


def _is_proxys_own(testimony: Testimony) -> bool:
    """Whether no service answered: an error page of the proxy's own."""
    return testimony.server is None


def _origin(testimony: Testimony, code: str) -> Verdict:
    """An answer whose Allow-Origin browsers refuse; `code` is the rule that says so."""
    allowed = _allowed(testimony.client)
    if len(allowed) > 1 or (len(allowed) == 1 and "," in allowed[0]):
        return _doubled_origin(testimony, allowed)
    message, changed = testimony.found(code)[0].message, _changed(testimony, _ALLOW_ORIGIN)
    return Verdict(
        "cors-origin-rejected",
        CERTAIN,
        message,
        f"Answer with Access-Control-Allow-Origin: {_origin_of(testimony)}, byte for byte, on every answer"
        + (", and keep the hop from changing it." if changed else "."),
        facts(Fact(message, testimony.exchange, CLIENT), changed),
        not_because(
            cors_duplicate_origin=f"there {'is one line' if allowed else 'is none'}",
            cors_not_exposed="a script gets nothing of this answer at all",
        ),
    )


def _doubled_origin(testimony: Testimony, allowed: list[str]) -> Verdict:
    at_server, together = _allowed(testimony.server), shown(", ".join(allowed))
    by_hop = len(at_server) == 1 and "," not in at_server[0]
    return Verdict(
        "cors-duplicate-origin",
        CERTAIN,
        f"Access-Control-Allow-Origin came as {together}: browsers refuse that.",
        "Let one layer alone send CORS headers: "
        + ("switch it off in the hop." if by_hop else "the service or the proxy before it, not both."),
        facts(
            Fact(
                f"the client's side has {counted(len(allowed), 'line')}: {together}",
                testimony.exchange,
                CLIENT,
            ),
            _changed(testimony, _ALLOW_ORIGIN),
        ),
        not_because(cors_origin_rejected="the origin is there, but more than once"),
    )


def _allowed(head: ResponseHead | None) -> list[str]:
    """The lines of Access-Control-Allow-Origin."""
    return [value.decode("latin-1") for value in lines(head.headers, _ALLOW_ORIGIN)] if head else []


def _error(testimony: Testimony) -> Verdict:
    if _allowed(testimony.client):
        return _origin(testimony, "CO409")
    message, changed = testimony.found("CO409")[0].message, _changed(testimony, _ALLOW_ORIGIN)
    where = "in the hop that takes them away" if changed else "in the error handler too"
    return Verdict(
        "cors-errors-unreadable",
        CERTAIN,
        message,
        f"Send the same CORS headers with 4xx and 5xx as with 2xx: set them {where} "
        "(nginx: add_header … always).",
        facts(Fact(message, testimony.exchange, CLIENT), changed),
        not_because(cors_origin_rejected="only failed answers are without it"),
    )


def _expose(testimony: Testimony) -> Verdict | None:
    """An ID in a header that a script cannot read."""
    reading = testimony.issue.client if testimony.issue else None
    if not testimony.fails("CO402") or reading is None or not reading.header:
        return None
    return _Unreadable(testimony, reading.header).verdict()


class _Unreadable:
    """Why a script cannot read the ID from the header `name`."""

    def __init__(self, testimony: Testimony, name: str) -> None:
        self.testimony, self.name = testimony, name
        self.message = testimony.found("CO402")[0].message
        self.is_readable_at_server = _is_readable_at_server(testimony, name)
        head, changed = testimony.client, _changed(testimony, _EXPOSE)
        listed = (combined(head.headers, _EXPOSE) if head else None) or b""
        line = listed.decode("latin-1") or "not there"
        self.evidence = facts(
            Fact(self.message, testimony.exchange, CLIENT),
            Fact(f"Access-Control-Expose-Headers: {line}", testimony.exchange, CLIENT),
            changed,
        )
        came = "a script could have read it" if self.is_readable_at_server else "it was another"
        self.hop = f" The hop changed it: on the service's side {came}." if changed else ""
        method = testimony.request.method.decode("latin-1")
        self.add = f"Add {name} to Access-Control-Expose-Headers on the {method} answer"

    def verdict(self) -> Verdict:
        if self.testimony.fails("CO404"):
            advice = f"Write names separated by commas: {self.name}."
            return self._made("cors-expose-malformed", self.message + self.hop, advice)
        if self.testimony.fails("CO403"):
            advice = f"{self.add}, by name: with cookies, * is only a header called *."
            return self._made("cors-wildcard-credentials", self.message + self.hop, advice)
        if self.testimony.fails("CO405"):
            return self._on_the_preflight_only()
        if self.is_readable_at_server:
            return self._made(
                "cors-expose-stripped",
                f"The service exposes {self.name}; on the client's side it is not listed any more.",
                "Let the hop pass Access-Control-Expose-Headers on as it comes.",
                cors_not_exposed="the service does list it",
            )
        advice = f"{self.add}; no answer of this service lists it."
        verdict = self._made("cors-not-exposed", self.message, advice)
        return replace(verdict, confidence=LIKELY, decides=TAP_BEHIND)

    def _on_the_preflight_only(self) -> Verdict:
        found = self.testimony.found("CO405")[0]
        preflight = int(dict(found.evidence)["preflight"])
        self.evidence += (Fact(f"the answer to OPTIONS lists {self.name}", preflight, CLIENT),)
        return self._made(
            "cors-preflight-only",
            found.message + self.hop,
            f"{self.add}; it is only on the OPTIONS answer now, where it has no effect.",
            cors_not_exposed="it is listed, on the wrong answer",
        )

    def _made(self, cause: str, summary: str, advice: str, **neighbours: str) -> Verdict:
        stripped = "" if self.is_readable_at_server else "it is not listed on the service's side either"
        ruled_out = not_because(
            cors_expose_stripped=stripped,
            cors_origin_rejected="the origin is allowed",
            client_never_extracted="a script sees no such header",
            **neighbours,
        )
        return Verdict(cause, CERTAIN, summary, advice, self.evidence, ruled_out)


def _is_readable_at_server(testimony: Testimony, name: str) -> bool:
    """Whether a script could have read the ID from the answer as the service sent it."""
    server = testimony.server
    if server is None or server is testimony.client:
        return False
    return header_readable(name.encode(), testimony.request, server).readable is True


def _preflight(case: Case, testimony: Testimony) -> Verdict | None:
    head, server = testimony.client, testimony.server
    assert head is not None
    is_others = server is None or server.status != head.status
    if is_others and case.has("network-replaced", "network-redirected"):
        return None
    if testimony.fails("CO406"):
        if len(lines(head.headers, _ALLOW_ORIGIN)) > 1:
            return _origin(testimony, "CO406")
        return _preflight_verdict(
            case,
            testimony,
            "cors-preflight-refused",
            "CO406",
            "Answer OPTIONS with 204 and the CORS headers, before any authentication is asked for.",
        )
    if testimony.fails("CO407"):
        asked = first(testimony.request.headers, b"access-control-request-headers") or b""
        return _preflight_verdict(
            case,
            testimony,
            "cors-preflight-incomplete",
            "CO407",
            f"List what the preflight asks for: {asked.decode('latin-1') or 'its method'}, "
            "in Access-Control-Allow-Headers and -Methods, by name.",
        )
    return None


def _preflight_verdict(case: Case, testimony: Testimony, cause: str, code: str, advice: str) -> Verdict:
    head, server = testimony.client, testimony.server
    message = testimony.found(code)[0].message
    is_by_hop = False
    if server is not None and server is not head:
        judged = judge_preflight(testimony.request, server, Credentials.UNKNOWN)
        is_by_hop = judged.is_granted
    silent = not any(
        each.began > testimony.over and each.role is not Role.PREFLIGHT and each.is_cross_origin
        for each in case.testimonies
    )
    return Verdict(
        cause,
        CERTAIN,
        message,
        advice if not is_by_hop else f"{advice} The service does: let the hop pass that answer on.",
        facts(
            Fact(message, testimony.exchange, CLIENT),
            Fact("the service's own answer would have allowed it", testimony.exchange, SERVER)
            if is_by_hop
            else None,
            Fact("the request itself never came after it", testimony.exchange, CLIENT) if silent else None,
        ),
        (
            RuledOut("cors-preflight-incomplete", "it fails as a whole")
            if cause == "cors-preflight-refused"
            else RuledOut("cors-preflight-refused", "the answer is 2xx, and allows the origin"),
        ),
    )


def _changed(testimony: Testimony, name: bytes) -> Fact | None:
    """That the header came in otherwise than it left."""
    if testimony.server is None or testimony.client is None or testimony.server is testimony.client:
        return None
    before, after = lines(testimony.server.headers, name), lines(testimony.client.headers, name)
    if before == after:
        return None
    text = shown(b", ".join(before).decode("latin-1")) if before else "not there"
    return Fact(f"on the service's side {name.decode().title()} was {text}", testimony.exchange, SERVER)


def _origin_of(testimony: Testimony) -> str:
    return (first(testimony.request.headers, b"origin") or b"").decode("latin-1")
