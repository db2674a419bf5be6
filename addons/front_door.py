"""Start, watch over and close a run: options, start-up checks, banner, summary.

When mitmproxy reloads the script, this module and the run it keeps stay; only the addon object is new.
"""

import asyncio
import atexit
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mitmproxy import command, ctx, exceptions
from mitmproxy.addonmanager import Loader

from addons import compatibility, json_lines, settings, summary
from addons.banner import banner, describe
from addons.fault_plan import StreamidFaults
from addons.hook_table import HookTable
from addons.injector import Injector
from addons.loopback import StreamidLoopback, guarded
from addons.playback import StreamidPlayback, playback_fields
from addons.raw_traffic import StreamidRawTraffic
from addons.readers import StreamidContents
from addons.recorder import Recorder
from addons.tapping import StreamidTapping
from contract.events import Deed, Injection
from recordings.beginning import streamid_version
from recordings.errors import RecordingError

if TYPE_CHECKING:
    from addons.metrics import Endpoint

logger = logging.getLogger("streamid")

RELOAD_GRACE = 10.0
"""Seconds within which a removed script that comes back goes on with its run."""
_LIVE_OPTIONS = ("log", "log_headers", "faults", "seed")


class _Kept:
    """What outlives a reload of the script."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        run = self.recorder.run
        self.injector = Injector(self._journal, run.now)
        self.faults = StreamidFaults(self.injector)
        self.playback = StreamidPlayback()
        self.contents = StreamidContents(run)
        self.addons: list[Any] = [
            StreamidLoopback(),
            StreamidTapping(run, self.injector, self.playback),
            self.playback,
            StreamidRawTraffic(run),
            self.contents,
            self.recorder.verifier,
            self.faults,
        ]
        self.running = False
        self.started = datetime.now(UTC)
        self.metrics: Endpoint | None = None
        self.closing: asyncio.TimerHandle | None = None

    def _journal(self, entry: Injection) -> None:
        self.recorder.run.put(entry)
        if entry.deed is Deed.HIT:
            self.recorder.verifier.strikes(entry)


_kept: _Kept | None = None


class StreamidFrontDoor:
    """The addon that mitmproxy loads; the others are below it."""

    def __init__(self) -> None:
        global _kept
        if _kept is None:
            _kept = _Kept()
        if _kept.closing is not None:
            _kept.closing.cancel()
            _kept.closing = None
        self._kept = _kept
        self.recorder = _kept.recorder
        self.addons = _kept.addons
        self._options: dict[str, str] = {}

    # mitmproxy's hooks

    def load(self, loader: Loader) -> None:
        """Declare the options; `streamid.toml` gives their defaults."""
        HookTable(ctx.master.addons).install()
        try:
            defaults = settings.defaults()
        except ValueError as error:
            logger.error("streamid: %s", error)
            defaults = {name: option.default for name, option in settings.OPTIONS.items()}
        given = settings.on_command_line(sys.argv).items()
        ctx.options.deferred.update({name: value for name, value in given if name not in ctx.options})
        for name, option in settings.OPTIONS.items():
            loader.add_option(settings.PREFIX + name, str, defaults[name], option.help)
        if "flow_detail" in ctx.options and not ctx.options.has_changed("flow_detail"):
            # mitmdump's line per flow shows whole URLs, secrets included; ours say more.
            ctx.options.update(flow_detail=0)

    def configure(self, updated: set[str]) -> None:
        """Parse our options; open the recording the first time, refuse what cannot change later."""
        names = {name.removeprefix(settings.PREFIX) for name in updated if name.startswith(settings.PREFIX)}
        if not names or not self._all_declared():
            return
        values = {name: str(getattr(ctx.options, settings.PREFIX + name)) for name in settings.OPTIONS}
        if self.recorder.is_open:
            self._change(values)
        else:
            self._open(values)

    def running(self) -> None:
        """Say what runs here."""
        if self._kept.running:
            logger.info("streamid: script reloaded; the run goes on")
            return
        if self.recorder.settings is None:
            return
        self._kept.running = True
        playback = self._kept.playback
        servers = [
            describe(each.mode, each.listen_addrs, guarded(each.mode), played=playback.settings is not None)
            for each in ctx.master.addons.get("proxyserver").servers
        ]
        versions, parsed = (streamid_version(), version("mitmproxy")), self.recorder.settings
        metrics = self._kept.metrics.url if self._kept.metrics else ""
        for line in banner(*versions, servers, parsed, metrics, self._kept.faults.armed, playback.lost):
            logger.info(line)
        if parsed.json_log:
            fields = json_lines.run_fields(*versions, self._kept.started, servers, parsed, metrics)
            if playback.settings is not None:
                fields["playback"] = playback_fields(playback, ctx.master.addons.get("proxyserver").servers)
            json_lines.write([json_lines.line(json_lines.RUN, fields)])

    def done(self) -> None:
        """Close the run, unless the script is only being reloaded."""
        if ctx.master.should_exit.is_set():
            self.recorder.run.has_stopped = True
            self._close("the proxy was stopped")
        else:
            self._kept.closing = ctx.master.event_loop.call_later(
                RELOAD_GRACE, self._close, "the script was removed"
            )

    @command.command("streamid.summary")  # type: ignore[untyped-decorator]
    def summary(self) -> Sequence[str]:
        """What the run has brought so far: exchanges, streams by outcome, findings, losses."""
        return summary.lines(self.recorder.summary())

    # Helpers

    def _all_declared(self) -> bool:
        return all(settings.PREFIX + name in ctx.options for name in settings.OPTIONS)

    def _open(self, values: dict[str, str]) -> None:
        # Times count from the run's beginning, which was a little earlier.
        started = datetime.now(UTC) - timedelta(microseconds=self.recorder.run.now())
        wrong = compatibility.problems()
        wrong += [
            settings.unknown_option(name) for name in ctx.options.deferred if name.startswith(settings.PREFIX)
        ]
        if not wrong:
            wrong = self._try_open(values, started)
        for sentence in wrong:
            # An error logged during start-up is what makes mitmproxy stop; a raised one prints a traceback.
            logger.error("streamid: %s", sentence)

    def _try_open(self, values: dict[str, str], started: datetime) -> list[str]:
        try:
            parsed = settings.parse(values, started)
            self._kept.contents.limit = parsed.content
            self._kept.faults.set_up(parsed.faults, parsed.seed, parsed.profile)
            self._serve(parsed, started)
            self._play(parsed)
            stored = {settings.PREFIX + name: value for name, value in values.items() if name != "redact_key"}
            self.recorder.open(parsed, started, stored)
        except (ValueError, OSError, RecordingError) as error:
            self._stop_serving()
            return [str(error)]
        verifier = self.recorder.verifier
        verifier.json_log, verifier.log_headers = parsed.json_log, parsed.log_headers
        verifier.listen(ctx.master.event_loop)
        atexit.register(self.recorder.discard)
        self._options = values
        self._kept.started = started
        return []

    def _serve(self, parsed: settings.Settings, started: datetime) -> None:
        """Serve metrics where they are asked for. Raises ValueError where the address cannot be had."""
        if parsed.metrics is None:
            return
        # Not loaded where nobody asks for it.
        from addons.metrics import Endpoint, Source

        info = {"version": streamid_version(), "mitmproxy": version("mitmproxy")}
        info["profile"] = parsed.profile.name
        source = Source(self.recorder.tally, self.recorder.load, info, started.timestamp())
        try:
            self._kept.metrics = Endpoint(parsed.metrics, source)
        except OSError as error:
            host, port = parsed.metrics
            raise ValueError(f"streamid_metrics: cannot listen on {host}:{port}: {error.strerror}") from None

    def _play(self, parsed: settings.Settings) -> None:
        """Answer from recordings where that is asked for; RecordingError where they cannot be played."""
        if parsed.playback is None:
            return
        self._kept.playback.start(parsed.playback, parsed.profile)
        # Nothing is to be asked of a service before a recording was.
        ctx.options.update(connection_strategy="lazy", upstream_cert=False)

    def _stop_serving(self) -> None:
        self._kept.playback.stop()
        if self._kept.metrics is not None:
            self._kept.metrics.close()
            self._kept.metrics = None

    def _change(self, values: dict[str, str]) -> None:
        fixed = [name for name in values if values[name] != self._options.get(name, values[name])]
        fixed = [name for name in fixed if name not in _LIVE_OPTIONS]
        if fixed:
            raise exceptions.OptionsError(
                f"{settings.PREFIX}{fixed[0]} cannot change while a run is recorded"
            )
        try:
            parsed = settings.parse({**values, "record": "off"}, datetime.now(UTC))
            if any(values[name] != self._options.get(name, values[name]) for name in ("faults", "seed")):
                self._kept.faults.set_up(parsed.faults, parsed.seed, parsed.profile)
        except ValueError as error:
            raise exceptions.OptionsError(str(error)) from None
        self.recorder.verifier.json_log = parsed.json_log
        self.recorder.verifier.log_headers = parsed.log_headers
        self._options = values

    def _close(self, reason: str) -> None:
        global _kept
        atexit.unregister(self.recorder.discard)
        closing = self.recorder.close(reason)
        self._stop_serving()
        _kept = None
        if closing is None:
            return
        found = self.recorder.summary()
        if self.recorder.verifier.json_log:
            json_lines.write([json_lines.line(json_lines.SUMMARY, summary.fields(found))])
        else:
            for line in summary.lines(found):
                logger.info(line)
