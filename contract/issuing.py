"""From an exchange to the subject of the ID rules, and to the IDs that the window remembers of it."""

from contract.cors import exposed_names
from contract.events import ResponseHead
from contract.exchange import Exchange, named, stray_id
from contract.places import InBody, Reading, in_head
from contract.profile import Profile
from contract.rules.cors import id_readable
from contract.subjects import Issue
from contract.window import Issuance, Window


def is_readable(head: ResponseHead | None, body: InBody | None) -> bool:
    """Whether all is known of the ID on one side: the head, and the body as far as it matters."""
    return head is not None and (body is None or body.is_over)


def _reading(exchange: Exchange, head: ResponseHead, body: InBody | None) -> Reading | None:
    """The ID on one side of an issuing response."""
    if body is not None or exchange.issue is None:
        return body.reading if body else None
    return in_head(exchange.issue.id, head.headers)


def register(exchange: Exchange, window: Window, now: int) -> None:
    """Remember what the service issued, or that it may have issued something that was not seen."""
    exchange.is_registered = True
    if exchange.server is None or not exchange.is_issuing_server:
        return
    reading = exchange.issued = _reading(exchange, exchange.server, exchange.id_in_server)
    if reading is None and exchange.id_in_server and exchange.id_in_server.why:
        exchange.scope.missed = now
        return
    if reading is None or not any(reading.values):
        window.know(exchange.scope.key, now)  # a response that issues nothing was seen
        return
    for value in dict.fromkeys(value for value in reading.values if value):
        exchange.mine = _remember(exchange, window, value, now, is_issued=True)


def _remember(exchange: Exchange, window: Window, value: str, now: int, *, is_issued: bool) -> Issuance:
    scope = exchange.scope
    issuance = Issuance(value, scope.key, exchange.number, exchange.caller, now, is_issued)
    window.add(issuance, scope)
    return issuance


def _client_reading(exchange: Exchange, response: ResponseHead) -> Reading | None:
    if response is exchange.server and exchange.id_in_client is None:
        return exchange.issued  # seen alike on both sides
    return _reading(exchange, response, exchange.id_in_client)


def subject(exchange: Exchange, profile: Profile, window: Window) -> Issue | None:
    """What the client got, for the rules; None if it got no response."""
    response = exchange.client
    if response is None:
        return None
    issue = exchange.issue
    is_issuing = exchange.is_issuing_client
    client = _client_reading(exchange, response) if is_issuing else None
    stray = None if is_issuing else _stray(exchange, profile, window, response)
    return Issue(
        profile=profile,
        request=exchange.request,
        response=response,
        is_issuing=is_issuing,
        place=named(issue.id) if issue else "",
        client=client,
        server=exchange.issued,
        why_unread=exchange.id_in_client.why if exchange.id_in_client else "",
        exposure=id_readable(client, exchange.request, response) if client else None,
        earlier=_earlier(exchange, profile, window, client),
        stray=stray,
        exposed=_exposed(exchange, response, client),
        exposed_by=_exposed_by(exchange, window, client),
    )


def _exposed(exchange: Exchange, response: ResponseHead, client: Reading | None) -> frozenset[bytes] | None:
    if exchange.origin is None or client is None or not client.header:
        return None
    return exposed_names(response.headers)


def _exposed_by(exchange: Exchange, window: Window, client: Reading | None) -> int | None:
    """The scope's latest preflight, over before this request, whose answer lists the ID's header."""
    answers = window.answers(exchange.scope.key)
    if answers is None or client is None or not client.header:
        return None
    name = client.header.lower().encode()
    earlier = (
        number for at, number, names in reversed(answers.exposing) if at < exchange.began and name in names
    )
    return next(earlier, None)


def hand_out(exchange: Exchange, issue: Issue, window: Window, now: int) -> None:
    """Remember the IDs that reached the client though the service did not issue them in this exchange."""
    reading = issue.client or issue.stray
    if reading is None:
        return
    issued = issue.server.values if issue.server else ()
    for value in dict.fromkeys(value for value in reading.values if value and value not in issued):
        _remember(exchange, window, value, now, is_issued=False)


def _stray(exchange: Exchange, profile: Profile, window: Window, response: ResponseHead) -> Reading | None:
    """An ID where none is issued – unless it only repeats one that this scope already had."""
    reading = stray_id(profile, response)
    if reading is None:
        return None
    known = any(one.is_issued and one.scope == exchange.scope.key for one in window.get(reading.id))
    return None if known else reading


def _earlier(exchange: Exchange, profile: Profile, window: Window, client: Reading | None) -> int | None:
    """The latest other exchange that had issued the client's ID before this one did."""
    if client is None:
        return None
    mine = exchange.mine.since if exchange.mine and exchange.mine.id in client.values else None
    for one in reversed(window.get(client.id)):
        if not one.is_issued or one.exchange == exchange.number or (mine is not None and one.since > mine):
            continue
        if profile.id.rotation == "response" or one.scope != exchange.scope.key:
            return one.exchange
    return None
