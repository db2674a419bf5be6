"""From an exchange to the subjects of the CO, SS, HT and HP rules: its response, stream, end and passage."""

from dataclasses import replace

from contract.cors import exposed_names
from contract.events import Message
from contract.exchange import BOTH, CLIENT, SERVER, Exchange
from contract.headers import media_type
from contract.profile import Profile
from contract.rules.cors import has_vary_origin, names_origin
from contract.rules.stream import EVENT_STREAM
from contract.subjects import Ending, Passage, Reply, Stream
from contract.two_sides import Change, compare_bodies, compare_heads
from contract.window import ScopeAnswers, Window

_LOST = "events of it were not kept"


def reply(exchange: Exchange, profile: Profile, window: Window) -> Reply | None:
    """The response as its head tells it; None if none reached the client."""
    response = exchange.client
    if response is None:
        return None
    issue = exchange.issue
    return Reply(
        profile=profile,
        request=exchange.request,
        response=response,
        server=exchange.server,
        origin=exchange.origin,
        is_preflight=exchange.visit.is_preflight,
        is_to_stream=issue is not None and (issue.media_type or "").lower() == EVENT_STREAM,
        is_routed=exchange.visit.is_routed,
        reflected=_reflected(exchange, window.answers(exchange.scope.key)),
    )


def _reflected(exchange: Exchange, answers: ScopeAnswers | None) -> bytes:
    """Another origin that an answer of the scope allowed by name before this exchange began."""
    if answers is None:
        return b""
    mine, began = exchange.origin, exchange.began
    others = (each for each, at in answers.reflected.items() if each != mine and at < began)
    return next(others, b"")


def remember_answer(exchange: Exchange, window: Window) -> None:
    """Keep what later exchanges of the scope are judged by; once the response has been delivered."""
    response, origin = exchange.client, exchange.origin
    if response is None or origin is None:
        return
    if exchange.visit.is_preflight:
        names = exposed_names(response.headers)
        if names:
            window.remember_answers(exchange.scope.key).expose(exchange.delivered, exchange.number, names)
    elif names_origin(response, origin) and not has_vary_origin(response):
        window.remember_answers(exchange.scope.key).reflect(exchange.delivered, origin)


def stream(exchange: Exchange, profile: Profile) -> Stream | None:
    """The stream that is over, or not looked at any further; None if there was none."""
    reader = exchange.reader
    if reader is None:
        return None
    is_complete = bool(exchange.complete & CLIENT)
    facts = reader.end() if is_complete else reader.stop()
    if exchange.is_lossy and not facts.unread:
        facts = replace(facts, unread=_LOST)
    exchange.heard_at = max(exchange.heard_at, reader.heard_at)
    return Stream(
        profile=profile,
        facts=facts,
        is_complete=is_complete,
        asked_at=exchange.asked_at,
        delay=exchange.answer_sides.delay if exchange.answer_sides else 0,
    )


def ending(exchange: Exchange) -> Ending:
    """How the service's response ended."""
    head, abort = exchange.server, exchange.abort
    heard = exchange.heard_at or (head.at if head else exchange.asked_at)
    return Ending(
        request=exchange.request,
        response=head,
        abort=abort,
        is_complete=bool(exchange.complete & SERVER),
        is_stream=head is not None
        and (exchange.reader is not None or media_type(head.headers) == EVENT_STREAM),
        silence=abort.at - heard if abort else 0,
    )


def heads_passage(exchange: Exchange, profile: Profile) -> Passage:
    """What became of the header fields of both messages."""
    changes: list[Change] = []
    request, response = exchange.request_at_server, exchange.client
    if request is not None and request is not exchange.request:
        changes += compare_heads(Message.REQUEST, exchange.request.headers, request.headers)
    if response is not None and exchange.server is not None and response is not exchange.server:
        changes += compare_heads(Message.RESPONSE, exchange.server.headers, response.headers)
    seen = exchange.request_at_server is not None or exchange.server is not None
    return Passage(profile, heads=tuple(changes), has_heads=seen)


def bodies_passage(exchange: Exchange, profile: Profile) -> Passage | None:
    """What became of the bodies; None where nothing can be said of either."""
    pairs = ((Message.REQUEST, exchange.request_sides), (Message.RESPONSE, exchange.answer_sides))
    if exchange.complete != BOTH or exchange.sent_on != BOTH:
        return None
    why = _LOST if exchange.is_lossy else next((s.why_unknown for _, s in pairs if s and s.why_unknown), "")
    changes = () if why else tuple(c for message, sides in pairs for c in compare_bodies(message, sides))
    return Passage(profile, bodies=changes, has_bodies=True, why_unknown=why)
