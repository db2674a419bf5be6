"""What became of the ID between the service and the client."""

from tests.contract.build import CORS, FIRST, ID_HEADER, ORIGIN, SECOND, SSE, Fields, Talk
from tests.contract.causes.planted import (
    BOTH,
    CERTAIN,
    CLIENT,
    LIKELY,
    SERVER,
    Planted,
    healthy,
)
from tests.contract.causes.sides import unasked

ID = ((ID_HEADER, FIRST),)
NO_EXPOSE = (*CORS[:2], CORS[3])
AGED = (*CORS, ("Age", "37"))


def exposing(names: str) -> Fields:
    return (*NO_EXPOSE, ("Access-Control-Expose-Headers", names))


def cases() -> list[Planted]:
    return [*lost(), *renamed(), *wrong(), *doubled(), *repeated(), *neighbours()]


def lost() -> list[Planted]:
    a, b, c, d, e = (Talk() for _ in range(5))
    return [
        Planted(
            "no ID, and an update without one",
            a.stream(None) + a.refused(None),
            ("server-never-issued",),
            LIKELY,
            seen=((1, SERVER),),
            says=(ID_HEADER, "on this answer"),
        ),
        Planted(
            "an empty ID",
            b.stream("") + b.refused(""),
            ("server-never-issued",),
            LIKELY,
        ),
        Planted(
            "a hop takes the ID away, and the client invents one",
            c.stream(None, server=ID) + c.refused("stream-1732312345"),
            ("network-stripped",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            says=("hop", ID_HEADER),
        ),
        Planted(
            "a hop takes the ID away, and the client says nothing",
            d.stream(None, server=ID),
            ("network-stripped",),
            CERTAIN,
        ),
        Planted(
            "a hop answers in the service's place",
            e.stream(None, status=503, server=ID, server_status=200) + e.refused(None),
            ("network-replaced",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            says=("503",),
        ),
    ]


def renamed() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    return [
        Planted(
            "the service uses a name that clients know from elsewhere",
            a.stream(name="X-Stream-Id", more=exposing("X-Stream-Id")) + a.update(),
            ("server-name-mismatch",),
            LIKELY,
            seen=((1, SERVER),),
            says=(ID_HEADER,),
        ),
        Planted(
            "the service uses a name of its own",
            b.stream(name="X-Something", more=exposing("X-Something")) + b.refused(None),
            ("server-name-mismatch",),
            LIKELY,
            says=("X-Something",),
        ),
        Planted(
            "a hop renames the header to a known name",
            c.stream(name="X-Stream-Id", more=exposing(f"X-Stream-Id, {ID_HEADER}"), server=ID)
            + c.refused(None),
            ("network-renamed",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            says=("hop", ID_HEADER),
        ),
        Planted(
            "a hop renames the header to a name that nobody knows",
            d.stream(name="X-Something", server=ID) + d.refused(None),
            ("network-renamed",),
            CERTAIN,
        ),
    ]


def wrong() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    return [
        Planted(
            "a hop replaces the ID, and the client sends that back",
            a.stream(SECOND, server=ID) + a.refused(SECOND),
            ("network-rewritten",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            says=(ID_HEADER,),
        ),
        Planted(
            "a hop makes an ID up where the service sent none",
            b.stream(SECOND, server=()) + b.refused(SECOND),
            ("network-rewritten",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            behind=("server-never-issued",),
        ),
        Planted(
            "the service puts the ID in quotes",
            c.stream(f'"{FIRST}"') + c.refused(f'"{FIRST}"'),
            ("server-malformed-id",),
            LIKELY,
            seen=((1, SERVER),),
            says=("bare ID",),
        ),
        Planted(
            "the service makes IDs of seconds",
            d.stream("stream-1732312345-1a2b3c4d") + d.update("stream-1732312345-1a2b3c4d"),
            ("server-malformed-id",),
            LIKELY,
        ),
    ]


def doubled() -> list[Planted]:
    a, b = Talk(), Talk()
    twice = (*CORS, (ID_HEADER, FIRST))
    event_stream = ("Content-Type", "text/event-stream")
    by_hop = b.exchange(
        "POST",
        b.path("/stream"),
        request=(*ORIGIN, ("Content-Type", "application/json")),
        response=(event_stream, *twice, *ID),
        server_response=(event_stream, *twice),
        answer=SSE,
    )
    return [
        Planted(
            "the service sends two lines, and the client joins them",
            a.stream(more=twice) + a.refused(f"{FIRST}, {FIRST}"),
            ("server-duplicated",),
            LIKELY,
            seen=((1, SERVER),),
            says=("once",),
        ),
        Planted(
            "a hop adds a second line, and the client joins them",
            by_hop + b.refused(f"{FIRST}, {FIRST}"),
            ("network-duplicated",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            says=("hop", "already"),
        ),
    ]


def repeated() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    return [
        Planted(
            "a cache answers with the stream of before, and says its age",
            a.stream() + a.update() + a.stream(more=AGED) + a.refused(FIRST),
            ("network-cached",),
            CERTAIN,
            seen=((2 + 1, SERVER), (3, CLIENT), (3, BOTH)),
            says=("no-store",),
        ),
        Planted(
            "a cache answers with the stream of before, without asking",
            b.stream() + b.update() + unasked(b.stream()) + b.refused(FIRST),
            ("network-cached",),
            CERTAIN,
        ),
        Planted(
            "the generator starts anew, and nothing speaks of a cache",
            c.stream() + c.update() + c.stream() + c.refused(FIRST),
            ("server-reused-id",),
            LIKELY,
            seen=((3, SERVER),),
            says=("new ID for each stream",),
        ),
        Planted(
            "an ID of another chat is issued again",
            d.stream() + d.but(session="s2").stream(),
            ("server-reused-id",),
            LIKELY,
        ),
    ]


def neighbours() -> list[Planted]:
    a, b, c, d, e = (Talk() for _ in range(5))
    return [
        healthy("under two names, the right one among them", a.stream(more=(*CORS, ("X-Stream-Id", FIRST)))),
        healthy("the ID's name in small letters", b.stream(name=ID_HEADER.lower()) + b.update()),
        healthy("a failed stream without an ID", c.stream(None, status=402)),
        healthy(
            "another service's headers are added by a hop",
            d.stream(more=(*CORS, ("X-Trace", "abc")), server=ID) + d.update(),
        ),
        healthy(
            "two streams, each with its own ID", e.stream() + e.update() + e.stream(SECOND) + e.update(SECOND)
        ),
    ]
