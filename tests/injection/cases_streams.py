"""Bodies of streams: each kind of the family on the wire."""

import zlib
from itertools import accumulate

from contract.events import Deed
from tests.injection.bench import (
    BODY,
    CHUNKED,
    EVENTS,
    FIELDS,
    Seen,
    WireCase,
    chunk,
    head,
    request,
    stream,
    whole,
)
from tests.injection.expected import (
    CREDENTIALS,
    EXPOSE,
    ID_LINE,
    LATE,
    ORIGIN,
    TYPE,
    VARY,
    Check,
    answer,
    as_it_came,
    assert_between,
    came,
    noted,
    together,
    written,
)
from tests.injection.service import Act

_FIRST, _SECOND, _THIRD, _DONE = EVENTS
_ENDS = tuple(accumulate(len(each) for each in EVENTS))
_BEGINS = (0, *_ENDS[:-1])
_LENGTH = b"Content-Length: %d" % len(BODY)
_PAIRS: tuple[Act, ...] = (
    head(*FIELDS),
    *(chunk(_FIRST), 0.03, chunk(_SECOND), 0.5, chunk(_THIRD), 0.03, chunk(_DONE), 0.5),
    b"0\r\n\r\n",
)
"""Two chunks and a silence, twice."""
_SILENT: tuple[Act, ...] = (
    head(*FIELDS),
    chunk(_FIRST),
    0.1,
    chunk(_SECOND),
    0.8,
    chunk(_DONE),
    b"0\r\n\r\n",
)
"""Two chunks, and a long silence before the last one."""
_AT_ONCE: tuple[Act, ...] = (head(*FIELDS), chunk(BODY), b"0\r\n\r\n")


# What is later than it came


def _late(low: float, high: float, first: int = 0) -> Check:
    """The head comes at once, and each chunk (from the `first` on) so much later than the service sent it."""

    def check(seen: Seen) -> None:
        got, writes = seen.got[0], written(seen.asked[0])
        assert_between(got.begin + got.head_at - writes[0], 0.0)
        for at, begin in list(zip(came(got, *_BEGINS), writes[1:], strict=False))[first:]:
            assert_between(at - begin, low, high)

    return check


def _end_late(by: float) -> Check:
    def check(seen: Seen) -> None:
        assert_between(seen.got[0].begin + seen.got[0].end_at - written(seen.asked[0])[-1], by)

    return check


def _stalled(after: int, how_long: float) -> Check:
    """The events up to one come at once; the others no earlier than so long after it."""

    def check(seen: Seen) -> None:
        got, writes = seen.got[0], written(seen.asked[0])
        times = came(got, *_BEGINS)
        for at, begin in zip(times[:after], writes[1:], strict=False):
            assert_between(at - begin, 0.0)
        for at in times[after:]:
            assert_between(at - writes[after], how_long)

    return check


def _throttled(seen: Seen) -> None:
    got, begin = seen.got[0], written(seen.asked[0])[0]
    size = 0
    for at, data in got.pieces:
        size += len(data)
        assert size <= 50 + 500 * (got.begin + at - begin + 0.005)
    assert_between(got.begin + got.end_at - begin, (len(BODY) - 50) / 500)
    assert size == len(BODY)


def _gaps(seen: Seen) -> None:
    """Pieces of one chunk come apart; bounds are those of what was sent, for reads may be late."""
    got, begin = seen.got[0], written(seen.asked[0])[1]
    for number, (at, _) in enumerate(got.pieces):
        assert got.begin + at - begin >= number * 0.02 - 0.005


TIMED = (
    WireCase(
        "delay",
        together(as_it_came(pieces=EVENTS), _late(0.15, 0.15), _end_late(0.15)),
        'by = "150 ms"',
    ),
    WireCase(
        "jitter",
        together(as_it_came(pieces=EVENTS), _late(0.06, 0.15)),
        'from = "60 ms"\nto = "150 ms"',
    ),
    WireCase(
        "stall",
        together(as_it_came(pieces=EVENTS), _stalled(2, 0.3)),
        'events = 2\nfor = "300 ms"',
        label="event",
    ),
    WireCase(
        "stall",
        together(as_it_came(pieces=EVENTS), _stalled(0, 0.25)),
        'for = "250 ms"',
        label="head",
    ),
    WireCase(
        "stall",
        together(as_it_came(_FIRST, ending="left"), noted(Deed.TIME, "any more")),
        'events = 1\nfor = "forever"',
        label="forever",
        patience=0.8,
    ),
    WireCase("throttle", together(as_it_came(), _throttled), "rate = 500\nburst = 50", (_AT_ONCE,)),
)


# What leaves in other chunks


def _first_at(number: int, low: float) -> Check:
    """The first of the body comes so long after the service's nth write, and the head at once."""

    def check(seen: Seen) -> None:
        got, writes = seen.got[0], written(seen.asked[0])
        assert_between(got.begin + got.head_at - writes[0], 0.0, 0.0)
        assert_between(came(got, 0)[0] - writes[number], low)

    return check


def _head_held(number: int, low: float) -> Check:
    """The head comes with the first of the body, so long after the service's nth write."""

    def check(seen: Seen) -> None:
        got, writes = seen.got[0], written(seen.asked[0])
        assert_between(got.begin + got.head_at - writes[number], low)
        assert_between(came(got, 0)[0] - writes[number], low)

    return check


def _cut(size: int) -> tuple[bytes, ...]:
    return tuple(BODY[at : at + size] for at in range(0, len(BODY), size))


def _events(*events: bytes, pause: float = 0.03) -> tuple[tuple[Act, ...], ...]:
    return (stream(*events, pause=pause),)


_BY_EVERY = as_it_came(pieces=(_FIRST + _SECOND, _THIRD + _DONE))
_CRLF = tuple(each.replace(b"\n", b"\r\n") for each in (_SECOND, _DONE))

CHUNKS = (
    WireCase("coalesce", together(as_it_came(pieces=(BODY,)), _first_at(5, 0.0))),
    WireCase(
        "coalesce",
        together(as_it_came(pieces=(BODY,)), _head_held(5, 0.0)),
        "hold-head = true",
        label="head",
    ),
    WireCase("coalesce", as_it_came(pieces=_cut(64)), "bytes = 64", label="bytes"),
    WireCase(
        "coalesce",
        together(as_it_came(pieces=_cut(64)), _head_held(2, 0.0)),
        "bytes = 64\nhold-head = true",
        label="bytes-head",
    ),
    WireCase(
        "coalesce", together(_BY_EVERY, _first_at(1, 0.2)), 'every = "200 ms"', (_PAIRS,), label="every"
    ),
    WireCase(
        "coalesce",
        together(_BY_EVERY, _head_held(0, 0.2)),
        'every = "200 ms"\nhold-head = true',
        (_PAIRS,),
        label="every-head",
    ),
    WireCase(
        "split",
        as_it_came(
            pieces=tuple(each[at : at + 20] for each in EVENTS for at in range(0, len(each), 20)),
        ),
        "at = 20",
        label="bytes",
    ),
    WireCase(
        "split",
        as_it_came(
            pieces=(
                b'event: chunk\ndata: {"text": "Gr\xc3',
                b"\xbc\xc3",
                b'\x9fe"}\n\n',
                *EVENTS[1:],
            ),
        ),
        'at = "utf-8"',
        label="utf-8",
    ),
    WireCase(
        "split",
        as_it_came(
            pieces=(
                *(b"event: chunk\r", b'\ndata: {"text": " aus"}\r', b"\n\r", b"\n"),
                *(
                    b"event: done\r",
                    b'\ndata: {"message": "Stream complete", "tokensUsed": 3}\r',
                    b"\n\r",
                    b"\n",
                ),
            ),
        ),
        'at = "crlf"',
        _events(*_CRLF),
        label="crlf",
    ),
    WireCase(
        "split",
        as_it_came(
            pieces=(
                *(b"ev", b"ent: chunk\nda", b'ta: {"text": " aus"}\n\n'),
                *(b"ev", b"ent: done\nda", b'ta: {"message": "Stream complete", "tokensUsed": 3}\n\n'),
            ),
        ),
        'at = "field"',
        _events(_SECOND, _DONE),
        label="field",
    ),
    WireCase(
        "split",
        together(as_it_came(pieces=_cut(30)), _gaps),
        'at = 30\ngap = "20 ms"',
        (_AT_ONCE,),
        label="gap",
    ),
)


# What is broken off


def _cut_at(number: int, low: float) -> Check:
    """The end comes so long after the service's nth write, and nothing that the service sent later."""

    def check(seen: Seen) -> None:
        got = seen.got[0]
        assert_between(got.begin + got.end_at - written(seen.asked[0])[number], low)

    return check


_TWO_EVENTS = _FIRST + _SECOND

BROKEN = (
    WireCase("truncate", as_it_came(_TWO_EVENTS), 'events = 2\nending = "clean"', label="clean"),
    WireCase(
        "truncate",
        answer(*FIELDS, CHUNKED, body=_TWO_EVENTS),
        'events = 2\nending = "clean"',
        (whole(BODY, *FIELDS),),
        label="clean-length",
    ),
    WireCase("truncate", as_it_came(_TWO_EVENTS, ending="closed"), "events = 2", label="close"),
    WireCase(
        "truncate",
        answer(*FIELDS, _LENGTH, body=_TWO_EVENTS, ending="closed"),
        "events = 2",
        (whole(BODY, *FIELDS),),
        label="close-length",
    ),
    WireCase(
        "truncate", as_it_came(_TWO_EVENTS, ending="reset"), 'events = 2\nending = "reset"', label="reset"
    ),
    WireCase("truncate", as_it_came(b"", ending="closed"), "events = 0", label="nothing"),
    WireCase("truncate", as_it_came(BODY[:60], ending="closed"), "bytes = 60", label="bytes"),
    WireCase(
        "truncate",
        together(as_it_came(_TWO_EVENTS, ending="closed"), _cut_at(0, 0.4)),
        'after = "400 ms"',
        (_SILENT,),
        label="after",
    ),
    *(
        WireCase(
            "idle-cut",
            together(as_it_came(_TWO_EVENTS, ending=got), _cut_at(2, 0.35)),
            f'after = "350 ms"\nending = "{ending}"',
            (_SILENT,),
            label=ending,
        )
        for ending, got in (("close", "closed"), ("clean", "complete"), ("reset", "reset"))
    ),
    WireCase("close-delimited", answer(*FIELDS, b"Connection: close", ending="closed"), label="chunks"),
    WireCase(
        "close-delimited",
        answer(*FIELDS, b"Connection: close", ending="closed"),
        scripts=(whole(BODY, *FIELDS, b"Connection: keep-alive"),),
        label="length",
    ),
)


# Which events there are


def _changed(kind: str, pieces: tuple[bytes, ...], settings: str = "", label: str = "") -> WireCase:
    return WireCase(kind, as_it_came(pieces=pieces), settings, label=label)


def _escaped(event: bytes) -> bytes:
    return event.replace(b"\n", b"\\n")


WHICH = (
    _changed(
        "append-after-terminal",
        (*EVENTS[:3], _DONE + b"event: chunk\ndata: one\ndata: more\n\n"),
        'event = "chunk"\ndata = "one\\nmore"',
    ),
    _changed(
        "corrupt-event",
        (_FIRST, b'event: chunk\ndata: {"text": " aus"\n\n', _THIRD, _DONE),
        "nth = 2",
        "json",
    ),
    _changed(
        "corrupt-event",
        (_FIRST, b'event: chunk\ndata: {"text": " aus\xff"}\n\n', _THIRD, _DONE),
        'nth = 2\nhow = "utf8"',
        "utf8",
    ),
    _changed(
        "corrupt-event",
        (_FIRST, b'event: chunk\ndta: {"text": " aus"}\n\n', _THIRD, _DONE),
        'nth = 2\nhow = "field"',
        "field",
    ),
    _changed("drop-event", (_FIRST, _THIRD, _DONE), "nth = 2", "nth"),
    _changed("drop-event", (_FIRST, _THIRD), "every = 2", "every"),
    _changed("drop-event", (_DONE,), 'type = "chunk"', "type"),
    _changed("drop-terminal", EVENTS[:3]),
    _changed("escape-newlines", tuple(map(_escaped, EVENTS)), label="all"),
    _changed("escape-newlines", (_FIRST, _SECOND, _escaped(_THIRD), _escaped(_DONE)), "from = 3", "from"),
    _changed("reorder-events", (_FIRST, _THIRD + _SECOND, _DONE), "nth = 2"),
    _changed("repeat-event", (_FIRST, _SECOND * 3, _THIRD, _DONE), "nth = 2\ntimes = 2"),
    WireCase(
        "drop-event",
        answer(*FIELDS, CHUNKED, body=_FIRST + _THIRD + _DONE),
        "nth = 2",
        (whole(BODY, *FIELDS),),
        label="length",
    ),
)


# What is compressed, and what comes from a cache

_OPEN = (TYPE, b"Cache-Control: no-cache", ID_LINE, ORIGIN, CREDENTIALS, EXPOSE, VARY)
_GZIP = (b"Content-Encoding: gzip", b"Vary: Accept-Encoding")


def _accepting(case: str) -> tuple[bytes, ...]:
    return (request(case, b"Accept-Encoding: br, gzip"),)


def _compressed(*lines: bytes, is_flushed: bool) -> Check:
    """This head, and a body that a decompressor makes the service's of; chunk by chunk if flushed."""

    def check(seen: Seen) -> None:
        got = seen.got[0]
        assert got.head.split(b"\r\n")[1:] == list(lines)
        assert got.ending == "complete"
        decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        out = [decompressor.decompress(data) for _, data in got.pieces]
        assert decompressor.eof
        assert b"".join(out) == BODY
        if is_flushed:
            assert [each for each in out if each] == list(EVENTS)
        else:
            last = written(seen.asked[0])[-1]
            times = [got.begin + at for (at, _), each in zip(got.pieces, out, strict=True) if each]
            assert all(at >= last for at in times), "the compressor keeps all till the end"

    return check


def _cached(seen: Seen) -> None:
    """The service is asked once; what it is not asked for comes at once."""
    assert len(seen.asked) == 1
    assert seen.got[1].end_at < LATE, "the service's own answer takes longer"


CODED = (
    WireCase(
        "recompress",
        _compressed(*_OPEN, CHUNKED, *_GZIP, is_flushed=True),
        scripts=(stream(fields=_OPEN),),
        requests=_accepting,
        label="flush",
    ),
    WireCase(
        "recompress",
        _compressed(*_OPEN, CHUNKED, *_GZIP, is_flushed=False),
        "flush = false",
        (stream(fields=_OPEN),),
        _accepting,
        label="whole",
    ),
    WireCase(
        "recompress",
        _compressed(*_OPEN, *_GZIP, CHUNKED, is_flushed=False),
        "flush = false",
        (whole(BODY, *_OPEN),),
        _accepting,
        label="length",
    ),
    WireCase(
        "recompress",
        together(as_it_came(pieces=EVENTS), noted(Deed.PASSED, "no-transform")),
        requests=_accepting,
        label="no-transform",
    ),
    WireCase(
        "recompress",
        together(as_it_came(pieces=EVENTS), noted(Deed.PASSED, "not accept")),
        "honour-no-transform = false",
        label="unasked",
    ),
    WireCase(
        "recompress",
        _compressed(*FIELDS, CHUNKED, *_GZIP, is_flushed=True),
        "honour-no-transform = false\nalways = true",
        label="always",
    ),
    WireCase(
        "replay-cached",
        together(
            as_it_came(pieces=EVENTS),
            answer(*FIELDS, b"Age: 0", _LENGTH, number=1),
            _cached,
        ),
        scripts=(stream(pause=0.15),),
        requests=lambda case: (request(case), request(case)),
    ),
)

CASES = TIMED + CHUNKS + BROKEN + WHICH + CODED
