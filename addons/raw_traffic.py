"""Record what is not HTTP as what it is: TCP and UDP messages, DNS questions and answers."""

from mitmproxy import dns, flow, tcp, udp

from addons.run import Run
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

_VERSION = {Kind.TCP: b"TCP", Kind.UDP: b"UDP", Kind.DNS: b"DNS"}


class _RawExchange:
    """A raw flow under way."""

    def __init__(self, run: Run, kind: Kind, raw: flow.Flow) -> None:
        self.run = run
        self.number = run.open(self)
        host, port = (raw.server_conn.address or ("", 0))[:2]
        name = _VERSION[kind]
        client = raw.client_conn.peername
        run.know_flow(self.number, raw)
        head = (name, kind.value, host, port, b"", name, (), kind, f"{client[0]}:{client[1]}", "")
        run.put(RequestHead(self.number, Side.BOTH, run.now(), *head))

    def message(self, message: Message, content: bytes) -> None:
        self.run.put(Chunk(self.number, message, Side.BOTH, self.run.now(), content, len(content)))

    def answer(self, name: bytes) -> None:
        self.run.put(ResponseHead(self.number, Side.BOTH, self.run.now(), 0, b"", name, ()))

    def end(self) -> None:
        for message in Message:
            self.run.put(End(self.number, message, Side.BOTH, self.run.now()))
        self.run.shut(self.number)

    def broken(self, reason: str) -> None:
        self._abort(Breaker.SERVER, Manner.CLOSED, reason)

    def seal(self, reason: str) -> None:
        self._abort(Breaker.PROXY, Manner.SHUTDOWN, reason)

    def _abort(self, by: Breaker, manner: Manner, reason: str) -> None:
        self.run.put(Abort(self.number, Side.BOTH, self.run.now(), by, manner, reason))
        self.run.shut(self.number)


class StreamidRawTraffic:
    """The hooks of mitmproxy's raw flows; nothing of them is judged."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._under_way: dict[str, _RawExchange] = {}

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        """A raw TCP connection begins."""
        self._begin(Kind.TCP, flow)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        """Bytes passed."""
        self._pass(flow)

    def tcp_end(self, flow: tcp.TCPFlow) -> None:
        """It ended."""
        self._end(flow)

    def tcp_error(self, flow: tcp.TCPFlow) -> None:
        """It broke."""
        self._end(flow)

    def udp_start(self, flow: udp.UDPFlow) -> None:
        """A UDP exchange begins."""
        self._begin(Kind.UDP, flow)

    def udp_message(self, flow: udp.UDPFlow) -> None:
        """A datagram passed."""
        self._pass(flow)

    def udp_end(self, flow: udp.UDPFlow) -> None:
        """It ended."""
        self._end(flow)

    def udp_error(self, flow: udp.UDPFlow) -> None:
        """It broke."""
        self._end(flow)

    def dns_request(self, flow: dns.DNSFlow) -> None:
        """A DNS question."""
        self._begin(Kind.DNS, flow).message(Message.REQUEST, flow.request.packed)

    def dns_response(self, flow: dns.DNSFlow) -> None:
        """Its answer."""
        exchange = self._under_way.get(flow.id)
        if exchange is not None and flow.response is not None:
            exchange.answer(b"DNS")
            exchange.message(Message.RESPONSE, flow.response.packed)
        self._end(flow)

    def dns_error(self, flow: dns.DNSFlow) -> None:
        """No answer came."""
        self._end(flow)

    def _begin(self, kind: Kind, raw: flow.Flow) -> _RawExchange:
        exchange = self._under_way[raw.id] = _RawExchange(self.run, kind, raw)
        return exchange

    def _pass(self, raw: tcp.TCPFlow | udp.UDPFlow) -> None:
        exchange = self._under_way.get(raw.id)
        if exchange is not None:
            last = raw.messages[-1]
            exchange.message(Message.REQUEST if last.from_client else Message.RESPONSE, last.content)

    def _end(self, raw: flow.Flow) -> None:
        exchange = self._under_way.pop(raw.id, None)
        if exchange is None:
            return
        if raw.error is not None:
            exchange.broken(raw.error.msg)
        else:
            exchange.end()
