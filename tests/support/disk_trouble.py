"""What can go wrong with a recording's file while a proxy writes it: a context manager for each."""

import contextlib
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil

from tests.support.proxy import Proxy

type Trouble = Callable[[Proxy], AbstractContextManager[None]]

_ROOM = 64 * 1024


@contextlib.contextmanager
def no_room(proxy: Proxy) -> Iterator[None]:
    """No file of the proxy's may grow beyond a few kilobytes more than its log has: writes fail."""
    process = psutil.Process(proxy.pid)
    before, most = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (proxy.log_path.stat().st_size + _ROOM, most))
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_FSIZE, (before, most))


@contextlib.contextmanager
def full_disk(proxy: Proxy) -> Iterator[None]:
    """Fill the recording's file system; only for a small one of the test's own (`small_disk`)."""
    filler = proxy.recording.with_name("filler")
    try:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def locked(proxy: Proxy) -> Iterator[None]:
    """Another program holds the write lock."""
    with contextlib.closing(sqlite3.connect(proxy.recording, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def being_read(proxy: Proxy) -> Iterator[None]:
    """Another program holds a read transaction, so that the write-ahead log cannot be emptied."""
    with contextlib.closing(sqlite3.connect(proxy.recording, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM exchange").fetchone()
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def unwritable(proxy: Proxy) -> Iterator[None]:
    """The recording and its folder are read-only; for a proxy with the script `ordinary_user.py`."""
    paths = [path for path in proxy.recording.parent.iterdir() if path.name.startswith("recording")]
    folder = proxy.recording.parent
    for path in paths:
        path.chmod(0o400)
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)
        for path in paths:
            if path.exists():
                path.chmod(0o600)


@contextlib.contextmanager
def small_disk(size: str = "64m") -> Iterator[Path]:
    """Mount a file system of `size`; raises OSError where this process may not."""
    with tempfile.TemporaryDirectory(prefix="small-disk-") as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            raise OSError(f"{folder}: nothing can be mounted there")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True, capture_output=True)


def can_mount() -> bool:
    """Whether `small_disk` works here."""
    if shutil.which("mount") is None:
        return False
    try:
        with small_disk("64k"):
            return True
    except OSError:
        return False
