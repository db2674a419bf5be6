"""From an exchange to the subject of the EC rules: what came back, and what of it is known."""

import re

from contract.answers import said
from contract.bodies import MISSING, as_text, at_path, parsed
from contract.exchange import Exchange
from contract.headers import key, lines
from contract.places import Returned, in_request
from contract.profile import Profile
from contract.rules.echo import FOLDED, TRIMMED, TRIMMED_AND_FOLDED
from contract.sse import SseParser
from contract.subjects import Echo, Told
from contract.template import percent_decoded
from contract.window import Issuance, Window


def returned(exchange: Exchange) -> Returned:
    """The ID that the request carried back."""
    if exchange.echo is None:
        return Returned(None, "")
    return in_request(exchange.echo.id, exchange.visit, exchange.request.headers, exchange.request_body)


def returned_at_server(exchange: Exchange) -> Returned | None:
    """The ID as the service got it; None where it did not get the request."""
    head = exchange.request_at_server
    if exchange.echo is None or head is None:
        return None
    return in_request(exchange.echo.id, exchange.visit, head.headers, exchange.request_body_at_server)


def is_rewritten(exchange: Exchange) -> bool:
    """Whether the service got the request with another body, target, or header for the ID."""
    sides, at_server = exchange.request_sides, exchange.request_at_server
    if sides is not None and not sides.is_alike:
        return True
    if at_server is None or exchange.echo is None:
        return False
    if at_server.target != exchange.request.target:
        return True
    name = exchange.echo.id.header
    return name is not None and lines(at_server.headers, key(name)) != lines(
        exchange.request.headers, key(name)
    )


def subject(exchange: Exchange, profile: Profile, window: Window, gap: int) -> Echo | None:
    """The echo for the rules; `gap` is when events of unknown exchanges were last lost (0: never)."""
    if exchange.echo is None:
        return None
    back = exchange.returned or returned(exchange)
    value = back.value or ""
    known = [one for one in window.get(value) if one.since < exchange.sent] if value else []
    own = _own(exchange, known)
    foreign = [one for one in known if one.is_issued and one.scope != exchange.scope.key]
    handed = [one for one in known if not one.is_issued]
    near, normalisation = (None, "") if known or own or not value else _near(exchange, value)
    server = exchange.server
    answer = said(profile, exchange.echo, server, exchange.answer_body)
    credential = exchange.caller.credential
    return Echo(
        profile=profile,
        caller=exchange.caller,
        returned=back,
        answer=answer.answer,
        status=server.status if server else None,
        is_scoped=profile.scope.is_given,
        is_rewritten=is_rewritten(exchange),
        own=own,
        foreign=foreign[-1] if foreign else None,
        handed=handed[-1] if handed else None,
        near=near,
        normalisation=normalisation,
        newest=exchange.newest,
        unsure=_unsure(exchange, gap),
        is_probe=any(re.fullmatch(probe, value) for probe in profile.id.probes),
        has_shape=_has_shape(profile, value),
        has_format=bool(re.fullmatch(profile.id.format, value)),
        right_before=0 < exchange.scope.right.get(credential, 0) < exchange.began,
        is_over=own.ended_by if own and 0 < own.ended < exchange.began else "",
        is_retry=own is not None and 0 < own.doubtful < exchange.began,
        deviation=answer.deviation,
        leaked=_leaked(profile, answer.content, value),
        told=told(profile, answer.content),
    )


def told(profile: Profile, content: bytes) -> Told | None:
    """What a refusal says of the IDs that it compared; None where it says nothing of them."""
    tells = profile.mismatch.tells
    if tells is None or not content:
        return None
    value = parsed(content)
    if value is MISSING:
        event = next(iter(SseParser().feed(content)), None)
        value = parsed(event.data.encode()) if event else MISSING
    expected, received = at_path(value, tells.expected), at_path(value, tells.received)
    if expected is MISSING and received is MISSING:
        return None
    return Told(as_text(expected), as_text(received), expected is not MISSING, received is not MISSING)


def _leaked(profile: Profile, content: bytes, sent: str) -> str:
    """An ID, be it in another case, in the answer's body that the request had not brought; empty for none."""
    text = content.decode("utf-8", "replace")
    found = (match[0] for match in re.finditer(profile.id.format, text, re.IGNORECASE))
    return next((id_ for id_ in found if text.count(id_) > sent.count(id_)), "")


def _own(exchange: Exchange, known: list[Issuance]) -> Issuance | None:
    """The scope's issuance of the echoed ID; where there are several, the caller's own before others'."""
    own = [one for one in known if one.is_issued and one.scope == exchange.scope.key]
    mine = [one for one in own if one.caller == exchange.caller]
    chosen = mine or own
    return chosen[-1] if chosen else None


def _has_shape(profile: Profile, value: str) -> bool:
    shape = profile.id.shape or profile.id.format
    return bool(re.fullmatch(shape, value) or re.fullmatch(profile.id.format, value))


def _near(exchange: Exchange, value: str) -> tuple[Issuance | None, str]:
    """The latest ID of the scope that would be equal after a normalisation, and which one that is."""
    for issuance in reversed(exchange.scope.near):
        if issuance.since < exchange.sent and (name := normalisation(value, issuance.id)):
            return issuance, name
    return None, ""


def normalisation(value: str, issued: str) -> str:
    """What would make two different values equal, in words; empty if nothing known does."""
    trimmed = value.strip()
    pieces = {piece.strip() for piece in value.split(",")}
    ways = {
        TRIMMED: trimmed == issued,
        FOLDED: value.casefold() == issued.casefold(),
        TRIMMED_AND_FOLDED: trimmed.casefold() == issued.casefold(),
        "without quotation marks": trimmed.strip("\"'") == issued,
        "after percent-decoding": percent_decoded(value.encode()) == issued,
        "as one of several values joined by commas": len(value) > len(issued) and pieces == {issued},
    }
    return next((name for name, is_equal in ways.items() if is_equal), "")


def _unsure(exchange: Exchange, gap: int) -> str:
    """Why an issuing response of the scope may not have been seen; empty if all were."""
    scope, newest = exchange.scope, exchange.newest
    since = newest.since if newest else exchange.known
    if not since:
        return "no issuing response of this scope was seen"
    if since < gap < exchange.sent:
        return f"events were lost since {'the newest issuing response' if newest else 'the scope began'}"
    if since < scope.missed < exchange.sent:
        return "an issuing response of this scope was not seen whole"
    if (newest and newest.is_forgotten) or scope.has_forgotten:
        return "earlier IDs of this scope fell out of the window"
    return ""
