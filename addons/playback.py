"""Recordings in the place of services: the thread that finds answers, and what the run knows of it.

The event loop never waits for it: a stream asks, and is told on the loop when the answer is there.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable

from addons.playback_settings import PlaybackSettings
from contract.profile import Profile
from recordings.errors import RecordingError
from replay.playback.player import Answer, Player
from replay.recorded import Recorded

logger = logging.getLogger("streamid")

type Told = Callable[[Answer], None]


class Playback:
    """Plays recordings on a thread of its own. Raises `RecordingError` where they cannot be played."""

    def __init__(self, settings: PlaybackSettings, profile: Profile) -> None:
        self.settings = settings
        self.origins: list[str] = []
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
            self.origins = player.library.origins
            self._ready.set()
            while (item := self._asked.get()) is not None:
                asked, told = item
                self._loop.call_soon_threadsafe(told, self._answer(player, asked))

    def _answer(self, player: Player, asked: Recorded) -> Answer:
        try:
            answer = player.answer(asked)
        except RecordingError as error:
            logger.error("streamid: %s", error)
            answer = Answer(None)
        self.played += answer.miss is None
        if answer.miss is not None:
            self.misses += 1
            first, *others = answer.miss.lines()
            logger.warning(
                "streamid: playback: %s%s", first, f"; nearest: {others[0].strip()}" if others else ""
            )
        return answer
