"""`streamid demo`: the lab, the proxy in front of it, clients good and careless, and what is to be seen."""

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
from typing import TYPE_CHECKING

import click

from cli.lab import require_lab
from cli.proxy import addon_script

if TYPE_CHECKING:
    from lab.client import Account, StreamingOptions, Transcript

PATIENCE = 30.0
"""Seconds that the proxy may take to listen."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = re.compile(r"^\[\d\d:\d\d:\d\d\.\d{3}\](\[[^\]]*\])? ?")
_VERDICT = re.compile(r"^(stream-|\(no ID\)|[A-Z]{2}\d{3} |streamid: )")


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("recordings"),
    show_default=True,
    help="Where the recording goes.",
)
@click.option("--quick", is_flag=True, help="Shorter answers of the lab's model.")
def demo(folder: Path, quick: bool) -> None:
    """Show it all: three services, the proxy before them, clients good and bad, verdicts, the recording.

    \b
    Example:
      streamid demo --quick
    """
    require_lab()
    from lab.processes import Lab, LabError, LabOptions

    recording = folder / f"demo-{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}.db"
    options = LabOptions(tokens=12 if quick else 40, interval=0.02 if quick else 0.05)
    try:
        with Lab(options) as lab:
            _title("1. The lab: authentication, accounting and chat")
            upstream = [lab.authentication_url, lab.accounting_url, lab.chat_url]
            click.echo("\n".join(upstream))
            _through_the_proxy(upstream, recording)
    except LabError as error:
        raise click.ClickException(str(error)) from error
    _look_at(recording)


def _through_the_proxy(upstream: Sequence[str], recording: Path) -> None:
    _title("2. The proxy in front of all three")
    ports = _free_ports(len(upstream))
    modes = [f"reverse:{origin}@{port}" for origin, port in zip(upstream, ports, strict=True)]
    arguments = ["-s", str(addon_script()), "--set", f"streamid_record={recording}"]
    for mode in modes:
        arguments += ["--mode", mode]
    click.echo(shlex.join(["mitmdump", *arguments]))
    recording.parent.mkdir(parents=True, exist_ok=True)
    log = recording.with_suffix(".log")
    from lab.client import StreamingOptions

    urls = [f"http://127.0.0.1:{port}" for port in ports]
    options = StreamingOptions(urls[0], urls[1], urls[2], update_delay=0.2, username="user1")
    with _mitmdump(arguments, ports, log):
        _show_log(log, banner=True)
        _title("3. A complete client, through the proxy")
        passed = _good_client(options)
        _title("4. A careless client, through the proxy")
        _careless_client(options)
    _title("5. What streamid said meanwhile (the proxy's log)")
    _show_log(log)
    if not passed:
        raise click.ClickException("the tester did not pass")


def _good_client(options: "StreamingOptions") -> bool:
    from lab.logger import Logger
    from lab.tester import StreamingTester

    with StreamingTester(options, Logger(quiet=False)) as tester:
        return tester.run()


def _careless_client(options: "StreamingOptions") -> None:
    """Loses the ID in three ways that are seen every day."""
    from lab.client import Account

    with Account(options) as account:
        account.log_in("user1", "User1@123")
        created = account.request(
            "POST", "chat", "/api/chat/sessions", json={"title": "Careless", "initialMessage": "Hi"}
        )
        scope = created.json()["sessionId"]
        first, transcript = _stream(account, scope)
        _try(account, scope, transcript, "invents an ID", streamingSessionId=f"stream-{int(time.time())}")
        _try(account, scope, transcript, "sends none")
        _, transcript = _stream(account, scope)
        _try(account, scope, transcript, "sends the ID of the stream before", streamingSessionId=first)


def _stream(account: "Account", scope: str) -> tuple[str, "Transcript"]:
    from lab.client import read

    with account.stream(scope, "Hello?", "") as answer:
        return answer.headers.get("X-Streaming-Session-Id", ""), read(answer, 5)


def _try(account: "Account", scope: str, transcript: "Transcript", what: str, **echo: str) -> None:
    answer = account.update(scope, transcript, **echo)
    click.echo(f"{what}: {answer.status_code} {answer.json().get('message', '')}")


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


def _show_log(log: Path, *, banner: bool = False) -> None:
    """The banner, or the lines that carry verdicts, findings and the summary."""
    time.sleep(0.5 if banner else 0)
    lines = [_STAMP.sub("", _ANSI.sub("", line)) for line in log.read_text(encoding="utf-8").splitlines()]
    if banner:
        begin = next((n for n, line in enumerate(lines) if line.startswith("streamid ")), 0)
        lines = lines[begin : begin + 7]
    else:
        lines = [line for line in lines if _VERDICT.match(line) or line.startswith("  recording:")]
    click.echo("\n".join(lines))


def _look_at(recording: Path) -> None:
    _title(f"6. The recording: {recording}")
    stream, careless = _worth_showing(recording)
    for command in (["ls", str(recording)], ["show", str(recording), stream], ["validate", str(recording)]):
        _run(command)
    _title("Try next")
    for command, why in (
        (["streamid", "show", str(recording), careless], "what the careless client did"),
        (["streamid", "validate", str(recording), "--format", "json"], "the same findings, for a program"),
        (["sqlite3", str(recording), "select * from exchanges"], "or datasette, or any SQLite tool"),
        (["streamid", "lab", "up"], "the three services, until Ctrl-C"),
        (["streamid", "proxy", "http://localhost:3002"], "the proxy, in front of yours"),
    ):
        click.echo(f"{shlex.join(command)}\n    {why}")


def _worth_showing(recording: Path) -> tuple[str, str]:
    """The number of a stream that was read to its end, and of an exchange with an invented ID."""
    from recordings.reader import Recording

    with Recording(recording) as opened:
        rows = opened.exchanges()
        stream = next(row.exchange for row in rows if row.role == "issue" and row.outcome == "complete")
        careless = next(finding.exchange for finding in opened.findings() if finding.code == "EC203")
    return str(stream), str(careless)


def _run(arguments: list[str]) -> None:
    """One of our own commands, as the user would type it."""
    click.secho(f"\n$ streamid {shlex.join(arguments)}", bold=True)
    sys.stdout.flush()
    result = subprocess.run([sys.executable, "-m", "cli", *arguments], check=False)
    if result.returncode not in (0, 1):
        raise click.ClickException(f"streamid {arguments[0]} ended with exit code {result.returncode}")


def _title(text: str) -> None:
    click.secho(f"\n{text}", bold=True, fg="magenta")
