"""The plan of a run: read from `streamid_faults`, read again when its file changes, armed by command."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from mitmproxy import command, exceptions

from addons.filters import compile_filter
from addons.injector import Injector, Loaded
from contract.profile import Profile
from faults.plan import Plan, PlanError
from faults.presets import is_file, plan_of

logger = logging.getLogger("streamid")

INTERVAL = 0.25
"""Seconds between two looks at the plan's file."""

type _Stamp = tuple[int, int, int]
"""Modification time (ns), size and inode of a file."""


def read_plan(value: str, seed: int | None, profile: Profile) -> Plan:
    """The plan that an option names: a file, or presets. Raises ValueError, one line for each thing wrong."""
    header = next((issue.id.header for issue in profile.issue if issue.id.header), "")
    return plan_of(value, seed, _text_of, compile_filter, id_header=header or "")


def _text_of(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: cannot be read: {error}") from None


class StreamidFaults:
    """Keeps the injector's plan; the commands work in the console, in mitmweb and from scripts."""

    def __init__(self, injector: Injector) -> None:
        self.injector = injector
        self._value = ""
        self._seed: int | None = None
        self._profile: Profile | None = None
        self._stamp: _Stamp | None = None
        self._watch: asyncio.Task[None] | None = None

    def set_up(self, value: str, seed: int | None, profile: Profile) -> None:
        """Take the options. Raises ValueError where there can be no such plan."""
        self._seed, self._profile = seed, profile
        self.injector.know(profile)
        try:
            self._take(value)
        except ValueError as error:
            raise ValueError(f"streamid_faults: {error}") from None

    def running(self) -> None:
        """Look after the plan's file from now on."""
        if self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._look_again_and_again())

    def done(self) -> None:
        """Look no more."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    @property
    def armed(self) -> list[str]:
        """The names of the faults that are armed."""
        return [each.planned.name for each in self.injector.loaded if each.armed]

    # Commands

    @command.command("streamid.faults.list")  # type: ignore[untyped-decorator]
    def list(self) -> Sequence[str]:
        """The faults of the plan: whether they are armed, and how many exchanges they struck."""
        return self._lines()

    @command.command("streamid.faults.arm")  # type: ignore[untyped-decorator]
    def arm(self, *names: str) -> Sequence[str]:
        """Arm faults by name, or all of them."""
        return self._set_armed(names, armed=True)

    @command.command("streamid.faults.disarm")  # type: ignore[untyped-decorator]
    def disarm(self, *names: str) -> Sequence[str]:
        """Disarm faults by name, or all of them; what they have begun in an exchange goes on."""
        return self._set_armed(names, armed=False)

    @command.command("streamid.faults.plan")  # type: ignore[untyped-decorator]
    def plan(self, value: str = "") -> Sequence[str]:
        """Load a plan: a file, or presets with commas between; `off` for none. Without one: say which."""
        if value:
            try:
                self._take("" if value == "off" else value)
            except ValueError as error:
                raise exceptions.CommandError(str(error)) from None
            self._say("faults")
        return [self._value or "no plan", *self._lines()]

    # Helpers

    def _lines(self) -> Sequence[str]:
        lines = [_line(each) for each in self.injector.loaded]
        return lines or ["no faults: load a plan with streamid.faults.plan"]

    def _set_armed(self, names: Sequence[str], *, armed: bool) -> Sequence[str]:
        try:
            self.injector.arm(names, armed)
        except KeyError as error:
            known = ", ".join(each.planned.name for each in self.injector.loaded) or "none"
            raise exceptions.CommandError(
                f"there is no fault {error.args[0]!r}; there are: {known}"
            ) from None
        self._say("faults")
        return self._lines()

    def _take(self, value: str) -> None:
        assert self._profile is not None
        stamp = _stamp(value)
        self.injector.load(read_plan(value, self._seed, self._profile) if value else Plan())
        self._value, self._stamp = value, stamp

    def _say(self, what: str) -> None:
        names = self.armed
        logger.warning("%s: %s", what, f"ARMED: {', '.join(names)}" if names else "none are armed")

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            value = self._value
            if not value or not is_file(value):
                continue
            stamp = await asyncio.to_thread(_stamp, value)
            if stamp == self._stamp or value != self._value:
                continue
            self._stamp = stamp
            await self._read_again(value)

    async def _read_again(self, value: str) -> None:
        assert self._profile is not None
        try:
            plan = await asyncio.to_thread(read_plan, value, self._seed, self._profile)
        except ValueError as error:
            logger.error("faults: the plan has changed and cannot be used; the old one stays\n%s", error)
            return
        if value == self._value:
            self.injector.load(plan)
            self._say(f"faults: {value} was read again")


def _stamp(value: str) -> _Stamp | None:
    if not value or not is_file(value):
        return None
    try:
        found = Path(value).expanduser().stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _line(loaded: Loaded) -> str:
    planned = loaded.planned
    state = "armed" if loaded.armed else "disarmed"
    match = f"  match {planned.match}" if planned.match else ""
    return f"{planned.name:<24} {state:<9} struck {loaded.struck:<5} {planned.fault.kind}{match}"
