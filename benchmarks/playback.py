"""Recordings played back at once, beside mitmproxy's own server replay of the same traffic."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil

from benchmarks import cores, messages
from benchmarks.load import Answer, ask, service
from benchmarks.measurement import Budget, Effort, Row, interleaved
from benchmarks.proxies import free_port
from tests.support.proxy import Proxy

THEIRS, OURS = "mitmproxy --server-replay", "streamid, speed max"
SMALL, STREAMS, EVENTS, CONNECTIONS = 1_000, 200, 100, 8


def rows(effort: Effort) -> list[Row]:
    """Exchanges per second of both, for small JSON exchanges and for streams, from one run of each kind."""
    small, streams = effort.amount(SMALL), effort.amount(STREAMS)
    answers, pieces = messages.small_answers(), messages.events(EVENTS)

    def stream(transport: asyncio.Transport) -> None:
        transport.write(messages.stream_head(0))
        for piece in (*pieces, messages.DONE):
            transport.write(messages.chunked(piece))
        transport.write(b"0\r\n\r\n")

    ask_small = [messages.small_request(number) for number in range(small)]
    # Not the profile's own: an ID that is issued in round after round is a finding, and logged.
    ask_streams = [messages.request(f"/api/feeds/{number}", message="Tell me") for number in range(streams)]
    return [
        *_rows(
            "small JSON exchanges", ask_small, lambda transport: transport.write(next(answers)), effort.rounds
        ),
        *_rows(f"streams of {EVENTS} events", ask_streams, stream, effort.rounds),
    ]


def _rows(what: str, requests: list[bytes], answer: Answer, rounds: int) -> list[Row]:
    with _both(requests, answer) as proxies, cores.on_load_core():
        for proxy in proxies.values():
            _measure(proxy, requests)  # read from the disk, parsed
        found = interleaved(
            {name: partial(_measure, proxy, requests) for name, proxy in proxies.items()}, rounds
        )
    (theirs, their_cpu), (ours, our_cpu) = found[THEIRS], found[OURS]
    return [
        Row("playback", what, THEIRS, "1/s", theirs),
        Row("playback", what, OURS, "1/s", ours, THEIRS, theirs, Budget("ratio", 1.5, above=True)),
        Row("playback", "its CPU", THEIRS, "µs", their_cpu),
        Row("playback", "its CPU", OURS, "µs", our_cpu, THEIRS, their_cpu),
    ]


def _measure(proxy: Proxy, requests: list[bytes]) -> tuple[float, float]:
    """Exchanges per second, and µs of processor time for each."""
    process = psutil.Process(proxy.pid)
    before = sum(process.cpu_times()[:2])
    seconds = asyncio.run(ask(proxy.port, requests, CONNECTIONS))
    return len(requests) / seconds, (sum(process.cpu_times()[:2]) - before) / len(requests) * 1e6


@contextlib.contextmanager
def _both(requests: list[bytes], answer: Answer) -> Iterator[dict[str, Proxy]]:
    """Record the traffic by each means, and play it with each."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name, contextlib.ExitStack() as started:
        folder, port = Path(name), free_port()
        mode = f"reverse:http://127.0.0.1:{port}"

        def recorded(make: Callable[[], Proxy]) -> Proxy:
            with make() as proxy:
                asyncio.run(_run(proxy, port, requests, answer))
            return proxy

        flows, quiet = folder / "flows", {"flow_detail": "0"}
        recorded(
            lambda: Proxy(mode, script=None, folder=folder / "a", arguments=["-w", str(flows)], options=quiet)
        )
        kept = recorded(lambda: Proxy(mode, folder=folder / "b", options={"streamid_redact": "off"}))
        replay = quiet | {"server_replay": str(flows), "server_replay_reuse": "true"}
        playing = {
            "streamid_playback": str(kept.recording),
            "streamid_playback_speed": "max",
            "streamid_record": "off",
        }
        proxies = {
            THEIRS: Proxy(
                mode,
                script=None,
                folder=folder / "c",
                options=replay | {"connection_strategy": "lazy"},
            ),
            OURS: Proxy(mode, folder=folder / "d", options=playing),
        }
        for proxy in proxies.values():
            started.enter_context(proxy)
            cores.give_proxy_core(proxy.pid)
        yield proxies


async def _run(proxy: Proxy, port: int, requests: list[bytes], answer: Answer) -> None:
    async with service(answer, port):
        await ask(proxy.port, requests, 1)
