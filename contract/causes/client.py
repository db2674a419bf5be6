"""What clients do wrong: no ID, an invented one, an old one, another scope's, a changed one, one twice."""

import re
from collections.abc import Iterator

from contract.case import Case
from contract.causes.cause import CERTAIN, CLIENT, LIKELY, SERVER, Verdict, facts, incident, not_because
from contract.causes.echoes import HANDED_OLD, echo_of, innocent_of, is_expected, is_probe, was_handed
from contract.events import RequestHead
from contract.experience import Experience
from contract.headers import first
from contract.incidents import Fact, Incident, RuledOut
from contract.profile import Profile
from contract.rules.echo import answered, is_foreign
from contract.subjects import shown
from contract.testimony import Testimony

_SECONDS = re.compile(r"(?<![0-9])1[0-9]{9}(?![0-9])")


def find(case: Case, seen: Experience) -> Iterator[Incident]:
    """The incidents of echoes that were wrong when the client sent them: one of a cause and a value."""
    made: dict[tuple[str, str], tuple[Verdict, list[Testimony]]] = {}
    for echo in case.echoes:
        if is_expected(case, echo) or is_probe(case, echo):
            continue
        if (excuse := innocent_of(case, echo)) and not (echo.fails("EC207") and excuse not in HANDED_OLD):
            continue
        if was_handed(case, echo) and not echo.fails("EC207") and not is_foreign(echo_of(echo)):
            continue
        verdict = _judged(case, echo, seen)
        if verdict is not None:
            value = echo_of(echo).value
            made.setdefault((verdict.cause, value), (verdict, []))[1].append(echo)
    for verdict, echoes in made.values():
        issue = case.issue_before(echoes[0])
        yield incident(case, verdict, [*echoes, *([issue] if issue else [])])


def _judged(case: Case, testimony: Testimony, seen: Experience) -> Verdict | None:
    if testimony.fails("EC207"):
        return _twice(testimony)
    if testimony.fails("EC205"):
        return _cross_wired(testimony)
    if testimony.fails("EC204"):
        return _stale(testimony)
    if testimony.fails("EC206"):
        return _altered(testimony)
    issue = case.issue_before(testimony)
    if testimony.fails("EC201"):
        return _never_extracted(case, testimony, issue, seen)
    if testimony.fails("EC202", "EC203"):
        return _invented(case, testimony, issue, seen)
    return None


def _sent(testimony: Testimony) -> Fact:
    echo = echo_of(testimony)
    what = shown(echo.value) if echo.value else "no ID"
    return Fact(
        f"the client sent {what} in {echo.returned.where}; {answered(echo)}", testimony.exchange, CLIENT
    )


def _got(issue: Testimony | None) -> Fact | None:
    reading = issue.issue.client if issue is not None and issue.issue is not None else None
    if issue is None or reading is None:
        return None
    return Fact(f"the client had got {shown(reading.id)} in {reading.where}", issue.exchange, CLIENT)


def _visible(issue: Testimony | None) -> tuple[RuledOut, ...]:
    """Why neither hop nor service nor CORS is to blame for an ID that did not come back."""
    if issue is None or issue.issue is None or issue.issue.client is None:
        return ()
    return not_because(
        server_never_issued="the service sent an ID",
        network_stripped="it was there on the client's side",
        cors_not_exposed="a script could read it" if issue.is_cross_origin else "nothing crosses origins",
    )


def _never_extracted(
    case: Case, testimony: Testimony, issue: Testimony | None, seen: Experience
) -> Verdict | None:
    if issue is None or (issue.issue is not None and issue.issue.client is None):
        return None
    if (sensitive := _case_sensitive(case.profile, testimony, issue, seen)) is not None:
        return sensitive
    without = [echo for echo in case.echoes if not echo_of(echo).value and echo.caller == testimony.caller]
    name = echo_of(testimony).returned.where
    return Verdict(
        "client-never-extracted",
        CERTAIN,
        f"The ID was there for the client to read, and it sent none: in 0 of {len(without)} updates.",
        f"Read the ID from the stream's answer in the client, and send it in {name}.",
        facts(_got(issue), _sent(testimony)),
        (*_visible(issue), *not_because(client_fabricated_id="nothing was sent at all")),
    )


def _invented(case: Case, testimony: Testimony, issue: Testimony | None, seen: Experience) -> Verdict | None:
    echo = echo_of(testimony)
    if issue is None and case.is_resumed:
        return None  # what the client had been given is not known any more
    if issue is not None and issue.issue is not None and issue.issue.client is None:
        return None
    if issue is not None and (found := _case_sensitive(case.profile, testimony, issue, seen)) is not None:
        return found
    seconds = _SECONDS.search(echo.value)
    real = echo.newest.id if echo.newest else ""
    by_clock = (
        f"; it has a time of 10 digits, in seconds, where {shown(real)} has 13, in milliseconds"
        if seconds and real
        else ""
    )
    early = "" if issue is not None or echo.newest is not None else ", before any stream had issued one"
    return Verdict(
        "client-fabricated-id",
        CERTAIN,
        f"The client sent {shown(echo.value)}, which nobody had issued{early}{by_clock}.",
        "Take the ID from the stream's answer and from nowhere else; without one, do not save, and say so.",
        facts(_got(issue), _sent(testimony), _last_issued(testimony)),
        (
            *_visible(issue),
            *not_because(
                client_stale_id="it was never issued in this scope",
                client_cross_wired="nor in any other",
                client_altered_id="nothing that is known would make it equal to an issued one",
            ),
        ),
    )


def _last_issued(testimony: Testimony) -> Fact | None:
    newest = echo_of(testimony).newest
    return Fact(f"issued was {shown(newest.id)}", newest.exchange, SERVER) if newest else None


def _case_sensitive(
    profile: Profile, testimony: Testimony, issue: Testimony, seen: Experience
) -> Verdict | None:
    """The ID came under a name in other letters, under which this client has read none."""
    spelled = is_spelled(profile, issue)
    agent = agent_of(testimony.request)
    if spelled is None or spelled or seen.has_read(agent, is_spelled=False):
        return None
    elsewhere = seen.has_read(agent, is_spelled=True)
    if elsewhere is False:
        return None  # it reads none under the right name either
    reading = issue.issue.client if issue.issue else None
    name = reading.header if reading else ""
    by_hop = is_spelled_at_server(profile, issue)
    return Verdict(
        "client-case-sensitive",
        CERTAIN if elsewhere else LIKELY,
        f"The ID came in {name}, in other letters than these, and the client did not find it.",
        "Compare header names without regard to case (RFC 9110 §5.1); HTTP/2 and many hops write small ones.",
        facts(
            _got(issue),
            Fact(f"its name was written {_spelling(issue, name)}", issue.exchange, CLIENT),
            Fact(f"it had come in as {name}", issue.exchange, SERVER) if by_hop else None,
            Fact("under the usual letters this client reads it", testimony.exchange, CLIENT)
            if elsewhere
            else None,
            _sent(testimony),
        ),
        _visible(issue),
        possible=()
        if elsewhere
        else ("client-case-sensitive", "client-fabricated-id", "client-never-extracted"),
        decides="" if elsewhere else "the same client where the name comes in its usual letters",
    )


def _spelling(issue: Testimony, name: str) -> str:
    fields = issue.client.headers if issue.client else ()
    found = (each.decode("latin-1") for each, _ in fields if each.lower() == name.lower().encode())
    return next(found, name)


def is_spelled(profile: Profile, issue: Testimony) -> bool | None:
    """Whether the client got the ID's header in the very letters of the profile; None where it is in none."""
    return _in_letters(profile, issue, at_server=False)


def is_spelled_at_server(profile: Profile, issue: Testimony) -> bool | None:
    """The same for the service's side."""
    return _in_letters(profile, issue, at_server=True)


def _in_letters(profile: Profile, issue: Testimony, *, at_server: bool) -> bool | None:
    head = issue.server if at_server else issue.client
    reading = issue.issue.client if issue.issue else None
    if head is None or reading is None or not reading.header:
        return None
    return any(name == reading.header.encode() for name, _ in head.headers)


def agent_of(request: RequestHead) -> bytes:
    """What tells one client program from others."""
    return first(request.headers, b"user-agent") or b""


def _stale(testimony: Testimony) -> Verdict:
    echo = echo_of(testimony)
    assert echo.own is not None
    assert echo.newest is not None
    return Verdict(
        "client-stale-id",
        CERTAIN,
        f"The client sent {shown(echo.value)} of exchange {echo.own.exchange}, an earlier stream of this "
        f"scope; the newest is {shown(echo.newest.id)}.",
        "Keep the ID with the stream that it came with, and replace it when the next one begins.",
        facts(
            Fact(f"{shown(echo.value)} was issued", echo.own.exchange, SERVER),
            Fact(f"{shown(echo.newest.id)} was issued after it", echo.newest.exchange, SERVER),
            _sent(testimony),
        ),
        not_because(
            client_cross_wired="it is an ID of this scope",
            client_fabricated_id="the service had issued it",
            network_rewritten="the client was handed the newer one",
        ),
    )


def _cross_wired(testimony: Testimony) -> Verdict:
    echo = echo_of(testimony)
    other = echo.foreign or echo.own
    assert other is not None
    whose = f"in the scope {shown(other.scope)}" if echo.foreign else f"to {shown(other.caller.user)}"
    return Verdict(
        "client-cross-wired",
        CERTAIN,
        f"The client sent {shown(echo.value)}, which exchange {other.exchange} had issued {whose}.",
        "Keep one ID for each chat in the client, not one for all: two streams at once mix them up.",
        facts(Fact(f"{shown(echo.value)} was issued {whose}", other.exchange, SERVER), _sent(testimony)),
        not_because(
            client_stale_id="it is not of this scope",
            client_fabricated_id="the service had issued it",
            network_rewritten="each client was handed its own",
        ),
    )


def _altered(testimony: Testimony) -> Verdict:
    echo = echo_of(testimony)
    assert echo.near is not None
    return Verdict(
        "client-altered-id",
        CERTAIN,
        f"The client sent {shown(echo.value)}: equal to {shown(echo.near.id)} {echo.normalisation}.",
        "Send the ID byte for byte as it came: no trimming, no change of case, no quotes, no decoding.",
        facts(Fact(f"{shown(echo.near.id)} was issued", echo.near.exchange, SERVER), _sent(testimony)),
        not_because(
            client_fabricated_id="it is an issued one, changed",
            network_request_rewritten="it was so when it came from the client",
        ),
    )


def _twice(testimony: Testimony) -> Verdict:
    echo = echo_of(testimony)
    return Verdict(
        "client-double-commit",
        CERTAIN,
        f"The client sent {shown(echo.value)} once more after its life was over: {echo.is_over}.",
        "Save once: disable the button while a save is under way, and do not retry after a 2xx.",
        facts(_sent(testimony), Fact(f"its life was over: {echo.is_over}", testimony.exchange, SERVER)),
        not_because(server_expired="it ended by the accepted update, not by time"),
    )
