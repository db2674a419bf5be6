"""One run of the proxy: its clock, its exchange numbers, its recorder, and what is still open.

A run outlives the script: when mitmproxy reloads the script file, modules and this state stay.
"""

import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mitmproxy import flow as mitmproxy_flow

from contract.events import Event

if TYPE_CHECKING:
    from addons.contents import Contents


class Open(Protocol):
    """An exchange under way, which can be told that the proxy stops."""

    def seal(self, reason: str) -> None:
        """Record the end of the exchange as the proxy's doing."""


class Run:
    """State shared by the taps, all on the event loop's thread; `put` hands events to the recorder."""

    def __init__(self, put: Callable[[Event], None]) -> None:
        self.put = put
        self.waiting: Callable[[], int] = lambda: 0
        """How many bytes wait for the recorder, roughly."""
        self.keeps_bounds = True
        """Whether the bounds of chunks are of use: not where all is judged and nothing stored."""
        self.contents: Contents | None = None
        """Where bodies are kept for mitmproxy's flows; None where nobody would look at them."""
        self.has_stopped = False
        """The proxy stops, and its connections are about to be closed: nothing passes any more."""
        self._start = time.monotonic_ns()
        self._exchanges = 0
        self._open: dict[int, Open] = {}
        self._flows: weakref.WeakValueDictionary[int, mitmproxy_flow.Flow] = weakref.WeakValueDictionary()

    def now(self) -> int:
        """Microseconds since the run began."""
        return (time.monotonic_ns() - self._start) // 1000

    def open(self, exchange: Open) -> int:
        """Number a new exchange, from 1."""
        self._exchanges += 1
        self._open[self._exchanges] = exchange
        return self._exchanges

    def shut(self, number: int) -> None:
        """An exchange is over."""
        self._open.pop(number, None)

    def seal(self, reason: str) -> None:
        """End every open exchange: the proxy stops."""
        for exchange in list(self._open.values()):
            exchange.seal(reason)

    @property
    def exchanges(self) -> int:
        """How many exchanges the run has seen."""
        return self._exchanges

    def know_flow(self, number: int, flow: mitmproxy_flow.Flow) -> None:
        """Remember, weakly, which of mitmproxy's flows shows an exchange."""
        self._flows[number] = flow

    def flow(self, number: int) -> mitmproxy_flow.Flow | None:
        """The flow that shows an exchange, while mitmproxy keeps it."""
        return self._flows.get(number)
