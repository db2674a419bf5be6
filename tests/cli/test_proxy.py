"""`streamid proxy` and `streamid addon-path`: the front door without knowing mitmproxy."""

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from cli.main import main
from recordings.reader import Recording
from tests.support.lab import running_lab
from tests.support.proxy import CHECKOUT


def test_the_addons_path_is_the_script() -> None:
    result = CliRunner().invoke(main, ["addon-path"])
    assert result.exit_code == 0
    assert Path(result.output.strip()) == CHECKOUT / "addons" / "streamid.py"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ftp://localhost"], "is no HTTP origin"),
        (["http://localhost:3002/api"], "has more than an origin"),
        (["http://localhost:99999"], "is no HTTP origin"),
        ([], "Missing argument"),
        (["localhost:3000", "localhost:3001", "--port", "65535"], "leaves no room for 2 listeners"),
    ],
)
def test_an_unusable_upstream_is_exit_code_2(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["proxy", *arguments])
    assert result.exit_code == 2
    assert said in result.output


def neighbouring_ports() -> int:
    """A port that is free, as is the next."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except OSError:
                continue
            return port


def test_it_records_what_passes_to_two_services_until_it_is_stopped(tmp_path: Path) -> None:
    port = neighbouring_ports()
    with running_lab() as lab:
        upstream = [lab.authentication_url, lab.chat_url]
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "proxy", *upstream, "--port", str(port), "--record", "run.db"],
            cwd=tmp_path,
            env={
                "PYTHONPATH": str(CHECKOUT),
                "HOME": str(tmp_path),
                "PATH": "/usr/bin:/bin",
                "PYTHONUNBUFFERED": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            for number in (port, port + 1):
                wait_for(number)
                assert requests.get(f"http://127.0.0.1:{number}/health", timeout=10).status_code == 200
        finally:
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=30)
    assert f"listening  127.0.0.1:{port} → {upstream[0]} (reverse)" in said
    assert f"listening  127.0.0.1:{port + 1} → {upstream[1]} (reverse)" in said
    assert re.search(r"streamid: 2 exchanges, 0 streams, no findings", said)
    with Recording(tmp_path / "run.db") as recording:
        assert recording.run.closed
        assert [row.status for row in recording.exchanges()] == [200, 200]


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)
