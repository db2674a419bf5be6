"""What clients do wrong with the ID."""

from tests.contract.build import FIRST, ID_HEADER, SECOND, THIRD, Talk, mismatch
from tests.contract.causes.planted import CERTAIN, CLIENT, LIKELY, SERVER, Planted, healthy

SMALL = ID_HEADER.lower()
ONE, OTHER = (("User-Agent", "one/1.0"),), (("User-Agent", "other/2.0"),)


def cases() -> list[Planted]:
    return [*absent(), *invented(), *spelled(), *spelled_and_invented(), *mixed_up(), *twice(), *neighbours()]


def absent() -> list[Planted]:
    a, b = Talk(), Talk()
    return [
        Planted(
            "three updates without an ID, and it was there",
            a.stream() + a.refused(None) + a.wait(1).refused(None) + a.wait(2).refused(None),
            ("client-never-extracted",),
            CERTAIN,
            seen=((1, CLIENT), (2, CLIENT)),
            says=("Read the ID", "streamingSessionId"),
        ),
        Planted(
            "no browser, and an empty ID",
            b.stream(more=(), request=()) + b.refused(""),
            ("client-never-extracted",),
            CERTAIN,
        ),
    ]


def invented() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    return [
        Planted(
            "an ID of seconds, where the service's have milliseconds",
            a.stream() + a.refused("stream-1732312345") + a.wait(1).refused("stream-1732312345"),
            ("client-fabricated-id",),
            CERTAIN,
            seen=((1, CLIENT), (2, CLIENT), (1, SERVER)),
            says=("from nowhere else",),
        ),
        Planted("in the right format", b.stream() + b.refused(THIRD), ("client-fabricated-id",), CERTAIN),
        Planted(
            "for the second stream, where the first one's came back rightly",
            d.stream() + d.update() + d.stream(SECOND) + d.refused("stream-1732312345"),
            ("client-fabricated-id",),
            CERTAIN,
            seen=((3, CLIENT), (4, CLIENT)),
        ),
        Planted(
            "an update before any stream, in a new chat",
            c.create() + c.refused(FIRST),
            ("client-fabricated-id",),
            CERTAIN,
        ),
    ]


def spelled() -> list[Planted]:
    a, b = Talk(extra=ONE), Talk(extra=ONE)
    read = a.stream() + a.update()
    a.session = "s2"
    return [
        Planted(
            "the usual letters are read, small ones are not",
            read + a.stream(SECOND, name=SMALL) + a.refused(None),
            ("client-case-sensitive",),
            CERTAIN,
            seen=((3, CLIENT), (4, CLIENT)),
            says=("without regard to case",),
        ),
        Planted(
            "it is handed small letters alone, and sends nothing",
            b.stream(name=SMALL) + b.refused(None),
            ("client-case-sensitive",),
            LIKELY,
            possible=("client-case-sensitive", "client-fabricated-id", "client-never-extracted"),
        ),
    ]


def spelled_and_invented() -> list[Planted]:
    a = Talk(extra=ONE)
    return [
        Planted(
            "it is handed small letters alone, and invents an ID",
            a.stream(name=SMALL) + a.refused("stream-1732312345"),
            ("client-case-sensitive",),
            LIKELY,
            possible=("client-case-sensitive", "client-fabricated-id", "client-never-extracted"),
        )
    ]


def mixed_up() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    stale = mismatch(SECOND, FIRST)
    c.user = "user1"
    issued = c.stream()
    other = c.but(token="Bearer two", user="user2")
    return [
        Planted(
            "the ID of the stream before",
            a.stream() + a.stream(SECOND) + a.refused(FIRST, answer=stale),
            ("client-stale-id",),
            CERTAIN,
            seen=((1, SERVER), (2, SERVER), (3, CLIENT)),
            says=("replace it",),
        ),
        Planted(
            "the ID of another chat",
            b.stream() + b.but(session="s2").stream(SECOND) + b.refused(SECOND),
            ("client-cross-wired",),
            CERTAIN,
            seen=((1002, SERVER), (2, CLIENT)),
            says=("one ID for each chat",),
        ),
        Planted(
            "the ID of another user",
            issued + other.update(status=404),
            ("client-cross-wired",),
            CERTAIN,
        ),
        Planted(
            "the ID in capitals",
            d.stream() + d.refused(FIRST.upper()),
            ("client-altered-id",),
            CERTAIN,
            seen=((1, SERVER), (2, CLIENT)),
            says=("byte for byte",),
        ),
        *[
            Planted(
                f"the ID {how}", (t := Talk()).stream() + t.refused(value), ("client-altered-id",), CERTAIN
            )
            for how, value in (
                ("with a blank", f" {FIRST}"),
                ("in quotes", f'"{FIRST}"'),
                ("percent-encoded", FIRST.replace("-", "%2D")),
            )
        ],
    ]


def twice() -> list[Planted]:
    a, b = Talk(), Talk()
    return [
        Planted(
            "a second update after an accepted one",
            a.stream() + a.update() + a.refused(FIRST),
            ("client-double-commit",),
            CERTAIN,
            seen=((3, CLIENT), (3, SERVER)),
            says=("Save once",),
        ),
        Planted(
            "an update after the chat was deleted",
            b.stream() + b.delete() + b.update(status=404),
            ("client-double-commit",),
            CERTAIN,
        ),
    ]


def neighbours() -> list[Planted]:
    a, b, c, d, e = (Talk() for _ in range(5))
    known = a.stream(name=SMALL) + a.update()
    lost = c.stream() + c.update(status=503) + c.wait(1).update()
    d.user = "user1"
    issued = d.stream()
    renewed = d.but(token="Bearer renewed", user="user1")
    return [
        healthy("small letters, and it reads them", known),
        Planted(
            "it reads none under the usual letters either",
            b.stream() + b.refused(None) + b.stream(SECOND, name=SMALL) + b.refused(None),
            ("client-never-extracted",),
            CERTAIN,
        ),
        healthy("a retry after a failure", lost),
        healthy("a new token of the same user", issued + renewed.update()),
        healthy("the newer of two streams", e.stream() + e.stream(SECOND) + e.update(SECOND)),
    ]
