"""`streamid serve` as users run it: `Serving`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from recordings.reader import Recording
from replay.recorded import origin
from tests.support.proxy import CHECKOUT, shared_authority

COMMAND = (sys.executable, "-c", "from cli.main import main; main(prog_name='streamid')")


class Serving:
    """A playback of `recordings`, up and listening inside the `with` block.

    `url(origin)` is where a recorded origin is played; `lines` are the objects that it has logged so far.
    With `recorded_ports` that may be the recorded port; else it is a free one, as others may want the same.
    """

    def __init__(
        self,
        *recordings: Path,
        arguments: tuple[str, ...] = (),
        cwd: Path | None = None,
        recorded_ports: bool = False,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="serving-")
        self.folder = Path(self._temporary.name)
        self._line = [*COMMAND, "serve", *map(str, recordings), "--log", "json", *arguments]
        if not recorded_ports:
            mapped = {argument.rpartition("=")[0] for argument in arguments}
            self._line += _anywhere(recordings, mapped)
        self._line += ["--set", f"confdir={self.folder / 'confdir'}"]
        self._cwd = cwd or CHECKOUT
        self.lines: list[dict[str, Any]] = []
        self.log: list[str] = []
        self._started = threading.Event()

    @property
    def authority(self) -> Path:
        """The CA certificate that clients have to trust for TLS."""
        return self.folder / "confdir" / "mitmproxy-ca-cert.pem"

    @property
    def pid(self) -> int:
        """The process, for measuring it."""
        return self._process.pid

    @property
    def origins(self) -> dict[str, str]:
        """Where each recorded origin is played."""
        run = next(line for line in self.lines if line["streamid"] == "run")
        return {each["origin"]: each["url"] for each in run["playback"]["origins"]}

    def url(self, origin: str) -> str:
        """Where this origin is played."""
        return self.origins[origin]

    def __enter__(self) -> Self:
        shutil.copytree(shared_authority(), self.folder / "confdir")
        self._process = subprocess.Popen(
            self._line,
            cwd=self._cwd,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        if not self._started.wait(30):
            self.stop()
            raise AssertionError(f"it did not start: {self.text}")
        if not self.lines:
            self.stop()
            raise AssertionError(f"it ended: {self.text}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._temporary.cleanup()

    def stop(self) -> None:
        """End it, and read what it still says."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)
        self._reading.join(5)

    @property
    def text(self) -> str:
        """All that it printed which is no object."""
        return "".join(self.log)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as out:
            for line in out:
                if line.startswith("{"):
                    self.lines.append(json.loads(line))
                    if self.lines[-1]["streamid"] == "run":
                        self._started.set()
                else:
                    self.log.append(line)
        self._started.set()


def _anywhere(recordings: tuple[Path, ...], mapped: set[str]) -> list[str]:
    """Arguments that give each recorded origin a free port, but those that are `mapped` already."""
    found: dict[str, None] = {}
    for path in recordings:
        with Recording(path) as recording:
            found |= dict.fromkeys(origin(*each) for each in recording.origins())
    return [word for each in found if each not in mapped for word in ("--map", f"{each}=127.0.0.1:0")]
