"""Each fault between the lab's tester and its services: which rules are reported then, live and offline."""

import contextlib
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from contract.events import Deed, Injection
from contract.findings import Finding, Severity, Verdict
from lab.client import StreamingOptions
from lab.logger import Logger
from lab.tester import StreamingTester
from recordings.reader import Recording
from tests.matrix.cell import settled
from tests.matrix.explained import Explained, explained
from tests.support.lab import running_lab
from tests.support.proxy import Proxy

ORIGIN = "http://localhost:8080"
NO_PLAN = '[[fault]]\nkind = "delay"\nby = "1 ms"\narmed = false\n'


@dataclass(frozen=True)
class LabCase:
    """A kind in the plan, and for whom; without `settings` its example's."""

    kind: str
    settings: str
    match: str = ""

    def plan(self) -> str:
        """The plan with this one fault."""
        match = f"match = '{self.match}'\n" if self.match else ""
        return f'[[fault]]\nkind = "{self.kind}"\n{match}{self.settings}\n'


class LabBench:
    """A lab and a proxy through which case after case runs; the plan's file is changed in between."""

    def __init__(self, folder: Path, interval: float = 0.01) -> None:
        self._interval = interval
        self._plan = folder / "plan.toml"
        self._plan.write_text(NO_PLAN, "utf-8")
        self.proxy = Proxy("regular", options={"streamid_faults": str(self._plan)}, folder=folder)
        self._stack = contextlib.ExitStack()
        self._first = self._last = 0

    def __enter__(self) -> Self:
        self._lab = self._stack.enter_context(running_lab(tokens=12, interval=self._interval))
        self._stack.enter_context(self.proxy)
        return self

    def __exit__(self, *about: object) -> None:
        self._stack.close()

    def run(self, plan: str, headers: Mapping[str, str] | None = None) -> list[Finding]:
        """What the live proxy finds of the tester's traffic under `plan`; the user sends `headers` too."""
        self._load(plan)
        lab = self._lab
        options = StreamingOptions(
            authentication_url=lab.authentication_url,
            accounting_url=lab.accounting_url,
            chat_url=lab.chat_url,
            origin=ORIGIN,
            update_delay=0.0,
            retries=1,
            backoff=0.02,
            timeout=5.0,
            proxy=f"http://127.0.0.1:{self.proxy.port}",
        )
        with StreamingTester(options, Logger(io.StringIO())) as tester:
            tester._user._http.headers.update(headers or {})
            tester.run()
        self._first = self._last
        self._last, found = settled(self.proxy.recording, self._first)
        assert "has crashed" not in self.proxy.log(), self.proxy.log()
        return found

    def explained(self) -> Explained:
        """What diagnoses say of the latest run."""
        return explained(self.proxy.recording, self._first, None)

    def struck(self) -> set[str]:
        """The kinds of faults that struck anything in the latest run."""
        with Recording(self.proxy.recording) as recording:
            exchanges = range(self._first + 1, self._last + 1)
            return {
                event.kind
                for number in exchanges
                for event in recording.exchange(number)
                if isinstance(event, Injection) and event.deed is Deed.HIT
            }

    def _load(self, plan: str) -> None:
        before = self.proxy.log().count("was read again")
        self._plan.write_text(plan, "utf-8")
        deadline = time.monotonic() + 10
        while self.proxy.log().count("was read again") == before:
            assert time.monotonic() < deadline, f"the plan was not read again:\n{self.proxy.log()[-2000:]}"
            time.sleep(0.05)


def errors(findings: list[Finding]) -> set[str]:
    """The codes that are certain and more than a note."""
    return {
        each.code
        for each in findings
        if each.verdict is not Verdict.INCONCLUSIVE and each.severity is not Severity.INFO
    }
