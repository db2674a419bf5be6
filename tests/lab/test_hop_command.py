"""`streamid lab hop` as a command."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.loopback import listen
from lab.processes import ROOT
from tests.support.sockets import Peer, RawServer


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def hop_command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "cli", "lab", "hop", *arguments]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_serves_until_a_signal_even_with_a_stream_open(tmp_path: Path, number: int) -> None:
    def serve(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        peer.receive()

    with (
        RawServer(serve) as server,
        subprocess.Popen(
            hop_command("--upstream", server.url, "--port", "0", "--fault", "lower-case"),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        said = [process.stdout.readline() for _ in range(4)]
        assert said[1:] == [
            f"upstream  {server.url}\n",
            "faults    lower-case\n",
            "Ready. Ctrl-C stops it.\n",
        ]
        with Peer.connect(int(said[0].rpartition(":")[2])) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.receive_until(b"a\r\n")
            process.send_signal(number)
            assert process.wait(10) == 0
            assert client.receive_all() == b""
        assert process.stderr.read() == "Stopped.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "strip-ids"], "--fault 'strip-ids' is no fault; did you mean strip-id?"),
        (["--fault", "zzz"], "--fault 'zzz' is no fault; streamid lab hop --list names them all"),
        (["--fault", "buffer=1"], "--fault 'buffer=1' takes no value"),
        (["--fault", "cut"], "--fault 'cut' needs a number of events from 1 on; cut=5, for instance"),
        (
            ["--fault", "cut=0"],
            "--fault 'cut=0' needs a number of events from 1 on; cut=5, for instance",
        ),
        (
            ["--fault", "idle-cut=nan"],
            "--fault 'idle-cut=nan' needs seconds, more than 0; idle-cut=30, for instance",
        ),
        (
            ["--fault", "redirect=304"],
            "--fault 'redirect=304' needs one of 301, 302, 303, 307, 308; redirect=302, for instance",
        ),
        (
            ["--fault", "rename-id=X Y"],
            "--fault 'rename-id=X Y' needs a field name, not 'X Y'; rename-id=X-Stream-Id, for instance",
        ),
        (["--fault", "buffer", "--fault", "buffer"], "--fault 'buffer' is given twice"),
        (["--upstream", "localhost:3002"], "--upstream 'localhost:3002' is not of the form http://HOST:PORT"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(arguments: list[str], said: str) -> None:
    command = hop_command("--port", "0", "--upstream", "http://localhost:3002", *arguments)
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"Error: {said}\n")


def test_a_busy_port_is_one_line_and_exit_code_2() -> None:
    sockets = listen(0)
    try:
        port = sockets[0].getsockname()[1]
        command = hop_command("--port", str(port), "--upstream", "http://localhost:3002")
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    finally:
        for sock in sockets:
            sock.close()
    assert result.returncode == 2
    assert result.stderr == f"Error: port {port} on 127.0.0.1 cannot be used: Address already in use\n"
