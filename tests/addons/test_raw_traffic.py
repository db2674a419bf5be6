"""What is not HTTP is recorded as what it is, and ends as it ended."""

from mitmproxy import flow, tcp
from mitmproxy.test import tflow

from addons.raw_traffic import StreamidRawTraffic
from addons.run import Run
from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Kind,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
)


def recorded() -> tuple[StreamidRawTraffic, list[Event], Run]:
    events: list[Event] = []
    run = Run(events.append)
    return StreamidRawTraffic(run), events, run


def talk(addon: StreamidRawTraffic) -> tcp.TCPFlow:
    raw = tflow.ttcpflow()
    raw.messages.clear()
    addon.tcp_start(raw)
    for from_client, content in ((True, b"hello"), (False, b"world"), (True, b"")):
        raw.messages.append(tcp.TCPMessage(from_client, content))
        addon.tcp_message(raw)
    return raw


def test_tcp_is_an_exchange_of_chunks_in_both_directions() -> None:
    addon, events, _ = recorded()
    addon.tcp_end(talk(addon))
    head, *chunks = events[:4]
    assert isinstance(head, RequestHead)
    assert (head.kind, head.method, head.host, head.port) == (Kind.TCP, b"TCP", "address", 22)
    assert [(c.message, c.data) for c in chunks if isinstance(c, Chunk)] == [
        (Message.REQUEST, b"hello"),
        (Message.RESPONSE, b"world"),
        (Message.REQUEST, b""),
    ]
    assert [type(event) for event in events[4:]] == [End, End]


def test_tcp_that_broke_says_so() -> None:
    addon, events, _ = recorded()
    raw = talk(addon)
    raw.error = flow.Error("connection reset")
    addon.tcp_error(raw)
    last = events[-1]
    assert isinstance(last, Abort)
    assert (last.by, last.reason) == (Breaker.SERVER, "connection reset")


def test_a_stopping_proxy_seals_what_is_open() -> None:
    addon, events, run = recorded()
    talk(addon)
    run.seal("stopped")
    last = events[-1]
    assert isinstance(last, Abort)
    assert (last.by, last.manner) == (Breaker.PROXY, Manner.SHUTDOWN)


def test_udp_is_recorded_datagram_by_datagram() -> None:
    addon, events, _ = recorded()
    raw = tflow.tudpflow()
    addon.udp_start(raw)
    addon.udp_message(raw)
    addon.udp_end(raw)
    assert isinstance(events[0], RequestHead)
    assert events[0].kind is Kind.UDP
    assert [event.data for event in events if isinstance(event, Chunk)] == [raw.messages[-1].content]


def test_dns_is_a_question_and_an_answer() -> None:
    addon, events, _ = recorded()
    raw = tflow.tdnsflow(resp=True)
    addon.dns_request(raw)
    addon.dns_response(raw)
    assert [type(event) for event in events] == [RequestHead, Chunk, ResponseHead, Chunk, End, End]
    assert raw.response is not None
    assert [event.data for event in events if isinstance(event, Chunk)] == [
        raw.request.packed,
        raw.response.packed,
    ]


def test_messages_of_flows_that_began_before_us_are_let_pass() -> None:
    addon, events, _ = recorded()
    raw = tflow.ttcpflow()
    addon.tcp_message(raw)
    addon.tcp_end(raw)
    assert events == []
