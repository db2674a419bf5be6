"""What a probe does, in order, as plain data: nothing here sends anything or knows right from wrong.

Sessions have letters, streams numbers. An update names the ID that it sends: a text, or that of a
stream, which is known only when the stream has begun.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from contract.profile import Profile
from replay.probing.inventing import invented, wrong_ids
from replay.probing.requests import ProbeError, names

FEW = 3
"""Chunks after which those have enough that do not need the whole stream."""


class Call(StrEnum):
    """A request of the profile's `[probe]` section, and the preflight of one."""

    LOGIN = "login"
    CREATE = "create"
    STREAM = "stream"
    UPDATE = "update"
    DELETE = "delete"
    PREFLIGHT = "preflight"


class How(StrEnum):
    """How the ID of a stream is sent back."""

    AS_IS = "as it is"
    ALTERED = "in the other case"


@dataclass(frozen=True, slots=True)
class Action:
    """One request. `session` and `stream` are labels, `user` is a number from 1 on.

    An update sends `text` (None leaves the ID out), unless it names a `stream`. Of a stream only `chunks`
    are read, None reads all; `resets` breaks its connection off. `late` waits, before the request, until
    some time after that stream began. Without `knows` the request brings no credential. `of` is the request
    that a preflight asks for. `must` says that the rest depends on the status that the profile expects.
    """

    call: Call
    says: str
    user: int = 1
    session: str = ""
    stream: str = ""
    text: str | None = None
    how: How = How.AS_IS
    chunks: int | None = None
    resets: bool = False
    late: bool = False
    knows: bool = True
    of: Call | None = None
    must: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Requests that show something together; a tuple among them is sent at once, side by side."""

    name: str
    says: str
    actions: tuple[Action | tuple[Action, ...], ...]

    def each(self) -> Iterator[Action]:
        """All actions, one after the other."""
        for action in self.actions:
            yield from action if isinstance(action, tuple) else (action,)


def planned(profile: Profile, *, origin: str, users: int, now_ms: int, random: Random) -> list[Step]:
    """All steps for this profile. Raises `ProbeError` where it has no `[probe]`, or none that can be used."""
    probe = profile.probe
    if probe is None:
        raise ProbeError(f"the profile {profile.name} has no [probe]: there are no requests to send")
    if profile.origin == "client":
        raise ProbeError(f"in the profile {profile.name} clients make the IDs: there is nothing to probe")
    if "id" not in names(probe.update):
        raise ProbeError(f"probe.update of the profile {profile.name} has no {{id}} to send back")
    plan = _Plan(profile, origin, users, now_ms, random)
    return [step for step in plan.steps() if step.actions]


class _Plan:
    def __init__(self, profile: Profile, origin: str, users: int, now_ms: int, random: Random) -> None:
        assert profile.probe is not None
        self._profile, self._probe = profile, profile.probe
        self._origin, self._users = bool(origin), users
        self._now_ms, self._random = now_ms, random
        self._has_sessions = profile.probe.create is not None

    def steps(self) -> Iterator[Step]:
        yield self._logins()
        yield self._sessions()
        yield self._before_any_stream()
        if self._origin:
            yield self._preflights()
        yield self._first_of_late()
        yield self._right()
        yield self._wrong()
        if self._profile.id.rotation == "response":
            yield self._stale()
        if self._has_sessions:
            yield self._concurrent()
        yield self._early()
        yield self._aborted()
        if self._users > 1:
            yield self._foreign_user()
        yield self._late()
        yield self._errors()

    def _logins(self) -> Step:
        login = self._probe.login
        users = range(1, self._users + 1) if login else ()
        actions = [Action(Call.LOGIN, f"log in{_as(user)}", user, must=True) for user in users]
        return Step("log in", "Log in, as the profile does.", tuple(actions))

    def _sessions(self) -> Step:
        made = [("A", 1), ("B", 1), ("C", 1)] + ([("D", 2)] if self._users > 1 else [])
        actions = [
            Action(Call.CREATE, f"create session {session}{_as(user)}", user, session, must=True)
            for session, user in (made if self._has_sessions else [])
        ]
        return Step("sessions", "Create the sessions that the probe works in, and deletes.", tuple(actions))

    def _before_any_stream(self) -> Step:
        text = invented(self._profile.id, self._now_ms, self._random)
        actions = [self._update("A", f"an invented ID, {text}", text=text)] if text else []
        says = "A well-formed ID that nobody issued, while the session has none."
        return Step("before any stream", says, tuple(actions) if self._has_sessions else ())

    def _preflights(self) -> Step:
        calls = [Call.STREAM, Call.UPDATE, *([Call.DELETE] if self._probe.delete else [])]
        actions = [
            Action(Call.PREFLIGHT, f"preflight of {call}", session="A", of=call, knows=False)
            for call in calls
        ]
        return Step("preflights", "Ask as browsers do before a request to another origin.", tuple(actions))

    def _first_of_late(self) -> Step:
        actions = (self._stream("C", "C1", FEW),) if self._has_sessions else ()
        return Step("a stream to be saved late", "Its update comes last of all.", actions)

    def _right(self) -> Step:
        return Step(
            "the right ID",
            "Read a stream to its end, and send its ID back; then once more.",
            (
                self._stream("A", "A1", None),
                self._update("A", "the ID of stream A1", "A1"),
                self._update("A", "the ID of stream A1 again", "A1"),
            ),
        )

    def _wrong(self) -> Step:
        wrong = [self._update("A", "no ID", text=None), self._update("A", "an empty ID", text="")]
        wrong += [
            self._update("A", f"{each}", text=each) for each in wrong_ids(self._profile.id, self._now_ms)
        ]
        other_case = replace(
            self._update("A", "the ID of stream A2 in the other case", "A2"), how=How.ALTERED
        )
        right = self._update("A", "the ID of stream A2", "A2")
        return Step(
            "the probe list",
            "Send back what is not the ID of the stream, and the ID itself last.",
            (self._stream("A", "A2", FEW), *wrong, other_case, right),
        )

    def _stale(self) -> Step:
        return Step(
            "a stale ID",
            "A second stream in a session: the first one's ID is out of date.",
            (
                self._stream("A", "A3", FEW),
                self._stream("A", "A4", FEW),
                self._update("A", "the ID of stream A3", "A3"),
                self._update("A", "the ID of stream A4", "A4"),
            ),
        )

    def _concurrent(self) -> Step:
        return Step(
            "two sessions at once",
            "Streams in two sessions, each saved in its own, and one in the other's.",
            (
                (self._stream("A", "A5", None), self._stream("B", "B1", None)),
                self._update("A", "the ID of stream B1, of another session", "B1"),
                self._update("A", "the ID of stream A5", "A5"),
                self._update("B", "the ID of stream B1", "B1"),
            ),
        )

    def _early(self) -> Step:
        session = "B" if self._has_sessions else "A"
        head, few = f"{session}6", f"{session}7"
        return Step(
            "an early update",
            "Stop reading at the head, or after some chunks, and update at once.",
            (
                self._stream(session, head, 0),
                self._update(session, f"the ID of stream {head}", head),
                self._stream(session, few, FEW),
                self._update(session, f"the ID of stream {few}", few),
            ),
        )

    def _aborted(self) -> Step:
        broken = replace(self._stream("A", "A8", FEW), resets=True)
        return Step(
            "an aborted stream",
            "Break a stream's connection off, start again, and send the new one's ID.",
            (broken, self._stream("A", "A9", FEW), self._update("A", "the ID of stream A9", "A9")),
        )

    def _foreign_user(self) -> Step:
        stream = self._stream("A", "A10", FEW)
        foreign = self._update("A", "the ID of stream A10, by another user", "A10", user=2)
        right = self._update("A", "the ID of stream A10", "A10")
        actions: tuple[Action, ...] = (stream, foreign, right)
        if self._has_sessions:
            own = self._stream("D", "D1", FEW, user=2)
            in_own = self._update("D", "the ID of stream A10, in a session of another user", "A10", user=2)
            actions = (stream, own, foreign, in_own, right)
        return Step("another user's ID", "An ID that was issued to somebody else.", actions)

    def _late(self) -> Step:
        update = replace(self._update("C", "the ID of stream C1, late", "C1"), late=True)
        says = "An update some time after its stream, as slow clients send it."
        return Step("a late update", says, (update,) if self._has_sessions else ())

    def _errors(self) -> Step:
        session = "B" if self._has_sessions else "A"
        anonymous = Action(
            Call.STREAM, "a stream without a credential", session=session, chunks=0, knows=False
        )
        gone: tuple[Action, ...] = ()
        if self._has_sessions and self._probe.delete:
            gone = (
                Action(Call.DELETE, f"delete session {session}", session=session),
                Action(Call.STREAM, "a stream in a deleted session", session=session, chunks=0),
                self._update(session, "the ID of stream B7, in a deleted session", "B7"),
            )
        says = "Requests that have to be refused, and how."
        return Step("errors", says, ((anonymous,) if self._probe.login else ()) + gone)

    def _stream(self, session: str, stream: str, chunks: int | None, user: int = 1) -> Action:
        much = {None: "read to its end", 0: "left at its head"}.get(chunks, f"left after {chunks} chunks")
        says = f"stream {stream}, {much}"
        return Action(Call.STREAM, says, user, session, stream, chunks=chunks, must=True)

    def _update(
        self, session: str, says: str, stream: str = "", *, text: str | None = None, user: int = 1
    ) -> Action:
        return Action(Call.UPDATE, f"send {says}", user, session, stream, text)


def _as(user: int) -> str:
    return "" if user == 1 else " as the second user"
