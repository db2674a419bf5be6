"""The one judge: the same sequence of events gives the same findings, live and offline.

What is kept is keyed by exchange, by scope, or by ID. Facts of other exchanges are compared by their
position in the sequence – an ID counts as issued if its response came before the echo was complete,
as the newest if it was so when the echo began, as ended if that was over before the echo began – so
that the order of unrelated events does not matter, and neither do chunk boundaries.

The memory of an exchange goes when it ends; issued IDs are kept in a window (see `contract.window`).
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping

from contract import deciding, echoing, issuing, lives, replying, telling, testifying
from contract.answers import AnswerBody, needs_body
from contract.bodies import BROKEN_OFF, Decoder, Decoders
from contract.events import (
    Abort,
    Chunk,
    Deed,
    End,
    Event,
    Gap,
    Injection,
    Kind,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.exchange import CLIENT, SERVER, Exchange, ends_client_side, issues_with
from contract.findings import ExchangeFacts, Output, Role
from contract.headers import content_coding, media_type
from contract.judging import Judge
from contract.places import InBody
from contract.profile import Profile
from contract.routes import Routes, caller, fits_status
from contract.rules import RULES, Rule
from contract.rules.stream import EVENT_STREAM
from contract.stream_reading import StreamReader
from contract.subjects import Issue
from contract.testimony import Testimony
from contract.window import Window

__all__ = ["WINDOW", "Checker", "Decoder"]

WINDOW = 10_000
"""How many issued IDs are remembered, if not told otherwise."""

_EARLY = 64
"""Faults that struck requests whose heads are still to come: those of so many are remembered."""
_BOTH, _RESPONSE = Side.BOTH, Message.RESPONSE


class Checker:
    """Judges a sequence of events against one profile; no sequence makes it raise.

    `decoders` undo content-codings by name. `select` and `ignore` are rule codes or their beginnings
    (`EC`, `EC2`, `EC201`), the longer one wins. `window` is how many issued IDs are remembered.
    `testify`, if given, gets the testimony of each exchange on the profile's paths when it is over.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        decoders: Decoders | None = None,
        select: Collection[str] | None = None,
        ignore: Collection[str] = (),
        window: int = WINDOW,
        rules: Mapping[str, Rule] = RULES,
        testify: Callable[[Testimony], None] | None = None,
    ) -> None:
        self.profile = profile
        self.window = Window(window)
        self._routes = Routes(profile)
        self._decoders = decoders or {}
        self._judge = Judge(rules, select, ignore)
        self._testify = testify
        self._early: deque[Injection] = deque(maxlen=_EARLY)
        self._open: dict[int, Exchange] = {}
        self._plain: dict[int, StreamReader] = {}
        """Of streams that matter for their events alone: what reads the chunks that passed unchanged."""
        self._others: set[int] = set()  # open exchanges that the profile does not know
        self._now = 0  # position in the sequence
        self._gap = 0

    def __len__(self) -> int:
        """How many exchanges are open."""
        return len(self._open) + len(self._others)

    def feed(self, event: Event) -> list[Output]:
        """Take the next event of the sequence, and give what it decides."""
        if isinstance(event, Chunk):
            reader = self._plain.get(event.exchange)
            if reader is not None and event.side is _BOTH and event.message is _RESPONSE:
                reader.feed(event)
                return []
            return self._chunk(event)
        if isinstance(event, Injection):
            self._struck(event)
            return []
        self._now += 1
        if isinstance(event, RequestHead):
            return self._request_head(event)
        if isinstance(event, Gap):
            return self._lost(event)
        exchange = self._open.get(event.exchange)
        if exchange is None:
            if ends_client_side(event):
                self._others.discard(event.exchange)
            return []
        self._take(exchange, event)
        return self._advanced(exchange, event.at)

    def feed_all(self, events: Iterable[Event], out: list[Output]) -> None:
        """Take some events of the sequence at once, and add what they decide to `out`.

        The same as `feed` for each of them, but that most chunks cost a fraction of it.
        """
        plain, feed = self._plain, self.feed
        for event in events:
            if type(event) is Chunk and event.side is _BOTH and event.message is _RESPONSE:
                reader = plain.get(event.exchange)
                if reader is not None:
                    reader.held.append(event)
                    continue
            outputs = feed(event)
            if outputs:
                out += outputs
        for reader in plain.values():
            reader.settle_if_many()

    def end(self) -> list[Output]:
        """What is still to be said when the run is over; open exchanges are judged as far as seen."""
        self._now += 1
        out: list[Output] = []
        for exchange in list(self._open.values()):
            self._finish(exchange, out)
        self._others.clear()
        return out

    # What an event changes.

    def _struck(self, injection: Injection) -> None:
        if self._testify is None or injection.deed is not Deed.HIT:
            return
        exchange = self._open.get(injection.exchange)
        if exchange is None:
            self._early.append(injection)  # decided before the request's head was handed on
        elif exchange.testimony is not None:
            testifying.struck(exchange.testimony, injection)

    def _request_head(self, head: RequestHead) -> list[Output]:
        number = head.exchange
        if number in self._others:
            return []
        if (exchange := self._open.get(number)) is not None:
            exchange.sides |= int(head.side)
            if exchange.request_at_server is None and int(head.side) & SERVER:
                exchange.request_at_server = head
            return []
        visit = self._routes.find(head) if head.kind is Kind.HTTP else None
        if visit is None:
            self._others.add(number)
            return [ExchangeFacts(number, Role.OTHER, "", "")]
        scope = self.window.enter(visit.scope)
        known = self.window.known_since(visit.scope)
        exchange = Exchange(head, visit, scope, caller(head, self.profile), self._now, known)
        self._open[number] = exchange
        if self._testify is not None:
            exchange.testimony = testifying.begun(exchange, self._early)
        if visit.by_body or any(echo.id.json_path for echo in visit.echoes):
            exchange.read_request(self._decoders)
        if not visit.by_body:
            deciding.decide(exchange, self._now)
        return self._advanced(exchange, head.at)

    def _chunk(self, chunk: Chunk) -> list[Output]:
        exchange = self._open.get(chunk.exchange)
        if exchange is None:
            return []
        has_decided = exchange.take(chunk)
        if exchange.answer_sides is not None:
            self._plain.pop(exchange.number, None)  # from here on the two sides have to be compared
        if not has_decided:
            return []
        self._now += 1
        return self._advanced(exchange, chunk.at)

    def _take(self, exchange: Exchange, event: ResponseHead | Chunk | End | Abort) -> None:
        sides = int(event.side)
        exchange.sides |= sides
        if isinstance(event, ResponseHead):
            if event.status >= 200 or event.status == 101:
                self._response_head(exchange, event)
        elif isinstance(event, End):
            if event.message is Message.RESPONSE:
                exchange.end_response(sides, self._now)
            else:
                self._request_end(exchange, event, sides)
        elif isinstance(event, Abort):
            exchange.break_off(event, self._now)

    def _request_end(self, exchange: Exchange, end: End, sides: int) -> None:
        exchange.sent_on |= sides
        if sides & exchange.judged_side and not exchange.sent:
            exchange.sent, exchange.asked_at = self._now, end.at
            if exchange.request_body:
                exchange.request_body.end()
        if sides & SERVER and exchange.request_body_at_server:
            exchange.request_body_at_server.end()

    def _response_head(self, exchange: Exchange, head: ResponseHead) -> None:
        if not exchange.is_decided:
            deciding.decide(exchange, self._now)
        kind = media_type(head.headers)
        is_issuing = exchange.issue is not None and issues_with(exchange.issue, head, kind)
        place = exchange.issue.id if exchange.issue and is_issuing and not exchange.issue.id.header else None
        coding, sides = content_coding(head.headers), int(head.side)
        if sides & SERVER and exchange.server is None:
            exchange.server, exchange.is_issuing_server = head, is_issuing
            if place:
                exchange.id_in_server = InBody(place, coding, self._decoders)
            if exchange.echo and needs_body(self.profile):
                exchange.answer_body = AnswerBody(self.profile, head, self._decoders)
        if sides & CLIENT and exchange.client is None:
            exchange.client, exchange.is_issuing_client = head, is_issuing
            if place:
                exchange.id_in_client = InBody(place, coding, self._decoders)
            self._client_head(exchange, head, coding, kind)
        if exchange.is_lossy:
            exchange.lose()

    def _client_head(self, exchange: Exchange, head: ResponseHead, coding: str, kind: str) -> None:
        """Prepare for what the client gets of the response."""
        opens = exchange.open
        if opens and fits_status(opens.status, head.status):
            exchange.scope_in_body = InBody(opens.place, coding, self._decoders)
        if not exchange.issue or not self._judge.of_stream or kind != EVENT_STREAM:
            return
        exchange.reader = StreamReader(self.profile.sse, coding, self._decoders)
        bodies = (exchange.id_in_client, exchange.id_in_server, exchange.answer_body, exchange.answer_sides)
        if all(body is None for body in bodies):
            self._plain[exchange.number] = exchange.reader

    def _lost(self, gap: Gap) -> list[Output]:
        exchange = self._open.get(gap.exchange)
        if exchange is None:
            if gap.exchange not in self._others:
                self._gap = self._now
            return []
        exchange.lose()
        return self._advanced(exchange, gap.at)

    # What is decided by now.

    def _advanced(self, exchange: Exchange, at: int) -> list[Output]:
        exchange.at = at
        out: list[Output] = []
        if not exchange.is_decided and exchange.sent:
            deciding.decide(exchange, self._now)
        if exchange.is_decided:
            self._advance(exchange, out)
        if exchange.is_over():
            self._finish(exchange, out)
        elif exchange.testimony is not None and out:
            testifying.found(exchange.testimony, out)
        return out

    def _advance(self, exchange: Exchange, out: list[Output]) -> None:
        if not exchange.is_registered and issuing.is_readable(exchange.server, exchange.id_in_server):
            issuing.register(exchange, self.window, self._now)
        if not exchange.is_issue_judged and issuing.is_readable(exchange.client, exchange.id_in_client):
            self._judge_issue(exchange, out)
        if not exchange.is_replied and exchange.client is not None:
            self._judge_reply(exchange, out)
        if exchange.sent and exchange.echo and exchange.returned is None:
            exchange.returned = echoing.returned(exchange)
            exchange.stream = exchange.stream or exchange.returned.value or ""
        if not exchange.is_told and (exchange.issue is None and (exchange.echo is None or exchange.sent)):
            self._tell(exchange, out)
        if exchange.echo and not exchange.is_echo_judged and exchange.sent and self._is_answered(exchange):
            self._judge_echo(exchange, out)
        if exchange.reader and not exchange.is_stream_judged and exchange.closed & CLIENT:
            self._judge_stream(exchange, out)
        if exchange.delivered:
            lives.end_lives(exchange, self.profile, self.window)

    def _is_answered(self, exchange: Exchange) -> bool:
        if exchange.server is None:
            return False
        body = exchange.answer_body
        return body is None or body.is_over or bool(exchange.closed & SERVER)

    def _judge_issue(self, exchange: Exchange, out: list[Output]) -> None:
        exchange.is_issue_judged = True
        issue = issuing.subject(exchange, self.profile, self.window)
        if issue is None:
            return
        issuing.hand_out(exchange, issue, self.window, self._now)
        if exchange.testimony is not None:
            exchange.testimony.issue = issue
        reading = issue.client or issue.server
        if reading and reading.id:
            exchange.stream = reading.id
        if self.profile.origin == "server":
            stream = exchange.stream or (issue.stray.id if issue.stray else "")
            self._judge.issue(issue, exchange, stream, out)
        self._tell_issued(exchange, issue, out)

    def _judge_reply(self, exchange: Exchange, out: list[Output]) -> None:
        exchange.is_replied = True
        judge = self._judge
        reply = replying.reply(exchange, self.profile, self.window) if judge.of_reply else None
        if reply is not None:
            judge.reply(reply, exchange, out)
        if judge.of_passage:
            judge.passage(replying.heads_passage(exchange, self.profile), exchange, out)

    def _judge_stream(self, exchange: Exchange, out: list[Output]) -> None:
        exchange.is_stream_judged = True
        stream = replying.stream(exchange, self.profile)
        if stream is not None:
            self._judge.stream(stream, exchange, out)

    def _judge_end(self, exchange: Exchange, out: list[Output]) -> None:
        """What can be said only when the exchange is over."""
        judge = self._judge
        if judge.of_ending:
            judge.ending(replying.ending(exchange), exchange, out)
        passage = replying.bodies_passage(exchange, self.profile) if judge.of_passage else None
        if passage is not None:
            judge.passage(passage, exchange, out)

    def _tell_issued(self, exchange: Exchange, issue: Issue | None, out: list[Output]) -> None:
        """The facts of an issuing exchange, and the first verdict on its stream."""
        if exchange.issue is None:
            return
        self._tell(exchange, out)
        verdict = telling.issued(exchange, issue)
        if verdict is not None:
            out.append(verdict)

    def _judge_echo(self, exchange: Exchange, out: list[Output]) -> None:
        exchange.is_echo_judged = True
        echo = echoing.subject(exchange, self.profile, self.window, self._gap)
        if echo is None or echo.returned.why_unreadable == BROKEN_OFF:
            return
        self._judge.echo(echo, exchange, out)
        if exchange.testimony is not None:
            exchange.testimony.echo = echo
        lives.remember_echo(exchange, echo, self._now)
        verdict = telling.echoed(exchange, echo)
        if verdict is not None:
            out.append(verdict)

    def _finish(self, exchange: Exchange, out: list[Output]) -> None:
        """Say what is still unsaid, and forget the exchange."""
        if not exchange.is_decided:
            deciding.decide(exchange, self._now)
        exchange.give_up()
        self._advance(exchange, out)
        if exchange.issue and not exchange.is_registered and exchange.is_lossy:
            exchange.scope.missed = self._now
        if exchange.echo and not exchange.is_echo_judged and exchange.sent:
            self._judge_echo(exchange, out)
        if not exchange.is_issue_judged:
            self._tell_issued(exchange, None, out)
        self._tell(exchange, out)
        if exchange.reader and not exchange.is_stream_judged:
            self._judge_stream(exchange, out)
        self._judge_end(exchange, out)
        if exchange.delivered:
            lives.end_lives(exchange, self.profile, self.window)
            replying.remember_answer(exchange, self.window)
        elif exchange.own_echo is not None:
            exchange.own_echo.doubtful = self._now
        if exchange.testimony is not None and self._testify is not None:
            testifying.found(exchange.testimony, out)
            self._testify(testifying.ended(exchange, exchange.testimony, self._now))
        del self._open[exchange.number]
        self._plain.pop(exchange.number, None)
        self.window.leave(exchange.scope)

    def _tell(self, exchange: Exchange, out: list[Output]) -> None:
        if not exchange.is_told:
            exchange.is_told = True
            out.append(telling.facts(exchange))
