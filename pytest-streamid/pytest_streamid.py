"""Record, play back and judge the HTTP traffic of tests with the `streamid` command.

`streamid_recorder` puts a recording proxy in front of a service, or plays back what it recorded before;
`streamid_playback` plays a recording of your own. What the test's client does is recorded either way, and
judged when the test is over: findings fail it. Everything is done by subprocesses; nothing of streamid is
imported, so its dependencies stay out of the environment of the tests.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

PATIENCE = 30.0
"""Seconds in which a proxy has to listen, and to end."""
_ATTEMPTS = 3
_PAUSE = 0.02
_LOOPBACK = "127.0.0.1"
_RECORD = ("once", "none", "all")
_FAIL_ON = ("error", "warning", "never")
_MARK = (
    "streamid(fail_on=, record=, profile=, select=, ignore=, speed=): how this test's traffic is recorded "
    "and judged; what is not given comes from the options"
)


class StreamidError(Exception):
    """The command is missing, did not start, or was asked for what it cannot do."""


# Options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, and the same in the ini file."""
    group = parser.getgroup("streamid", "recording and judging traffic with streamid")
    group.addoption(
        "--streamid-record",
        choices=_RECORD,
        help="once (default): record where there is no recording yet, else play it back; "
        "none: never record, a missing recording is an error; all: always record anew",
    )
    group.addoption(
        "--streamid-fail-on",
        choices=_FAIL_ON,
        help="the least severity of a finding that fails a test (default: error)",
    )
    group.addoption("--streamid-command", help="the streamid command (default: $STREAMID, then PATH)")
    parser.addini("streamid_record", "as --streamid-record", default="once")
    parser.addini("streamid_fail_on", "as --streamid-fail-on", default="error")
    parser.addini("streamid_command", "as --streamid-command", default="")
    parser.addini("streamid_profile", "the contract: a built-in profile's name or a TOML file", default="")
    parser.addini("streamid_speed", "how fast recordings are played: a number, or max", default="max")
    parser.addini(
        "streamid_recordings",
        "the folder for recordings, from the test file's; {module} is the name of that file",
        default="recordings",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and refuse values of the ini file that are none."""
    config.addinivalue_line("markers", _MARK)
    for name, known in (("streamid_record", _RECORD), ("streamid_fail_on", _FAIL_ON)):
        value = config.getini(name)
        if value not in known:
            raise pytest.UsageError(f"{name}: {value!r} is none of {', '.join(known)}")


@dataclass(frozen=True)
class Settings:
    """What is asked for one test: its marker, over the command line, over the ini file."""

    record: str
    fail_on: str
    profile: str
    speed: str
    select: str
    ignore: str
    folder: Path
    command: tuple[str, ...]


def _settings(item: pytest.Item) -> Settings:
    config, marked = item.config, _marked(item)

    def chosen(name: str) -> str:
        option = config.getoption(f"streamid_{name}", None)
        return str(marked.get(name) or option or config.getini(f"streamid_{name}"))

    record, fail_on = chosen("record"), chosen("fail_on")
    for name, value, known in (("record", record, _RECORD), ("fail_on", fail_on, _FAIL_ON)):
        if value not in known:
            raise pytest.UsageError(f"streamid marker: {name}={value!r} is none of {', '.join(known)}")
    folder = str(config.getini("streamid_recordings")).replace("{module}", item.path.stem)
    return Settings(
        record=record,
        fail_on=fail_on,
        profile=str(marked.get("profile") or config.getini("streamid_profile")),
        speed=str(marked.get("speed") or config.getini("streamid_speed")),
        select=str(marked.get("select", "")),
        ignore=str(marked.get("ignore", "")),
        folder=item.path.parent / folder,
        command=_command(config),
    )


def _marked(item: pytest.Item) -> dict[str, Any]:
    """The marker's arguments; those nearest to the test win."""
    known = ("fail_on", "record", "profile", "select", "ignore", "speed")
    found: dict[str, Any] = {}
    for mark in item.iter_markers("streamid"):
        unknown = [name for name in mark.kwargs if name not in known]
        if unknown or mark.args:
            raise pytest.UsageError(f"streamid marker: takes {', '.join(known)}, by name")
        found = {**mark.kwargs, **found}
    return found


def _command(config: pytest.Config) -> tuple[str, ...]:
    """The command's words: `uv tool run streamid` is one, too."""
    option = config.getoption("streamid_command", None)
    named = option or config.getini("streamid_command") or os.environ.get("STREAMID", "")
    words = tuple(shlex.split(str(named))) or ("streamid",)
    found = shutil.which(words[0])
    if found is None:
        raise StreamidError(
            f"there is no command {words[0]!r}: install streamid (pipx install streamid-proxy), or name it "
            "with --streamid-command, streamid_command in the ini file, or $STREAMID"
        )
    return (found, *words[1:])


# Running the command


class _Process:
    """A `streamid proxy` or `streamid serve`, listening until `stop`; `log` is all that it printed."""

    def __init__(self, line: Sequence[str], log_path: Path, cwd: Path) -> None:
        self._log_path = log_path
        with log_path.open("wb") as log:
            self._popen = subprocess.Popen(
                line,
                cwd=cwd,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.run = self._listening()
        except BaseException:
            self.stop()
            raise

    @property
    def log(self) -> str:
        return self._log_path.read_text("utf-8", "replace")

    def _listening(self) -> dict[str, Any]:
        """The line of the log that says what runs, which is written when it listens."""
        deadline = time.monotonic() + PATIENCE
        while True:
            over = self._popen.poll() is not None
            for line in self.log.splitlines():
                if line.startswith('{"streamid": "run"') and line.endswith("}"):
                    found: dict[str, Any] = json.loads(line)
                    return found
            if over or time.monotonic() > deadline:
                raise StreamidError(f"streamid did not start:\n{self.log}")
            time.sleep(_PAUSE)

    def stop(self) -> None:
        """End it as Ctrl-C does, so that its recording is closed. May be called again."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGINT)
        try:
            self._popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise StreamidError(f"streamid did not end:\n{self.log}") from None


def _started(make_line: Callable[[], list[str]], log_path: Path, cwd: Path) -> _Process:
    """Start what `make_line` says; again, with other ports, where one was taken in the meantime."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _Process(make_line(), log_path, cwd)
        except StreamidError as error:
            if attempt == _ATTEMPTS or "in use" not in str(error).lower():
                raise
    raise AssertionError


def _asked(settings: Settings, cwd: Path, *arguments: str) -> Any:
    """What a command prints as JSON. Raises `StreamidError` where it cannot do it (exit code 2)."""
    line = [*settings.command, *arguments, "--format", "json"]
    done = subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise StreamidError(f"streamid {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


def _free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that are free on this machine."""
    for _ in range(100):
        with ExitStack() as taken:
            first = _bound(taken, 0)
            if first is not None and all(_bound(taken, first + more) for more in range(1, count)):
                return first
    raise StreamidError(f"there are no {count} neighbouring ports that are free")


def _bound(taken: ExitStack, port: int) -> int | None:
    if port > 65535:
        return None
    listener = taken.enter_context(socket.socket())
    try:
        listener.bind((_LOOPBACK, port))
    except OSError:
        return None
    found: int = listener.getsockname()[1]
    return found


# What tests get


@dataclass
class Playback:
    """A recording that is played by servers, one for each recorded origin."""

    recording: Path
    origins: Mapping[str, str]
    """The URL of each server by the origin that it stands for."""
    _process: _Process = field(repr=False)

    @property
    def url(self) -> str:
        """Where to find the only origin; `StreamidError` where there are several."""
        if len(self.origins) != 1:
            raise StreamidError(f"there are several origins; say url_of(): {', '.join(self.origins)}")
        return next(iter(self.origins.values()))

    def url_of(self, origin: str) -> str:
        """Where to find an origin, such as `http://localhost:3002`."""
        if _origin(origin) not in self.origins:
            raise StreamidError(f"there is nothing of {origin}; there is {', '.join(self.origins)}")
        return self.origins[_origin(origin)]

    @property
    def log(self) -> str:
        """What streamid has printed so far."""
        return self._process.log


@dataclass
class Recorder(Playback):
    """Services that are recorded through a proxy, or played back from what was recorded before.

    `recording` is the test's file. While it is made it is elsewhere; it is only kept if the test passes.
    """

    is_playback: bool = False


def _origin(url: str) -> str:
    """Scheme, host and port, which is always written."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


@dataclass
class _Run:
    """One process of a test: what it records, and where that goes if the test passes (None: nowhere)."""

    process: _Process
    made: Path
    kept_as: Path | None


class _Traffic:
    """All that one test records and plays."""

    def __init__(self, item: pytest.Item, folder: Path) -> None:
        self.item = item
        self.settings = _settings(item)
        self.cwd = item.config.rootpath
        self._folder = folder
        self.runs: list[_Run] = []
        self._recorders = 0

    def play(self, recording: Path, speed: str | None, options: Sequence[str]) -> Playback:
        origins = self._origins(recording)

        def line(made: Path) -> list[str]:
            first = _free_ports(len(origins))
            maps = [f"--map={origin}={_LOOPBACK}:{first + number}" for number, origin in enumerate(origins)]
            words = ["serve", str(recording), *maps, "--speed", speed or self.settings.speed]
            return [*words, *options, *self._common(made)]

        process = self._start(line, None)
        played = process.run.get("playback") or {}
        return Playback(
            recording, {_origin(each["origin"]): each["url"] for each in played.get("origins", ())}, process
        )

    def record(self, upstreams: Sequence[str], kept_as: Path) -> Recorder:
        origins = list(dict.fromkeys(_origin(each) for each in upstreams))
        urls: dict[str, str] = {}

        def line(made: Path) -> list[str]:
            first = _free_ports(len(origins))
            urls.update({each: f"http://{_LOOPBACK}:{first + n}" for n, each in enumerate(origins)})
            return ["proxy", *origins, "--port", str(first), *self._common(made)]

        process = self._start(line, kept_as)
        return Recorder(kept_as, urls, process)

    def recorder(self, upstreams: Sequence[str], name: str | None) -> Recorder:
        """A recorder, or the playback of what one has recorded, as `record` asks."""
        if not upstreams:
            raise StreamidError("streamid_recorder: name the service's origin, such as http://localhost:3002")
        self._recorders += 1
        recording = self.settings.folder / (name or self._name())
        mode = self.settings.record
        if mode == "none" and not recording.exists():
            raise StreamidError(
                f"{recording}: there is no such recording, and --streamid-record=none makes none"
            )
        if mode == "all" or not recording.exists():
            return self.record(upstreams, recording)
        played = self.play(recording, None, ())
        origins, asked = played.origins, [_origin(each) for each in upstreams]
        if len(origins) == len(asked) == 1:
            # The service may have been elsewhere when it was recorded: a port of its own in each run.
            origins = {asked[0]: played.url}
        return Recorder(recording, origins, played._process, is_playback=True)

    def stop(self) -> None:
        for run in self.runs:
            run.process.stop()

    def keep(self) -> None:
        """Put what was recorded where it belongs."""
        for run in self.runs:
            if run.kept_as is not None and run.made.exists():
                run.kept_as.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(run.made, run.kept_as)

    def findings(self) -> str:
        """What fails the test, in words; empty where nothing does."""
        asked = self.settings
        if asked.fail_on == "never":
            return ""
        options = ["--fail-on", asked.fail_on]
        for name, value in (("profile", asked.profile), ("select", asked.select), ("ignore", asked.ignore)):
            options += [f"--{name}", value] if value else []
        told = []
        for run in self.runs:
            if run.made.exists():
                report = _asked(asked, self.cwd, "validate", str(run.made), *options)
                told += self._told(report["findings"], run.made)
        return "\n".join(told)

    def said(self) -> str:
        """What there is to say of a test that failed by itself."""
        try:
            self.stop()
            return self.findings() or "The traffic keeps its contract."
        except StreamidError as error:
            return str(error)

    def _told(self, findings: Sequence[Mapping[str, Any]], recording: Path) -> list[str]:
        severe = ("error", "warning") if self.settings.fail_on == "warning" else ("error",)
        failing = [each for each in findings if each["verdict"] != "inconclusive"]
        if not any(each["severity"] in severe for each in failing):
            return []
        lines = {each["exchange"]: each for each in _asked(self.settings, self.cwd, "ls", str(recording))}
        told = [f"The traffic breaks its contract ({recording}):"]
        for each in failing:
            told.append(f"{each['code']} {each['name']} {each['severity']}: {each['message']}")
            line = lines.get(each["exchange"])
            if line:
                told.append(
                    f"    exchange {each['exchange']}: {line['method']} {line['url']} → {line['status']}"
                )
        return told

    def _name(self) -> str:
        more = f"-{self._recorders}" if self._recorders > 1 else ""
        owner = getattr(self.item, "cls", None)
        name = f"{owner.__name__}.{self.item.name}" if owner else self.item.name
        return re.sub(r"[^\w.-]+", "-", name).strip("-") + more + ".db"

    def _origins(self, recording: Path) -> list[str]:
        if not recording.exists():
            raise StreamidError(f"{recording}: there is no such recording")
        listed = _asked(self.settings, self.cwd, "ls", str(recording))
        urls = (str(each["url"]) for each in listed)
        return list(dict.fromkeys(_origin(url) for url in urls if url.startswith(("http:", "https:"))))

    def _common(self, made: Path) -> list[str]:
        profile = ["--profile", self.settings.profile] if self.settings.profile else []
        return ["--record", str(made), "--log", "json", *profile]

    def _start(self, line: Callable[[Path], list[str]], kept_as: Path | None) -> _Process:
        number = len(self.runs) + 1
        made = self._folder / f"{number}.db"
        log = self._folder / f"{number}.log"
        process = _started(lambda: [*self.settings.command, *line(made)], log, self.cwd)
        self.runs.append(_Run(process, made, kept_as))
        return process


class PlaybackFactory(Protocol):
    """`streamid_playback`: plays a recording until the test is over.

    A relative path is looked for in the folder for recordings, then beside the test file. `speed` is a
    number, or `max`; `options` are further words for `streamid serve`, such as `--fresh-ids`.
    """

    def __call__(
        self, recording: str | os.PathLike[str], *options: str, speed: str | float | None = None
    ) -> Playback:
        """Start it. Raises `StreamidError`."""
        ...


class RecorderFactory(Protocol):
    """`streamid_recorder`: records what the test asks of services, or plays it back."""

    def __call__(self, *upstreams: str, name: str | None = None) -> Recorder:
        """Start it; `name` is the file's, instead of the test's. Raises `StreamidError`."""
        ...


_TRAFFIC = pytest.StashKey[_Traffic]()


@pytest.fixture
def _streamid_traffic(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Traffic]:
    traffic = _Traffic(request.node, tmp_path_factory.mktemp("streamid"))
    request.node.stash[_TRAFFIC] = traffic
    yield traffic
    traffic.stop()


@pytest.fixture
def streamid_playback(_streamid_traffic: _Traffic) -> PlaybackFactory:
    """Play a recording: `streamid_playback("x.db").url` is where the recorded service is."""

    def play(recording: str | os.PathLike[str], *options: str, speed: str | float | None = None) -> Playback:
        settings, item = _streamid_traffic.settings, _streamid_traffic.item
        found = settings.folder / recording
        if not found.exists() and (item.path.parent / recording).exists():
            found = item.path.parent / recording
        return _streamid_traffic.play(found, None if speed is None else str(speed), options)

    return play


@pytest.fixture
def streamid_recorder(_streamid_traffic: _Traffic) -> RecorderFactory:
    """Record a service: `streamid_recorder("http://localhost:3002").url` is where the test finds it."""

    def record(*upstreams: str, name: str | None = None) -> Recorder:
        return _streamid_traffic.recorder(upstreams, name)

    return record


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """After the test's body: end its traffic, judge it, and keep what it recorded if all is well."""
    try:
        result = yield
    except KeyboardInterrupt:
        raise
    except BaseException:  # pytest's own outcomes are no Exception
        traffic = item.stash.get(_TRAFFIC, None)
        if traffic is not None and traffic.runs:
            item.add_report_section("call", "streamid", traffic.said())
        raise
    traffic = item.stash.get(_TRAFFIC, None)
    if traffic is not None:
        traffic.stop()
        told = traffic.findings()
        if told:
            pytest.fail(told, pytrace=False)
        traffic.keep()
    return result
