"""However the proxy ends in the middle of fifty streams, the recording holds what had passed.

Compared with the clients' own logs, never with what the taps say.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from contract.events import Chunk, Message, Side
from recordings.reader import Recording
from tests.support.proxy import Proxy, copied_checkout
from tests.support.streams import ClientLog, EventService, read_stream
from tests.support.verdicts import assert_live_equals_offline

STREAMS = 50
UNSAFE = 0.3
"""Seconds before a kill within which what passed may be missing."""


class Interrupted(NamedTuple):
    """The clients' logs, when it happened, and what the proxy left."""

    logs: list[ClientLog]
    when: float
    recording: Path
    said: str


def event(number: int) -> bytes:
    return b'event: chunk\ndata: {"text": "piece %d of it"}\n\n' % number


type Interrupt = Callable[[Proxy], None]


def interrupted(folder: Path, interrupt: Interrupt, *, after: float = 1.5, count: int = 200) -> Interrupted:
    """Read fifty streams of 20 events a second through a proxy, and interrupt it in the middle."""
    return asyncio.run(_interrupted(folder, interrupt, after, count))


async def _interrupted(folder: Path, interrupt: Interrupt, after: float, count: int) -> Interrupted:
    script = copied_checkout(folder / "checkout")
    async with EventService(event, 0.05, count).running() as upstream:
        proxy = Proxy(f"reverse:http://127.0.0.1:{upstream}", script=script, folder=folder / "run")
        await asyncio.to_thread(proxy.start)
        try:
            logs = [ClientLog() for _ in range(STREAMS)]
            readers = [
                asyncio.create_task(read_stream(proxy.port, f"/{n}", log)) for n, log in enumerate(logs)
            ]
            await asyncio.sleep(after)
            assert all(log.body and not log.ended for log in logs)
            when = time.monotonic()
            await asyncio.to_thread(interrupt, proxy)
            await asyncio.wait_for(asyncio.gather(*readers), 30)
        finally:
            await asyncio.to_thread(proxy.stop)
        return Interrupted(logs, when, proxy.recording, proxy.log())


def recorded_bodies(path: Path) -> tuple[dict[int, bytes], dict[int, str]]:
    """Per stream (its number is its path): the body on the client's side, and the outcome."""
    with Recording(path) as recording:
        rows = {row.exchange: row for row in recording.exchanges()}
        bodies = dict.fromkeys(rows, b"")
        for each in recording.events():
            if isinstance(each, Chunk) and each.message is Message.RESPONSE and each.side & Side.CLIENT:
                assert len(each.data) == each.size
                bodies[each.exchange] += each.data
    numbers = {exchange: int(row.url.rpartition("/")[2]) for exchange, row in rows.items()}
    return (
        {numbers[exchange]: body for exchange, body in bodies.items()},
        {numbers[exchange]: row.outcome for exchange, row in rows.items()},
    )


def test_after_kill_9_the_recording_opens_and_holds_what_had_passed(tmp_path: Path) -> None:
    def kill(proxy: Proxy) -> None:
        proxy.stop(signal.SIGKILL)

    logs, when, path, _ = interrupted(tmp_path, kill)
    bodies, outcomes = recorded_bodies(path)
    assert set(outcomes.values()) == {"open"}
    for number, log in enumerate(logs):
        safe = log.until(when - UNSAFE)
        assert safe
        assert bodies[number].startswith(safe)
        assert log.body.startswith(bodies[number]) or bodies[number].startswith(log.body)
    with Recording(path) as recording:
        assert not recording.run.closed
        assert "the writer did not close this recording" in recording.run.state()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_proxy_that_is_told_to_stop_loses_nothing(tmp_path: Path, how: signal.Signals) -> None:
    def stop(proxy: Proxy) -> None:
        proxy.stop(how)

    logs, _, path, said = interrupted(tmp_path, stop)
    bodies, outcomes = recorded_bodies(path)
    assert set(outcomes.values()) == {"proxy"}
    for number, log in enumerate(logs):
        assert log.body
        assert bodies[number].startswith(log.body)
    assert "NOT recorded" not in said
    with Recording(path) as recording:
        assert recording.run.closed
        assert recording.run.lost_events == recording.run.lost_bytes == 0
    assert_live_equals_offline(path)


def test_a_reload_of_the_script_loses_nothing(tmp_path: Path) -> None:
    def reload(proxy: Proxy) -> None:
        proxy.reload()

    logs, _, path, said = interrupted(tmp_path, reload, count=60)
    bodies, outcomes = recorded_bodies(path)
    assert "the run goes on" in said
    assert set(outcomes.values()) == {"complete"}
    for number, log in enumerate(logs):
        assert log.ended
        assert bodies[number] == log.body
