"""Faults through a real proxy with HTTP/2 over TLS on both sides, where that makes a difference or might."""

import zlib
from collections.abc import Iterator

import pytest

from contract.events import Deed, Side
from tests.injection.bench import (
    BODY,
    EVENTS,
    FIELDS,
    ID,
    Seen,
    WireCase,
    assert_journal_tells_all,
    request,
    stream,
    whole,
)
from tests.injection.expected import (
    CACHE,
    CREDENTIALS,
    EXPOSE,
    ID_LINE,
    ORIGIN,
    TYPE,
    VARY,
    Check,
    asked,
    assert_between,
    came,
    noted,
    together,
    unasked,
    written,
)
from tests.injection.http2_bench import Http2Bench, head_as_http2
from tests.injection.surfaces import assert_recording_is_the_wire

_UPDATE = b"/api/chat/sessions/s1/update-stream"
_JSON = b"Content-Type: application/json"
_BODY = b'{"streamingSessionId": "stream-1", "tokensUsed": 3}'
_OPEN = (TYPE, ID_LINE, VARY)


def answer(
    *lines: bytes,
    body: bytes = BODY,
    status: int = 200,
    ending: str = "complete",
    pieces: tuple[bytes, ...] | None = None,
) -> Check:
    """The client gets this head, its names in small letters, and this body, in these DATA frames."""

    def check(seen: Seen) -> None:
        got = seen.got[0]
        names = [line.partition(b":") for line in lines]
        expected = [name.lower() + colon + value for name, colon, value in names]
        assert got.head.split(b"\r\n") == [b"HTTP/2.0 %d " % status, *expected]
        assert got.body == (body if pieces is None else b"".join(pieces))
        assert got.ending == ending
        if pieces is not None:
            assert [data for _, data in got.pieces] == list(pieces)

    return check


def _update(case: str) -> tuple[bytes, ...]:
    return (request(case, _JSON, path=_UPDATE, body=_BODY),)


def _asked(case: str, body: bytes) -> Check:
    return asked(
        *(b"x-case: " + case.encode(), b"origin: http://page.test", b"content-type: application/json"),
        b"content-length: %d" % len(body),
        body=body,
    )


def _late(seen: Seen) -> None:
    begins = [at for at, act in seen.asked[0].writes if act[:1] != b"H" and act[:1] != b"0"]
    offsets = [sum(map(len, EVENTS[:number])) for number in range(len(EVENTS))]
    for at, begin in zip(came(seen.got[0], *offsets), begins, strict=True):
        assert_between(at - begin, 0.15)


def _asked_late(seen: Seen) -> None:
    assert_between(seen.asked[0].at - seen.got[0].begin, 0.2)


def _compressed(seen: Seen) -> None:
    got = seen.got[0]
    decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    out = [decompressor.decompress(data) for _, data in got.pieces]
    assert decompressor.eof
    assert [each for each in out if each] == list(EVENTS)


def _twice(seen: Seen) -> None:
    first, second = seen.asked
    assert (first.head, first.body) == (second.head, second.body)
    assert_between(second.at - seen.got[0].begin, 0.1)
    answer(*FIELDS, body=EVENTS[1])(seen)
    copies = [each for each in seen.exchanges if each.request(Side.CLIENT) is None]
    assert [each.body(Side.SERVER) for each in copies] == [EVENTS[0]]


def _reset(seen: Seen) -> None:
    assert (seen.got[0].head, seen.got[0].ending) == (b"", "reset")


def _held(seen: Seen) -> None:
    """Head and body come when the service has ended its answer."""
    end = written(seen.asked[0])[-1]
    assert_between(seen.got[0].begin + seen.got[0].head_at - end, 0.0)


CASES = (
    WireCase(
        "strip-header",
        answer(TYPE, CACHE, ORIGIN, CREDENTIALS, EXPOSE, VARY),
        'names = ["X-Streaming-Session-Id"]',
    ),
    WireCase(
        "rename-header",
        answer(TYPE, CACHE, b"X-Stream-Id: " + ID, ORIGIN, CREDENTIALS, EXPOSE, VARY),
        'header = "X-Streaming-Session-Id"\nto = "X-Stream-Id"',
    ),
    WireCase(
        "recase-header",
        together(answer(*FIELDS), noted(Deed.PASSED, "nothing")),
        'style = "upper"',
    ),
    WireCase(
        "set-header",
        answer(*FIELDS, b"x-Cache: HIT"),
        'header = "X-Cache"\nvalue = "HIT"',
    ),
    WireCase(
        "mangle-id",
        answer(TYPE, CACHE, b"x-streaming-session-id: " + ID.upper(), ORIGIN, CREDENTIALS, EXPOSE, VARY),
        'how = "upper"',
    ),
    WireCase("strip-expose", answer(TYPE, CACHE, ID_LINE, ORIGIN, CREDENTIALS, VARY)),
    WireCase(
        "status",
        answer(
            *(ORIGIN, CREDENTIALS, EXPOSE, VARY, _JSON, b"content-length: 33"),
            body=b'{"message":"Service Unavailable"}',
            status=503,
        ),
        "code = 503",
    ),
    WireCase("delay", together(answer(*FIELDS, pieces=EVENTS), _late), 'by = "150 ms"'),
    WireCase("drop-event", answer(*FIELDS, pieces=(EVENTS[0], *EVENTS[2:])), "nth = 2"),
    WireCase(
        "drop-event",
        answer(*FIELDS, body=EVENTS[0] + EVENTS[2] + EVENTS[3]),
        "nth = 2",
        (whole(BODY, *FIELDS),),
        label="length",
    ),
    WireCase(
        "truncate", answer(*FIELDS, body=EVENTS[0] + EVENTS[1], ending="reset"), "events = 2", label="close"
    ),
    WireCase(
        "truncate",
        answer(*FIELDS, body=EVENTS[0] + EVENTS[1]),
        'events = 2\nending = "clean"',
        label="clean",
    ),
    WireCase("coalesce", together(answer(*FIELDS, pieces=(BODY,)), _held), "hold-head = true", label="whole"),
    WireCase(
        "coalesce",
        answer(*FIELDS, pieces=tuple(BODY[at : at + 64] for at in range(0, len(BODY), 64))),
        "bytes = 64",
        label="bytes",
    ),
    WireCase(
        "split",
        answer(*FIELDS, pieces=tuple(e[at : at + 20] for e in EVENTS for at in range(0, len(e), 20))),
        "at = 20",
    ),
    WireCase(
        "recompress",
        together(
            lambda seen: answer(
                *_OPEN, b"content-encoding: gzip", b"vary: Accept-Encoding", body=seen.got[0].body
            )(seen),
            _compressed,
        ),
        scripts=(stream(fields=_OPEN),),
        requests=lambda case: (request(case, b"Accept-Encoding: gzip"),),
    ),
    WireCase(
        "close-delimited", together(answer(*FIELDS, pieces=EVENTS), noted(Deed.PASSED, "frames every body"))
    ),
    WireCase(
        "edit-json",
        _asked("edit-json", _BODY.replace(b'"stream-1"', b"null")),
        'do = "null"',
        (whole(b"{}", _JSON),),
        _update,
    ),
    WireCase(
        "delay-request",
        together(_asked("delay-request", _BODY), _asked_late, answer(*FIELDS)),
        'by = "200 ms"',
        requests=_update,
    ),
    WireCase(
        "drop-request",
        together(unasked, _reset),
        'then = "close"',
        requests=_update,
    ),
    WireCase(
        "redirect",
        together(
            answer(
                *(b"location: /x", ORIGIN, CREDENTIALS, VARY, b"content-length: 0"),
                body=b"",
                status=307,
            ),
            unasked,
        ),
        'to = "/x"',
    ),
    WireCase(
        "repeat-request",
        _twice,
        'after = "100 ms"',
        (stream(EVENTS[0]), stream(EVENTS[1])),
        _update,
        exchanges=2,
    ),
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    with Http2Bench(CASES, tmp_path_factory.mktemp("armed")) as bench:
        yield bench.run()


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    with Http2Bench(CASES, tmp_path_factory.mktemp("disarmed"), armed=False) as bench:
        yield bench.run()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_sides_get_what_the_page_says(case: WireCase, seen: dict[str, Seen]) -> None:
    found = seen[case.name]
    case.check(found)
    assert_recording_is_the_wire(case, found, head_as_http2)
    for exchange in found.exchanges:
        assert_journal_tells_all(exchange)
    assert any(entry.deed is Deed.HIT for each in found.exchanges for entry in each.journal)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_its_fault_a_case_fails(case: WireCase, unharmed: dict[str, Seen]) -> None:
    found = unharmed[case.name]
    with pytest.raises((AssertionError, ValueError, IndexError)):
        case.check(found)
    assert_recording_is_the_wire(case, found, head_as_http2)
