"""What became of the stream itself."""

from dataclasses import replace

from contract.events import Breaker, Event, Manner, Message, ResponseHead, Side
from tests.contract.build import CHUNK, CORS, DONE, SSE, Talk, cut
from tests.contract.causes.planted import CERTAIN, CLIENT, LIKELY, SERVER, Planted, healthy
from tests.contract.causes.sides import broken, on, split, spread, struck, unasked
from tests.contract.more_cases import at_times

MANY = CHUNK * 12 + DONE
SIZE = len(CHUNK)
RESPONSE = Message.RESPONSE
INJECTED = (Side.CLIENT, Breaker.PROXY, Manner.INJECTED)


def long(t: Talk | None = None, **more: object) -> list[Event]:
    """A stream of thirteen events, each in a chunk of its own."""
    return (t or Talk()).stream(answer=MANY, size=SIZE, **more)  # type: ignore[arg-type]


def cases() -> list[Planted]:
    return [*unreached(), *redirected(), *cut_off(), *held_back(), *compressed(), *changed(), *neighbours()]


def unreached() -> list[Planted]:
    a, b, c = Talk(), Talk(), Talk()
    request = unasked(a.stream())[:3]
    nobody = (Side.BOTH, Breaker.SERVER, Manner.UNREACHABLE)
    return [
        Planted(
            "nobody listens where the service should",
            broken(request, 3, nobody, reason="connect: connection refused"),
            ("network-unreachable",),
            CERTAIN,
            seen=((1, SERVER),),
            says=("chat.test:80",),
            hidden=True,
        ),
        Planted(
            "the hop answers 504 and never asks the service",
            unasked(b.stream(None, status=504, media_type="text/html", answer=b"Time-out")),
            ("network-request-dropped",),
            CERTAIN,
            seen=((1, CLIENT), (1, SERVER)),
            says=("log",),
            is_joined=True,
            hidden=True,
        ),
        Planted(
            "an update is dropped on its way",
            c.stream() + struck(unasked(c.update(status=502)), "drop-request"),
            ("network-request-dropped",),
            CERTAIN,
            hidden=True,
        ),
    ]


def redirected() -> list[Planted]:
    a, b = Talk(), Talk()
    moved = (*CORS, ("Location", "/elsewhere"))
    return [
        Planted(
            "a POST that becomes a GET",
            a.stream(None, status=302, more=moved, media_type="text/html", answer=b""),
            ("network-redirected",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("307 or 308",),
        ),
        Planted(
            "a preflight that is redirected",
            b.preflight(status=307, response=moved),
            ("network-redirected",),
            CERTAIN,
        ),
    ]


def cut_off() -> list[Planted]:
    by_service = (Side.BOTH, Breaker.SERVER, Manner.CLOSED)
    left = (Side.SERVER, Breaker.PROXY, Manner.INJECTED)
    whole = spread(long(), 1000, 1000)
    return [
        Planted(
            "the service breaks off",
            broken(long(), 8, by_service),
            ("server-truncated",),
            LIKELY,
            seen=((1, SERVER),),
            says=("crash", "hops behind"),
        ),
        Planted(
            "something cuts it after half a minute of silence",
            broken(long(), 8, by_service, after=30.1),
            ("network-idle-timeout",),
            LIKELY,
            seen=((1, SERVER),),
            says=("every 15 s",),
        ),
        Planted(
            "the hop cuts it after a minute of silence",
            broken(long(), 8, INJECTED, left, after=60.1),
            ("network-idle-timeout",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            says=("every 15 s",),
        ),
        Planted(
            "the hop cuts it while events come",
            broken(long(), 8, INJECTED, left),
            ("network-truncated",),
            CERTAIN,
            seen=((1, SERVER), (1, CLIENT)),
            says=("limits",),
        ),
        Planted(
            "the hop ends it as though it were complete",
            [*broken(long(), 8, left), *on(CLIENT, long()[-1:])],
            ("network-truncated",),
            CERTAIN,
        ),
        Planted(
            "the hop cuts what had come whole",
            [*whole[:-1], *broken(whole, len(whole) - 1, INJECTED)[-1:]],
            ("network-truncated",),
            CERTAIN,
        ),
    ]


def held_back() -> list[Planted]:
    late = at_times(long(), (4, 1_500_000))
    return [
        Planted(
            "the hop lets thirteen events go in one burst",
            spread(long(), 200_000, 100, late=100),
            ("network-buffered",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("proxy_buffering off",),
        ),
        Planted(
            "they come in a burst after a silence",
            late,
            ("network-buffered",),
            LIKELY,
            seen=((1, SERVER),),
            says=("hops behind", "flush"),
            possible=("network-buffered", "server-buffered"),
        ),
        Planted(
            "the hop passes them on slowly",
            spread(long(), 10_000, 200_000),
            ("network-slowed",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("rate limits",),
            hidden=True,
        ),
    ]


def coded(events: list[Event], side: Side) -> list[Event]:
    """The same stream, said to be compressed on one side or on both."""
    out: list[Event] = []
    for event in events:
        if isinstance(event, ResponseHead):
            other = replace(event, headers=(*event.headers, (b"Content-Encoding", b"br")))
            both = side is Side.BOTH
            out += [other] if both else [replace(event, side=SERVER), replace(other, side=CLIENT)]
        else:
            out.append(event)
    return out


def compressed() -> list[Planted]:
    return [
        Planted(
            "the hop compresses",
            coded(long(), CLIENT),
            ("network-compressed",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("no-transform",),
            hidden=True,
        ),
        Planted(
            "the hop compresses, and holds back",
            coded(spread(long(), 200_000, 100, late=100), CLIENT),
            ("network-compressed",),
            CERTAIN,
            seen=((1, CLIENT),),
            hidden=True,
        ),
    ]


def changed() -> list[Planted]:
    louder = SSE.replace(b"Hello", b"HELLO")
    no_json = b"event: chunk\ndata: Hello\n\n" + DONE
    return [
        Planted(
            "the hop writes other letters",
            split(Talk().stream(answer=louder), RESPONSE, SSE),
            ("network-body-changed",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("bodies",),
            hidden=True,
        ),
        Planted(
            "the hop breaks the JSON",
            split(Talk().stream(answer=no_json), RESPONSE, SSE),
            ("network-body-changed",),
            CERTAIN,
        ),
        Planted(
            "the service sends no JSON",
            Talk().stream(answer=no_json),
            ("server-bad-sse",),
            LIKELY,
            seen=((1, CLIENT),),
            says=("Correct what writes the events",),
        ),
        Planted("the service sends no terminal event", Talk().stream(answer=CHUNK), ("server-bad-sse",)),
        Planted("a 201 for a stream", Talk().stream(None, status=201), ("server-bad-sse",)),
    ]


def neighbours() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    to = (*CORS, ("Location", "/elsewhere"))
    moved = a.stream(None, status=307, more=to, media_type="text/html", answer=b"")
    left = broken(long(b), 8, (Side.BOTH, Breaker.CLIENT, Manner.CLOSED))
    stopped = broken(long(), 8, (Side.BOTH, Breaker.PROXY, Manner.SHUTDOWN))
    whole = spread(long(d), 1000, 1000)
    gone = broken(whole, len(whole) - 5, (Side.CLIENT, Breaker.CLIENT, Manner.CLOSED))
    return [
        healthy("a redirect that keeps the POST", moved),
        healthy("the client has read enough, and saves at once", left + b.update()),
        healthy("the client leaves in the middle of an event", cut(Talk().stream(size=20), 6)),
        healthy("the proxy is stopped", stopped),
        healthy("the client leaves when the service is done", [*gone, *whole[-2:-1], *d.update()]),
        healthy(
            "a slow model: a silence, then a steady pace",
            at_times(long(c), (4, 1_500_000), (9, 300_000)) + c.update(),
        ),
        healthy("few events in a burst", at_times(Talk().stream(size=20), (4, 1_500_000))),
        healthy("compressed by the service, and in time", coded(Talk().stream(), Side.BOTH)),
        healthy(
            "a terminal error", Talk().stream(answer=CHUNK + b'event: error\ndata: {"error":"gone"}\n\n')
        ),
    ]
