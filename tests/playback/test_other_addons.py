"""Other addons have their say in a playback, as they have before a service."""

from pathlib import Path

import httpx
import pytest

from tests.playback.exchanges import answered, asked
from tests.support.proxy import Proxy
from tests.support.sequences import record

ADDON = """
import asyncio
import time

class Meddler:
    async def responseheaders(self, flow):
        if flow.request.path == "/late":
            await asyncio.sleep(0.1)
        flow.response.headers["X-Added"] = "by another addon"

    def request(self, flow):
        if flow.request.path == "/held":
            flow.intercept()
            asyncio.get_running_loop().call_later(0.2, flow.resume)

    def response(self, flow):
        if flow.request.path == "/failing":
            raise RuntimeError("this addon fails")

addons = [Meddler()]
"""
PLAIN = ADDON.replace("async def", "def").replace("await asyncio.sleep(0.1)", "pass")
"""With no handler that may wait: then hooks run at once."""


@pytest.mark.parametrize("addon", [ADDON, PLAIN], ids=["asynchronous", "plain"])
def test_their_hooks_are_called_and_waited_for(addon: str, tmp_path: Path) -> None:
    paths = ("/now", "/late", "/held", "/failing")
    events = [
        event
        for number, path in enumerate(paths, 1)
        for event in (*asked(number, number * 1000, path), *answered(number, number * 1000 + 50, b'{"n": 1}'))
    ]
    recording = record(tmp_path / "a.db", events)
    (tmp_path / "meddler.py").write_text(addon)
    options = {"streamid_playback": str(recording), "streamid_playback_speed": "max"}
    mode = "reverse:http://localhost:3002"
    with (
        Proxy(mode, options=options, scripts=[tmp_path / "meddler.py"], folder=tmp_path / "proxy") as proxy,
        httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}", trust_env=False) as client,
    ):
        answers = {path: client.get(path) for path in paths}
        log = proxy.wait_for("RuntimeError: this addon fails")
    assert {path: (each.status_code, each.content) for path, each in answers.items()} == dict.fromkeys(
        paths, (200, b'{"n": 1}')
    )
    assert {each.headers["X-Added"] for each in answers.values()} == {"by another addon"}
    assert answers["/held"].elapsed.total_seconds() > 0.19
    assert log.count("RuntimeError: this addon fails") == 1
