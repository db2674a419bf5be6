"""mitmproxy's HTTP layer without a network: bytes in, bytes out, hooks answered at once."""

from collections.abc import Callable

from mitmproxy import options
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Connection, ConnectionState, Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.test import taddons, tflow

from addons.faulted_stream import FaultedStream
from addons.injector import Injector
from addons.run import Run
from addons.tapped_stream import TappedStream, tap_layer
from contract.events import Event

type OnHook = Callable[[commands.StartHook], None]


class Exchange:
    """One client connection through a tapped HTTP layer to one upstream.

    `to_client` and `to_server` collect what mitmproxy sends; `events` what the taps recorded.
    `hold` names hooks that are not answered until `release` is called.
    """

    def __init__(
        self,
        on_hook: OnHook | None = None,
        *,
        hold: tuple[str, ...] = (),
        mode: HTTPMode = HTTPMode.transparent,
    ) -> None:
        with taddons.context(Proxyserver()) as context:
            self._options: options.Options = context.options
        client = tflow.tclient_conn()
        client.state = ConnectionState.OPEN
        self.context = Context(client, self._options)
        if mode is HTTPMode.transparent:
            self.context.server.address = ("upstream.test", 80)
        self.events: list[Event] = []
        self.run = Run(self.events.append)
        self.clock = 1_000
        self.run.now = self._tick  # type: ignore[method-assign]
        self.injector = Injector(self.run.put, self.run.now)
        self.layer = HttpLayer(self.context, mode)
        tap_layer(self.layer, self.run, self._stream)
        self.to_client = b""
        self.to_server = b""
        self.closed: list[Connection] = []
        self.servers: list[Server] = []
        self._on_hook = on_hook
        self._hold = hold
        self._held: list[commands.StartHook] = []
        self._deliver(events.Start())

    def _stream(self, context: Context, stream_id: int) -> TappedStream:
        return FaultedStream(context, stream_id, self.run, self.injector)

    def _tick(self) -> int:
        """A clock of the test's own: a microsecond for each look at it."""
        self.clock += 1
        return self.clock

    def client_sends(self, data: bytes) -> None:
        """Bytes from the client, as one read."""
        self._deliver(events.DataReceived(self.context.client, data))

    def server_sends(self, data: bytes) -> None:
        """Bytes from the (last) server, as one read."""
        self._deliver(events.DataReceived(self.servers[-1], data))

    def client_leaves(self) -> None:
        """The client closes its connection."""
        self.context.client.state = ConnectionState.CAN_WRITE
        self._deliver(events.ConnectionClosed(self.context.client))

    def server_leaves(self) -> None:
        """The server closes its connection."""
        self.servers[-1].state = ConnectionState.CAN_WRITE
        self._deliver(events.ConnectionClosed(self.servers[-1]))

    def release(self) -> None:
        """Answer the hooks that were held."""
        held, self._held, self._hold = self._held, [], ()
        for hook in held:
            self._deliver(events.HookCompleted(hook, None))

    def _deliver(self, event: events.Event) -> None:
        replies: list[events.Event] = []
        for command in self.layer.handle_event(event):
            reply = self._obey(command)
            if reply is not None:
                replies.append(reply)
        for reply in replies:
            self._deliver(reply)

    def _obey(self, command: commands.Command) -> events.Event | None:
        match command:
            case commands.SendData():
                if command.connection is self.context.client:
                    self.to_client += command.data
                else:
                    self.to_server += command.data
            case commands.OpenConnection():
                server = command.connection
                server.state = ConnectionState.OPEN
                server.peername = ("192.0.2.1", 80)
                self.servers.append(server)
                return events.OpenConnectionCompleted(command, None)
            case commands.CloseConnection():
                command.connection.state = ConnectionState.CLOSED
                self.closed.append(command.connection)
            case layer.NextLayer():
                raise AssertionError("no protocol is to be guessed here")
            case commands.StartHook():
                return self._answer(command)
        return None

    def _answer(self, hook: commands.StartHook) -> events.Event | None:
        if self._on_hook is not None:
            self._on_hook(hook)
        if hook.name in self._hold:
            self._held.append(hook)
            return None
        return events.HookCompleted(hook, None) if hook.blocking else None
