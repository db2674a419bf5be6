"""Plays the same script at both ends of a proxy, and tells what arrived where after each step.

A step is one write (or close, or reset) at one end. The next one is played only after everything
that the proxy makes of it has arrived: after each step a byte is sent through the same proxy's TCP
mode and back, until nothing new has come meanwhile. The proxy has one event loop, so the byte
cannot overtake what was there before it. Hence a proxy reads the same pieces each time it is
played to, and two proxies can be compared byte for byte, step for step, without waiting for time
to pass.
"""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Self

from tests.fidelity.ends import End
from tests.fidelity.frames import Frame, Outgoing
from tests.fidelity.websocket import unmasked
from tests.support.certificates import client_context, server_context
from tests.support.proxy import Proxy

PATIENCE = 5.0
"""Seconds until something that has to come has come."""
EFFECT = 1.0
"""Seconds until what a step brings about is seen; steps without an effect say so in the script."""


class Route(Enum):
    """Which mode of the proxy a script goes through, and what the two ends speak at first."""

    PLAIN = "HTTP/1.1 to HTTP/1.1, reverse"
    FORWARD = "HTTP/1.1 to HTTP/1.1, regular"
    TUNNEL = "HTTP/2 to HTTP/2, regular, through CONNECT"
    H2 = "HTTP/2 to HTTP/2, reverse"
    H2_TO_H1 = "HTTP/2 to HTTP/1.1, reverse"
    TLS = "HTTP/1.1 to HTTP/1.1, both in TLS, reverse"

    @property
    def client_alpn(self) -> tuple[str, ...]:
        """What the client offers in TLS; none: it speaks without TLS."""
        return {Route.H2: ("h2",), Route.H2_TO_H1: ("h2",), Route.TLS: ("http/1.1",)}.get(self, ())


class Do(Enum):
    """What an end can do besides writing."""

    CLOSE = "close"
    FINISH = "finish"
    RESET = "reset"
    SECURE = "secure"


@dataclass(frozen=True)
class Step:
    """`end` is `client` or the number of the connection that the server got; `quiet`: nothing comes of it."""

    end: str
    what: bytes | Outgoing | Do
    quiet: bool = False


@dataclass(frozen=True)
class Script:
    """An exchange, or several on one client connection.

    `redrawn`: the client's WebSocket frames get new random masks on the way, so what the server gets
    after the upgrade is compared without them.
    """

    name: str
    route: Route
    steps: tuple[Step, ...]
    redrawn: bool = False

    def __str__(self) -> str:
        return f"{self.route.name}: {self.name}"


class Arrival(NamedTuple):
    """What one end got after one step (0: the connecting); `ending` where the other end left then."""

    step: int
    end: str
    data: bytes
    frames: tuple[Frame, ...]
    ending: str


def client(what: bytes | Outgoing | Do, *, quiet: bool = False) -> Step:
    """A step of the client's."""
    return Step("client", what, quiet)


def server(what: bytes | Outgoing | Do, *, connection: int = 1, quiet: bool = False) -> Step:
    """A step of the server's, on its nth connection of this script."""
    return Step(f"server {connection}", what, quiet)


class Stage:
    """The listeners that stand behind the proxies: plain, TLS, and an echo for the stage's own use."""

    def __init__(self) -> None:
        self._plain, self._secret, self._echo = (
            socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(3)
        )
        self._tls = server_context()
        self._ends: list[End] = []
        self._echoes: list[End] = []
        self._lines: dict[int, End] = {}

    def modes(self) -> list[str]:
        """What a proxy has to be started with."""
        plain, secret, echo = (
            listener.getsockname()[1] for listener in (self._plain, self._secret, self._echo)
        )
        return [
            f"reverse:http://127.0.0.1:{plain}",
            f"reverse:https://127.0.0.1:{secret}",
            "regular",
            f"reverse:tcp://127.0.0.1:{echo}",
        ]

    def port(self, route: Route) -> int:
        """Of the listener that a route leads to; scripts that name it write `PORT`."""
        listener = self._secret if route in (Route.H2, Route.TLS, Route.TUNNEL) else self._plain
        port: int = listener.getsockname()[1]
        return port

    def play(self, script: Script, proxy: Proxy | None) -> list[Arrival]:
        """Play to `proxy`, or with nothing between the ends.

        A step at a server connection that never comes raises TimeoutError.
        """
        self._ends = []
        seen: list[Arrival] = []
        try:
            self._enter(script.route, proxy)
            self._settle(proxy, seen, 0)
            for number, step in enumerate(script.steps, 1):
                end = self._await_end(step.end)
                self._perform(end, step, script.route)
                effect = None if step.quiet else ("server" if end.client else "client")
                self._settle(proxy, seen, number, effect)
            self._ends[0].close()
            self._settle(proxy, seen, len(script.steps) + 1)
        finally:
            for end in self._ends:
                end.close()
        return [_without_masks(arrival) for arrival in seen] if script.redrawn else seen

    def close(self) -> None:
        for listener in (self._plain, self._secret, self._echo):
            listener.close()
        for end in [*self._echoes, *self._lines.values()]:
            end.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter(self, route: Route, proxy: Proxy | None) -> None:
        mode = {Route.FORWARD: 2, Route.TUNNEL: 2, Route.H2: 1, Route.TLS: 1}.get(route, 0)
        port = proxy.ports[mode] if proxy else self.port(route)
        connection = socket.create_connection(("127.0.0.1", port))
        tls = client_context(route.client_alpn) if route.client_alpn else None
        end = End(connection, "client", tls, client=True)
        self._ends.append(end)
        self._until(lambda: end.ready or bool(end.ending), PATIENCE)

    def _perform(self, end: End, step: Step, route: Route) -> None:
        match step.what:
            case Do.CLOSE:
                end.close()
            case Do.FINISH:
                end.finish()
            case Do.RESET:
                end.reset()
            case Do.SECURE:
                end.secure(client_context(("h2",)))
                self._until(lambda: end.ready or bool(end.ending), PATIENCE)
            case what:
                end.send(what, self.port(route))

    def _await_end(self, name: str) -> End:
        def found() -> End | None:
            return next((end for end in self._ends if end.name == name), None)

        if not self._until(lambda: bool(found()), PATIENCE):
            raise TimeoutError(f"{name} has no connection")
        return found() or self._ends[0]

    def _settle(self, proxy: Proxy | None, seen: list[Arrival], step: int, effect: str | None = None) -> None:
        if effect:
            self._until(lambda: any(_stirred(end) for end in self._ends if effect in end.name), EFFECT)
        marks = None
        while marks != (marks := self._marks()):
            for _ in range(2):
                self._round_trip(proxy)
        for end in self._ends:
            data, frames = end.take()
            ending = end.ending if end.ending and not end.told else ""
            end.told = bool(end.ending)
            if data or ending:
                seen.append(Arrival(step, end.name, data, tuple(frames), ending))

    def _marks(self) -> list[tuple[str, int, str, bool]]:
        return [(end.name, len(end.arrived), end.ending, end.ready) for end in self._ends]

    def _round_trip(self, proxy: Proxy | None) -> None:
        port = proxy.ports[3] if proxy else self._echo.getsockname()[1]
        line = self._lines.get(port)
        if line is None:
            line = End(socket.create_connection(("127.0.0.1", port)), "line", None, client=True)
            self._lines[port] = line
        line.send(b".")
        if not self._until(lambda: bool(line.arrived), PATIENCE):
            raise TimeoutError(f"no answer any more:\n{proxy.log() if proxy else ''}")
        line.take()

    def _until(self, holds: Callable[[], bool], patience: float) -> bool:
        deadline = time.monotonic() + patience
        self._pump(0)
        while not holds():
            if time.monotonic() > deadline:
                return False
            self._pump(0.01)
        return True

    def _pump(self, wait: float) -> None:
        listeners = [self._plain, self._secret, self._echo]
        ends = [*self._ends, *self._echoes, *self._lines.values()]
        alive = [end.socket for end in ends if not end.left and not end.ending]
        readable, _, _ = select.select([*listeners, *alive], [], [], wait)
        for listener in listeners:
            if listener in readable:
                self._accept(listener)
        for end in [*self._ends, *self._echoes, *self._lines.values()]:
            end.pump()
        for end in self._echoes:
            if end.arrived:
                end.send(end.take()[0])

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        if listener is self._echo:
            self._echoes.append(End(connection, "echo", None, client=False))
            return
        name = f"server {sum(not end.client for end in self._ends) + 1}"
        tls = self._tls if listener is self._secret else None
        self._ends.append(End(connection, name, tls, client=False))


def _without_masks(arrival: Arrival) -> Arrival:
    if arrival.end == "client" or arrival.data.startswith(b"GET "):
        return arrival
    return arrival._replace(data=unmasked(arrival.data))


def _stirred(end: End) -> bool:
    return bool(end.arrived or (end.ending and not end.told))
