"""`streamid demo`: the lab, the proxy in front of it, and what one healthy run and three broken ones show."""

import contextlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.demo_runs import RUNS, DemoRun
from cli.lab import require_lab
from cli.proxy import addon_script

PATIENCE = 30.0
"""Seconds that the proxy may take to listen."""
LINES = 8
"""Of the proxy's log, so many lines are shown."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = re.compile(r"^\[\d\d:\d\d:\d\d\.\d{3}\](\[[^\]]*\])? ?")
_VERDICT = re.compile(r"^(stream-|\(no ID\)|CAUSE |[A-Z]{2}\d{3} .* error)")


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("recordings"),
    show_default=True,
    help="Where the recordings go.",
)
@click.option("--quick", is_flag=True, help="Shorter answers of the lab's model.")
def demo(folder: Path, quick: bool) -> None:
    """Show it all: three services, the proxy before them, one healthy run and three broken ones.

    The broken ones are those that cost people days: a hop strips the ID's header, the service stores the ID
    too late, and CORS keeps the ID from scripts. Each shows what streamid finds, and who did it.

    \b
    Example:
      streamid demo --quick
    """
    require_lab()
    from lab.processes import LabError

    started = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}"
    recordings = []
    for number, run in enumerate(RUNS, 1):
        _title(f"{number}. {run.title}")
        click.echo(run.story)
        recording = folder / f"demo-{started}-{number}-{run.name}.db"
        try:
            _recorded(run, recording, quick=quick)
        except LabError as error:
            raise click.ClickException(str(error)) from error
        recordings.append(recording)
        _show_log(recording.with_suffix(".log"))
        _look_at(run, recording)
    _try_next(recordings)


def _recorded(run: DemoRun, recording: Path, *, quick: bool) -> None:
    """Let the run's client talk to the run's lab, through the proxy."""
    from lab.hop.process import Hop
    from lab.processes import Lab, LabOptions

    options = LabOptions(
        tokens=12 if quick else 40, interval=0.02 if quick else 0.05, bugs=run.bugs, credits=10_000
    )
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab(options))
        chat = lab.chat_url
        if run.faults:
            behind = _behind(recording)
            (chat,) = stack.enter_context(_proxied([chat], behind))
            chat = stack.enter_context(Hop(chat, run.faults)).url
        before = stack.enter_context(_proxied([lab.authentication_url, lab.accounting_url, chat], recording))
        if not run.client((before[0], before[1], before[2])):
            raise click.ClickException("the healthy client did not pass; its own words are above")


@contextlib.contextmanager
def _proxied(upstream: Sequence[str], recording: Path) -> Iterator[list[str]]:
    """mitmdump with streamid in front of these services: their URLs through it."""
    ports = _free_ports(len(upstream))
    arguments = ["-s", str(addon_script()), "--set", f"streamid_record={recording}"]
    for origin, port in zip(upstream, ports, strict=True):
        arguments += ["--mode", f"reverse:{origin}@{port}"]
    click.echo(click.style(f"\n$ {shlex.join(['mitmdump', *arguments])}", bold=True))
    recording.parent.mkdir(parents=True, exist_ok=True)
    with _mitmdump(arguments, ports, recording.with_suffix(".log")):
        yield [f"http://127.0.0.1:{port}" for port in ports]


def _behind(recording: Path) -> Path:
    """Where the tap behind a run's hop records."""
    return recording.with_stem(f"{recording.stem}-behind")


@contextlib.contextmanager
def _mitmdump(arguments: Sequence[str], ports: Sequence[int], log: Path) -> Iterator[None]:
    program = [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()"]
    with log.open("wb") as out:
        process = subprocess.Popen([*program, *arguments], stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_until_listening(process, ports, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], ports: Sequence[int], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    waiting = list(ports)
    while waiting:
        if process.poll() is not None or time.monotonic() > deadline:
            raise click.ClickException(f"the proxy did not start; its log says:\n{log.read_text()}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", waiting[0])) == 0:
                del waiting[0]
                continue
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _show_log(log: Path) -> None:
    """What the proxy itself said meanwhile: what became of each ID, and each error that it found."""
    said = [_STAMP.sub("", _ANSI.sub("", line)) for line in log.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in said if _VERDICT.match(line)]
    click.secho(f"\nIn the proxy's log ({log}):", bold=True)
    click.echo("\n".join(lines[:LINES]))
    if len(lines) > LINES:
        click.echo(f"… {len(lines) - LINES} more")


def _look_at(run: DemoRun, recording: Path) -> None:
    """What streamid says of it, by its own commands."""
    if run.is_healthy:
        _run(["ls", str(recording)])
        _run(["show", str(recording), _first_stream(recording)])
    _run(["validate", str(recording), "--ignore", "SV304,HT602"])
    click.echo(run.verdict)
    if run.faults:
        behind = _behind(recording)
        hop = f"client-side={recording},server-side={behind}"
        _run(["diagnose", str(recording), str(behind), "--hop", hop])
    else:
        _run(["diagnose", str(recording)])


def _first_stream(recording: Path) -> str:
    from recordings.reader import Recording

    with Recording(recording) as opened:
        rows = opened.exchanges()
        return str(next(row.exchange for row in rows if row.role == "issue" and row.outcome == "complete"))


def _try_next(recordings: Sequence[Path]) -> None:
    _title("Try next")
    healthy, stripped, _, unreadable = (str(each) for each in recordings)
    for command, why in (
        (["streamid", "rule", "CO402"], "what a finding means, and how to mend it"),
        (["streamid", "report", *(str(each) for each in recordings)], "all of it as one page to look at"),
        (["streamid", "cors", unreadable], "what a script could read of each answer, and why not"),
        (
            ["streamid", "validate", stripped, "--format", "markdown"],
            "the same for a pull request; or sarif, junit",
        ),
        (["sqlite3", healthy, "select * from exchanges"], "or datasette, or any SQLite tool"),
        (["streamid", "lab", "bugs"], "all that can be broken in the lab"),
        (["streamid", "proxy", "http://localhost:3002"], "the proxy, in front of yours"),
    ):
        click.echo(f"{shlex.join(command)}\n    {why}")
    click.echo("\nThe recordings:")
    for recording in recordings:
        for each in (recording, _behind(recording)):
            if each.exists():
                click.echo(f"  recording: {each}")


def _run(arguments: list[str]) -> None:
    """One of our own commands, as the user would type it."""
    click.secho(f"\n$ streamid {shlex.join(arguments)}", bold=True)
    sys.stdout.flush()
    result = subprocess.run([sys.executable, "-m", "cli", *arguments], check=False)
    if result.returncode not in (0, 1):
        raise click.ClickException(f"streamid {arguments[0]} ended with exit code {result.returncode}")


def _title(text: str) -> None:
    click.secho(f"\n{text}", bold=True, fg="magenta")
