"""What scripts of other origins could not read, or were not allowed to ask."""

from contract.events import Event
from tests.contract.build import ALLOWS, CORS, FIRST, ID_HEADER, ORIGIN, PREFLIGHT, SSE, Fields, Talk
from tests.contract.causes.ids import NO_EXPOSE, exposing
from tests.contract.causes.planted import CERTAIN, CLIENT, LIKELY, SERVER, Planted, healthy

COOKIE = (("Cookie", "accessToken=abc"),)
ALLOWED = CORS[0]


def cases() -> list[Planted]:
    return [*exposed(), *origins(), *one_for_all(), *preflights(), *errors(), *neighbours()]


def two_sided(t: Talk, client: Fields, server: Fields, status: int = 200) -> list[Event]:
    """A stream whose answer's head has other fields on the service's side."""
    base = (("Content-Type", "text/event-stream"), (ID_HEADER, FIRST))
    return t.exchange(
        "POST",
        t.path("/stream"),
        request=(*ORIGIN, ("Content-Type", "application/json")),
        status=status,
        response=(*base, *client),
        server_response=(*base, *server),
        answer=SSE,
    )


def exposed() -> list[Planted]:
    a, b, c, d, e, f = (Talk() for _ in range(6))
    listed = ("Access-Control-Expose-Headers", ID_HEADER)
    return [
        Planted(
            "no Expose line at all, and a page that sends no ID",
            a.stream(more=NO_EXPOSE) + a.refused(None),
            ("cors-not-exposed",),
            LIKELY,
            seen=((1, CLIENT),),
            says=(f"Add {ID_HEADER} to Access-Control-Expose-Headers", "POST answer"),
        ),
        Planted(
            "another name is exposed, and the page invents an ID",
            b.stream(more=exposing("X-Other")) + b.refused("stream-1732312345"),
            ("cors-not-exposed",),
            LIKELY,
        ),
        Planted(
            "a hop takes the Expose line away",
            two_sided(c, NO_EXPOSE, CORS) + c.refused(None),
            ("cors-expose-stripped",),
            CERTAIN,
            seen=((1, CLIENT), (1, SERVER)),
            says=("hop pass Access-Control-Expose-Headers on",),
        ),
        Planted(
            "names with a blank between them",
            d.stream(more=exposing(f"{ID_HEADER} X-Other")) + d.refused(None),
            ("cors-expose-malformed",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("separated by commas",),
        ),
        Planted(
            "* while cookies are sent",
            e.stream(more=exposing("*"), request=(*ORIGIN, *COOKIE)) + e.refused(None),
            ("cors-wildcard-credentials",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("by name",),
        ),
        Planted(
            "exposed on the answer to OPTIONS alone",
            f.preflight(response=(*ALLOWS, listed)) + f.stream(more=NO_EXPOSE) + f.refused(None),
            ("cors-preflight-only",),
            CERTAIN,
            seen=((2, CLIENT), (1, CLIENT)),
            says=("only on the OPTIONS answer",),
        ),
    ]


def origins() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    return [
        Planted(
            "no CORS headers on the stream",
            a.stream(more=()) + a.refused(None),
            ("cors-origin-rejected",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("https://app.example",),
        ),
        Planted(
            "another origin is allowed",
            b.stream(request=(("Origin", "https://other.example"),)),
            ("cors-origin-rejected",),
            CERTAIN,
            says=("https://other.example",),
        ),
        Planted(
            "the hop adds a second Allow-Origin",
            two_sided(c, (*CORS, ALLOWED), CORS),
            ("cors-duplicate-origin",),
            CERTAIN,
            seen=((1, CLIENT), (1, SERVER)),
            says=("in the hop",),
        ),
        Planted(
            "application and proxy both send Allow-Origin, on errors too",
            d.stream(more=(*CORS, ALLOWED)) + d.stream(None, status=402, more=(*CORS, ALLOWED)),
            ("cors-duplicate-origin",),
            CERTAIN,
            says=("one layer alone",),
        ),
    ]


def one_for_all() -> list[Planted]:
    a, b, c, d = (Talk() for _ in range(4))
    other = (("Access-Control-Allow-Origin", "https://other.example"), *CORS[1:])
    twice = (ALLOWED, *ALLOWS)
    refusing = b.exchange(
        "OPTIONS",
        b.path("/stream"),
        request=PREFLIGHT,
        status=403,
        response=(),
        server_status=204,
        server_response=ALLOWS,
    )
    replaced = d.stream(None, status=503, server=((ID_HEADER, FIRST),), server_status=200)
    replaced += d.exchange(
        "OPTIONS", d.path("/stream"), request=PREFLIGHT, status=503, server_status=204, server_response=ALLOWS
    )
    return [
        Planted(
            "another origin is allowed, on preflight, stream and error alike",
            a.preflight(response=(*other[:2], *ALLOWS[2:]))
            + a.stream(more=other)
            + a.stream(None, status=402, more=other),
            ("cors-origin-rejected",),
            CERTAIN,
            seen=((2, CLIENT),),
        ),
        Planted(
            "a hop wants credentials for OPTIONS, which the service answers",
            refusing,
            ("cors-preflight-refused",),
            CERTAIN,
            seen=((1, CLIENT), (1, SERVER)),
            says=("let the hop pass that answer on",),
        ),
        Planted(
            "two Allow-Origin lines for OPTIONS",
            c.preflight(response=twice),
            ("cors-duplicate-origin",),
            CERTAIN,
        ),
        Planted(
            "a hop answers OPTIONS in the service's place, as all else",
            replaced,
            ("network-replaced",),
            CERTAIN,
        ),
    ]


def preflights() -> list[Planted]:
    def allowing(headers: str) -> Fields:
        return (
            *CORS[:2],
            ("Access-Control-Allow-Methods", "POST"),
            ("Access-Control-Allow-Headers", headers),
        )

    def asked(**changes: object) -> list[Event]:
        return Talk().preflight(**changes)  # type: ignore[arg-type]

    return [
        Planted(
            "OPTIONS needs a log-in",
            asked(status=401),
            ("cors-preflight-refused",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("before any authentication",),
        ),
        Planted("OPTIONS without CORS headers", asked(response=()), ("cors-preflight-refused",), CERTAIN),
        Planted(
            "a header is not allowed",
            asked(response=allowing("Content-Type, X-User-ID")),
            ("cors-preflight-incomplete",),
            CERTAIN,
            seen=((1, CLIENT),),
            says=("authorization,content-type,x-user-id", "by name"),
        ),
    ]


def errors() -> list[Planted]:
    a, b = Talk(), Talk()
    return [
        Planted(
            "a 500 without CORS headers, where the stream has them",
            a.stream() + a.update(status=500, request=ORIGIN) + a.update(request=ORIGIN, more=CORS),
            ("cors-errors-unreadable",),
            CERTAIN,
            seen=((2, CLIENT),),
            says=("4xx and 5xx",),
        ),
        Planted(
            "a stream is refused without CORS headers",
            b.stream(None, status=402, more=()) + b.stream(),
            ("cors-errors-unreadable",),
            CERTAIN,
        ),
    ]


def neighbours() -> list[Planted]:
    a, b, c, d, e, f, g, h = (Talk() for _ in range(8))
    star = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "*"))
    null = (("Origin", "null"),)
    same = (("Origin", "http://chat.test"),)
    return [
        healthy(
            "a preflight, a stream and an update",
            a.preflight() + a.stream() + a.update(request=ORIGIN, more=CORS),
        ),
        healthy("* with unknown credentials", b.stream(more=exposing("*")) + b.update()),
        healthy("everything is open to everybody", c.stream(more=star) + c.update()),
        healthy("the same origin needs no CORS", d.stream(more=(), request=same) + d.update()),
        healthy("no Origin, no CORS", e.stream(more=(), request=()) + e.update()),
        healthy(
            "an opaque origin that is allowed",
            f.stream(request=null, more=(("Access-Control-Allow-Origin", "null"), *CORS[1:])) + f.update(),
        ),
        healthy("an origin without Vary", g.stream(more=CORS[:3]) + g.update()),
        healthy(
            "exposed on both answers", h.preflight(response=(*ALLOWS, CORS[2])) + h.stream() + h.update()
        ),
        healthy(
            "a preflight that allows all by *",
            Talk().preflight(
                response=(
                    *CORS[:2],
                    ("Access-Control-Allow-Methods", "*"),
                    ("Access-Control-Allow-Headers", "*"),
                )
            ),
        ),
    ]
