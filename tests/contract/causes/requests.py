"""What became of the echo on its way up."""

import json

from contract.events import Breaker, Event, Manner, Message, Side
from tests.contract.build import FIRST, THIRD, Talk, mismatch
from tests.contract.causes.planted import CERTAIN, CLIENT, LIKELY, SERVER, Planted, healthy
from tests.contract.causes.sides import broken, on, split, struck


def saying(id_: str | None) -> bytes:
    """An update's body."""
    own = {} if id_ is None else {"streamingSessionId": id_}
    return json.dumps({"completeResponse": "Hello", "tokensUsed": 3, **own}).encode()


def got(events: list[Event], id_: str | None) -> list[Event]:
    """The same update, which reaches the service with another ID."""
    return split(events, Message.REQUEST, saying(id_))


def cases() -> list[Planted]:
    return [*between(), *behind(), *repeated(), *neighbours()]


def between() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    return [
        Planted(
            "the hop takes the ID out of the update",
            a.stream() + got(a.refused(FIRST), None),
            ("network-request-stripped",),
            CERTAIN,
            seen=((2, CLIENT), (2, SERVER)),
            says=("streamingSessionId",),
        ),
        Planted(
            "the hop changes the ID in the update",
            b.stream() + got(b.refused(FIRST), THIRD),
            ("network-request-rewritten",),
            CERTAIN,
            seen=((2, CLIENT), (2, SERVER)),
            says=("streamingSessionId",),
        ),
        Planted(
            "the hop changes it, and the service takes it",
            c.stream() + got(c.update(FIRST), THIRD),
            ("network-request-rewritten",),
            CERTAIN,
            hidden=True,
            behind=("server-accepts-invalid",),
        ),
    ]


def behind() -> list[Planted]:
    a, b = Talk(), Talk()
    return [
        Planted(
            "the service says that it received none",
            a.stream() + a.refused(FIRST, answer=mismatch(FIRST, None)),
            ("network-request-stripped",),
            LIKELY,
            seen=((2, SERVER),),
            says=("between this proxy and the service",),
        ),
        Planted(
            "the service says that it received another",
            b.stream() + b.refused(FIRST, answer=mismatch(FIRST, THIRD)),
            ("network-request-rewritten",),
            LIKELY,
            seen=((2, SERVER),),
            says=("between this proxy and the service",),
        ),
    ]


def repeated() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    issued, other, begun = a.stream(), c.stream(), b.stream()
    unread = broken(on(Side.SERVER, b.update(FIRST)), 3, (Side.SERVER, Breaker.PROXY, Manner.SHUTDOWN))
    struck_twice = begun + unread + struck(b.refused(FIRST), "repeat-request", Message.REQUEST)
    copy = on(Side.SERVER, a.update(FIRST))
    return [
        Planted(
            "two taps: one update in, two out, and the second is refused",
            issued + copy + a.refused(FIRST),
            ("network-request-repeated",),
            CERTAIN,
            seen=((3, CLIENT), (2, SERVER)),
            says=("repeating a POST",),
            is_joined=True,
        ),
        Planted(
            "a copy was sent ahead by a fault, and its answer not waited for",
            struck_twice,
            ("network-request-repeated",),
            CERTAIN,
        ),
        Planted(
            "a copy is refused as well as the update itself",
            other + on(Side.SERVER, c.refused(FIRST)) + c.refused(FIRST),
            ("server-not-stored",),
            LIKELY,
            is_joined=True,
        ),
    ]


def neighbours() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    other = saying(FIRST) + b" "
    right = a.stream() + a.refused("incorrect-id-1", answer=mismatch(FIRST, "incorrect-id-1"))
    return [
        healthy("a negative test whose ID the service got as it was sent", right, expected=1),
        healthy(
            "white space is added to the update", b.stream() + split(b.update(FIRST), Message.REQUEST, other)
        ),
        healthy("a negative test without an ID", c.stream() + c.update() + c.refused(None), expected=1),
    ]
