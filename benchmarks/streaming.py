"""Event streams through the proxy: what a chunk costs at a natural pace, and how many pass in a burst."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import cores, messages
from benchmarks.load import ask, service
from benchmarks.measurement import Budget, Effort, Row, Spread, interleaved
from benchmarks.pace import Paced
from benchmarks.proxies import RECORDING, STREAMED, Measured, running

STREAMS, EVENTS, INTERVAL = 100, 200, 0.04
"""Paced: streams at once, events of each, seconds between two of them."""
OPENING = 0.01
"""Seconds between the openings of two paced streams."""
BURSTS, BURST_EVENTS, BURST_CONNECTIONS = 60, 500, 8


def paced(effort: Effort) -> list[Row]:
    """Processor time of the proxy per chunk of streams that run side by side."""
    streams, events = effort.amount(STREAMS), max(5, effort.amount(EVENTS))

    def measure(proxy: Measured) -> tuple[float]:
        before = proxy.settled()
        asyncio.run(_paced_load(proxy, streams, events))
        return ((proxy.settled() - before) / (streams * events) * 1e6,)

    found = _compared(measure, effort)
    reference = found[STREAMED][0]
    what, budget = f"CPU per SSE chunk, {streams} paced streams", Budget("ratio", 1.10, above=False)
    return [
        Row("paced", what, STREAMED, "µs", reference),
        Row("paced", what, RECORDING, "µs", found[RECORDING][0], STREAMED, reference, budget),
    ]


def burst(effort: Effort) -> list[Row]:
    """Events per second of streams that send all they have at once, each event a chunk."""
    count = effort.amount(BURSTS)
    total = count * BURST_EVENTS

    def measure(proxy: Measured) -> tuple[float, float]:
        before = proxy.settled()
        seconds = asyncio.run(_burst_load(proxy, count))
        return total / seconds, (proxy.settled() - before) / total * 1e6

    found = _compared(measure, effort)
    (rate, cost), (own_rate, own_cost) = found[STREAMED], found[RECORDING]
    what, budget = "SSE events, burst", Budget("ratio", 0.90, above=True)
    return [
        Row("burst", what, STREAMED, "1/s", rate),
        Row("burst", what, RECORDING, "1/s", own_rate, STREAMED, rate, budget),
        Row("burst", "its CPU, writer included", STREAMED, "µs", cost),
        Row("burst", "its CPU, writer included", RECORDING, "µs", own_cost, STREAMED, cost),
    ]


def _compared(measure: Callable[[Measured], Sequence[float]], effort: Effort) -> dict[str, list[Spread]]:
    with running(STREAMED, RECORDING) as proxies, cores.on_load_core():
        for proxy in proxies.values():
            asyncio.run(_burst_load(proxy, 4))  # imports, caches
        return interleaved({name: partial(measure, proxy) for name, proxy in proxies.items()}, effort.rounds)


async def _paced_load(proxy: Measured, streams: int, events: int) -> None:
    source = Paced(streams, [messages.chunked(each) for each in messages.events(events)], INTERVAL)
    requests = [messages.stream_request(number) for number in range(streams)]
    async with service(source.answer, proxy.service_port):
        pacing = asyncio.create_task(source.run())
        await ask(proxy.port, requests, streams, OPENING)
        await pacing


async def _burst_load(proxy: Measured, count: int) -> float:
    body = b"".join(messages.chunked(each) for each in messages.events(BURST_EVENTS))
    numbers = itertools.count()
    requests = [messages.stream_request(number) for number in range(count)]
    async with service(
        lambda transport: transport.write(messages.stream_head(next(numbers)) + body + messages.LAST_CHUNK),
        proxy.service_port,
    ):
        return await ask(proxy.port, requests, min(BURST_CONNECTIONS, count))
