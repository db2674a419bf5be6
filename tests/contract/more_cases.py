"""Labelled event sequences for the rules about the service, CORS, streams, transport and hops."""

from dataclasses import replace

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Headers,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from tests.contract.build import (
    ALLOWS,
    CHUNK,
    CORS,
    DONE,
    FIRST,
    ID_HEADER,
    ORIGIN,
    PREFLIGHT,
    SECOND,
    SSE,
    THIRD,
    Fields,
    Talk,
    cut,
)
from tests.contract.case import Case

EVENTS = (("Content-Type", "text/event-stream"),)
COOKIE = (("Cookie", "accessToken=abc"),)
OTHER = (("Origin", "https://other.example"),)
NO_VARY = CORS[:3]


def leaking(expected: str, received: str) -> bytes:
    return b'{"message":"Streaming session ID mismatch","details":{"expected":"%s","received":"%s"}}' % (
        expected.encode(),
        received.encode(),
    )


def service_cases() -> list[Case]:
    t, u, v, w, x, y, z = (Talk() for _ in range(7))
    return [
        Case("the right ID, refused", t.stream() + t.refused(FIRST), ("SV301:error",)),
        Case("a race", u.stream() + u.refused(FIRST) + u.update(), ("SV301:error",)),
        Case("the right ID, another trouble", v.stream() + v.update(status=400, answer=b'{"message":"No"}')),
        Case(
            "an accepted stale ID",
            w.stream() + w.stream(SECOND) + w.update(FIRST),
            ("EC204:error", "SV302:error"),
        ),
        Case(
            "an accepted ID in capitals",
            x.stream() + x.update(FIRST.upper()),
            ("EC206:error", "SV302:error"),
        ),
        Case(
            "an adopted ID, no stream before",
            y.create() + y.update(FIRST),
            ("EC202:error", "EC203:error", "SV302:error"),
        ),
        Case(
            "the same where the beginning was not seen", Talk().update(FIRST), ("EC202?:info", "SV302?:info")
        ),
        Case(
            "an accepted ID in no format, the beginning not seen",
            Talk().update("whatever"),
            ("EC202?:info", "SV302:error"),
        ),
        Case(
            "an accepted foreign ID",
            z.stream() + z.but(session="s2").stream(SECOND) + z.update(SECOND),
            ("EC205:error", "SV302:error"),
        ),
        *_retry_cases(),
        *_refusal_cases(),
    ]


def _retry_cases() -> list[Case]:
    t, u, v = Talk(), Talk(), Talk()
    lost = cut(u.stream() + u.update(), 10)
    unanswered = cut(v.stream() + v.update(), 9, Breaker.SERVER)
    return [
        Case("a retry after a failure, refused", t.stream() + t.update(status=503) + t.refused(FIRST)),
        Case("a retry after a lost answer, refused", lost + u.refused(FIRST), ("HT602:info",)),
        Case("a retry after a lost connection, refused", unanswered + v.refused(FIRST)),
    ]


def _refusal_cases() -> list[Case]:
    t, u, v, w, x, y = (Talk() for _ in range(6))
    words = b'{"message":"Streaming session ID mismatch"}'
    in_stream = v.exchange(
        "POST",
        v.path("/update-stream"),
        body=b'{"streamingSessionId":"incorrect-id-1"}',
        response=EVENTS,
        answer=b'event: error\ndata: {"error":"Streaming session ID mismatch"}\n\n',
    )
    return [
        Case(
            "a refusal with another status",
            t.stream() + t.update("incorrect-id-1", status=422, answer=words),
            ("EC202:info", "SV303:error"),
        ),
        Case(
            "a refusal with 200",
            u.stream() + u.update("incorrect-id-1", answer=words),
            ("EC202:info", "SV303:error"),
        ),
        Case("a refusal in a stream", v.stream() + in_stream, ("EC202:info", "SV303:error")),
        Case(
            "a refusal under another member",
            w.stream() + w.update("incorrect-id-1", status=500, answer=b'{"error":"ID mismatch"}'),
            ("EC202:info", "SV303:error"),
        ),
        Case(
            "a refusal that tells the ID",
            x.stream() + x.update("incorrect-id-1", status=400, answer=leaking(FIRST, "incorrect-id-1")),
            ("EC202:info", "SV304:warning"),
        ),
        Case(
            "a refusal that repeats what was sent",
            y.stream() + y.update(THIRD, status=400, answer=leaking("", THIRD)),
            ("EC202:error", "EC203:error"),
        ),
    ]


def more_cors_cases() -> list[Case]:
    t, u, v, w = (Talk() for _ in range(4))
    only_there = (*ALLOWS, ("Access-Control-Expose-Headers", ID_HEADER))

    def asked(**changes: object) -> list[Event]:
        return Talk().preflight(**changes)  # type: ignore[arg-type]

    def allowing(headers: str, methods: str = "POST") -> Fields:
        return (
            *CORS[:2],
            ("Access-Control-Allow-Methods", methods),
            ("Access-Control-Allow-Headers", headers),
        )

    failed = (*PREFLIGHT[:1], ("Access-Control-Request-Method", "DELETE"))
    return [
        Case(
            "exposed on the preflight alone",
            t.preflight(response=only_there) + t.stream(more=(*CORS[:2], CORS[3])),
            ("CO402:error", "CO405:error"),
        ),
        Case("exposed on both", u.preflight(response=only_there) + u.stream()),
        Case("a preflight", asked()),
        Case("a preflight that is refused", asked(status=401), ("CO406:error",)),
        Case("a preflight that is redirected", asked(status=302), ("CO406:error",)),
        Case("a preflight without CORS", asked(response=()), ("CO406:error",)),
        Case("a preflight for another origin", asked(request=(*OTHER, *PREFLIGHT[1:])), ("CO406:error",)),
        Case(
            "a preflight without a header",
            asked(response=allowing("Content-Type, X-User-ID")),
            ("CO407:error",),
        ),
        Case(
            "a preflight without a method",
            asked(request=failed, response=allowing("Authorization, Content-Type, X-User-ID", "GET")),
            ("CO407:error",),
        ),
        Case("a preflight that allows all by *", asked(response=allowing("*")), ("CO407:warning",)),
        Case(
            "a preflight without a header that clients need",
            asked(request=PREFLIGHT[:2], response=allowing("Authorization")),
            ("CO407:warning",),
        ),
        Case(
            "an error without CORS", Talk().update(status=500, request=ORIGIN), ("CO409:error", "EC202?:info")
        ),
        Case("no CORS on the stream", Talk().stream(more=()), ("CO401:error", "CO402:error")),
        Case("an origin without Vary", Talk().stream(more=NO_VARY), ("CO408:warning",)),
        Case(
            "two origins without Vary",
            v.stream(more=NO_VARY)
            + v.stream(
                SECOND,
                request=OTHER,
                more=(("Access-Control-Allow-Origin", "https://other.example"), *CORS[1:3]),
            ),
            ("CO408:warning", "CO408:warning"),
        ),
        Case(
            "all origins, without Vary",
            w.stream(more=(("Access-Control-Allow-Origin", "*"), CORS[2])),
            ("CO402?:info",),
        ),
    ]


def streaming(answer: bytes, **more: object) -> list[Event]:
    return Talk().stream(answer=answer, **more)  # type: ignore[arg-type]


def stream_cases() -> list[Case]:
    return [
        Case("a 201 for a stream", Talk().stream(None, status=201), ("SS501:error",)),
        Case("an event that is not complete", streaming(SSE + b"event: chunk\ndata: {"), ("SS502:error",)),
        Case("no terminal event", streaming(CHUNK), ("SS503:error",)),
        Case("no events at all", streaming(b""), ("SS503:error",)),
        Case("two terminal events", streaming(CHUNK + DONE + DONE), ("SS503:error",)),
        Case("events after the terminal one", streaming(DONE + CHUNK), ("SS503:error",)),
        Case("a terminal error", streaming(CHUNK + b'event: error\ndata: {"error":"gone"}\n\n')),
        Case(
            "escaped line ends",
            streaming(SSE.replace(b"\n", b"\\n")),
            ("SS502:error", "SS503:error", "SS504:error"),
        ),
        Case("a line end inside JSON", streaming(b'event: chunk\ndata: {"text":"a\\n\\nb"}\n\n' + DONE)),
        Case("no UTF-8", streaming(b'event: chunk\ndata: {"text":"\xff"}\n\n' + DONE), ("SS505:error",)),
        Case("a byte order mark, first", streaming(b"\xef\xbb\xbf" + SSE)),
        Case("a byte order mark later", streaming(CHUNK + b"\xef\xbb\xbf: x\n" + DONE), ("SS505:error",)),
        Case(
            "a payload without text",
            streaming(b'event: chunk\ndata: {"txt":"a"}\n\n' + DONE),
            ("SS506:error",),
        ),
        Case(
            "a payload that is no JSON", streaming(b"event: chunk\ndata: hello\n\n" + DONE), ("SS506:error",)
        ),
        Case("a stream that the client left in an event", cut(streaming(SSE, size=20), 6), ("HT602:info",)),
    ]


def at_times(events: list[Event], *silences: tuple[int, int]) -> list[Event]:
    """The same events, with so many µs more before the event of that position and all after it."""
    later = list(events)
    for place, pause in silences:
        later[place:] = [replace(event, at=event.at + pause) for event in later[place:]]
    return later


def transport_cases() -> list[Case]:
    many = CHUNK * 12 + DONE
    burst = streaming(many, size=len(CHUNK))
    cut_off = cut(streaming(many, size=len(CHUNK)), 8, Breaker.SERVER)
    late = streaming(many, size=len(CHUNK))
    return [
        Case("cut by the service", cut(streaming(SSE, size=20), 6, Breaker.SERVER), ("HT601:error",)),
        Case("ended by the close alone", Talk(is_unframed=True).stream(), ("HT601?:info",)),
        Case("cut after a silence", at_times(cut_off, (8, 30_100_000)), ("HT601:error", "HT606:error")),
        Case("cut after no typical silence", at_times(cut_off, (8, 37_000_000)), ("HT601:error",)),
        Case("a burst after a silence", at_times(burst, (4, 1_500_000)), ("HT603:warning",)),
        Case("a slow start, then a steady pace", at_times(burst, (4, 1_500_000), (9, 300_000))),
        Case("events that leave the proxy late", held_back(late), ("HT603:error",)),
        Case("a compressed stream", with_coding(b"gzip"), ("HT604:warning", *UNREAD)),
        Case(
            "compressed on its way, against no-transform",
            with_coding(b"gzip", b"no-cache, no-transform", Side.CLIENT),
            ("HT604:error", *UNREAD),
        ),
        Case("an aged stream", Talk().stream(more=(*CORS, ("Age", "3"))), ("HT605:error",)),
        Case("a cache hit", Talk().stream(more=(*CORS, ("X-Cache", "Hit from edge"))), ("HT605:error",)),
        Case("a cache miss", Talk().stream(more=(*CORS, ("X-Cache", "MISS")))),
        Case("a POST that becomes a GET", redirected(302, "/elsewhere"), ("HT607:error",)),
        Case("a redirect that keeps the POST", redirected(307, "/elsewhere")),
        Case("a redirect to another origin", redirected(308, "https://b.test/x"), ("HT607:warning",)),
    ]


UNREAD = ("SS502?:info", "SS503?:info", "SS504?:info", "SS505?:info", "SS506?:info")


def redirected(status: int, to: str) -> list[Event]:
    return Talk().stream(
        None, status=status, more=(*CORS, ("Location", to)), media_type="text/html", answer=b""
    )


def with_coding(coding: bytes, control: bytes = b"no-cache", sides: Side = Side.BOTH) -> list[Event]:
    """A stream with a content-coding that cannot be undone here, on one side or on both."""
    out: list[Event] = []
    for event in streaming(SSE):
        if not isinstance(event, ResponseHead):
            out.append(event)
            continue
        plain = replace(event, headers=(*event.headers, (b"Cache-Control", control)))
        coded = replace(plain, headers=(*plain.headers, (b"Content-Encoding", coding)))
        if sides is Side.BOTH:
            out.append(coded)
        else:
            out += [replace(plain, side=Side.SERVER), replace(coded, side=Side.CLIENT)]
    return out


def held_back(events: list[Event]) -> list[Event]:
    """The same stream, of which the proxy lets nothing go before it has all."""
    body = [each for each in events if isinstance(each, Chunk | End) and each.message is Message.RESPONSE]
    before = events[: len(events) - len(body)]
    came = [replace(each, side=Side.SERVER) for each in body]
    left = [replace(each, side=Side.CLIENT, at=each.at + 900_000) for each in body]
    return [*before, *came, *left]


def hop_cases() -> list[Case]:
    t, u, v = Talk(), Talk(), Talk()
    trace = ("X-Trace", "abc")
    return [
        Case(
            "the ID is dropped",
            Talk().stream(None, server=((ID_HEADER, FIRST),)),
            ("HP701:error", "ID101:error"),
        ),
        Case(
            "another header is dropped", Talk().stream(server=((ID_HEADER, FIRST), trace)), ("HP701:warning",)
        ),
        Case(
            "another header is renamed",
            Talk().stream(more=(*CORS, ("X-Span", "abc")), server=((ID_HEADER, FIRST), trace)),
            ("HP701:warning",),
        ),
        Case("a request header is dropped", on_its_way_up(t.stream(), b"Origin", None), ("HP701:warning",)),
        Case(
            "a request header is renamed",
            on_its_way_up(u.stream(), b"Origin", b"X-Origin"),
            ("HP702:warning",),
        ),
        Case("the credential is changed", changed_up(v.stream(), b"Authorization", b"x"), ("HP703:error",)),
        Case("the body is changed", changed_body(Talk().stream()), ("HP704:error",)),
        Case("broken off between the sides", one_sided(Talk().stream()), ("HT602:info",)),
    ]


def on_its_way_up(events: list[Event], name: bytes, other: bytes | None) -> list[Event]:
    """The request, with a header under another name on the server side, or without it."""
    head = events[0]
    assert isinstance(head, RequestHead)
    kept = [(other if each == name else each, value) for each, value in head.headers]
    return sent_on(events, head, tuple((each, value) for each, value in kept if each is not None))


def changed_up(events: list[Event], name: bytes, value: bytes) -> list[Event]:
    """The request, with another value of a header on the server side."""
    head = events[0]
    assert isinstance(head, RequestHead)
    return sent_on(events, head, tuple((each, value if each == name else old) for each, old in head.headers))


def sent_on(events: list[Event], head: RequestHead, headers: Headers) -> list[Event]:
    return [replace(head, side=Side.CLIENT), replace(head, side=Side.SERVER, headers=headers), *events[1:]]


def changed_body(events: list[Event]) -> list[Event]:
    """The proxy lets other letters go than had come."""
    out: list[Event] = []
    for event in events:
        if isinstance(event, Chunk) and event.message is Message.RESPONSE:
            other = event.data.replace(b"Hello", b"HELLO")
            out += [replace(event, side=Side.SERVER), replace(event, side=Side.CLIENT, data=other)]
        else:
            out.append(event)
    return out


def one_sided(events: list[Event]) -> list[Event]:
    """What came did not leave any more: the client had gone."""
    (body,) = (each for each in events if isinstance(each, Chunk) and each.message is Message.RESPONSE)
    before = events[: events.index(body)]
    gone = Abort(body.exchange, Side.BOTH, body.at + 1, Breaker.CLIENT, Manner.CLOSED, "client disconnected")
    return [*before, replace(body, side=Side.SERVER), gone]
