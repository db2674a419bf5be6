"""Labelled event sequences: what each must give. Every rule has cases that fail it and that pass it."""

from contract.events import Breaker, Event, Message
from tests.contract.build import (
    CORS,
    FIRST,
    ID_HEADER,
    ORIGIN,
    SECOND,
    THIRD,
    Talk,
    cut,
    joined,
    lost,
)
from tests.contract.case import Case
from tests.contract.more_cases import (
    hop_cases,
    more_cors_cases,
    service_cases,
    stream_cases,
    transport_cases,
)

NO_EXPOSE = (*CORS[:2], CORS[3])
COOKIE = (("Cookie", "accessToken=abc"),)


def exposing(value: str) -> tuple[tuple[str, str], ...]:
    return (*NO_EXPOSE, ("Access-Control-Expose-Headers", value))


def catalogue() -> list[Case]:
    return [
        *id_cases(),
        *more_id_cases(),
        *unknown_cases(),
        *echo_cases(),
        *end_cases(),
        *cors_cases(),
        *service_cases(),
        *more_cors_cases(),
        *stream_cases(),
        *transport_cases(),
        *hop_cases(),
    ]


def id_cases() -> list[Case]:
    return [
        Case("a healthy stream", (t := Talk()).stream() + t.update()),
        Case("no ID at all", Talk().stream(None), ("ID101:error",)),
        Case(
            "stripped on the way",
            Talk().stream(None, server=((ID_HEADER, FIRST),)),
            ("HP701:error", "ID101:error"),
        ),
        Case(
            "under a known other name",
            Talk().stream(name="X-Stream-Id", more=exposing("x-stream-id")),
            ("ID102:error",),
        ),
        Case("the name in another case", Talk().stream(name=ID_HEADER.lower())),
        Case("under an unknown name", Talk().stream(name="X-Something"), ("ID101:error",)),
        Case(
            "renamed on the way",
            Talk().stream(
                name="Streaming-Session-Id",
                more=exposing("*, streaming-session-id"),
                server=((ID_HEADER, FIRST),),
            ),
            ("HP702:error", "ID102:error"),
        ),
        Case("empty", Talk().stream(""), ("ID103:error",)),
        Case("not in the format", Talk().stream("stream-1732312345-1a2b3c4d"), ("ID103:error",)),
        Case(
            "with a control character", Talk().stream("stream-1732312345678-1a2b\x013c4d"), ("ID103:error",)
        ),
        Case("with a letter beyond ASCII", Talk().stream("stream-1732312345678-1a2b3c4é"), ("ID103:error",)),
        Case("two equal lines", Talk().stream(more=(*CORS, (ID_HEADER, FIRST))), ("ID104:error",)),
        Case("two different lines", Talk().stream(more=(*CORS, (ID_HEADER, SECOND))), ("ID104:error",)),
        Case("two lines joined by a hop", Talk().stream(f"{FIRST}, {FIRST}"), ("ID104:error",)),
        Case(
            "under two names, the right one among them", Talk().stream(more=(*CORS, ("X-Stream-Id", FIRST)))
        ),
    ]


def more_id_cases() -> list[Case]:
    t, u, v = Talk(), Talk(), Talk()
    mirrored = v.stream() + v.exchange("GET", v.path("/stream"), status=405, response=((ID_HEADER, FIRST),))
    return [
        Case("the same ID twice in a scope", t.stream() + t.stream(), ("ID105:error",)),
        Case("the same ID in two scopes", u.stream() + u.but(session="s2").stream(), ("ID105:error",)),
        Case("an ID on a failed response", Talk().stream(status=402), ("ID106:warning",)),
        Case(
            "an ID on a response of another kind",
            Talk().stream(media_type="application/json"),
            ("ID106:warning", "SS501:error"),
        ),
        Case("a failed response without an ID", Talk().stream(None, status=402)),
        Case("a failed response that repeats a known ID", mirrored),
        Case(
            "a failure put in by the proxy",
            Talk().stream(None, status=503, server=((ID_HEADER, FIRST),), server_status=200),
            ("HP701:error",),
        ),
        Case("a stream that the client left early", cut(Talk().stream(), 5), ("HT602:info",)),
        Case("a request that got no answer", cut(Talk().stream(), 3, Breaker.SERVER)),
    ]


def unknown_cases() -> list[Case]:
    t, u, v, w, x, y, z = (Talk() for _ in range(7))
    failed = v.stream(status=402) + v.stream(SECOND) + v.update(FIRST, status=400)
    return [
        Case("an update without ID", (a := Talk()).stream() + a.refused(None), ("EC201:error",)),
        Case("an update with an empty ID", (a := Talk()).stream() + a.refused(""), ("EC201:error",)),
        Case(
            "an update with null for an ID",
            (a := Talk()).stream() + a.update(body=b'{"streamingSessionId":null}', status=400),
            ("EC201:error",),
        ),
        Case(
            "an update that is not JSON",
            (a := Talk()).stream() + a.update(body=b"{oops", status=400),
            ("EC201:error",),
        ),
        Case(
            "an update without ID, accepted",
            (a := Talk()).stream() + a.update(None),
            ("EC201:error", "SV302:error"),
        ),
        Case("a missing ID after a right one", t.stream() + t.update() + t.refused(None), ("EC201:info",)),
        Case(
            "a missing ID after someone else's right one",
            u.stream() + u.update() + u.but(token="Bearer two").refused(None),
            ("EC201:error",),
        ),
        Case(
            "an update whose body was not kept",
            x.stream() + lost(x.update(), Message.REQUEST),
            ("EC201?:info", "SV302?:info"),
        ),
        Case("an unknown ID", (a := Talk()).stream() + a.refused("whatever"), ("EC202:error",)),
        Case(
            "a negative test", (a := Talk()).stream() + a.refused("incorrect-id-1732312345"), ("EC202:info",)
        ),
        Case(
            "a negative test that was accepted",
            (a := Talk()).stream() + a.update("incorrect-id-1732312345"),
            ("EC202:error", "SV302:error"),
        ),
        Case(
            "a negative test, refused for another reason",
            (a := Talk()).stream() + a.update("incorrect-id-1", status=400, answer=b'{"message":"Bad"}'),
            ("EC202:error",),
        ),
        Case(
            "an unknown ID after a right one",
            w.stream() + w.update() + w.refused("whatever"),
            ("EC202:info",),
        ),
        Case("an unknown ID, no issue seen", Talk().refused("stream-1732312345-abc"), ("EC202?:info",)),
        Case("an ID of a failed response", failed, ("EC202:error", "ID106:warning")),
        Case(
            "an ID that the proxy changed",
            y.stream(SECOND, server=((ID_HEADER, FIRST),)) + y.refused(SECOND),
            ("EC202:error", "HP703:error"),
        ),
        Case(
            "an invented ID",
            (a := Talk()).stream() + a.refused("stream-1732312345"),
            ("EC202:error", "EC203:error"),
        ),
        Case(
            "an invented ID in the right format",
            z.stream() + z.refused(THIRD),
            ("EC202:error", "EC203:error"),
        ),
        Case(
            "a probe in the shape of an ID",
            (a := Talk()).stream() + a.refused("stream-12345-uuid"),
            ("EC202:info",),
        ),
    ]


def echo_cases() -> list[Case]:
    t, u, v, w, x, y, z = (Talk() for _ in range(7))
    same_user = x.but(token="Bearer renewed", user="user1")
    x.user = "user1"
    z.user = "user1"
    return [
        Case("the earlier of two IDs", t.stream() + t.stream(SECOND) + t.refused(FIRST), ("EC204:error",)),
        Case("the newer of two IDs", u.stream() + u.stream(SECOND) + u.update(SECOND)),
        Case(
            "an ID of another scope",
            v.stream() + v.but(session="s2").stream(SECOND) + v.refused(SECOND),
            ("EC205:error",),
        ),
        Case(
            "an ID of another credential",
            w.stream() + w.but(token="Bearer two").update(status=404),
            ("EC205:error",),
        ),
        Case(
            "an ID of another user",
            z.stream() + z.but(token="Bearer two", user="user2").update(),
            ("EC205:error", "SV302:error"),
        ),
        Case("a renewed credential of the same user", x.stream() + same_user.update()),
        Case(
            "a changed credential, accepted",
            y.stream() + y.but(token="Bearer two").update(),
            ("EC205?:info",),
        ),
        Case("without a credential", (a := Talk()).stream() + a.but(token="").update(status=401)),
        Case("with a space", (a := Talk()).stream() + a.refused(f" {FIRST}"), ("EC206:error",)),
        Case("in capitals", (a := Talk()).stream() + a.refused(FIRST.upper()), ("EC206:error",)),
        Case("in quotes", (a := Talk()).stream() + a.refused(f'"{FIRST}"'), ("EC206:error",)),
        Case(
            "percent-encoded", (a := Talk()).stream() + a.refused(FIRST.replace("-", "%2D")), ("EC206:error",)
        ),
        Case(
            "as scripts read two lines",
            (a := Talk()).stream() + a.refused(f"{FIRST}, {FIRST}"),
            ("EC206:error",),
        ),
    ]


def end_cases() -> list[Case]:
    t, u, v, w, x, y, z = (Talk() for _ in range(7))
    lost_answer = cut(v.stream() + v.update(), 10)
    return [
        Case("a second update", t.stream() + t.update() + t.update(), ("EC207:error",)),
        Case("an update after DELETE", u.stream() + u.delete() + u.update(status=404), ("EC207:error",)),
        Case("an update after a refused DELETE", z.stream() + z.delete(403) + z.update()),
        Case("a retry after a lost answer", lost_answer + v.update(), ("HT602:info",)),
        Case("a retry after a failure", w.stream() + w.update(status=503) + w.update()),
        Case("a retry after a mismatch", x.stream() + x.refused(FIRST) + x.update(), ("SV301:error",)),
        Case("an update after the client left the stream", cut(y.stream(), 5) + y.update(), ("HT602:info",)),
    ]


def cors_cases() -> list[Case]:
    def same_site(value: str) -> tuple[tuple[str, str], ...]:
        return (*ORIGIN, ("Sec-Fetch-Site", value))

    def alone(value: str) -> list[Event]:
        return Talk().stream(more=exposing(value))

    return [
        Case("no Expose line", Talk().stream(more=NO_EXPOSE), ("CO402:error",)),
        Case("another name is exposed", alone("X-Other"), ("CO402:error",)),
        Case("exposed in another case", alone("content-length, x-streaming-SESSION-id")),
        Case(
            "a malformed Expose line",
            Talk().stream(more=(*CORS, ("Access-Control-Expose-Headers", "a b"))),
            ("CO402:error", "CO404:error"),
        ),
        Case(
            "* with a cookie",
            Talk().stream(more=exposing("*"), request=(*ORIGIN, *COOKIE)),
            ("CO402:error", "CO403:error"),
        ),
        Case("* with unknown credentials", alone("*"), ("CO402?:info", "CO403?:info")),
        Case("no Origin, no CORS", Talk().stream(more=(), request=()), ("CO402?:info",)),
        Case("no Origin, but exposed", Talk().stream(request=())),
        Case("the same origin", Talk().stream(more=(), request=(("Origin", "http://chat.test"),))),
        Case("the same origin, by the browser", Talk().stream(more=(), request=same_site("same-origin"))),
        Case(
            "another origin, by the browser",
            Talk().stream(more=(), request=same_site("cross-site")),
            ("CO401:error", "CO402:error"),
        ),
        Case(
            "another origin is allowed",
            Talk().stream(request=(("Origin", "https://other.example"),)),
            ("CO401:error", "CO402:error"),
        ),
        Case(
            "traffic of other kinds",
            joined(Talk().exchange("GET", "/api/models"), Talk(5).exchange("GET", "*")),
        ),
    ]
