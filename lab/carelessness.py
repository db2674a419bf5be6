"""Clients that make the mistakes of real ones: each overrides a decision of the tester.

Nothing here needs the lab's libraries, so that a command line can name the clients without them.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.headers import NAME, fallback_id

if TYPE_CHECKING:
    from lab.tester import Stream, StreamingTester

EARLY = 5
"""Chunks after which early readers have enough, and all clients that are about to send a wrong ID."""
BROKEN_AFTER = 3
"""Chunks after which a client that breaks off has had its connection."""


class Habits:
    """How a client reads, and what it does with the IDs; this one makes no mistakes."""

    def stop_after(self, asked: int) -> int:
        """Chunks to read of the first stream, 0 for all; `asked` is what the options say."""
        return asked

    def converse(self, tester: "StreamingTester") -> None:
        """The streams of a run, and their updates: a right one, a wrong one, and the probe list."""
        tester.test_stream_with_correct_session_id()
        tester.test_stream_with_incorrect_session_id()
        tester.test_probe_list()


class EarlyReader(Habits):
    """Does not wait for the end of the answer."""

    def stop_after(self, asked: int) -> int:
        """A few chunks, unless the options say how many."""
        return asked or EARLY


class Aborts(Habits):
    """Loses a connection in the middle of an answer, and starts again."""

    def converse(self, tester: "StreamingTester") -> None:
        """One stream that is broken off, then everything as it should be."""
        tester.abort_stream(BROKEN_AFTER)
        super().converse(tester)


class Careless(Habits):
    """One stream and one update under what it takes for the ID; no negative tests, no retries."""

    def echo(self, stream: "Stream") -> str | None:
        """The ID to send, None to leave the field out."""
        return stream.id

    def converse(self, tester: "StreamingTester") -> None:
        """Stream, and save."""
        tester.log.header("Stream, and save carelessly")
        self.save(tester, tester.streams(*self.chats(tester), stop_after=self._chunks(tester), checked=True))

    def chats(self, tester: "StreamingTester") -> list[str]:
        """The chat sessions to stream in, all at once."""
        return [tester.session]

    def save(self, tester: "StreamingTester", streams: "list[Stream]") -> None:
        """Send the updates; `streams` is empty where none could be started."""
        tester.check_saved(*[tester.save_once(stream, self.echo(stream)) for stream in streams])

    def _chunks(self, tester: "StreamingTester") -> int:
        return self.stop_after(tester.options.stop_after)


class NeverExtract(Careless):
    """Does not know that there is an ID."""

    def echo(self, stream: "Stream") -> str | None:
        """Nothing."""
        return None


class Fabricate(Careless):
    """Invents an ID in the service's own format."""

    def echo(self, stream: "Stream") -> str | None:
        """`stream-<unix ms>-<8 hex>`."""
        return fallback_id()


class FabricateSeconds(Careless):
    """Invents an ID from a clock that counts seconds."""

    def echo(self, stream: "Stream") -> str | None:
        """`stream-<unix s>`."""
        return f"stream-{int(time.time())}"


class CaseSensitive(Careless):
    """Compares header names to the letter, although they have no case (RFC 9110 §5.1)."""

    def echo(self, stream: "Stream") -> str | None:
        """The ID, if its header is spelled as documented; else an invented one."""
        return dict(stream.fields).get(NAME) or fallback_id()


class Altered(Careless):
    """Puts the ID through a function that changes it."""

    def echo(self, stream: "Stream") -> str | None:
        """The ID in upper case."""
        return stream.id.upper()


class Stale(Careless):
    """Keeps the ID of the first stream for all that follow in the chat."""

    def converse(self, tester: "StreamingTester") -> None:
        """Two streams one after the other; only the second is saved."""
        tester.log.header("Stream twice, and save under the first ID")
        first = tester.streams(tester.session, stop_after=self._chunks(tester), checked=True)
        second = tester.streams(tester.session, stop_after=self._chunks(tester)) if first else []
        tester.check_saved(*[tester.save_once(new, old.id) for old, new in zip(first, second, strict=False)])


class CrossWired(Careless):
    """Keeps one ID for two chats that go on at once, and mixes them up."""

    def chats(self, tester: "StreamingTester") -> list[str]:
        """The first and another; none where there is no other."""
        another = tester.new_session()
        return [tester.session, another] if another else []

    def save(self, tester: "StreamingTester", streams: "list[Stream]") -> None:
        """Each under the ID of the other."""
        tester.check_saved(
            *[
                tester.save_once(stream, other.id)
                for stream, other in zip(streams, reversed(streams), strict=True)
            ]
        )


class DoubleCommit(Careless):
    """Saves the same answer twice, as a button that is pressed twice does."""

    def save(self, tester: "StreamingTester", streams: "list[Stream]") -> None:
        """Each under its own ID, and once more."""
        super().save(tester, [stream for stream in streams for _ in range(2)])


@dataclass(frozen=True, slots=True)
class ClientBug:
    """A way in which the tester can be careless; `breaks` has the codes of the rules that tell it.

    `is_healthy` clients do nothing wrong: they behave oddly, and no rule may object. A client that is not,
    and breaks nothing, does so only where something else goes wrong with it.
    """

    name: str
    summary: str
    habits: type[Habits]
    breaks: tuple[str, ...] = ()
    is_healthy: bool = False


CLIENT_BUGS = {
    bug.name: bug
    for bug in (
        ClientBug("never-extract", "sends no ID", NeverExtract, ("EC201",)),
        ClientBug(
            "fabricate",
            "invents `stream-<unix ms>-<8 hex>`, as the service would",
            Fabricate,
            ("EC202", "EC203"),
        ),
        ClientBug("fabricate-seconds", "invents `stream-<unix s>`", FabricateSeconds, ("EC202", "EC203")),
        ClientBug(
            "case-sensitive",
            "looks for `X-Streaming-Session-Id` in exactly these letters, and else invents an ID",
            CaseSensitive,
        ),
        ClientBug("stale", "streams twice in a chat, and sends the first stream's ID", Stale, ("EC204",)),
        ClientBug(
            "cross-wired",
            "streams in two chats at once, and sends each the other's ID",
            CrossWired,
            ("EC205",),
        ),
        ClientBug("altered", "sends the ID in upper case", Altered, ("EC206",)),
        ClientBug("double-commit", "sends the update twice", DoubleCommit, ("EC207",)),
        ClientBug("early-reader", "stops reading after 5 chunks", EarlyReader, is_healthy=True),
        ClientBug(
            "aborts", "breaks a stream's connection in the middle, and starts again", Aborts, is_healthy=True
        ),
    )
}
"""By name, in the order of the documentation."""
