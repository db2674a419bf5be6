"""Say what the judge found: in the log, and on mitmproxy's own flows.

Findings are made on the recorder's thread; `judged` is called there and hands them to the event loop.
"""

import asyncio
import collections
import logging
import sys
from collections.abc import Callable, Sequence

from mitmproxy import ctx, flow, hooks, http

from addons import wording
from addons.run import Run
from contract.events import Abort, End, Event, Message, ResponseHead
from contract.findings import (
    ExchangeFacts,
    Finding,
    Output,
    Role,
    Severity,
    StreamVerdict,
    Verdict,
    finding_fields,
)

logger = logging.getLogger("streamid")

_MARKS = {Severity.ERROR: ":red_circle:", Severity.WARNING: ":orange_circle:", Severity.INFO: ":warning:"}
_FINE = ":green_circle:"


class StreamidVerifier:
    """Logs verdicts and findings, marks flows and comments on them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.json_log = False
        self.log_headers = False
        self.streams = 0
        self.counts: collections.Counter[str] = collections.Counter()
        self.undecided: collections.Counter[str] = collections.Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: collections.deque[Output | ResponseHead] = collections.deque()
        self._heads: dict[int, list[ResponseHead]] = {}
        self._over: list[int] = []

    # On the recorder's thread

    def judged(self, outputs: Sequence[Output]) -> None:
        """Take what the judge found; any thread."""
        for output in outputs:
            self._waiting.append(output)
            if self.log_headers and isinstance(output, ExchangeFacts) and output.role is Role.ISSUE:
                self._waiting.extend(self._heads.pop(output.exchange, ()))
        for exchange in self._over:
            self._heads.pop(exchange, None)
        self._over.clear()
        self._wake(self.speak)

    def trouble(self, sentence: str) -> None:
        """Take a recorder's complaint; any thread."""
        self._wake(lambda: logger.warning("recording: %s", sentence))

    def watch(self, event: Event) -> None:
        """Keep the answer's heads, as redacted, until it is known whether they issue an ID.

        That is said after the events: an exchange may be over by then.
        """
        if not self.log_headers:
            return
        if isinstance(event, ResponseHead):
            self._heads.setdefault(event.exchange, []).append(event)
        elif isinstance(event, Abort) or (isinstance(event, End) and event.message is Message.RESPONSE):
            self._over.append(event.exchange)

    # On the event loop

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on `judged` wakes `loop`."""
        self._loop = loop

    def _wake(self, call: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def speak(self) -> None:
        """Log and mark all that waits."""
        changed: dict[str, flow.Flow] = {}
        while self._waiting:
            output = self._waiting.popleft()
            match output:
                case Finding():
                    self._finding(output, changed)
                case StreamVerdict():
                    self._stream(output, changed)
                case ResponseHead():
                    self._headers(output)
        if changed:
            ctx.master.addons.trigger(hooks.UpdateHook(list(changed.values())))

    def _finding(self, finding: Finding, changed: dict[str, flow.Flow]) -> None:
        decided = finding.verdict is not Verdict.INCONCLUSIVE
        (self.counts if decided else self.undecided)[finding.code] += 1
        line = wording.finding_line(finding)
        if self.json_log:
            _print(wording.as_json("finding", **finding_fields(finding)))
        else:
            serious = decided and finding.severity is not Severity.INFO
            logger.log(logging.WARNING if serious else logging.INFO, line)
        self._remark(finding.exchange, line, _MARKS[finding.severity] if decided else _FINE, changed)

    def _stream(self, verdict: StreamVerdict, changed: dict[str, flow.Flow]) -> None:
        if verdict.issued is not None and verdict.echoed is None:
            self.streams += 1  # a verdict is given when an ID is issued, and again for each echo of it
        line = wording.stream_line(verdict)
        if self.json_log:
            _print(wording.as_json("stream", **wording.stream_fields(verdict)))
        else:
            logger.info(line)
        for exchange in (verdict.issued, verdict.echoed):
            if exchange is not None:
                self._remark(exchange, line, _FINE, changed)

    def _headers(self, head: ResponseHead) -> None:
        if self.json_log:
            _print(
                wording.as_json(
                    "headers",
                    exchange=head.exchange,
                    side=head.side.name.lower() if head.side.name else "",
                    status=head.status,
                    headers=wording.header_fields(head.headers),
                )
            )
        else:
            for line in wording.header_lines(head):
                logger.info(line)

    def _remark(self, exchange: int, line: str, mark: str, changed: dict[str, flow.Flow]) -> None:
        shown = self.run.flow(exchange)
        if not isinstance(shown, http.HTTPFlow):
            return
        comments = [each for each in shown.comment.split("\n") if each]
        if line not in comments:
            shown.comment = "\n".join([*comments, line])
        if _weight(mark) < _weight(shown.marked):
            shown.marked = mark
        changed[shown.id] = shown


def _weight(mark: str) -> int:
    """Lower is worse; a mark of the user's own stays."""
    order = [*_MARKS.values(), _FINE, ""]
    return order.index(mark) if mark in order else -1


def _print(line: str) -> None:
    """A JSON line stands alone on standard output, without mitmproxy's time stamp before it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
