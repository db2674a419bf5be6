"""The taps: what arrives and what leaves, each on its own side, and nothing twice."""

from mitmproxy import http
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import HTTPMode

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Kind,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from tests.support.sansio import Exchange

POST = b"POST /s?a=1 HTTP/1.1\r\nhost: upstream.test\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunks(exchange: Exchange, message: Message = Message.RESPONSE) -> list[tuple[Side, bytes]]:
    return [(e.side, e.data) for e in exchange.events if isinstance(e, Chunk) and e.message is message]


def test_what_passes_unchanged_is_one_event_seen_on_both_sides() -> None:
    exchange = Exchange()
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n")
    exchange.server_sends(b"2\r\nde\r\n0\r\n\r\n")
    kinds = [(type(event), event.side) for event in exchange.events if not isinstance(event, Abort)]  # type: ignore[union-attr]
    assert kinds == [
        (RequestHead, Side.BOTH),
        (Chunk, Side.BOTH),
        (End, Side.BOTH),
        (ResponseHead, Side.BOTH),
        (Chunk, Side.BOTH),
        (Chunk, Side.BOTH),
        (End, Side.BOTH),
    ]
    assert chunks(exchange) == [(Side.BOTH, b"abc"), (Side.BOTH, b"de")]
    assert exchange.to_client == CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


def test_header_fields_keep_order_case_and_duplicates() -> None:
    exchange = Exchange()
    exchange.client_sends(POST)
    head = exchange.events[0]
    assert isinstance(head, RequestHead)
    assert head.headers == (
        (b"host", b"upstream.test"),
        (b"X-A", b"1"),
        (b"x-a", b"2"),
        (b"Content-Length", b"2"),
    )
    assert (head.method, head.target, head.host, head.port, head.kind) == (
        b"POST",
        b"/s?a=1",
        "upstream.test",
        80,
        Kind.HTTP,
    )


def test_a_head_that_an_addon_changes_is_two_events() -> None:
    def change(hook: commands.StartHook) -> None:
        if hook.name == "responseheaders":
            flow: http.HTTPFlow = hook.args()[0]
            assert flow.response is not None
            flow.response.headers["X-New"] = "1"

    exchange = Exchange(change)
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED)
    heads = [event for event in exchange.events if isinstance(event, ResponseHead)]
    assert [head.side for head in heads] == [Side.SERVER, Side.CLIENT]
    assert (b"X-New", b"1") not in heads[0].headers
    assert (b"X-New", b"1") in heads[1].headers


def test_bytes_that_an_addon_changes_are_seen_on_each_side_as_they_are_there() -> None:
    def shout(hook: commands.StartHook) -> None:
        if hook.name == "responseheaders":
            flow: http.HTTPFlow = hook.args()[0]
            assert flow.response is not None
            flow.response.stream = lambda data: data.upper()

    exchange = Exchange(shout)
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n")
    assert chunks(exchange) == [(Side.SERVER, b"abc"), (Side.CLIENT, b"ABC")]


def test_bytes_that_an_addon_swallows_were_never_on_the_clients_side() -> None:
    def swallow(hook: commands.StartHook) -> None:
        if hook.name == "responseheaders":
            flow: http.HTTPFlow = hook.args()[0]
            assert flow.response is not None
            flow.response.stream = lambda data: []

    exchange = Exchange(swallow)
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n")
    assert chunks(exchange) == [(Side.SERVER, b"abc")]
    assert exchange.to_client == CHUNKED + b"0\r\n\r\n"


def test_what_a_hook_delays_keeps_the_time_of_either_side() -> None:
    exchange = Exchange(hold=("responseheaders",))
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n")
    exchange.clock += 20_000
    exchange.release()
    arrived, left = (event for event in exchange.events if isinstance(event, ResponseHead))
    assert (arrived.side, left.side) == (Side.SERVER, Side.CLIENT)
    assert left.at - arrived.at >= 20_000
    assert chunks(exchange) == [(Side.SERVER, b"abc"), (Side.CLIENT, b"abc")]


def test_bodies_stream_unless_an_addon_wants_them_whole() -> None:
    def buffer(hook: commands.StartHook) -> None:
        if hook.name == "responseheaders":
            flow: http.HTTPFlow = hook.args()[0]
            assert flow.response is not None
            flow.response.stream = False

    exchange = Exchange(buffer)
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n")
    assert exchange.to_client == b""
    exchange.server_sends(b"2\r\nde\r\n0\r\n\r\n")
    assert chunks(exchange) == [(Side.SERVER, b"abc"), (Side.SERVER, b"de"), (Side.CLIENT, b"abcde")]


def test_an_addon_may_answer_although_requests_stream() -> None:
    def answer(hook: commands.StartHook) -> None:
        if hook.name == "requestheaders":
            hook.args()[0].response = http.Response.make(403, b"no")

    exchange = Exchange(answer)
    exchange.client_sends(POST)
    assert exchange.to_client.startswith(b"HTTP/1.1 403 ")
    assert exchange.servers == []
    assert chunks(exchange) == [(Side.CLIENT, b"no")]
    assert chunks(exchange, Message.REQUEST) == [(Side.CLIENT, b"hi")]


def test_a_client_that_leaves_aborts_both_sides() -> None:
    exchange = Exchange()
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n")
    exchange.client_leaves()
    last = exchange.events[-1]
    assert isinstance(last, Abort)
    assert (last.by, last.manner, last.side) == (Breaker.CLIENT, Manner.CLOSED, Side.BOTH)


def test_a_server_that_leaves_before_the_last_chunk_truncates() -> None:
    exchange = Exchange()
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n")
    exchange.server_leaves()
    last = exchange.events[-1]
    assert isinstance(last, Abort)
    assert (last.by, last.manner, last.answered) == (Breaker.SERVER, Manner.CLOSED, 0)


def test_a_server_that_never_answers_is_answered_for() -> None:
    exchange = Exchange()
    exchange.client_sends(POST)
    exchange.server_leaves()
    last = exchange.events[-1]
    assert isinstance(last, Abort)
    assert (last.by, last.answered) == (Breaker.SERVER, 502)
    assert exchange.to_client.startswith(b"HTTP/1.1 502 ")


def test_a_stopping_proxy_seals_what_is_open_and_nothing_follows() -> None:
    exchange = Exchange()
    exchange.client_sends(POST)
    exchange.server_sends(CHUNKED + b"3\r\nabc\r\n")
    exchange.run.seal("stopped")
    exchange.client_leaves()
    aborts = [event for event in exchange.events if isinstance(event, Abort)]
    assert [(each.by, each.manner, each.reason) for each in aborts] == [
        (Breaker.PROXY, Manner.SHUTDOWN, "stopped")
    ]


def test_a_tunnel_is_recorded_as_a_tunnel_without_its_bytes() -> None:
    exchange = Exchange(mode=HTTPMode.regular, hold=("next_layer",))
    exchange.client_sends(b"CONNECT upstream.test:443 HTTP/1.1\r\nHost: upstream.test:443\r\n\r\n")
    exchange.client_sends(b"\x16\x03\x01 not HTTP")
    head, *rest = exchange.events
    assert isinstance(head, RequestHead)
    assert (head.kind, head.target, head.host, head.port) == (
        Kind.CONNECT,
        b"upstream.test:443",
        "upstream.test",
        443,
    )
    assert [type(event) for event in rest] == [End, ResponseHead, End]


def test_mitmproxys_own_100_is_not_the_answer() -> None:
    exchange = Exchange()
    exchange.client_sends(
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    )
    exchange.client_sends(b"hi")
    exchange.server_sends(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    statuses = [event.status for event in exchange.events if isinstance(event, ResponseHead)]
    assert statuses == [200]
    assert exchange.to_client.startswith(b"HTTP/1.1 100 ")


def test_each_exchange_of_a_connection_has_its_own_number() -> None:
    exchange = Exchange()
    for _ in range(3):
        exchange.client_sends(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        exchange.server_sends(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert {event.exchange for event in exchange.events} == {1, 2, 3}
    assert len(exchange.run._open) == 0
