"""When the life of an ID is over, and what an echo says of it.

Only what the client knows of ends a life: an answer that was lost on its way may be retried.
"""

from contract.exchange import Exchange
from contract.profile import Profile
from contract.routes import fits_status
from contract.subjects import Answer, Echo
from contract.window import Window


def remember_echo(exchange: Exchange, echo: Echo, now: int) -> None:
    """What the service said to an echo of one of its IDs."""
    if echo.own is None:
        return
    if echo.newest is None or echo.own.id == echo.newest.id:
        exchange.scope.echoed_rightly(exchange.caller.credential, now)
    if echo.answer is Answer.ACCEPTED:
        exchange.own_echo = echo.own
    elif echo.answer in (Answer.FAILED, Answer.NONE):
        echo.own.doubtful = now


def end_lives(exchange: Exchange, profile: Profile, window: Window) -> None:
    """The answer has reached the client: what it ended is over, and a scope that it began is known."""
    if exchange.own_echo and profile.life.ends_with_echo:
        because = f"exchange {exchange.number} had sent it back, and was accepted"
        exchange.own_echo.end(exchange.delivered, because)
    if exchange.close and exchange.server and fits_status(exchange.close.status, exchange.server.status):
        exchange.scope.close(exchange.delivered, f"exchange {exchange.number} had closed its scope")
    opened = exchange.scope_in_body.reading if exchange.scope_in_body else None
    if opened is not None:
        window.know(opened.id, exchange.delivered)
        exchange.scope_in_body = None
