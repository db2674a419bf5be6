"""What healthy clients do, as data, and the strategies that draw it."""

from dataclasses import dataclass
from enum import StrEnum

from hypothesis import strategies as st

from tests.healthy.gate import Trouble

ORIGINS = (None, "http://localhost:8080", "https://app.example")


class Question(StrEnum):
    """Messages that the lab's model answers in its own ways."""

    SHORT = "Tell me"
    LONG = "A very detailed answer, please"
    FAILING = "Please fail mid-stream"


class Look(StrEnum):
    """Requests that change nothing; `{session}` is the chat's."""

    MESSAGES = "/chat/sessions/{session}/messages"
    SESSION = "/chat/sessions/{session}"
    SESSIONS = "/chat/sessions?page=1&limit=2"
    MODELS = "/models"
    HEALTH = "/health"


class Leaving(StrEnum):
    """When a client that does not read to the end leaves the stream."""

    BEFORE_UPDATE = "and leaves"
    AFTER_UPDATE = "and leaves after the update"


@dataclass(frozen=True, slots=True)
class Stream:
    """Ask, and read: all of it (`reads` None), or some events; then leave. A long one may be `observed`."""

    question: Question = Question.SHORT
    reads: int | None = None
    troubles: tuple[Trouble, ...] = ()
    observed: bool = False


@dataclass(frozen=True, slots=True)
class Aborted:
    """Ask, and close the connection after `size` bytes of the body at the latest; 0 is after the head."""

    size: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A stream, negative tests, and the update with the right ID: again until an answer comes through.

    `after` are negative tests that follow the accepted update.
    """

    stream: Stream
    leaving: Leaving = Leaving.BEFORE_UPDATE
    before: tuple[str | None, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    after: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Invented:
    """An update with an ID that no one issued: careless, so never drawn; it shows what errors look like."""

    id: str


type Step = Turn | Stream | Aborted | Look | Invented


@dataclass(frozen=True, slots=True)
class Chat:
    """One client with a chat session of its own, from its creation on, and deleted at the end or not."""

    user: str = "user1"
    http2: bool = False
    origin: str | None = None
    cookies: bool = False
    steps: tuple[Step, ...] = ()
    deletes: bool = False


type Script = tuple[Chat, ...]
"""Chats that go on at the same time."""

WRONG = ("incorrect-format", "stream-12345", "stream-12345-uuid")
MISSING = (None, "")
"""Sent only once the same client has echoed rightly in that chat, as testers do."""

_wrong = st.sampled_from(WRONG) | st.builds(
    lambda second: f"incorrect-id-{1_732_312_345 + second}", st.integers(0, 9)
)
_stream_troubles = st.lists(
    st.sampled_from((Trouble.UNAVAILABLE, Trouble.CUT_BEFORE, Trouble.CUT_AFTER)), max_size=1
).map(tuple)
_update_troubles = st.lists(st.sampled_from(Trouble), max_size=2).map(tuple)
_streams = st.builds(
    Stream,
    st.sampled_from((Question.SHORT, Question.SHORT, Question.FAILING)),
    st.none() | st.integers(0, 5),
    _stream_troubles,
) | st.builds(
    Stream,
    st.just(Question.LONG),
    st.none() | st.integers(1, 5),
    _stream_troubles,
    st.booleans(),
)
_aborted = st.builds(Aborted, st.integers(0, 400))


@st.composite
def _turns(draw: st.DrawFn, is_known: bool) -> Turn:
    """A turn; `is_known` where the client has echoed rightly in this chat before."""
    missing = st.sampled_from(MISSING)
    return draw(
        st.builds(
            Turn,
            _streams,
            st.sampled_from(Leaving),
            st.lists(_wrong | missing if is_known else _wrong, max_size=2).map(tuple),
            _update_troubles,
            st.lists(_wrong | missing, max_size=1).map(tuple),
        )
    )


@st.composite
def chats(draw: st.DrawFn) -> Chat:
    """A client and what it does."""
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 3))):
        is_known = any(isinstance(step, Turn) for step in steps)
        steps.append(draw(_turns(is_known) | _turns(is_known) | _aborted | _streams | st.sampled_from(Look)))
    return Chat(
        user=draw(st.sampled_from(("user1", "user2"))),
        http2=draw(st.booleans()),
        origin=draw(st.sampled_from(ORIGINS)),
        cookies=draw(st.booleans()),
        steps=tuple(steps),
        deletes=draw(st.booleans()),
    )


scripts: st.SearchStrategy[Script] = st.lists(chats(), min_size=1, max_size=3).map(tuple)
