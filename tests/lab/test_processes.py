import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from lab.loopback import PortBusyError, listen
from lab.processes import ROOT, LabError
from tests.support.lab import logged_in, running_lab

FREE = ("--auth-port", "0", "--accounting-port", "0", "--chat-port", "0")
COMMAND = (sys.executable, "-W", "error", "-c", "from cli.lab import lab; lab()")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def lab_up(*arguments: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """`streamid lab up` as a process of its own, and what it printed: name to first word."""
    command = [*COMMAND, "up", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process, dict(announced(process))
        finally:
            if process.poll() is None:
                process.kill()


def announced(process: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Ready"):
            return
        name, value = re.split(r"\s{2,}", line.strip(), maxsplit=1)
        yield name, value.split()[0]
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


def services_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) == 3
    return children


def assert_gone(children: list[psutil.Process], data_dir: str) -> None:
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    deadline = time.monotonic() + 5
    while Path(data_dir).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(data_dir).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_three_and_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    with lab_up(*FREE, cwd=tmp_path) as (process, said):
        assert requests.get(f"{said['chat']}/health", timeout=10).status_code == 200
        children = services_of(process)
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "Stopped.\n"
        assert_gone(children, said["databases"])


def test_open_streams_do_not_hold_it_up_and_make_no_noise(tmp_path: Path) -> None:
    with lab_up(*FREE, "--credits", "1000", "--tokens", "5000", cwd=tmp_path) as (process, said):
        login = {"username": "user1", "password": "User1@123"}
        token = requests.post(f"{said['authentication']}/auth/login", json=login, timeout=10).json()[
            "accessToken"
        ]
        head = {"Authorization": f"Bearer {token}"}
        url = f"{said['chat']}/chat/sessions"
        session = requests.post(url, json={}, headers=head, timeout=10).json()["sessionId"]
        body = {"message": "Hello"}
        answer = requests.post(f"{url}/{session}/stream", json=body, headers=head, stream=True, timeout=10)
        chunks = answer.iter_content(None)
        next(chunks)
        children, start = services_of(process), time.monotonic()
        process.terminate()
        assert process.wait(10) == 0
        assert time.monotonic() - start < 5
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(chunks)
        assert process.stderr is not None
        assert process.stderr.read() == "Stopped.\n"
        assert_gone(children, said["databases"])


def test_killed_the_services_notice_and_leave_too(tmp_path: Path) -> None:
    with lab_up(*FREE, cwd=tmp_path) as (process, said):
        children = services_of(process)
        process.kill()
        process.wait(10)
        assert_gone(children, said["databases"])


def test_a_service_that_dies_ends_the_lab_with_an_error(tmp_path: Path) -> None:
    with lab_up(*FREE, cwd=tmp_path) as (process, said):
        children = services_of(process)
        [chat] = [child for child in children if "chat" in child.cmdline()]
        chat.kill()
        assert process.wait(10) == 1
        assert process.stderr is not None
        assert process.stderr.read() == "Error: the chat service ended by itself\n"
        assert_gone(children, said["databases"])


def take_a_port(held: ExitStack, host: str) -> int:
    """Listen on one family of a port that is free on the other."""
    port = 0
    for sock in map(held.enter_context, listen(0)):
        port = sock.getsockname()[1]
        if sock.getsockname()[0] != host:
            sock.close()
    return port


@pytest.mark.parametrize("option", ["--auth-port", "--accounting-port", "--chat-port"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_busy_port_is_one_clear_line_before_anything_starts(tmp_path: Path, option: str, host: str) -> None:
    with ExitStack() as held:
        port = take_a_port(held, host)
        command = [*COMMAND, "up", *FREE, option, str(port), "--data-dir", str(tmp_path / "lab")]
        result = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30
        )
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == f"Error: port {port} on {host} cannot be used: Address already in use\n"
    assert not (tmp_path / "lab").exists()


def test_options_reach_the_services_and_a_data_folder_of_ones_own_is_kept(tmp_path: Path) -> None:
    folder, log = tmp_path / "with a space", tmp_path / "updates.jsonl"
    for _ in range(2):  # the second run finds what the first one wrote
        with running_lab(data_dir=folder, log_file=log, tokens=3, credits=7) as lab, logged_in(lab) as client:
            session = client.new_session()
            answer = client.stream(session)
            assert b'"tokensUsed": 3' in answer.content
            client.update(session, answer.headers["X-Streaming-Session-Id"])
            total = client.chat("GET", "/chat/sessions").json()["pagination"]["total"]
    assert total == 2
    assert {path.name for path in folder.iterdir()} >= {
        "authentication.db",
        "accounting.db",
        "chat.db",
        "secret",
    }
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["accepted"] for line in log.read_text().splitlines()] == [True, True]


def test_passwords_are_kept_as_argon2_hashes(tmp_path: Path) -> None:
    with running_lab(data_dir=tmp_path):
        pass
    kept = (tmp_path / "authentication.db").read_bytes()
    assert kept.count(b"$argon2id$") == 5
    assert b"User1@123" not in kept


def test_a_lab_that_cannot_start_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "chat.db").mkdir()
    before = psutil.Process().children()
    with (
        pytest.raises(LabError, match="the chat service ended while it started"),
        running_lab(data_dir=tmp_path),
    ):
        pass
    assert psutil.Process().children() == before


def test_a_free_port_is_bound_on_both_families() -> None:
    sockets = listen(0)
    try:
        port = sockets[0].getsockname()[1]
        assert {sock.getsockname()[1] for sock in sockets} == {port}
        assert {sock.getsockname()[0] for sock in sockets} <= {"127.0.0.1", "::1"}
        with pytest.raises(PortBusyError, match=f"port {port} on 127.0.0.1"):
            listen(port)
    finally:
        for sock in sockets:
            sock.close()
