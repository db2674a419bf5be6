"""Which processor each side of a measurement has, where the system lets us choose.

The proxy has one to itself; load, service and the measuring process share another one.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def proxy_core() -> int | None:
    """The processor of what is measured; None where there is only one, or no choice."""
    cores = _available()
    return cores[0] if len(cores) > 1 else None


def give_proxy_core(pid: int) -> None:
    """Move every thread of `pid` to the proxy's processor; threads made later follow their makers."""
    core = proxy_core()
    if core is None:
        return
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), {core})


@contextlib.contextmanager
def on_load_core() -> Iterator[None]:
    """Keep this process off the proxy's processor for as long as it makes the load."""
    core = proxy_core()
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before - {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _available() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def count() -> int:
    """How many processors this process may use."""
    return len(_available()) or os.cpu_count() or 1
