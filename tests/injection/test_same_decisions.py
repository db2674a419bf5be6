"""The same plan, seed and traffic give the same decisions, whatever order the traffic comes in."""

import asyncio
import random
from pathlib import Path

import pytest

from contract.events import Deed
from recordings.reader import Recording
from tests.support.keepalive import client, response, service
from tests.support.proxy import Proxy

REQUESTS, SCOPES, AT_ONCE = 500, 50, 100
PLAN = """
seed = {seed}

[[fault]]
kind = "set-header"
header = "X-Struck"
value = "yes"
when = {{ probability = 0.3, per = "scope" }}

[[fault]]
kind = "delay"
by = "5 ms"
when = {{ probability = 0.3 }}
"""

ANSWER = response(b"ok", "text/plain")

type Journal = dict[tuple[str, str, int], bool]
"""Whether a fault struck, by its name, key and ordinal."""

pytestmark = pytest.mark.timeout(120)


async def traffic(port: int, order: list[int]) -> int:
    """All requests, some at a time; how many were answered with the header that the fault sets."""
    gate, struck = asyncio.Semaphore(AT_ONCE), 0

    async def one(number: int) -> None:
        nonlocal struck
        path = f"/api/chat/sessions/scope-{number % SCOPES}/stream"
        async with gate, client(port) as peer:
            peer.writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
            head = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), 30)
            assert await peer.reader.readexactly(2) == b"ok"
            struck += b"X-Struck: yes" in head

    await asyncio.gather(*[one(number) for number in order])
    return struck


async def journal(seed: int, order: list[int], folder: Path) -> tuple[Journal, int]:
    plan = folder.with_suffix(".toml")
    await asyncio.to_thread(plan.write_text, PLAN.format(seed=seed))
    async with service(lambda head, body: ANSWER) as upstream:
        proxy = Proxy(
            f"reverse:http://127.0.0.1:{upstream}", options={"streamid_faults": str(plan)}, folder=folder
        )
        await asyncio.to_thread(proxy.start)
        try:
            struck = await traffic(proxy.port, order)
        finally:
            await asyncio.to_thread(proxy.stop)
    with Recording(proxy.recording) as recording:
        entries = [each for each in recording.injections() if each.deed in (Deed.HIT, Deed.MISS)]
    found: Journal = {(each.fault, each.key, each.ordinal): each.deed is Deed.HIT for each in entries}
    assert len(found) == len(entries) == 2 * REQUESTS
    return found, struck


def test_two_runs_of_500_concurrent_requests_have_the_same_journal(tmp_path: Path) -> None:
    forward = list(range(REQUESTS))
    shuffled = random.Random(5).sample(forward, REQUESTS)
    first, struck = asyncio.run(journal(7, forward, tmp_path / "a"))
    second, again = asyncio.run(journal(7, shuffled, tmp_path / "b"))
    assert first == second
    hits = [hit for (fault, _, _), hit in first.items() if fault == "set-header"]
    assert sum(hits) == struck == again, "what the clients got is what the journal says"
    assert 0.22 < sum(hits) / REQUESTS < 0.38
    assert {key for fault, key, _ in first if fault == "set-header"} == {f"scope-{n}" for n in range(SCOPES)}
    other, _ = asyncio.run(journal(8, forward[:], tmp_path / "c"))
    assert other != first
