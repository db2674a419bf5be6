"""Runs cells of the matrix through one real proxy: each with a lab of its own, and a hop where it has one."""

import contextlib
import io

from contract.findings import Finding
from lab.carelessness import CLIENT_BUGS
from lab.client import StreamingOptions
from lab.hop.process import Hop
from lab.logger import Logger
from lab.processes import Lab
from lab.tester import StreamingTester
from tests.matrix.cell import Cell, settled
from tests.matrix.scenarios import SCENARIOS
from tests.support.lab import running_lab
from tests.support.proxy import Proxy

ORIGIN = "http://localhost:8080"


class Bench:
    """A proxy in regular mode, through which cell after cell runs; all are in its one recording."""

    def __init__(self) -> None:
        self.proxy = Proxy("regular")
        self.ranges: dict[Cell, tuple[int, int]] = {}
        self._last = 0

    def run(self, cell: Cell) -> list[Finding]:
        """What the live proxy found in this cell's traffic, as it is stored beside it."""
        tokens, interval = cell.pace
        with contextlib.ExitStack() as stack:
            lab = stack.enter_context(running_lab(bugs=cell.bugs, tokens=tokens, interval=interval))
            chat = lab.chat_url
            if cell.faults:
                chat = stack.enter_context(Hop(chat, cell.faults)).url
            self._client(cell, lab, chat)
            # The hop has to be gone before all is over: it may hold connections.
        first = self._last
        self._last, found = settled(self.proxy.recording, first)
        self.ranges[cell] = (first, self._last)
        return found

    def _client(self, cell: Cell, lab: Lab, chat: str) -> None:
        options = self._options(cell, lab, chat)
        if cell.scenario:
            SCENARIOS[cell.scenario](options)
            return
        habits = CLIENT_BUGS[cell.client].habits() if cell.client else None
        with StreamingTester(options, Logger(io.StringIO()), habits) as tester:
            tester.run()

    def _options(self, cell: Cell, lab: Lab, chat: str) -> StreamingOptions:
        return StreamingOptions(
            authentication_url=lab.authentication_url,
            accounting_url=lab.accounting_url,
            chat_url=chat,
            origin=ORIGIN,
            update_delay=cell.delay,
            backoff=0.02,
            timeout=20.0,
            stop_after=cell.stop_after,
            proxy=f"http://127.0.0.1:{self.proxy.port}",
        )
