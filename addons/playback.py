"""Recordings in the place of services: the thread that finds answers, and what the run knows of it.

The event loop never waits for it: a stream asks, and is told on the loop when the answer is there.
"""

import asyncio
import gc
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mitmproxy.proxy import commands
from mitmproxy.proxy.mode_servers import ServerInstance
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.tls import ClientHelloData

from addons.playback_settings import PlaybackSettings
from contract.profile import Profile
from recordings.errors import RecordingError
from replay.playback.errors import NeedsDiskError

if TYPE_CHECKING:
    from replay.playback.missing import Miss
    from replay.playback.player import Answer, Player
    from replay.recorded import Recorded

logger = logging.getLogger("streamid")


@dataclass(slots=True)
class Question:
    """What a client asks; `early`: its request is not complete, and only the head of it can be matched.

    The answer to an early question is None where the recorded service waited for the whole request.
    """

    asked: "Recorded"
    early: bool
    answer: "Answer | None" = None


@dataclass(eq=False)
class StreamidPlaybackHook(commands.StartHook):
    """Asks the playback; done when the question has its answer."""

    question: Question


type _Item = tuple[Question, asyncio.Future[None]]


class StreamidPlayback:
    """Plays recordings on a thread of its own, once it was started."""

    def __init__(self) -> None:
        self.settings: PlaybackSettings | None = None
        """What is played; None for nothing."""
        self.exchanges = 0
        self.lost = 0
        """Exchanges that cannot be played, because bytes of their answers were not kept."""
        self.answers_early = False
        """Whether any recorded answer began before its request was complete."""
        self._secure: dict[tuple[str, int], set[str]] = {}
        self._asked: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._player: Player | None = None
        self._lock = threading.Lock()
        """Whoever has it may use the player."""
        self._failure: Exception | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, settings: PlaybackSettings, profile: Profile) -> None:
        """Open the recordings. Raises `RecordingError` where they cannot be played."""
        arguments = settings, profile
        self._thread = threading.Thread(
            target=self._run, args=arguments, name="streamid playback", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        self.settings = settings

    def stop(self) -> None:
        """Let go of the recordings."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join(5)
            self.settings = self._thread = None

    def at_once(self, question: Question) -> bool:
        """Answer without waiting, if that can be done: all is in memory, and nobody else asks."""
        if self._player is None or not self._lock.acquire(blocking=False):
            return False
        try:
            question.answer = _answer(self._player.at_once, question)
        except NeedsDiskError:
            return False
        finally:
            self._lock.release()
        if question.answer is not None:
            self._note(question.answer)
        return True

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Agree on the HTTP version that the recorded service spoke; mitmproxy would ask it."""
        address = data.context.server.address
        versions = self._secure.get(address[:2]) if address else None
        if versions is None:
            return
        wanted = b"h2" if "HTTP/2.0" in versions else b"http/1.1"
        if wanted in data.client_hello.alpn_protocols:
            data.context.client.alpn = wanted

    async def streamid_playback(self, question: Question) -> None:
        """Answer a question; the event loop goes on meanwhile."""
        told = asyncio.get_running_loop().create_future()
        self._asked.put((question, told))
        await told
        if question.answer is not None:
            self._note(question.answer)

    def _run(self, settings: PlaybackSettings, profile: Profile) -> None:
        from replay.playback.player import Player  # not loaded where nothing is played

        try:
            player = Player(settings.paths, profile, settings.manners)
        except (RecordingError, OSError, ValueError) as error:
            self._failure = error
            self._ready.set()
            return
        with player:
            self._player = player
            self.exchanges = len(player.library.entries)
            self._secure = player.library.secure
            self.answers_early, self.lost = player.library.answers_early, player.library.lost
            gc.freeze()  # the index stays: a full collection need not look through it while streams wait
            self._ready.set()
            while (item := self._asked.get()) is not None:
                question, told = item
                with self._lock:
                    question.answer = _answer(player.answer, question)
                told.get_loop().call_soon_threadsafe(_tell, told)

    def _note(self, answer: "Answer") -> None:
        if answer.unreadable:
            logger.error("streamid: playback: %s", answer.unreadable)
        elif answer.miss is not None:
            self._log(answer.miss)

    def _log(self, miss: "Miss") -> None:
        first, *others = miss.lines()
        if self.settings is not None and self.settings.explains:
            for line in (first, *others):
                logger.warning("streamid: playback: %s", line)
        else:
            logger.warning(
                "streamid: playback: %s%s", first, f"; nearest: {others[0].strip()}" if others else ""
            )


def _answer(ask: Callable[..., "Answer | None"], question: Question) -> "Answer | None":
    """What the player says; where the recording is damaged, no performance."""
    from replay.playback.player import Answer

    try:
        return ask(question.asked, early=question.early)
    except NeedsDiskError:
        raise
    except RecordingError as error:
        return Answer(None, unreadable=str(error))
    except Exception as error:  # one request must not cost the others their playback
        logger.exception("streamid: playback: a request could not be answered")
        return Answer(None, unreadable=f"{type(error).__name__}: {error}")


def _tell(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)


def playback_fields(playback: StreamidPlayback, servers: Iterable[ServerInstance[Any]]) -> dict[str, Any]:
    """What is played, for the JSON line about the run: recordings, and where each origin is to be found."""
    from replay.recorded import origin

    urls = [
        {"origin": origin(mode.scheme, *mode.address[:2]), "url": origin(mode.scheme, *address[:2])}
        for server in servers
        for address in server.listen_addrs[:1]
        if isinstance(mode := server.mode, ReverseMode)
    ]
    recordings = [str(path) for path in playback.settings.paths] if playback.settings else []
    counts = {"exchanges": playback.exchanges, "lost": playback.lost}
    return {"recordings": recordings, **counts, "origins": urls}
