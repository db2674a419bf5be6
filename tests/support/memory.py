"""How much memory processes take, as the kernel counts it."""

import re
import subprocess
import threading
from pathlib import Path

import psutil

MIB = 1024 * 1024
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def resident(pid: int) -> float:
    """MiB that the process has in memory now."""
    return float(psutil.Process(pid).memory_info().rss) / MIB


def peak_of(process: "subprocess.Popen[str]") -> float:
    """Wait for `process`, whose output nobody has to read, and return the most MiB that it ever had."""
    most, over = 0, threading.Event()
    status = Path(f"/proc/{process.pid}/status")
    while not over.is_set():
        try:
            found = _PEAK.search(status.read_text())
        except (FileNotFoundError, ProcessLookupError):
            break
        most = max(most, int(found[1]) if found else 0)
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        over.set()
    return most / 1024
