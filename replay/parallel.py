"""Several recordings, judged by several processes; the results come in the order of the recordings."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
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
    """The same for several, by `jobs` other processes, in the order of `paths`.

    The first recording that cannot be judged ends it, as it would with one process. No more than twice
    `jobs` results wait for being taken. However it ends, no process is left.
    """
    context, others = multiprocessing.get_context("spawn"), multiprocessing.active_children()
    with ProcessPoolExecutor(jobs, context, initializer=_begin) as pool:
        waiting: deque[Future[Judged]] = deque()
        try:
            for path in paths:
                waiting.append(pool.submit(judge_file, path, profile, task))
                if len(waiting) >= 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                if child not in others:
                    child.terminate()
            raise


def _begin() -> None:
    """Ctrl-C is for the process that started this one; this one ends with it, however that ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
