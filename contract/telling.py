"""What the checker tells beside findings: what an exchange was, and what became of a stream's ID."""

from contract.exchange import Exchange
from contract.findings import ExchangeFacts, StreamVerdict
from contract.subjects import Echo, Issue


def facts(exchange: Exchange) -> ExchangeFacts:
    """What the exchange was, as far as it is known."""
    return ExchangeFacts(exchange.number, exchange.role, exchange.known_stream, exchange.scope.key)


def issued(exchange: Exchange, issue: Issue | None) -> StreamVerdict | None:
    """The first verdict on the stream that this exchange began; None where the service issued nothing."""
    if exchange.mine is None:
        return None
    if issue is not None and issue.is_issuing:
        exchange.mine.exposed = issue.exposure.readable if issue.exposure else False
    stream = issue.client.id if issue and issue.client and issue.client.id else exchange.mine.id
    return StreamVerdict(
        stream=stream,
        scope=exchange.scope.key,
        issued=exchange.number,
        exposed=exchange.mine.exposed,
        echoed=None,
        accepted=None,
        status=None,
        at=exchange.at,
    )


def echoed(exchange: Exchange, echo: Echo) -> StreamVerdict | None:
    """The verdict on the stream whose ID came back; None where none did."""
    if not echo.value:
        return None
    issuance = echo.own or echo.foreign or echo.near
    return StreamVerdict(
        stream=echo.value,
        scope=exchange.scope.key,
        issued=issuance.exchange if issuance else None,
        exposed=issuance.exposed if issuance else None,
        echoed=exchange.number,
        accepted=echo.accepted,
        status=echo.status,
        at=exchange.at,
    )
