"""Refusals that nothing explains, and healthy traffic that looks odd."""

from dataclasses import replace

from contract.events import Breaker, Gap, Message
from tests.contract.build import CORS, FIRST, ID_HEADER, SECOND, Talk, cut, lost
from tests.contract.causes.planted import CERTAIN, CLIENT, POSSIBLE, SERVER, Planted, healthy


def cases() -> list[Planted]:
    return [*unseen(), *odd(), *probing(), *together()]


def unseen() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    issued = c.stream()
    gap = Gap(0, c.tick(), 3, 1000, "the writer could not follow")
    return [
        Planted(
            "the recording begins after the stream",
            a.refused(FIRST) + a.wait(1).refused(FIRST),
            ("inconclusive",),
            POSSIBLE,
            seen=((1, SERVER), (2, SERVER)),
            says=("Record from before the stream",),
        ),
        Planted("an update without an ID, no stream before it", b.refused(None), ("inconclusive",), POSSIBLE),
        Planted(
            "events were lost in between",
            [*issued, gap, *c.refused(SECOND)],
            ("inconclusive",),
            POSSIBLE,
        ),
    ]


def odd() -> list[Planted]:
    a, b, c, d, e, f = (Talk() for _ in range(6))
    unanswered = cut(b.stream() + b.update(), 9, Breaker.SERVER)
    left = cut(c.stream() + c.update(), 10)
    return [
        healthy("the client reads five events and saves", cut(a.stream(size=9), 8) + a.update()),
        healthy("a retry after a lost connection, refused", unanswered + b.refused(FIRST)),
        healthy("a retry after a lost answer, refused", left + c.refused(FIRST)),
        healthy("an update whose body was not kept", d.stream() + lost(d.update(), Message.REQUEST)),
        healthy("no update at all", e.stream()),
        healthy("other traffic", f.exchange("GET", "/api/models") + f.exchange("GET", "*")),
    ]


def probing() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    probes = ("incorrect-id-1732312345", "incorrect-format", "stream-12345", "stream-12345-uuid")
    listed = [event for probe in probes for event in a.refused(probe)]
    return [
        healthy("the whole list of probes, then the right one", a.stream() + listed + a.update(), 4),
        healthy("probes alone, and no right echo", b.stream() + b.refused("incorrect-id-1"), 1),
        healthy(
            "wrong tries after a right one",
            c.stream() + c.update() + c.refused("whatever") + c.refused(None),
            2,
        ),
        healthy(
            "a probe that nobody answered", d.stream() + cut(d.update("incorrect-id-1"), 3, Breaker.SERVER)
        ),
    ]


def together() -> list[Planted]:
    a, b, c, d = Talk(user="user1"), Talk(), Talk(), Talk()
    first, second = d.stream(), d.stream(None, server=((ID_HEADER, SECOND),))
    late = d.refused(None)
    overlapping = [*first, second[0], late[0], *second[1:], *late[1:]]
    overlapping = [replace(event, at=place * 1000) for place, event in enumerate(overlapping)]
    other = a.but(session="s2", token="Bearer two", user="user2")
    null = (("Origin", "null"),)
    open_to_null = (("Access-Control-Allow-Origin", "null"), *CORS[1:])
    return [
        healthy(
            "two users at once",
            a.stream() + other.stream(SECOND) + other.update(SECOND) + a.update(FIRST),
        ),
        healthy(
            "a sandboxed frame, whose origin is opaque, and allowed",
            b.stream(more=open_to_null, request=null) + b.update(request=null, more=open_to_null),
        ),
        Planted(
            "an update without an ID, while the next stream is asked for, whose ID a hop will take away",
            overlapping,
            ("client-never-extracted", "network-stripped"),
            CERTAIN,
            seen=((1, CLIENT), (3, CLIENT)),
        ),
        Planted(
            "a renewed token of nobody knows whom is refused",
            c.stream() + c.but(token="Bearer two").refused(FIRST),
            ("inconclusive",),
            POSSIBLE,
        ),
    ]
