"""The recording against the wire: what it has of each side is what the peers there sent and got."""

from collections.abc import Callable

from contract.events import End, Message, RequestHead, ResponseHead, Side
from tests.injection.bench import Exchange, Seen, WireCase
from tests.injection.service import Act
from tests.injection.wire import Received

type HeadAs = Callable[[bytes], bytes]


def assert_recording_is_the_wire(case: WireCase, seen: Seen, head_as: HeadAs = bytes) -> None:
    """On all four surfaces: from the client, to the service, from the service, to the client.

    `head_as` makes of a head as cases have it the one that is sent.
    """
    sent = [(head_as(head), body) for head, body in map(split, case.requests(case.name))]
    scripts = [(head_as(head), body) for head, body in map(script_of, case.scripts)]
    from_client = [each for each in seen.exchanges if each.request(Side.CLIENT)]
    to_service = [each for each in seen.exchanges if each.request(Side.SERVER)]
    assert len(from_client) == len(seen.got)
    assert sorted(_request(each, Side.CLIENT) for each in from_client) == sorted(sent)
    assert sorted(_request(each, Side.SERVER) for each in to_service) == sorted(
        (each.head.removesuffix(b"\r\n\r\n"), each.body) for each in seen.asked
    )
    for exchange in to_service:
        _assert_untouched(exchange, scripts)
    remaining = list(seen.got)
    for exchange in from_client:
        found = next((got for got in remaining if _head(exchange.response(Side.CLIENT)) == got.head), None)
        assert found is not None, "a client got what was recorded"
        remaining.remove(found)
        _assert_received(exchange, found)


def _assert_untouched(exchange: Exchange, scripts: list[tuple[bytes, bytes]]) -> None:
    """The service's side has an answer of the service's, as far as it was read."""
    served = exchange.response(Side.SERVER)
    assert served is not None
    head, body = next(one for one in scripts if one[0] == _head(served))
    if isinstance(exchange.ended(Side.SERVER), End):
        assert exchange.body(Side.SERVER) in {each for one, each in scripts if one == head}
    else:
        assert body.startswith(exchange.body(Side.SERVER))


def _assert_received(exchange: Exchange, got: Received) -> None:
    assert exchange.body(Side.CLIENT) == got.body
    is_whole = got.ending == "complete" or got.is_framed_by_close
    assert isinstance(exchange.ended(Side.CLIENT), End) == is_whole


def _request(exchange: Exchange, side: Side) -> tuple[bytes, bytes]:
    return _head(exchange.request(side)), exchange.body(side, Message.REQUEST)


def _head(head: RequestHead | ResponseHead | None) -> bytes:
    if head is None:
        return b""
    if isinstance(head, RequestHead):
        first = b"%s %s %s" % (head.method, head.target, head.version)
    else:
        first = b"%s %d %s" % (head.version, head.status, head.reason)
    return b"\r\n".join([first, *(b"%s: %s" % line for line in head.headers if line[0][:1] != b":")])


def split(message: bytes) -> tuple[bytes, bytes]:
    """A message's head and what follows it."""
    head, _, body = message.partition(b"\r\n\r\n")
    return head, body


def script_of(script: tuple[Act, ...]) -> tuple[bytes, bytes]:
    """Head and body that a script sends."""
    head, rest = split(b"".join(act for act in script if isinstance(act, bytes)))
    if b"Transfer-Encoding: chunked" not in head:
        return head, rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    return head, body
