"""Several recordings, judged by several processes; the results come in the order of the recordings."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path

from contract.profile import Profile
from recordings.reader import Recording
from replay.judging import Advance, Judged, Task, judge, own_profile, unheard

WORTH_IT = 500_000
"""Events from which on further processes pay: to start one takes as long as to judge some 300,000."""


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(jobs: int | None, recordings: int, events: int) -> int:
    """How many processes judge so many recordings with so many events: `jobs`, or what pays."""
    if jobs is None:
        jobs = cores() if events >= WORTH_IT else 1
    return max(1, min(jobs, recordings))


def judge_file(path: Path, profile: Profile | None, task: Task, advance: Advance = unheard) -> Judged:
    """Judge the recording at `path` by `profile`, or by its own.

    Raises `RecordingError` and `ProfileError`.
    """
    with Recording(path) as recording:
        return judge(str(path), recording, profile or own_profile(recording), task, advance)


def judge_files(paths: Iterable[Path], profile: Profile | None, task: Task, jobs: int) -> Iterator[Judged]:
    """The same for several, by `jobs` other processes, in the order of `paths`. For the main thread only.

    The first recording that cannot be judged ends it, as it would with one process. No more than twice
    `jobs` results wait for being taken. However it ends, no process is left.
    """
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(stop,)) as pool:
        waiting: deque[Future[Judged]] = deque()
        try:
            for path in paths:
                with _interrupt_later():
                    waiting.append(pool.submit(_judge_if_wanted, path, profile, task))
                if len(waiting) >= 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # To end the processes by force could cut a result short, for whose rest the pool would wait.
            stop.set()
            for future in waiting:
                future.cancel()


@contextlib.contextmanager
def _interrupt_later() -> Iterator[None]:
    """Ctrl-C waits: a process half started could not be ended. What starts meanwhile never hears it."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(signal.SIGINT, None)


_stop: Event | None = None
"""In a process that judges: whether its work is still wanted."""


class _Unwanted(Exception):  # noqa: N818 - nothing is wrong
    """What is being judged is not wanted any more."""


def _begin(stop: Event) -> None:
    """Set up a process that judges: it ends with the one that started it, however that ends."""
    global _stop
    _stop = stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _judge_if_wanted(path: Path, profile: Profile | None, task: Task) -> Judged:
    _look(0)
    return judge_file(path, profile, task, _look)


def _look(events: int) -> None:
    if _stop is not None and _stop.is_set():
        raise _Unwanted
