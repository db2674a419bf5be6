"""The same exchanges, seen otherwise on the two sides of the proxy, or broken off on one of them."""

from dataclasses import replace

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    Deed,
    End,
    Event,
    Gap,
    Injection,
    Manner,
    Message,
    Side,
)

CLIENT, SERVER, BOTH = Side.CLIENT, Side.SERVER, Side.BOTH


def on(side: Side, events: list[Event]) -> list[Event]:
    """The same events, seen on one side alone."""
    return [event if isinstance(event, Gap | Injection) else replace(event, side=side) for event in events]


def unasked(events: list[Event]) -> list[Event]:
    """The proxy, or a hop, answers; the service is not asked."""
    return on(CLIENT, events)


def split(events: list[Event], message: Message, server: bytes) -> list[Event]:
    """The same exchange, with other bytes of a message on the service's side."""
    out: list[Event] = []
    for event in events:
        if isinstance(event, Chunk) and event.message is message:
            client = replace(event, side=CLIENT)
            other = replace(event, side=SERVER, data=server, size=len(server))
            out += [client, other] if message is Message.REQUEST else [other, client]
        else:
            out.append(event)
    return out


def spread(events: list[Event], came: int, left: int, late: int = 0) -> list[Event]:
    """The answer's chunks come `came` µs apart; they leave `left` µs apart, from `late` µs after the last."""
    body = [each for each in events if isinstance(each, Chunk) and each.message is Message.RESPONSE]
    begin = body[0].at
    rest = [each for each in events if each not in body]
    (end,) = (each for each in rest if isinstance(each, End) and each.message is Message.RESPONSE)
    at_server = [replace(each, side=SERVER, at=begin + place * came) for place, each in enumerate(body)]
    last = at_server[-1].at
    at_client = [replace(each, side=CLIENT, at=last + late + place * left) for place, each in enumerate(body)]
    done = at_client[-1].at + 1
    ordered = sorted([*at_server, *at_client], key=lambda each: each.at)
    before = [each for each in rest if each is not end]
    return [*before, *ordered, replace(end, side=SERVER, at=last + 1), replace(end, side=CLIENT, at=done)]


def struck(events: list[Event], kind: str, message: Message = Message.RESPONSE) -> list[Event]:
    """A fault of this kind was decided to strike the exchange."""
    first = events[0]
    hit = Injection(first.exchange, first.at, "planted", kind, message, Deed.HIT, "run", 1)
    return [first, hit, *events[1:]]


def broken(
    events: list[Event],
    keep: int,
    *aborts: tuple[Side, Breaker, Manner],
    after: float = 0.001,
    reason: str = "peer closed connection",
) -> list[Event]:
    """The first events of an exchange, then a silence (s), then these aborts of its sides."""
    last = events[keep - 1]
    at = last.at + int(after * 1e6)
    ends: list[Event] = [Abort(last.exchange, side, at, by, manner, reason) for side, by, manner in aborts]
    return [*events[:keep], *ends]
