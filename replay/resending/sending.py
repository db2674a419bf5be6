"""Sending a plan's requests, each at its time, and keeping what comes back.

One task for each request. It waits for what the request depends on and for its time, then sends. What an
answer issues is known as soon as its bytes are there: a stream's ID long before the stream ends.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from contract.events import Event
from replay.binding import Bindings
from replay.recorded import Recorded
from replay.resending.altered import altered_alike
from replay.resending.issuing import Key, Spot, described, key_of, spots
from replay.resending.plan import Step
from replay.resending.receiving import INTERRUPTED, Receiver, Upload, exchanged
from replay.resending.substituting import Replacement, Sendable, substituted, without_tokens
from replay.resending.targets import Target, headed
from replay.resending.timing import timing_of
from replay.values import Place, in_request
from replay.wire import HTTP2, Clock, Wire

IDLE = 2.0
"""Seconds after which an unused connection is not used again: services close theirs after some."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to send. `speed` None: without pauses. `secrets` are by their tokens in the recording.

    `timeout`: seconds without a byte before an answer is given up; longer where the recording was silent
    for longer.
    """

    targets: Mapping[str, Target]
    secrets: Mapping[str, str] = field(default_factory=dict)
    speed: float | None = 1.0
    concurrency: int | None = None
    proxy: str | None = None
    ca: str | None = None
    timeout: float = 30.0


@dataclass(slots=True)
class Sent:
    """What became of one request. `new` is the number of the new exchange, 0 where it was not sent; then
    `why_not` says why. `values` are the new values by the recorded ones."""

    exchange: int
    new: int = 0
    why_not: str = ""
    values: dict[Key, str] = field(default_factory=dict)


class Sender:
    """Sends the steps of one plan; `run` once. `put` gets every event, `done` the number of each exchange
    that is over."""

    def __init__(
        self,
        steps: Sequence[Step],
        exchanges: Mapping[int, Recorded],
        bindings: Bindings,
        settings: Settings,
        *,
        clock: Clock,
        put: Callable[[Event], None],
        done: Callable[[int], None] = lambda _: None,
        first_number: int = 1,
    ) -> None:
        self._steps, self._exchanges, self._bindings = steps, exchanges, bindings
        self._settings, self._clock, self._put, self._done = settings, clock, put, done
        self._number = first_number - 1
        self._began = 0
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._limit = asyncio.Semaphore(settings.concurrency) if settings.concurrency else None
        self._over = {step.exchange: asyncio.Event() for step in steps}
        self._over_at: dict[int, int] = {}
        self._known: dict[Key, asyncio.Future[str | None]] = {}
        self.sent = {step.exchange: Sent(step.exchange) for step in steps}

    async def run(self) -> bool:
        """Send everything; False where it was interrupted: by then what ran is ended, and noted as such."""
        loop = asyncio.get_running_loop()
        for step in self._steps:
            for binding in self._bindings.issued_by(step.exchange):
                self._known[key_of(binding)] = loop.create_future()
        async with contextlib.AsyncExitStack() as stack:
            for http2 in (False, True):
                self._clients[http2] = await stack.enter_async_context(self._client(http2))
            self._began = self._clock.now()
            tasks = [asyncio.create_task(self._step(step)) for step in self._steps]
            try:
                await asyncio.gather(*tasks)
            except asyncio.CancelledError:
                return False
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return True

    def _client(self, http2: bool) -> httpx.AsyncClient:
        settings = self._settings
        verify = httpx.create_ssl_context(verify=True)
        if settings.ca is not None:
            verify.load_verify_locations(settings.ca)
        return httpx.AsyncClient(
            http2=http2,
            verify=verify,
            proxy=settings.proxy,
            trust_env=False,  # nothing is sent anywhere that was not named
            follow_redirects=False,
            limits=httpx.Limits(keepalive_expiry=IDLE),
        )

    async def _step(self, step: Step) -> None:
        sent = self.sent[step.exchange]
        try:
            sent.why_not = INTERRUPTED
            why_not = await self._ready(step)
            if not why_not:
                async with self._limit or contextlib.nullcontext():
                    why_not = await self._send(step, sent)
            sent.why_not = why_not
            if not sent.new:
                self._settle(step.exchange)
                await self._due(step)  # whoever comes after it comes after what it would have come after
        finally:
            self._settle(step.exchange)
            self._over_at[step.exchange] = self._clock.now()
            self._over[step.exchange].set()
            self._done(step.exchange)

    async def _ready(self, step: Step) -> str:
        """Wait for all that the request depends on and for its time; why it cannot be sent, else empty."""
        for key in step.values:
            why_not = await self._issued(key)
            if why_not:
                return why_not
        await self._due(step)
        return ""

    async def _due(self, step: Step) -> None:
        """Wait until those before it are over, and for its time."""
        due = self._began + step.start
        for before in step.after:
            await self._over[before.exchange].wait()
            due = max(due, self._over_at[before.exchange] + before.pause)
        await asyncio.sleep(max(due - self._clock.now(), 0) / 1_000_000)

    async def _issued(self, key: Key) -> str:
        """Wait for a value; why it does not come, else empty."""
        issued, known = key.issued, self._known.get(key)
        if known is None:
            return f"the answer to #{issued.exchange} issues {described(issued.place)}, and is not sent for"
        if await asyncio.shield(known) is not None:
            return ""
        issuer = self.sent[issued.exchange]
        if not issuer.new:
            return f"#{issued.exchange}, which issues {described(issued.place)}, was not sent"
        return f"the answer to #{issued.exchange} did not issue {described(issued.place)}"

    async def _send(self, step: Step, sent: Sent) -> str:
        recorded = self._exchanges[step.exchange]
        try:
            sendable = self._sendable(recorded)
        except ValueError as error:
            return f"its body cannot be made: {error}"
        target = self._settings.targets[recorded.origin]
        http2 = target.scheme == "https" and recorded.request.version.startswith(b"HTTP/2")
        from_http2 = recorded.request.version.startswith(b"HTTP/2")
        sized = len(sendable.body) if from_http2 and (sendable.body or not http2) else None
        headers = headed(
            sendable.headers,
            recorded.origin,
            self._settings.targets,
            sized=sized if sendable.body else None,
        )
        self._number += 1
        sent.new = self._number
        wire = Wire(self._number, self._clock, self._put)
        receiver = Receiver(wire, recorded, spots(recorded, self._bindings), self._know, sent.values)
        request = self._request(recorded, sendable, target, headers, wire)
        wire.request(
            sendable.method,
            (target.scheme, target.host, target.port),
            sendable.target,
            headers,
            HTTP2 if http2 else b"HTTP/1.1",
        )
        await exchanged(self._clients[http2], request, receiver, self._settings.speed)
        return ""

    def _sendable(self, recorded: Recorded) -> Sendable:
        replacements = []
        carried = [(found.place, found.value) for found in in_request(recorded)]
        for place, binding in self._bindings.echoed_by(recorded.exchange):
            known = self._known.get(key_of(binding))
            new = known.result() if known is not None and known.done() else None
            if new is not None:
                replacements.append(_replacement(place, binding.value, new, carried))
        secrets = self._settings.secrets
        if secrets:
            replacements += [
                Replacement(found.place, found.value, secrets[found.value])
                for found in in_request(recorded)
                if found.value in secrets
            ]
        return without_tokens(substituted(recorded, replacements), secrets.items())

    def _request(
        self,
        recorded: Recorded,
        sendable: Sendable,
        target: Target,
        headers: Sequence[tuple[bytes, bytes]],
        wire: Wire,
    ) -> httpx.Request:
        gap = max(filter(None, _silences(recorded)), default=0) / 1_000_000
        patience = max(self._settings.timeout, 2 * gap)
        timeout = httpx.Timeout(patience, pool=None).as_dict()
        return httpx.Request(
            sendable.method.decode("latin-1"),
            httpx.URL(scheme=target.scheme, host=target.host, port=target.port, path="/"),
            headers=list(headers),
            stream=Upload(recorded, sendable, wire, self._settings.speed),
            extensions={"target": self._line_target(target, sendable.target), "timeout": timeout},
        )

    def _line_target(self, target: Target, path: bytes) -> bytes:
        """As in the request line: the whole URL for a proxy that sees the request (RFC 9112 §3.2.2)."""
        seen = self._settings.proxy is not None and target.scheme == "http"
        return target.origin.encode() + path if seen else path

    def _know(self, spot: Spot, new: str) -> None:
        known = self._known[spot.key]
        if not known.done():
            known.set_result(new)

    def _settle(self, exchange: int) -> None:
        """Nothing more is issued by that exchange."""
        for binding in self._bindings.issued_by(exchange):
            known = self._known[key_of(binding)]
            if not known.done():
                known.set_result(None)


def _replacement(place: Place, value: str, new: str, carried: Sequence[tuple[Place, str]]) -> Replacement:
    """The new value for what stands at `place`: the recorded one, or that in other letters."""
    if (place, value) not in carried:
        for where, text in carried:
            if where == place and text.casefold() == value.casefold():
                return Replacement(place, text, altered_alike(text, value, new))
    return Replacement(place, value, new)


def _silences(recorded: Recorded) -> tuple[int | None, int | None]:
    timing = timing_of(recorded)
    return timing.first_byte, timing.largest_gap
