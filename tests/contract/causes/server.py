"""What services do wrong with an ID that comes back."""

from contract.events import Event
from tests.contract.build import CORS, FIRST, SECOND, THIRD, Talk, mismatch
from tests.contract.causes.planted import CERTAIN, CLIENT, LIKELY, SERVER, Planted, healthy

MORE = [f"stream-17323123{number:05}-1a2b3c4d" for number in range(20)]


def by(instance: str) -> tuple[tuple[str, str], ...]:
    return (("X-Served-By", instance),)


def cases() -> list[Planted]:
    return [*race(), *not_stored(), *expired(), *replaced(), *affinity(), *lax(), *neighbours()]


def race() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    none = mismatch(None, FIRST)
    early = [
        event
        for number, id_ in enumerate(MORE[:4])
        for event in chat(c, number, id_, after=0.1 if number == 3 else 2.0, refused=number == 3)
    ]
    return [
        Planted(
            "refused at once with nothing stored, accepted a second later",
            a.stream() + a.refused(FIRST, answer=none) + a.wait(1).update(FIRST),
            ("server-race",),
            CERTAIN,
            seen=((1, SERVER), (2, SERVER), (3, SERVER)),
            says=("before the answer's head is sent",),
        ),
        Planted(
            "refused twice, accepted at the third try, by an older build",
            b.stream() + b.refused(FIRST) + b.wait(1).refused(FIRST) + b.wait(2).update(FIRST),
            ("server-race",),
            CERTAIN,
            possible=("server-race", "server-no-affinity"),
        ),
        Planted(
            "never tried again, and only the young one is refused",
            early,
            ("server-race",),
            LIKELY,
            possible=("server-race", "server-no-affinity", "server-not-stored"),
        ),
    ]


def chat(t: Talk, number: int, id_: str, *, after: float, refused: bool, **more: object) -> list[Event]:
    """A stream in a session of its own, and an update so many seconds later."""
    t.session = f"s{number}"
    events = t.stream(id_)
    t.wait(after)
    return events + (t.refused(id_, **more) if refused else t.update(id_))


def not_stored() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    none = mismatch(None, FIRST)
    issued, issued_by_old = a.stream(), b.stream()
    tries = [event for _ in range(4) for event in a.wait(2).refused(FIRST, answer=none)]
    tries_of_old = [event for _ in range(4) for event in b.wait(2).refused(FIRST)]
    still = mismatch(FIRST, SECOND)
    return [
        Planted(
            "refused to the last try, with nothing stored",
            issued + tries,
            ("server-not-stored",),
            CERTAIN,
            seen=((1, SERVER),),
            says=("Store the ID",),
            possible=(),
        ),
        Planted("the same by an older build", issued_by_old + tries_of_old, ("server-not-stored",), LIKELY),
        Planted(
            "refused once",
            c.stream() + c.refused(FIRST),
            ("server-not-stored",),
            LIKELY,
            possible=("server-not-stored", "server-race", "server-expired"),
        ),
        Planted(
            "the service still expects the one before",
            d.stream() + d.stream(SECOND) + d.refused(SECOND, answer=still),
            ("server-not-stored",),
            LIKELY,
            seen=((1, SERVER), (2, SERVER)),
        ),
    ]


def expired() -> list[Planted]:
    a = Talk()
    events = [
        event
        for number, id_ in enumerate(MORE[:6])
        for event in chat(a, number, id_, after=1.0 + number * 2, refused=number >= 4)
    ]
    return [
        Planted(
            "up to seven seconds old they are accepted, from nine on refused",
            events,
            ("server-expired",),
            CERTAIN,
            seen=((9, SERVER),),
            says=("more than 9.0 s",),
        )
    ]


def replaced() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    other = a.but(session="s2")
    newer = mismatch(SECOND, FIRST)
    return [
        Planted(
            "a second chat's stream takes the place of the first one's",
            a.stream() + other.stream(SECOND) + a.refused(FIRST, answer=newer),
            ("server-overwritten",),
            CERTAIN,
            seen=((1, SERVER), (1001, SERVER)),
            says=("not one for each user",),
        ),
        Planted(
            "it is stored in capitals",
            b.stream() + b.refused(FIRST, answer=mismatch(FIRST.upper(), FIRST)),
            ("server-altered-id",),
            CERTAIN,
            seen=((1, SERVER), (2, SERVER)),
            says=("in one form",),
        ),
        Planted(
            "a hop behind this proxy had changed it",
            c.stream() + c.refused(FIRST, answer=mismatch(THIRD, FIRST)),
            ("network-rewritten",),
            LIKELY,
            says=("between this proxy and the service",),
        ),
    ]


def affinity() -> list[Planted]:
    a, b = Talk(), Talk()
    at_one = (*CORS, *by("one"))
    shuffled = [
        event
        for number, id_ in enumerate(MORE[:9])
        for event in chat(b, number, id_, after=1 + number % 3, refused=number % 2 == 1)
    ]
    return [
        Planted(
            "another instance does not know it, the first one does",
            a.stream(more=at_one) + a.refused(FIRST, more=by("two")) + a.update(more=by("one")),
            ("server-no-affinity",),
            CERTAIN,
            seen=((1, SERVER), (2, SERVER), (3, SERVER)),
            says=("all instances share",),
        ),
        Planted(
            "every other one is refused, at any age, and none says by whom",
            shuffled,
            ("server-no-affinity",),
            LIKELY,
            says=("X-Served-By",),
            possible=("server-no-affinity", "server-not-stored", "server-race"),
        ),
    ]


def lax() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    words = mismatch(None, None)
    return [
        Planted(
            "a negative test is accepted",
            a.stream() + a.update("incorrect-id-1732312345"),
            ("server-accepts-invalid",),
            LIKELY,
            seen=((2, CLIENT), (2, SERVER)),
            says=("byte for byte",),
        ),
        Planted(
            "an update without an ID is accepted, among right ones",
            b.stream() + b.update(None) + b.update(),
            ("server-accepts-invalid",),
        ),
        Planted(
            "a negative test is refused with 422",
            c.stream() + c.update("incorrect-id-1", status=422, answer=words),
            ("server-wrong-status",),
            LIKELY,
            seen=((2, SERVER),),
            says=("status and body",),
            expected=1,
        ),
        Planted(
            "a negative test is refused with 200",
            d.stream() + d.update("incorrect-id-1", answer=words),
            ("server-wrong-status",),
            expected=1,
        ),
    ]


def neighbours() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    told = mismatch(FIRST, "incorrect-id-1")
    return [
        healthy(
            "a negative test before the right one",
            a.stream() + a.refused("incorrect-id-1", answer=told) + a.update(),
            1,
        ),
        healthy(
            "the right ID, another trouble", b.stream() + b.update(status=400, answer=b'{"message":"No"}')
        ),
        healthy(
            "two instances that share their IDs",
            c.stream(more=(*CORS, *by("one"))) + c.update(more=by("two")),
        ),
    ]
