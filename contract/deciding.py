"""Which of the profile's routes a request is, where that depends on its body."""

from contract.bodies import MISSING, fulfils, parsed
from contract.exchange import Exchange
from contract.profile_sections import Route


def decide(exchange: Exchange, now: int) -> None:
    """Choose the routes by the request's body; `now` is the position in the sequence."""
    exchange.is_decided = True
    visit, body = exchange.visit, exchange.request_body
    value = MISSING
    if visit.by_body and body is not None:
        if exchange.sent and not body.why:
            value = parsed(body.content())
        elif visit.issues:
            exchange.scope.missed = now
    exchange.issue = _chosen(visit.issues, value)
    exchange.echo = _chosen(visit.echoes, value)
    exchange.close = _chosen(visit.closes, value)
    exchange.open = _chosen(visit.opens, value)


def _chosen[R: Route](routes: tuple[R, ...], value: object) -> R | None:
    """The first route whose predicates the body fulfils; those without any need no body."""
    return next((route for route in routes if not route.where or fulfils(value, route.where)), None)
