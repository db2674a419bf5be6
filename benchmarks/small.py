"""Small JSON exchanges through the proxy: how many in a second, and what one costs it."""

import asyncio
from functools import partial

from benchmarks import cores, messages
from benchmarks.load import ask, service
from benchmarks.measurement import Budget, Effort, Row, Spread, interleaved
from benchmarks.proxies import PLAIN, RECORDING, SAVING, STREAMED, Measured, running

EXCHANGES, CONNECTIONS = 3_000, 16


def rows(effort: Effort) -> list[Row]:
    """Exchanges per second, and processor time of each, by variant."""
    count = effort.amount(EXCHANGES)
    with running(PLAIN, STREAMED, RECORDING, SAVING) as proxies, cores.on_load_core():
        for proxy in proxies.values():
            _measure(proxy, min(count, 300))  # imports, caches, learned types
        found = interleaved(
            {name: partial(_measure, proxy, count) for name, proxy in proxies.items()},
            effort.rounds,
        )
    return [*_rates(found), *_costs(found)]


def _measure(proxy: Measured, count: int) -> tuple[float, float]:
    """Exchanges per second, and µs of the proxy's processor time for each."""
    before = proxy.settled()
    seconds = asyncio.run(load(proxy, count))
    return count / seconds, (proxy.settled() - before) / count * 1e6


async def load(proxy: Measured, count: int) -> float:
    """Send `count` small exchanges; gives the seconds it took."""
    answers = messages.small_answers()
    requests = [messages.small_request(number) for number in range(count)]
    async with service(lambda transport: transport.write(next(answers)), proxy.service_port):
        return await ask(proxy.port, requests, min(CONNECTIONS, count))


def _rates(found: dict[str, list[Spread]]) -> list[Row]:
    what, reference = "small JSON exchanges", found[PLAIN][0]
    return [
        Row("small", what, PLAIN, "1/s", reference),
        Row("small", what, STREAMED, "1/s", found[STREAMED][0], PLAIN, reference),
        Row("small", what, SAVING, "1/s", found[SAVING][0], PLAIN, reference),
        Row(
            "small",
            what,
            RECORDING,
            "1/s",
            found[RECORDING][0],
            PLAIN,
            reference,
            Budget("ratio", 0.95, above=True),
        ),
    ]


def _costs(found: dict[str, list[Spread]]) -> list[Row]:
    what, reference = "its CPU, writer included", found[PLAIN][1]
    return [
        Row("small", what, PLAIN, "µs", reference),
        *(
            Row("small", what, name, "µs", found[name][1], PLAIN, reference)
            for name in (STREAMED, SAVING, RECORDING)
        ),
    ]
