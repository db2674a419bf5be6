"""Recordings in the place of services: the thread that finds answers, and what the run knows of it.

The event loop never waits for it: a stream asks, and is told on the loop when the answer is there.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

from mitmproxy.proxy.mode_servers import ServerInstance
from mitmproxy.proxy.mode_specs import ReverseMode

from addons.playback_settings import PlaybackSettings
from contract.profile import Profile
from recordings.errors import RecordingError
from replay.playback.library import origin
from replay.playback.missing import Miss
from replay.playback.player import Answer, Player
from replay.recorded import Recorded

logger = logging.getLogger("streamid")

type Told = Callable[[Answer], None]


class Playback:
    """Plays recordings on a thread of its own. Raises `RecordingError` where they cannot be played."""

    def __init__(self, settings: PlaybackSettings, profile: Profile) -> None:
        self.settings = settings
        self.origins: list[str] = []
        self.exchanges = 0
        self.misses = self.played = 0
        self._asked: queue.SimpleQueue[tuple[Recorded, Told] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._failure: Exception | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(profile,), name="streamid playback", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def ask(self, asked: Recorded, told: Told) -> None:
        """Have `told` called on the event loop with the answer to `asked`."""
        self._asked.put((asked, told))

    def close(self) -> None:
        """Let go of the recordings."""
        self._asked.put(None)
        self._thread.join(5)

    def _run(self, profile: Profile) -> None:
        try:
            player = Player(self.settings.paths, profile, self.settings.manners)
        except (RecordingError, OSError, ValueError) as error:
            self._failure = error
            self._ready.set()
            return
        with player:
            self.origins, self.exchanges = player.library.origins, len(player.library.entries)
            self._ready.set()
            while (item := self._asked.get()) is not None:
                asked, told = item
                self._loop.call_soon_threadsafe(self._tell, _answer(player, asked), told)

    def _tell(self, answer: Answer, told: Told) -> None:
        if answer.unreadable:
            logger.error("streamid: playback: %s", answer.unreadable)
        elif answer.miss is None:
            self.played += 1
        else:
            self.misses += 1
            self._log(answer.miss)
        told(answer)

    def _log(self, miss: Miss) -> None:
        first, *others = miss.lines()
        if self.settings.explains:
            for line in (first, *others):
                logger.warning("streamid: playback: %s", line)
        else:
            logger.warning(
                "streamid: playback: %s%s", first, f"; nearest: {others[0].strip()}" if others else ""
            )


def _answer(player: Player, asked: Recorded) -> Answer:
    """What the player says; where the recording is damaged, no performance."""
    try:
        return player.answer(asked)
    except RecordingError as error:
        return Answer(None, unreadable=str(error))


def playback_fields(playback: Playback, servers: Iterable[ServerInstance[Any]]) -> dict[str, Any]:
    """What is played, for the JSON line about the run: recordings, and where each origin is to be found."""
    urls = [
        {"origin": origin(mode.scheme, *mode.address[:2]), "url": origin(mode.scheme, *address[:2])}
        for server in servers
        for address in server.listen_addrs[:1]
        if isinstance(mode := server.mode, ReverseMode)
    ]
    recordings = [str(path) for path in playback.settings.paths]
    return {"recordings": recordings, "exchanges": playback.exchanges, "origins": urls}
