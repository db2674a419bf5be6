"""The ID on its way to the client: each kind of the family on the wire."""

import re

from contract.events import Deed
from tests.injection.bench import CHUNKED, EVENTS, ID, Seen, WireCase, request, stream
from tests.injection.expected import (
    CACHE,
    CREDENTIALS,
    EXPOSE,
    ORIGIN,
    TYPE,
    VARY,
    Check,
    answer,
    as_it_came,
    assert_between,
    noted,
    together,
    written,
)

_NAME = b"X-Streaming-Session-Id: "
_IDS = tuple(b"stream-1700000000000-0000000%d" % number for number in range(4))


def _fields(value: bytes) -> tuple[bytes, ...]:
    return TYPE, CACHE, _NAME + value, ORIGIN, CREDENTIALS, EXPOSE, VARY


def _id(value: bytes, number: int = 0) -> Check:
    """The client gets this ID, and all else as it came."""
    return answer(*_fields(value), CHUNKED, number=number)


def _streams(*ids: bytes) -> tuple[tuple[bytes | float | str, ...], ...]:
    return tuple(stream(fields=_fields(each), pause=0.01) for each in ids)


def _mangled(how: str, value: bytes, more: str = "") -> WireCase:
    return WireCase("mangle-id", _id(value), f'how = "{how}"\n{more}', label=how)


def _of(case: str, *sessions: bytes) -> tuple[bytes, ...]:
    return tuple(request(case, path=b"/api/chat/sessions/" + each + b"/stream") for each in sessions)


def _alike(seen: Seen) -> None:
    found = re.search(rb"Id: (.*)\r\n", seen.got[0].head)
    assert found is not None
    assert re.fullmatch(rb"stream-[0-9]{13}-[0-9a-f]{8}", found[1])
    assert found[1] != ID
    _id(found[1])(seen)


def _swapped(seen: Seen) -> None:
    """Whose body came with whose ID: the second answer's body is another."""
    found = {(got.body, got.ending): got.head.split(b"\r\n")[3] for got in seen.got}
    assert found == {
        (b"".join(EVENTS), "complete"): _NAME + _IDS[1],
        (EVENTS[0], "complete"): _NAME + _IDS[0],
    }
    later = max(written(each)[0] for each in seen.asked)
    for got in seen.got:
        assert_between(got.begin + got.head_at - later, 0.0)


def _waited(seen: Seen) -> None:
    begin = written(seen.asked[0])[0]
    for at in (seen.got[0].head_at, seen.got[0].when(0)):
        assert_between(seen.got[0].begin + at - begin, 0.2)
    as_it_came(pieces=EVENTS)(seen)


CASES = (
    _mangled("upper", b"STREAM-1700000000000-0A1B2C3D"),
    WireCase(
        "mangle-id",
        _id(b"stream-1a"),
        'how = "lower"',
        _streams(b"Stream-1A"),
        label="lower",
    ),
    _mangled("trim", b"stream-1700000000000-0a1b2c3"),
    _mangled("truncate", b"stream-", "length = 7"),
    _mangled("quote", b'"stream-1700000000000-0a1b2c3d"'),
    _mangled("junk", b"stream-1700000000000-0a1b2c3d%0D%0A"),
    _mangled("percent-encode", b"stream%2D1700000000000%2D0a1b2c3d"),
    WireCase(
        "stale-id",
        together(
            _id(_IDS[0]),
            noted(Deed.PASSED, "no other ID"),
            _id(_IDS[1], 1),
            _id(_IDS[0], 2),
            _id(_IDS[2], 3),
        ),
        scripts=_streams(*_IDS),
        requests=lambda case: _of(case, b"s1", b"s2", b"s1", b"s1"),
    ),
    WireCase(
        "stale-id",
        together(_id(_IDS[0]), _id(_IDS[0], 1), _id(_IDS[1], 2)),
        'of = "any"',
        _streams(*_IDS),
        lambda case: _of(case, b"s1", b"s2", b"s1"),
        label="any",
    ),
    WireCase("substitute-id", _alike),
    WireCase("substitute-id", _id(b"gw-1"), 'value = "gw-1"', label="value"),
    WireCase(
        "swap-ids",
        _swapped,
        'within = "5 s"',
        (stream(fields=_fields(_IDS[0])), stream(EVENTS[0], fields=_fields(_IDS[1]))),
        lambda case: _of(case, b"s1", b"s2"),
        label="two",
        at_once=True,
    ),
    WireCase(
        "swap-ids",
        together(_waited, noted(Deed.PASSED, "no other stream")),
        'within = "200 ms"',
        label="alone",
    ),
)
