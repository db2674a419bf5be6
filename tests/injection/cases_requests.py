"""Requests on their way to the service: each kind of the family on the wire."""

from contract.events import Deed, Side
from tests.injection.bench import EVENTS, Seen, WireCase, request, stream, whole
from tests.injection.expected import (
    LATE,
    Check,
    answer,
    as_it_came,
    asked,
    assert_between,
    noted,
    together,
    unasked,
)

_JSON = b"Content-Type: application/json"
_FROM = b"Origin: http://page.test"
_BODY = b'{ "completeResponse": "Gr\xc3\xbc\xc3\x9fe", "streamingSessionId" : "stream-1", "tokens": 3 }'
_OTHER = _BODY.replace(b"stream-1", b"stream-2")
_DONE = (whole(b'{"ok": true}', _JSON),)
_GOT = answer(_JSON, b"Content-Length: 12", body=b'{"ok": true}')


def _update(case: str, body: bytes = _BODY, session: bytes = b"s1") -> bytes:
    return request(case, _JSON, path=b"/api/chat/sessions/" + session + b"/update-stream", body=body)


def _one(case: str) -> tuple[bytes, ...]:
    return (_update(case),)


def _asked(case: str, body: bytes, number: int = 0) -> Check:
    """The service gets this body and its length; all else is as it came."""
    length = b"Content-Length: %d" % len(body)
    return asked(b"X-Case: " + case.encode(), _FROM, _JSON, length, body=body, number=number)


def _edited(label: str, body: bytes, settings: str) -> WireCase:
    check = together(_asked(f"edit-json.{label}", body), _GOT)
    return WireCase("edit-json", check, settings, _DONE, _one, label=label)


def _late(seen: Seen) -> None:
    assert_between(seen.asked[0].at - seen.got[0].begin, 0.2)


def _waits(seen: Seen) -> None:
    assert seen.got[0].ending == "left"
    assert not seen.got[0].head


def _closed(seen: Seen) -> None:
    assert seen.got[0].ending == "closed"
    assert not seen.got[0].head
    assert seen.got[0].end_at < LATE


def _twice(seen: Seen) -> None:
    """The service is asked twice in the same bytes; the client gets the second answer alone."""
    first, second = seen.asked
    assert (first.head, first.body) == (second.head, second.body)
    assert first.body == _BODY
    assert_between(second.at - seen.got[0].begin, 0.1)
    assert_between(first.at - seen.got[0].begin, 0.0)
    as_it_came(EVENTS[1])(seen)
    copies = [each for each in seen.exchanges if each.request(Side.CLIENT) is None]
    assert len(seen.exchanges) == 2
    assert len(copies) == 1
    assert copies[0].response(Side.CLIENT) is None
    assert copies[0].body(Side.SERVER) == EVENTS[0]


EDITS = (
    _edited("set", _BODY.replace(b"stream-1", b"stream-12345"), 'do = "set"\nvalue = "stream-12345"'),
    _edited("path", _BODY.replace(b"3 }", b"[4, 5] }"), 'path = "tokens"\ndo = "set"\nvalue = [4, 5]'),
    _edited("remove", _BODY.replace(b'"streamingSessionId" : "stream-1", ', b""), 'do = "remove"'),
    _edited("null", _BODY.replace(b'"stream-1"', b"null"), 'do = "null"'),
    WireCase(
        "edit-json",
        together(
            _asked("edit-json.stale", _BODY),
            noted(Deed.PASSED, "no stale value"),
            _asked("edit-json.stale", _BODY, 1),
        ),
        'do = "stale"',
        _DONE,
        lambda case: (_update(case), _update(case, _OTHER)),
        label="stale",
    ),
    WireCase(
        "edit-json",
        together(_asked("edit-json.foreign", _BODY), _asked("edit-json.foreign", _BODY, 1)),
        'do = "foreign"',
        _DONE,
        lambda case: (_update(case), _update(case, _OTHER, b"s2")),
        label="foreign",
    ),
)

CASES = (
    *EDITS,
    WireCase(
        "consume-body",
        together(asked(b"X-Case: consume-body", _FROM, _JSON, b"Content-Length: 0"), _GOT),
        scripts=_DONE,
        requests=_one,
    ),
    WireCase(
        "delay-request",
        together(_asked("delay-request", _BODY), _late, _GOT),
        'by = "200 ms"',
        _DONE,
        _one,
    ),
    WireCase(
        "drop-request",
        together(unasked, _waits, noted(Deed.END, "nowhere")),
        'then = "hang"',
        requests=_one,
        label="hang",
        patience=0.5,
    ),
    WireCase("drop-request", together(unasked, _closed), 'then = "close"', requests=_one, label="close"),
    WireCase(
        "drop-request",
        together(
            answer(
                *(b"Content-Type: text/plain", b"Content-Length: 20"),
                body=b"504 Gateway Timeout\n",
                status=b"504 Gateway Timeout",
            ),
            unasked,
        ),
        'then = "504"',
        requests=_one,
        label="504",
    ),
    WireCase(
        "repeat-request",
        _twice,
        'after = "100 ms"',
        (stream(EVENTS[0]), stream(EVENTS[1])),
        _one,
        exchanges=2,
    ),
)
