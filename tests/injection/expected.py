"""What cases expect, written out: heads line by line, bodies byte by byte, times with their bounds."""

import re
from collections.abc import Callable, Sequence

from contract.events import Deed
from tests.injection.bench import BODY, CHUNKED, FIELDS, Seen
from tests.injection.service import Asked
from tests.injection.wire import Received

type Check = Callable[[Seen], None]

TYPE, CACHE, ID_LINE, ORIGIN, CREDENTIALS, EXPOSE, VARY = FIELDS
"""The lines of the service's head, one by one."""

EARLY, LATE = 0.005, 0.4
"""Seconds by which a time may be off: clocks differ by little, and the machine may be busy."""


def together(*checks: Check) -> Check:
    """All of them."""

    def check(seen: Seen) -> None:
        for each in checks:
            each(seen)

    return check


def answer(
    *lines: bytes,
    body: bytes = BODY,
    status: bytes = b"200 OK",
    ending: str = "complete",
    pieces: Sequence[bytes] | None = None,
    number: int = 0,
) -> Check:
    """The client gets this head, lines in this order, and this body, in these chunks where they matter."""

    def check(seen: Seen) -> None:
        got = seen.got[number]
        assert got.head.split(b"\r\n") == [b"HTTP/1.1 " + status, *lines]
        assert got.body == (body if pieces is None else b"".join(pieces))
        assert got.ending == ending
        if pieces is not None:
            assert [data for _, data in got.pieces] == list(pieces)

    return check


def as_it_came(
    body: bytes = BODY,
    *,
    ending: str = "complete",
    pieces: Sequence[bytes] | None = None,
    number: int = 0,
) -> Check:
    """The client gets the service's own head."""
    return answer(*FIELDS, CHUNKED, body=body, ending=ending, pieces=pieces, number=number)


def lines_of(asked: Asked) -> list[bytes]:
    """The field lines that the service got, but for `Host`, which mitmproxy writes anew."""
    lines = asked.head.removesuffix(b"\r\n\r\n").split(b"\r\n")[1:]
    return [line for line in lines if not line.lower().startswith(b"host:")]


def asked(*lines: bytes, body: bytes = b"", number: int = 0) -> Check:
    """The service gets these lines behind `Host`, in this order, and this body."""

    def check(seen: Seen) -> None:
        assert lines_of(seen.asked[number]) == list(lines)
        assert seen.asked[number].body == body

    return check


def unasked(seen: Seen) -> None:
    """The service gets nothing."""
    assert not seen.asked


def noted(deed: Deed, words: str, number: int = 0) -> Check:
    """The journal says so."""

    def check(seen: Seen) -> None:
        told = [each.name for each in seen.exchanges[number].journal if each.deed is deed]
        assert any(re.search(words, each) for each in told), told

    return check


def written(asked: Asked) -> list[float]:
    """When the service began to send its head, each chunk, and its end."""
    return [at for at, _ in asked.writes]


def came(got: Received, *offsets: int) -> list[float]:
    """When the bytes at these offsets came to the client, on the service's clock."""
    return [got.begin + got.when(offset) for offset in offsets]


def assert_between(value: float, low: float, high: float | None = None) -> None:
    """`value` seconds are within the bounds, as exactly as can be told; without `high`, both are `low`."""
    latest = (low if high is None else high) + LATE
    assert low - EARLY <= value <= latest, f"{value:.3f} s, not {low:.3f} to {latest:.3f} s"
