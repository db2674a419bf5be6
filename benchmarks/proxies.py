"""mitmdump in the variants that are compared, and what its process takes."""

import contextlib
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks import cores
from recordings.reader import Recording
from tests.support.proxy import BARE, STREAMID, Proxy

PLAIN, STREAMED, RECORDING, SAVING = "bare", "bare, stream=True", "streamid", "mitmproxy -w"
"""mitmdump without any addon; with bodies streamed; with streamid recording and judging; saving flows."""

_IDLE = 0.02
"""Processor seconds in `_STEP` below which a process counts as idle."""
_STEP = 0.4


class Measured:
    """One running proxy in front of `service_port`."""

    def __init__(self, proxy: Proxy, service_port: int) -> None:
        self.proxy = proxy
        self.port = proxy.port
        self.service_port = service_port
        self._process = psutil.Process(proxy.pid)

    def processor_seconds(self) -> float:
        """What all its threads have used since its start."""
        times = self._process.cpu_times()
        return times.user + times.system

    def settled(self) -> float:
        """Wait until it has nothing more to do, its writer neither; gives `processor_seconds`."""
        before = self.processor_seconds()
        for _ in range(150):
            time.sleep(_STEP)
            now = self.processor_seconds()
            if now - before <= _IDLE:
                return now
            before = now
        raise TimeoutError("the proxy does not come to rest")

    def resident(self) -> int:
        """Its resident memory in bytes."""
        return int(self._process.memory_info().rss)


@contextlib.contextmanager
def running(*variants: str) -> Iterator[dict[str, Measured]]:
    """Start mitmdump once per variant, each in front of a port of its own where a service may listen."""
    with contextlib.ExitStack() as started:
        yield {variant: started.enter_context(_one(variant)) for variant in variants}


@contextlib.contextmanager
def _one(variant: str) -> Iterator[Measured]:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder, port = Path(name), free_port()
        proxy = Proxy(
            f"reverse:http://127.0.0.1:{port}",
            script={RECORDING: STREAMID, STREAMED: BARE}.get(variant),
            # The line per flow that mitmdump prints costs more than what is compared; streamid prints none.
            options={"flow_detail": "0"},
            arguments=["-w", str(folder / "flows")] if variant == SAVING else [],
            folder=folder,
        )
        try:
            proxy.start()
            cores.give_proxy_core(proxy.pid)
            yield Measured(proxy, port)
        finally:
            proxy.stop(timeout=60)
        if variant == RECORDING:
            _nothing_lost(proxy.recording)


def _nothing_lost(path: Path) -> None:
    """Figures count only for what was recorded completely."""
    with Recording(path) as recording:
        run = recording.run
    if run.lost_events or run.lost_bytes or not run.closed:
        raise RuntimeError(
            f"the recording is not complete: {run.lost_events} events, {run.lost_bytes} bytes lost"
        )


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
