"""A real mitmdump process in front of something, as users run it: `Proxy`.

The process listens on loopback, on ports that the system chooses, with a configuration folder, a
recording and a home for keys of its own, so that tests neither meet each other nor the user's files.
"""

import atexit
import contextlib
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from mitmproxy.certs import CertStore
from mitmproxy.proxy.mode_specs import ProxyMode

from tests.support.verdicts import assert_live_equals_offline

CHECKOUT = Path(__file__).resolve().parents[2]
STREAMID = CHECKOUT / "addons" / "streamid.py"
BARE = Path(__file__).with_name("bare.py")
"""mitmdump with `stream=True` and nothing else: the reference that streamid is compared with."""
MITMDUMP = Path(sys.executable).with_name("mitmdump")

_LISTENING = re.compile(r"(?P<mode>\S.*) listening at (?P<address>\S+?)(?: and .*)?\.\s*$", re.MULTILINE)


class ProxyError(AssertionError):
    """mitmdump ended, or did not do in time what was waited for; the message shows its log."""


class Proxy:
    """mitmdump with the given modes, up and listening inside the `with` block.

    `modes` are mitmproxy's (`regular`, `reverse:http://…`); where one says no port, the system
    chooses it, and `ports` lists them in the order of the modes. `script` is the addon to load
    (streamid's front door; any path to it; None for none), `scripts` more of them, loaded after it.
    `folder` (default: a temporary one, removed at the end) gets the log, the configuration and the
    recording. With streamid, `streamid_record` is set to a file there unless `options` has it or
    `record` is False; `recording` is its path.
    """

    def __init__(
        self,
        *modes: str,
        script: Path | str | None = STREAMID,
        scripts: Sequence[Path | str] = (),
        options: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        cwd: Path | str | None = None,
        folder: Path | None = None,
        record: bool = True,
        environment: Mapping[str, str] | None = None,
        patience: float = 30.0,
    ) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="proxy-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.modes = _with_ports(modes or ("regular",))
        self.scripts = [*([script] if script else []), *scripts]
        self.options = dict(options or {})
        if script and script != BARE and record:
            self.options.setdefault("streamid_record", str(self.folder / "recording.db"))
        self.recording = Path(self.options.get("streamid_record", self.folder / "recording.db"))
        self.arguments = list(arguments)
        self.cwd = Path(cwd) if cwd else self.folder
        self.environment = dict(environment or {})
        self.patience = patience
        self.ports: list[int] = []
        self.log_path = self.folder / "mitmdump.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port of the first mode."""
        return self.ports[0]

    @property
    def pid(self) -> int:
        """The process, for `kill` and for measuring it."""
        return self._running().pid

    @property
    def returncode(self) -> int | None:
        """As `subprocess.Popen.returncode`, None while it runs."""
        return self._running().poll()

    @property
    def confdir(self) -> Path:
        """mitmproxy's configuration folder, with the CA."""
        return self.folder / "confdir"

    @property
    def authority(self) -> Path:
        """The CA certificate (PEM) that clients of this proxy have to trust."""
        return self.confdir / "mitmproxy-ca-cert.pem"

    def command(self) -> list[str]:
        """The command line, complete."""
        line = [str(MITMDUMP), "--set", f"confdir={self.confdir}", "--listen-host", "127.0.0.1"]
        for mode in self.modes:
            line += ["--mode", mode]
        for script in self.scripts:
            line += ["-s", str(script)]
        for name, value in self.options.items():
            line += ["--set", f"{name}={value}"]
        return line + self.arguments

    def start(self) -> Self:
        """Start mitmdump and wait until all its modes listen."""
        if not self.confdir.exists():
            shutil.copytree(shared_authority(), self.confdir)
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "XDG_CONFIG_HOME": str(self.folder / "config")}
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.cwd,
                env=environment | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait(self._listens, "did not listen")
            self._wait(self._settled(), "did not settle")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout: float = 20.0) -> int:
        """Send `how` to the process, unless it has ended, and wait for its end; returns its exit code."""
        process = self._running()
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ProxyError(f"mitmdump did not stop on {how.name}:\n{self.log()}") from None

    def log(self) -> str:
        """Everything that mitmdump has printed so far, stdout and stderr."""
        return self.log_path.read_text("utf-8", "replace")

    def wait_for(self, text: str, timeout: float | None = None) -> str:
        """Wait until the log has `text`; returns the log."""
        self._wait(lambda: text in self.log(), f"did not print {text!r}", timeout)
        return self.log()

    def reload(self) -> None:
        """Touch the script as an editor would, and wait until mitmproxy has loaded it again.

        Only for a script of the test's own (`copied_checkout`): the one of this checkout may be in
        use by other proxies.
        """
        script = Path(self.scripts[0])
        if script.resolve().is_relative_to(CHECKOUT):
            raise ValueError("to reload, run the proxy with a script from copied_checkout()")
        before = self.log().count("Loading script")
        os.utime(script)
        self._wait(lambda: self.log().count("Loading script") > before, "did not reload")

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self._clean()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
            if kind is None and self.recording.exists():
                # Whatever a test is about: the recording gives the findings that the live run gave.
                assert_live_equals_offline(self.recording)
        finally:
            self._clean()

    def _clean(self) -> None:
        if self._temporary:
            self._temporary.cleanup()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ValueError("the proxy was not started")
        return self._process

    def _listens(self) -> bool:
        found: dict[str, list[int]] = {}
        wanted = [ProxyMode.parse(mode).description for mode in self.modes]
        for line in _LISTENING.finditer(self.log()):
            port = int(line["address"].rpartition(":")[2])
            name = next((name for name in wanted if line["mode"].endswith(name)), "")
            found.setdefault(name, []).append(port)
        self.ports = [found[name].pop(0) for name in wanted if found.get(name)]
        return len(self.ports) == len(wanted)

    def _settled(self) -> Callable[[], bool]:
        """True a moment later: an addon's error in `running` ends mitmdump just after it listens."""
        then = time.monotonic() + 0.1
        return lambda: time.monotonic() > then and "Error logged during startup" not in self.log()

    def _wait(self, holds: Callable[[], bool], trouble: str, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or self.patience)
        while not holds():
            code = self._running().poll()
            if code is not None and not holds():
                raise ProxyError(f"mitmdump ended with code {code}:\n{self.log()}")
            if time.monotonic() > deadline:
                raise ProxyError(f"mitmdump {trouble} in time:\n{self.log()}")
            time.sleep(0.02)


def _with_ports(modes: Sequence[str]) -> list[str]:
    """Give each mode a port; mitmproxy takes port 0 ("any") once only, so the others get free ones."""
    with contextlib.ExitStack() as taken:
        free = [0, *(_free_port(taken) for _ in modes[1:])]
    return [
        mode if "@" in mode else f"{mode}@127.0.0.1:{port}" for mode, port in zip(modes, free, strict=True)
    ]


def _free_port(taken: contextlib.ExitStack) -> int:
    listener = taken.enter_context(socket.create_server(("127.0.0.1", 0)))
    port: int = listener.getsockname()[1]
    return port


@functools.cache
def shared_authority() -> Path:
    """A configuration folder with a CA, made once per test run (making the key takes long)."""
    folder = Path(tempfile.mkdtemp(prefix="authority-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    CertStore.create_store(folder, "mitmproxy", 2048)
    return folder


def copied_checkout(folder: Path) -> Path:
    """Copy the rooms of this checkout into `folder`, and return the front door of the copy."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    for room in settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        shutil.copytree(CHECKOUT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "addons" / "streamid.py"
