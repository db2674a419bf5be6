"""What an open stream takes of the proxy's memory, and whether a long one takes ever more."""

import asyncio
import itertools
from functools import partial

from benchmarks import cores, messages
from benchmarks.load import ask, service
from benchmarks.measurement import Budget, Effort, Row, interleaved
from benchmarks.proxies import RECORDING, STREAMED, Measured, running
from benchmarks.small import load as small_load

OPEN, WARM, BEFORE_HOLDING = 400, 40, 5
"""Streams held open, streams opened and closed before, and events that each has got."""
WARM_EXCHANGES = 3_000
"""Small exchanges before: caches of fixed size, SQLite's above all, are no part of what a stream takes."""
LONG, AT_ONCE, PAUSE = 200_000, 100, 0.025
"""Events of the long stream, how many are sent together, and seconds between."""
KIB = 1024


def per_stream(effort: Effort) -> list[Row]:
    """Resident memory for each stream that is open, in fresh processes each round."""
    count = effort.amount(OPEN)

    def measure(variant: str) -> tuple[float]:
        with running(variant) as proxies, cores.on_load_core():
            asyncio.run(small_load(proxies[variant], effort.amount(WARM_EXCHANGES)))
            asyncio.run(_hold(proxies[variant], min(WARM, count)))
            return ((asyncio.run(_hold(proxies[variant], count))) / count / KIB,)

    found = interleaved(
        {name: partial(measure, name) for name in (STREAMED, RECORDING)}, min(effort.rounds, 3)
    )
    reference = found[STREAMED][0]
    what, budget = f"memory per open stream, {count} of them", Budget("excess", 10, above=False)
    return [
        Row("memory", what, STREAMED, "KiB", reference),
        Row("memory", what, RECORDING, "KiB", found[RECORDING][0], STREAMED, reference, budget),
    ]


def flat(effort: Effort) -> list[Row]:
    """How much resident memory grows over the last three quarters of one long stream."""
    count = effort.amount(LONG)

    def measure(variant: str) -> tuple[float, float]:
        with running(variant) as proxies, cores.on_load_core():
            quarter, end = asyncio.run(_long(proxies[variant], count))
            return (end - quarter) / KIB / KIB, end / KIB / KIB

    found = interleaved({name: partial(measure, name) for name in (STREAMED, RECORDING)}, 1)
    what, budget = f"growth over a stream of {count:,} events", Budget("figure", 4, above=False)
    return [
        Row("flat", what, STREAMED, "MiB", found[STREAMED][0]),
        Row("flat", what, RECORDING, "MiB", found[RECORDING][0], budget=budget),
        Row("flat", "the whole process then", STREAMED, "MiB", found[STREAMED][1]),
        Row("flat", "the whole process then", RECORDING, "MiB", found[RECORDING][1]),
    ]


async def _hold(proxy: Measured, count: int) -> int:
    """Open `count` streams, and end them; gives how many bytes the proxy grew by while they were open."""
    begun = b"".join(messages.chunked(each) for each in messages.events(BEFORE_HOLDING))
    held: list[asyncio.Transport] = []
    all_held = asyncio.Event()

    def answer(transport: asyncio.Transport) -> None:
        transport.write(messages.stream_head(len(held)) + begun)
        held.append(transport)
        if len(held) == count:
            all_held.set()

    requests = [messages.stream_request(number) for number in range(count)]
    before = proxy.resident()
    async with service(answer, proxy.service_port):
        asking = asyncio.create_task(ask(proxy.port, requests, count))
        await all_held.wait()
        await asyncio.to_thread(proxy.settled)
        grown = proxy.resident() - before
        for transport in held:
            transport.write(messages.LAST_CHUNK)
        await asking
    return grown


async def _long(proxy: Measured, count: int) -> tuple[int, int]:
    """Send one stream; gives the proxy's resident memory after a quarter of it, and at its end."""
    opened: asyncio.Queue[asyncio.Transport] = asyncio.Queue()
    chunks = [messages.chunked(each) for each in messages.events(1000)]
    async with service(opened.put_nowait, proxy.service_port):
        asking = asyncio.create_task(ask(proxy.port, [messages.stream_request(1)], 1))
        transport = await opened.get()
        transport.write(messages.stream_head(1))
        quarter, endless = 0, itertools.cycle(chunks)
        for sent in range(0, count, AT_ONCE):
            transport.write(b"".join(itertools.islice(endless, min(AT_ONCE, count - sent))))
            await asyncio.sleep(PAUSE)
            if not quarter and sent >= count // 4:
                quarter = proxy.resident()
        end = proxy.resident()
        transport.write(messages.LAST_CHUNK)
        await asking
    return quarter, end
