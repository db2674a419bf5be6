"""Real hops between two real taps: client → mitmdump (A) → hop → mitmdump (B) → the lab's chat service.

One pair of taps serves all hops, each on a port of its own, and all are used at the same time: so the
recordings have to be told apart and paired as those of a busy machine.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from cli.rendering.diff_json import diff_fields
from contract.profile import builtin
from lab.hop.process import Hop
from lab.processes import Lab
from postmortem.hops import hop_report
from postmortem.taps import Taps
from recordings.reader import Recording
from tests.postmortem.hops import haproxy, nginx
from tests.support.lab import logged_in, running_lab
from tests.support.proxy import Proxy

CHAT = builtin("chat")
ORIGIN = {"Origin": "https://app.example"}
EVENTS = 31
"""Of each stream: 30 tokens and the last event, 25 ms apart."""

GZIP = """proxy_buffering off; gzip on; gzip_proxied any; gzip_http_version 1.0; gzip_min_length 1;
    gzip_types text/event-stream;"""
NGINX: Mapping[str, str] = {
    "nginx": "proxy_http_version 1.1; proxy_buffering off;",
    "nginx buffers": "proxy_buffering on;",
    "nginx compresses": f"proxy_http_version 1.1; {GZIP}",
    "nginx strips": "proxy_http_version 1.1; proxy_buffering off; proxy_hide_header X-Streaming-Session-Id;",
}
HAPROXY: Mapping[str, str] = {"haproxy": ""}


@dataclass(frozen=True)
class Around:
    """The recordings, and which of A's exchanges passed which hop."""

    a: Path
    b: Path
    taps: Taps
    numbers: Mapping[str, tuple[int, ...]]

    def changes(self, hop: str) -> dict[str, tuple[int, int]]:
        """What `diff` says that `hop` changed: `answer dropped X-Id` → in how many, of how many."""
        return {
            " ".join(part for part in (_WHERE[each["message"]], each["kind"], each["name"]) if part): (
                each["count"],
                each["of"],
            )
            for each in self.told(hop)["changes"]
        }

    def told(self, hop: str) -> Any:
        """What `diff --format json` says of one hop."""
        report = hop_report(self.taps, CHAT, wanted=frozenset(self.numbers[hop]))
        return diff_fields([report], "chat")["hops"][0]


_WHERE = {"request": "request", "response": "answer"}


@contextlib.contextmanager
def recorded_around(folder: Path, faults: Sequence[str]) -> Iterator[Around]:
    """All hops used once; `faults` are those of the lab's own hop, each in one of its own."""
    with contextlib.ExitStack() as hops:
        lab = hops.enter_context(running_lab(tokens=EVENTS - 1, interval=0.025))
        behind = hops.enter_context(Proxy(f"reverse:{lab.chat_url}", folder=folder / "b"))
        ports: dict[str, int] = {}
        for name, settings in NGINX.items():
            ports[name] = hops.enter_context(nginx(behind.port, folder / name, settings))
        for name, settings in HAPROXY.items():
            ports[name] = hops.enter_context(haproxy(behind.port, folder / name, settings))
        for fault in faults:
            ports[fault] = hops.enter_context(Hop(f"http://127.0.0.1:{behind.port}", [fault])).port
        modes = [f"reverse:http://127.0.0.1:{port}" for port in ports.values()]
        with Proxy(*modes, folder=folder / "a") as before, ThreadPoolExecutor(len(ports)) as pool:
            list(pool.map(lambda port: _talk(lab, port), before.ports))
    with Recording(before.recording) as a, Recording(behind.recording) as b:
        yield Around(before.recording, behind.recording, Taps(a, b), _numbers(a, ports))


def _talk(lab: Lab, port: int) -> None:
    """A session, its preflight, a stream, its update, and a second stream."""
    with logged_in(lab, "user1", f"http://127.0.0.1:{port}") as client:
        session = client.new_session()
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        client.chat("OPTIONS", f"/chat/sessions/{session}/stream", headers=ORIGIN | asks)
        identity = ""
        for _ in range(2):
            with contextlib.suppress(requests.RequestException):  # some hops cut it
                answer = client.stream(session, headers=ORIGIN)
                identity = answer.headers.get("X-Streaming-Session-Id", identity)
                answer.raise_for_status()
                len(answer.content)
        client.update(session, identity or "stream-12345", headers=ORIGIN)


def _numbers(recording: Recording, ports: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    rows = list(recording.exchanges())
    return {
        name: tuple(row.exchange for row in rows if f":{port}/" in row.url) for name, port in ports.items()
    }
