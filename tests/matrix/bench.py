"""Runs cells of the matrix through real proxies: each with a lab of its own, and a hop where it has one."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from contract.findings import Finding
from lab.carelessness import CLIENT_BUGS
from lab.client import StreamingOptions
from lab.hop.process import Hop
from lab.logger import Logger
from lab.processes import Lab
from lab.tester import StreamingTester
from recordings.reader import Recording
from tests.matrix.cell import Cell, settled
from tests.matrix.explained import Explained, explained
from tests.matrix.scenarios import SCENARIOS
from tests.support.lab import running_lab
from tests.support.proxy import Proxy

ORIGIN = "http://localhost:8080"


@dataclass(frozen=True)
class Seen:
    """What rules and diagnoses said of one cell."""

    findings: list[Finding]
    explained: Explained


class Bench:
    """A proxy in regular mode, through which cell after cell runs; all are in its one recording."""

    def __init__(self) -> None:
        self.proxy = Proxy("regular")
        self._last = 0

    def run(self, cell: Cell) -> Seen:
        """What the live proxy found in this cell's traffic, as it is stored beside it."""
        with self._services(cell) as (lab, chat, behind):
            options = self._options(cell, lab.authentication_url, lab.accounting_url, chat)
            self._client(cell, replace(options, proxy=f"http://127.0.0.1:{self.proxy.port}"))
            first = self._last
            self._last, found = settled(self.proxy.recording, first)
            return Seen(found, explained(self.proxy.recording, first, _stopped(behind)))

    def run_in_reverse(self, cell: Cell) -> Seen:
        """The same through a proxy of its own, which stands in front of the three services."""
        with self._services(cell) as (lab, chat, behind):
            upstream = (lab.authentication_url, lab.accounting_url, chat)
            with Proxy(*(f"reverse:{url}" for url in upstream)) as proxy:
                first, second, third = (f"http://127.0.0.1:{port}" for port in proxy.ports)
                self._client(cell, self._options(cell, first, second, third))
                _, found = settled(proxy.recording, 0)
                return Seen(found, explained(proxy.recording, 0, _stopped(behind)))

    def all_findings(self) -> list[Finding]:
        """Of all cells that ran through the one proxy."""
        with Recording(self.proxy.recording) as recording:
            return list(recording.findings())

    @contextlib.contextmanager
    def _services(self, cell: Cell) -> Iterator[tuple[Lab, str, Proxy | None]]:
        """The cell's lab, where its chat service is asked, and the tap behind its hop, if it has one."""
        tokens, interval = cell.pace
        with contextlib.ExitStack() as stack:
            lab = stack.enter_context(running_lab(bugs=cell.bugs, tokens=tokens, interval=interval))
            if not cell.faults:
                yield lab, lab.chat_url, None
                return
            behind = stack.enter_context(Proxy(f"reverse:{lab.chat_url}"))
            hop = stack.enter_context(Hop(f"http://127.0.0.1:{behind.port}", cell.faults))
            yield lab, hop.url, behind

    def _client(self, cell: Cell, options: StreamingOptions) -> None:
        if cell.scenario:
            SCENARIOS[cell.scenario](options)
            return
        habits = CLIENT_BUGS[cell.client].habits() if cell.client else None
        with StreamingTester(options, Logger(io.StringIO()), habits) as tester:
            tester.run()

    def _options(self, cell: Cell, authentication: str, accounting: str, chat: str) -> StreamingOptions:
        return StreamingOptions(
            authentication_url=authentication,
            accounting_url=accounting,
            chat_url=chat,
            origin=ORIGIN,
            update_delay=cell.delay,
            backoff=0.02,
            timeout=20.0,
            stop_after=cell.stop_after,
        )


def _stopped(behind: Proxy | None) -> Path | None:
    """The recording of the tap behind, whole."""
    if behind is None:
        return None
    behind.stop()
    return behind.recording
