"""From an exchange to its testimony."""

from collections.abc import Iterable

from contract.echoing import returned_at_server
from contract.events import Injection
from contract.exchange import CLIENT, SERVER, Exchange
from contract.findings import Finding, Output
from contract.testimony import BodyPassage, Testimony


def begun(exchange: Exchange, injections: Iterable[Injection]) -> Testimony:
    """The testimony of an exchange that begins; `injections` are the latest, its own may be among them."""
    testimony = Testimony(
        exchange=exchange.number,
        began=exchange.began,
        at=exchange.at,
        role=exchange.role,
        scope=exchange.scope.key,
        caller=exchange.caller,
        request=exchange.request,
        is_cross_origin=exchange.origin is not None,
        is_routed=exchange.visit.is_routed,
    )
    for injection in injections:
        if injection.exchange == exchange.number:
            struck(testimony, injection)
    return testimony


def struck(testimony: Testimony, injection: Injection) -> None:
    """A fault struck one of its messages."""
    if injection.kind not in testimony.faults:
        testimony.faults.append(injection.kind)


def found(testimony: Testimony, outputs: Iterable[Output]) -> None:
    """These are about it."""
    testimony.findings += [each for each in outputs if isinstance(each, Finding)]


def ended(exchange: Exchange, testimony: Testimony, now: int) -> Testimony:
    """The same, with what is known at the end."""
    testimony.role = exchange.role
    testimony.stream = exchange.known_stream
    testimony.over, testimony.over_at = now, exchange.at
    testimony.request_at_server = exchange.request_at_server
    testimony.client, testimony.server = exchange.client, exchange.server
    testimony.client_abort, testimony.server_abort = exchange.client_abort, exchange.server_abort
    testimony.is_whole = (bool(exchange.complete & CLIENT), bool(exchange.complete & SERVER))
    testimony.heard_at = exchange.heard_at
    testimony.answered_at = exchange.client.at if exchange.client else exchange.at
    testimony.body = _body(exchange)
    if exchange.echo is not None:
        testimony.at_server = returned_at_server(exchange)
    return testimony


def _body(exchange: Exchange) -> BodyPassage | None:
    sides = exchange.answer_sides
    if sides is None:
        return None
    return BodyPassage(sides.differs_at, sides.is_unsure, sides.came, sides.left)
