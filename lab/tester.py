"""The streaming tester: a complete client of the chat system, which says whether all is as it should be."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Self

import requests

from lab.carelessness import EARLY, Habits
from lab.client import (
    Account,
    StreamingOptions,
    Transcript,
    fields_of,
    json_object,
    message_of,
    read,
    reset_at_close,
)
from lab.headers import NAME, fallback_id, find_streaming_id, why_not_allowed, why_unreadable
from lab.logger import Logger
from lab.probes import Answer, Probe, probes, table

HEALTH = {"authentication": "/health", "accounting": "/health", "chat": "/api/health"}


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that was started: its ID (ours, if the service sent none) and what was read of it.

    `fields` is its head, the names in the case that they came in.
    """

    session: str
    id: str
    fields: list[tuple[str, str]]
    transcript: Transcript


class StreamingTester:
    """Goes through the system as a client does; `results` has a name and PASS or FAIL for each check.

    What it makes of the IDs, and how it reads, is up to its `habits`.
    """

    def __init__(self, options: StreamingOptions, logger: Logger, habits: Habits | None = None) -> None:
        self.options, self.log = options, logger
        self.habits = habits or Habits()
        self.results: list[tuple[str, bool]] = []
        self.session = ""
        self._sessions: list[str] = []
        self.model = options.model
        self._open = ExitStack()
        self._user = self._open.enter_context(Account(options))
        self._admin = self._open.enter_context(Account(options))
        self._user_id = ""

    def __enter__(self) -> Self:
        """The tester itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._open.close()

    def run(self) -> bool:
        """Everything in order, and a summary; whether all passed."""
        needed: list[Callable[[], object]] = [
            self.check_services_health,
            self.authenticate,
            self.authenticate_admin,
            self.allocate_credits,
            self.create_chat_session,
            self.get_available_models,
        ]
        if all(step() for step in needed):
            self.check_preflight()
            self.habits.converse(self)
        else:
            self._check("streaming tests could be run", False)
        if self.session:
            self.delete_chat_session()
        return self.summary()

    def check_services_health(self) -> bool:
        """All three services answer their health check."""
        self.log.header("Health")
        healthy = [self._is_healthy(service, path) for service, path in HEALTH.items()]
        return self._check("services are healthy", all(healthy))

    def authenticate(self) -> bool:
        """Log in as the user."""
        self.log.header("Log in")
        return self._log_in(self._user, self.options.username, self.options.password, "user logs in")

    def authenticate_admin(self) -> bool:
        """Log in as the admin, who allocates credits."""
        return self._log_in(
            self._admin, self.options.admin_username, self.options.admin_password, "admin logs in"
        )

    def allocate_credits(self) -> bool:
        """Give the user credits, as the admin."""
        self.log.header("Credits")
        body = {
            "userId": self._user_id or self.options.username,
            "credits": self.options.credits,
            "expiryDays": 30,
            "notes": "for the streaming tester",
        }
        answer = self._ask(self._admin, "POST", "accounting", "/api/credits/allocate", json=body)
        return self._check("credits are allocated", answer is not None and answer.status_code == 201)

    def create_chat_session(self) -> str:
        """Create a chat session; its ID, empty where there is none."""
        self.log.header("Chat session")
        self.session = self.new_session()
        self._check("a chat session is created", bool(self.session))
        return self.session

    def new_session(self) -> str:
        """The ID of a new chat session, which is deleted at the end; empty where there is none."""
        body = {"title": "Streaming test", "initialMessage": "Hello", "source": "streaming-tester"}
        answer = self._ask(self._user, "POST", "chat", "/api/chat/sessions", json=body)
        session = ""
        if answer is not None and answer.status_code == 201:
            session = str(json_object(answer).get("sessionId", ""))
            self.log.info(f"session {session}")
        self._sessions += [session] if session else []
        return session

    def get_available_models(self) -> list[str]:
        """The IDs of the models to be had; the first is used unless the options name one."""
        answer = self._ask(self._user, "GET", "chat", "/api/models")
        models = json_object(answer).get("models") or []
        names = [
            str(model.get("id"))
            for model in models
            if isinstance(model, dict) and model.get("available", True)
        ]
        self.model = self.model or (names[0] if names else "")
        self.log.info(f"models {', '.join(names) or '–'}; using {self.model or '–'}")
        self._check("models are available", bool(names))
        return names

    def check_preflight(self) -> None:
        """Ask as browsers do before they stream to another origin; left out without an origin."""
        if not self.options.origin:
            return
        self.log.header("Preflight")
        try:
            answer = self._user.preflight(self.session)
        except requests.RequestException as error:
            reason = str(error)
        else:
            self.log.info(f"OPTIONS: {answer.status_code}")
            reason = why_not_allowed(answer.status_code, answer.headers, self.options.origin)
        if reason:
            self.log.error(f"a browser would not let a script on {self.options.origin} stream: {reason}")
        self._check("a preflight is allowed", not reason)

    def test_stream_with_correct_session_id(self) -> bool:
        """Stream, then save under the ID that the head brought."""
        self.log.header("Stream, and save under its own ID")
        stream = self._stream(self.habits.stop_after(self.options.stop_after), checked=True)
        if stream is None:
            return self._check("the right ID is accepted", False)
        return self._check("the right ID is accepted", self._save(stream))

    def test_stream_with_incorrect_session_id(self) -> bool:
        """Stream, then save under an ID that was never issued: it has to be refused."""
        self.log.header("Stream, and save under a wrong ID")
        stream = self._stream(EARLY)
        if stream is None:
            return self._check("a wrong ID is refused", False)
        wrong = Probe("wrong", f"incorrect-id-{int(time.time())}")
        answer = self._probe(wrong, stream)
        self.log.info(f"{answer.status or 'no answer'} {answer.message}")
        return self._check("a wrong ID is refused", answer.as_expected)

    def test_probe_list(self) -> bool:
        """Stream, then save under each ID of the probe list."""
        self.log.header("The probe list")
        stream = self._stream(EARLY)
        if stream is None:
            return self._check("every probe is answered rightly", False)
        answers = [self._probe(probe, stream) for probe in probes(stream.id)]
        for line in table(answers):
            self.log.info(line)
        return self._check("every probe is answered rightly", all(answer.as_expected for answer in answers))

    def delete_chat_session(self) -> bool:
        """Delete the chat session, and what others were made."""
        self.log.header("Clean up")
        paths = [f"/api/chat/sessions/{session}" for session in self._sessions]
        answers = [self._ask(self._user, "DELETE", "chat", path) for path in paths]
        deleted = [answer is not None and answer.status_code == 200 for answer in answers]
        return self._check("the chat session is deleted", all(deleted))

    def summary(self) -> bool:
        """Print PASS or FAIL for each check; whether all passed."""
        self.log.header("Summary")
        for name, passed in self.results:
            (self.log.success if passed else self.log.error)(f"{'PASS' if passed else 'FAIL'}  {name}")
        failed = sum(not passed for _, passed in self.results)
        if failed:
            self.log.error(f"{failed} of {len(self.results)} checks failed")
        else:
            self.log.success(f"all {len(self.results)} checks passed")
        return not failed

    def _is_healthy(self, service: str, path: str) -> bool:
        answer = self._ask(self._user, "GET", service, path)
        self.log.info(f"{service}: {answer.status_code if answer is not None else 'no answer'}")
        return answer is not None and answer.status_code == 200

    def _log_in(self, account: Account, name: str, password: str, check: str) -> bool:
        try:
            answer = account.log_in(name, password)
            if answer.status_code == 200 and account is self._user:
                self._user_id = str(answer.json()["user"]["id"])
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            self.log.error(f"log-in of {name}: {error}")
            return self._check(check, False)
        if answer.status_code != 200:
            self.log.error(f"log-in of {name}: {answer.status_code} {message_of(answer)}")
        return self._check(check, answer.status_code == 200)

    def streams(self, *sessions: str, stop_after: int = 0, checked: bool = False) -> list[Stream]:
        """Start a stream in each chat session, all at once, then read them; none where one does not start.

        `checked` also records what head and events of the first should be.
        """
        with ExitStack() as running:
            try:
                answers = [running.enter_context(self._started(session)) for session in sessions]
            except requests.RequestException as error:
                self.log.error(f"no stream: {error}")
                return []
            if any(answer.status_code != 200 for answer in answers):
                return []
            return [
                self._read(session, answer, stop_after, checked and answer is answers[0])
                for session, answer in zip(sessions, answers, strict=True)
            ]

    def save_once(self, stream: Stream, sent: str | None) -> bool:
        """Send one update under that ID (None: without the field), whatever comes back; whether it got in."""
        time.sleep(self.options.update_delay)
        answer = self._probe(Probe("own idea", sent, accepted=True), stream)
        self.log.info(f"sent {sent or 'no ID'}: {answer.status or 'no answer'} {answer.message}")
        return answer.as_expected

    def check_saved(self, *saved: bool) -> None:
        """Record whether all updates of a careless client got in; none at all counts as not."""
        self._check("the updates are accepted", bool(saved) and all(saved))

    def abort_stream(self, chunks: int) -> None:
        """Start a stream, and break its connection after so many chunks."""
        self.log.header("Break a stream off")
        try:
            with self._started(self.session) as answer:
                if answer.status_code == 200:
                    reset_at_close(answer)
                    read(answer, chunks)
                    self.log.info(f"connection reset after {chunks} chunks")
        except requests.RequestException as error:
            self.log.error(f"no stream: {error}")

    def _stream(self, stop_after: int, checked: bool = False) -> Stream | None:
        started = self.streams(self.session, stop_after=stop_after, checked=checked)
        return started[0] if started else None

    @contextmanager
    def _started(self, session: str) -> Iterator[requests.Response]:
        with self._user.stream(session, self.options.message, self.model) as answer:
            self.log.info(f"{answer.status_code} {answer.headers.get('Content-Type', 'no Content-Type')}")
            for name, value in answer.headers.items():
                self.log.debug(f"{name}: {value}")
            if answer.status_code != 200:
                self.log.error(message_of(answer))
            yield answer

    def _read(self, session: str, answer: requests.Response, stop_after: int, checked: bool) -> Stream:
        found = find_streaming_id(answer.headers)
        fields = fields_of(answer)
        stream = Stream(session, self._id(found), fields, read(answer, stop_after))
        if checked:
            self._check_head(answer, found)
        self._report(stream, stop_after, checked)
        return stream

    def _id(self, found: tuple[str, str] | None) -> str:
        if found is None:
            invented = fallback_id()
            self.log.warning(
                f"the service sent no streaming session ID under any name; going on with {invented}"
            )
            return invented
        name, value = found
        self.log.info(f"streaming session ID {value} (in {name})")
        if name.lower() != NAME.lower():
            self.log.warning(f"the ID is in {name}, not in {NAME}")
        return value

    def _check_head(self, answer: requests.Response, found: tuple[str, str] | None) -> None:
        self._check("the streaming session ID is in its header", found is not None and found[0] == NAME)
        if self.options.origin:
            reason = why_unreadable(answer.headers, found[0] if found else NAME, self.options.origin)
            if reason:
                self.log.error(f"a script on {self.options.origin} could not read the ID: {reason}")
            self._check("a script can read the ID", not reason)

    def _report(self, stream: Stream, stop_after: int, checked: bool) -> None:
        transcript = stream.transcript
        self.log.info(f"{len(transcript.pieces)} chunks, {len(transcript.text)} characters")
        if transcript.error:
            self.log.error(transcript.error)
        early = bool(stop_after) and len(transcript.pieces) >= stop_after
        if checked:
            self._check("the stream arrives", (transcript.complete or early) and not transcript.error)

    def _save(self, stream: Stream) -> bool:
        """Send the update; on a mismatch again and again, waiting twice as long each time."""
        time.sleep(self.options.update_delay)
        for attempt in range(self.options.retries + 1):
            answer = self._probe(Probe("right", stream.id, accepted=True), stream)
            self.log.info(f"{answer.status or 'no answer'} {answer.message}")
            if answer.status == 200:
                return True
            if answer.status != 400 or "mismatch" not in answer.message.lower():
                return False
            if attempt < self.options.retries:
                wait = self.options.backoff * 2**attempt
                self.log.warning(f"mismatch; again in {wait:g} s ({attempt + 1} of {self.options.retries})")
                time.sleep(wait)
        return False

    def _probe(self, probe: Probe, stream: Stream) -> Answer:
        sent = {} if probe.sends is None else {"streamingSessionId": probe.sends}
        try:
            answer = self._user.update(stream.session, stream.transcript, **sent)
        except requests.RequestException as error:
            return Answer(probe, 0, str(error))
        return Answer(probe, answer.status_code, message_of(answer))

    def _ask(
        self, account: Account, method: str, service: str, path: str, json: object = None
    ) -> requests.Response | None:
        try:
            answer = account.request(method, service, path, json=json)
        except requests.RequestException as error:
            self.log.error(f"{method} {path}: {error}")
            return None
        if not answer.ok:
            self.log.error(f"{method} {path}: {answer.status_code} {message_of(answer)}")
        return answer

    def _check(self, name: str, passed: bool) -> bool:
        self.results.append((name, passed))
        (self.log.success if passed else self.log.error)(name)
        return passed
