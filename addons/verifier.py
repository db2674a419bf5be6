"""Say what the judge found: in the log, and on mitmproxy's own flows.

Findings are made on the recorder's thread; `drained` is called there and hands them to the event loop.
What waits on the way is what one drain has brought, and the heads of open exchanges if they are logged.
"""

import asyncio
import collections
import logging
from collections.abc import Callable
from typing import NamedTuple

from mitmproxy import ctx, flow, hooks, http

from addons import json_lines, wording
from addons.repetition import INTERVAL, Found, Repetition
from addons.run import Run
from contract.events import Abort, End, Event, Injection, Message, ResponseHead
from contract.findings import ExchangeFacts, Finding, Output, Role, Severity, StreamVerdict, Verdict
from contract.incidents import Incident, incident_fields
from recordings.drained import Drained, Ended, RequestLine

logger = logging.getLogger("streamid")

_MARKS = {Severity.ERROR: ":red_circle:", Severity.WARNING: ":orange_circle:", Severity.INFO: ":warning:"}
_FINE = ":green_circle:"


class _Trouble(NamedTuple):
    sentence: str


type _News = Found | StreamVerdict | Incident | ResponseHead | Ended | _Trouble


class StreamidVerifier:
    """Logs verdicts and findings, marks flows and comments on them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.json_log = False
        self.log_headers = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: collections.deque[_News] = collections.deque()
        self._heads: dict[int, list[ResponseHead]] = {}
        self._over: list[int] = []
        self._repetition = Repetition()
        self._timer: asyncio.TimerHandle | None = None
        self._lines: list[str] = []

    # On the recorder's thread

    def drained(self, drained: Drained) -> None:
        """Take what a drain has brought; any thread."""
        waiting = self._waiting
        for output in drained.outputs:
            self._take(output, drained.requests)
        for exchange in self._over:
            self._heads.pop(exchange, None)
        self._over.clear()
        if self.json_log:
            waiting.extend(drained.ended)
        if waiting:
            self._wake(self.speak)

    def _take(self, output: Output, requests: dict[int, RequestLine]) -> None:
        if isinstance(output, Finding):
            self._waiting.append(Found(output, requests.get(output.exchange)))
        elif isinstance(output, StreamVerdict | Incident):
            self._waiting.append(output)
        elif self.log_headers and isinstance(output, ExchangeFacts) and output.role is Role.ISSUE:
            self._waiting.extend(self._heads.pop(output.exchange, ()))

    def trouble(self, sentence: str) -> None:
        """Take a recorder's complaint; any thread."""
        self._waiting.append(_Trouble(sentence))
        self._wake(self.speak)

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
        """From now on what is taken wakes `loop`."""
        self._loop = loop

    def _wake(self, call: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def strikes(self, entry: Injection) -> None:
        """Say that a fault strikes."""
        if self.json_log:
            json_lines.write([json_lines.line(json_lines.FAULT, json_lines.fault_fields(entry))])
        else:
            logger.info(wording.fault_line(entry))

    def speak(self) -> None:
        """Log and mark all that waits."""
        changed: dict[str, flow.Flow] = {}
        while self._waiting:
            news = self._waiting.popleft()
            match news:
                case Found():
                    self._finding(news, changed)
                case StreamVerdict():
                    self._stream(news, changed)
                case Incident():
                    self._incident(news, changed)
                case ResponseHead():
                    self._headers(news)
                case Ended():
                    self._lines.append(json_lines.line(json_lines.EXCHANGE, json_lines.exchange_fields(news)))
                case _Trouble():
                    self._trouble(news.sentence)
        self._write_lines()
        if changed:
            ctx.master.addons.trigger(hooks.UpdateHook(list(changed.values())))
        if self._repetition and self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(INTERVAL, self._interval_over)

    def finish(self) -> None:
        """Say all that is left to be said: the run is over."""
        self.speak()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._say_repeated()

    def _write_lines(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            json_lines.write(lines)

    def _finding(self, found: Found, changed: dict[str, flow.Flow]) -> None:
        finding, request = found
        if self.json_log:
            fields = json_lines.finding_line_fields(finding, request)
            self._lines.append(json_lines.line(json_lines.FINDING, fields))
        elif self._repetition.admits(found):
            logger.log(_level(finding), wording.finding_line(finding, request))
        decided = finding.verdict is not Verdict.INCONCLUSIVE
        mark = _MARKS[finding.severity] if decided else _FINE
        self._remark(finding.exchange, wording.finding_line(finding), mark, changed)

    def _interval_over(self) -> None:
        self._timer = None
        self._say_repeated()
        self.speak()

    def _say_repeated(self) -> None:
        for count, last in self._repetition.counted():
            logger.log(_level(last.finding), wording.repeated_line(count, last.finding, last.request))
        for count, incident in self._repetition.counted_incidents():
            logger.warning(wording.repeated_incident_line(count, incident))

    def _stream(self, verdict: StreamVerdict, changed: dict[str, flow.Flow]) -> None:
        line = wording.stream_line(verdict)
        if self.json_log:
            self._lines.append(json_lines.line(json_lines.STREAM, json_lines.stream_fields(verdict)))
        else:
            logger.info(line)
        for exchange in (verdict.issued, verdict.echoed):
            if exchange is not None:
                self._remark(exchange, line, _FINE, changed)

    def _incident(self, incident: Incident, changed: dict[str, flow.Flow]) -> None:
        lines = wording.incident_lines(incident)
        if self.json_log:
            self._lines.append(json_lines.line(json_lines.INCIDENT, incident_fields(incident)))
        elif self._repetition.admits_incident(incident):
            for line in lines:
                logger.warning(line)
        for exchange in incident.exchanges:
            self._remark(exchange, lines[0], _MARKS[Severity.ERROR], changed)

    def _headers(self, head: ResponseHead) -> None:
        if self.json_log:
            self._lines.append(json_lines.line(json_lines.HEADERS, json_lines.header_fields(head)))
        else:
            for line in wording.header_lines(head):
                logger.info(line)

    def _trouble(self, sentence: str) -> None:
        if self.json_log:
            self._lines.append(json_lines.line(json_lines.TROUBLE, json_lines.trouble_fields(sentence)))
        else:
            logger.warning("recording: %s", sentence)

    def _remark(self, exchange: int, line: str, mark: str, changed: dict[str, flow.Flow]) -> None:
        shown = self.run.flow(exchange)
        if not isinstance(shown, http.HTTPFlow):
            return
        # What is said of a stream when its ID is issued is said again, and more, when it is sent back.
        comments = [each for each in shown.comment.split("\n") if each and not line.startswith(each)]
        shown.comment = "\n".join([*comments, line])
        if _weight(mark) < _weight(shown.marked):
            shown.marked = mark
        changed[shown.id] = shown


def _level(finding: Finding) -> int:
    decided = finding.verdict is not Verdict.INCONCLUSIVE
    return logging.WARNING if decided and finding.severity is not Severity.INFO else logging.INFO


def _weight(mark: str) -> int:
    """Lower is worse; a mark of the user's own stays."""
    order = [*_MARKS.values(), _FINE, ""]
    return order.index(mark) if mark in order else -1
