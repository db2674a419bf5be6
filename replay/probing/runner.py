"""Carries the steps of a probe out, and cleans up after them, however they end."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from contract.events import RequestHead, Side
from contract.origins import is_same_origin
from contract.profile_sections import Issue
from contract.routes import Routes, fits_status
from replay.probing.client import Answer, Client, Ending
from replay.probing.journal import Journal
from replay.probing.making import STARS, Known, Target, made, secrets, section_of
from replay.probing.reading import as_a_script, cookies, issued, said, saved, transcript
from replay.probing.requests import ProbeError, Request
from replay.probing.steps import Action, Call, Step

CLEANING = 10.0
"""Seconds that each request of the cleaning up may take."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one action; `exchange` is 0 where nothing was sent. `note` is for people."""

    says: str
    exchange: int = 0
    status: int | None = None
    note: str = ""


@dataclass
class Outcome:
    """What became of a step. `troubles` are the reasons why it was not carried out as it was meant."""

    name: str
    says: str
    lines: list[Line] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Runner:
    """One run of the steps for a target. `wait` are seconds from a stream to its late update.

    `advance` hears of each request. `outcomes` grow while it runs; `left` are the sessions that could not be
    deleted, once it is over.
    """

    def __init__(
        self,
        target: Target,
        client: Client,
        journal: Journal,
        *,
        wait: float = 2.0,
        advance: Callable[[int], object] = lambda done: None,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.deleted = 0
        self.left: list[str] = []
        self._target, self._client, self._journal = target, client, journal
        self._wait, self._advance = wait, advance
        self._known = Known()
        self._began: dict[str, int] = {}
        self._open: dict[str, Action] = {}
        """The sessions that are to be deleted, by label, and the action that created each."""
        self._creating: set[asyncio.Task[Any]] = set()

    async def run(self, steps: list[Step]) -> None:
        """All steps, and then the cleaning up. Raises `ProbeError` where it cannot begin."""
        try:
            for step in steps:
                outcome = Outcome(step.name, step.says)
                self.outcomes.append(outcome)
                for action in step.actions:
                    await self._together(action if isinstance(action, tuple) else (action,), outcome)
        finally:
            await self._clean_up()

    async def _together(self, actions: tuple[Action, ...], outcome: Outcome) -> None:
        outcome.lines += await asyncio.gather(*(self._carried_out(action, outcome) for action in actions))

    async def _carried_out(self, action: Action, outcome: Outcome) -> Line:
        self._advance(1)
        if action.call is Call.UPDATE and action.stream and action.stream not in self._known.ids:
            return Line(action.says, note=f"not sent: no ID of stream {action.stream} is known")
        if action.late:
            passed = (self._client.now() - self._began.get(action.stream, 0)) / 1e6
            await asyncio.sleep(max(0.0, self._wait - passed))
        request = made(self._target, action, self._known)
        answer = await self._sent(action, request)
        note = self._learned(action, answer)
        trouble = self._trouble(action, answer)
        if trouble and action.call in (Call.LOGIN, Call.CREATE):
            raise ProbeError(f"{action.says}: {trouble}")
        if trouble:
            outcome.troubles.append(f"{action.says}: {trouble}")
        return Line(action.says, answer.exchange, answer.status, note)

    async def _sent(self, action: Action, request: Request) -> Answer:
        sending = self._client.send(request, chunks=action.chunks, resets=action.resets)
        if action.call is not Call.CREATE:
            return await sending
        # If the probe is stopped now, the session may exist all the same: its answer is waited for.
        task = asyncio.create_task(self._created(action, sending))
        self._creating.add(task)
        return await asyncio.shield(task)

    async def _created(self, action: Action, sending: Coroutine[Any, Any, Answer]) -> Answer:
        answer = await sending
        if self._is_expected(action, answer):
            self._open[action.session] = action
            self._save(action, answer, self._known.of_session.setdefault(action.session, {}))
        return answer

    def _learned(self, action: Action, answer: Answer) -> str:
        """Take in what the rest needs; a note for people."""
        if action.call is Call.LOGIN and self._is_expected(action, answer):
            self._save(action, answer, self._known.of_user.setdefault(action.user, {}))
            self._known.cookies[action.user] = cookies(answer, self._target.profile.credential.cookies)
            return ""
        if action.call is Call.DELETE and self._is_expected(action, answer):
            self._open.pop(action.session, None)
            self.deleted += 1
        if action.call is Call.STREAM and action.stream:
            return self._streamed(action, answer)
        return self._said(answer)

    def _streamed(self, action: Action, answer: Answer) -> str:
        known, stream = self._known, action.stream
        self._began[stream] = answer.head.at if answer.head else self._client.now()
        known.transcripts[stream] = transcript(self._target.profile, answer)
        known.latest[action.session] = stream
        issue = self._issue(answer)
        reading = issued(issue, answer) if issue and self._is_expected(action, answer) else None
        if reading is None:
            return self._said(answer) or "no ID"
        known.ids[stream] = reading.id
        head = self._journal.heads[answer.exchange]
        readable = as_a_script(reading, head, answer) if self._target.origin else None
        if readable is None or is_same_origin(head):
            return f"{reading.id} in {reading.where}"
        can = {
            True: "a script can read it",
            False: "a script cannot read it",
            None: "whether a script can read it is open",
        }
        return f"{reading.id} in {reading.where}; {can[readable.readable]}: {readable.because}"

    def _issue(self, answer: Answer) -> Issue | None:
        head = self._journal.heads.get(answer.exchange)
        visit = Routes(self._target.profile).find(head) if head else None
        return visit.issues[0] if visit and visit.issues else None

    def _save(self, action: Action, answer: Answer, values: dict[str, Any]) -> None:
        """Keep what the profile wants of an answer; raises `ProbeError` where it is not there."""
        for name, path in section_of(self._target, action.call).save.items():
            value = saved(answer, path)
            if value is None:
                raise ProbeError(f"{action.says}: the answer has no {path} to save as {{{name}}}")
            values[name] = value

    def _trouble(self, action: Action, answer: Answer) -> str:
        """Why the probe cannot go on as it was meant; '' where it can. It is no judgement: rules judge."""
        if answer.status is None:
            return f"no answer: {answer.why}"
        if answer.ending is Ending.LIMIT:
            return answer.why
        text = self._said(answer)
        told = f"answered {answer.status}{f' ({text})' if text else ''}"
        if action.must and not self._is_expected(action, answer):
            return f"{told}, and the profile expects {' or '.join(map(str, self._expected(action)))}"
        return told if answer.status >= 500 else ""

    def _said(self, answer: Answer) -> str:
        """What the answer says for people, without a secret of ours that it may quote."""
        text = said(answer)
        for secret in secrets(self._target, self._known):
            text = text.replace(secret, STARS)
        return text

    def _expected(self, action: Action) -> tuple[str | int, ...]:
        return section_of(self._target, action.call).expect

    def _is_expected(self, action: Action, answer: Answer) -> bool:
        return answer.status is not None and fits_status(self._expected(action), answer.status)

    async def _clean_up(self) -> None:
        await asyncio.gather(*self._creating, return_exceptions=True)
        if not self._open:
            return
        outcome = Outcome("clean up", "Delete the sessions that the probe made.")
        self.outcomes.append(outcome)
        for session, creation in list(self._open.items()):
            action = Action(Call.DELETE, f"delete session {session}", creation.user, session)
            try:
                why = await self._deleted(action, outcome)
            except ProbeError as error:
                why = str(error)
            if why:
                self._not_deleted(session, why, outcome)

    async def _deleted(self, action: Action, outcome: Outcome) -> str:
        """Delete a session; why that could not be, '' where it could."""
        if self._target.probe.delete is None:
            return "the profile has no probe.delete"
        self._advance(1)
        answer = await self._client.send(made(self._target, action, self._known), seconds=CLEANING)
        note = self._learned(action, answer)
        outcome.lines.append(Line(action.says, answer.exchange, answer.status, note))
        if action.session not in self._open:
            return ""
        return answer.why if answer.status is None else f"answered {answer.status}"

    def _not_deleted(self, session: str, why: str, outcome: Outcome) -> None:
        saved = ", ".join(
            f"{name} {value}" for name, value in self._known.of_session.get(session, {}).items()
        )
        self.left.append(f"{saved or session}: {why}")
        outcome.troubles.append(f"{saved or session} was not deleted: {why}")


def unknown_path(target: Target, request: Request, method: str) -> str:
    """The path of a request that no route of the profile has, so that nothing would be judged; else ''."""
    url = urlsplit(request.url)
    path = url.path + (f"?{url.query}" if url.query else "")
    head = RequestHead(
        0, Side.BOTH, 0, method.encode(), url.scheme, url.hostname or "", 0, path.encode(), b"HTTP/1.1", ()
    )
    visit = Routes(target.profile).find(head)
    return "" if visit is not None and visit.is_routed else url.path
