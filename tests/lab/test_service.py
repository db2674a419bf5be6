import subprocess
import sys
import time
from pathlib import Path

import requests

from lab.loopback import listen
from lab.processes import ROOT
from lab.settings import Settings
from lab.tokens import Tokens
from tests.support.lab import user


def free_port() -> int:
    sockets = listen(0)
    port: int = sockets[0].getsockname()[1]
    for sock in sockets:
        sock.close()
    return port


def wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            assert requests.get(f"{url}/health", timeout=5).status_code == 200
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_service_runs_alone_and_says_when_accounting_is_away(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "error", "-m", "lab.service", "chat", "--port", str(port)]
    command += ["--data-dir", str(tmp_path), "--accounting-url", "http://127.0.0.1:1"]
    with subprocess.Popen(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL
    ) as process:
        try:
            wait_until_healthy(url)
            token = Tokens(Settings(data_dir=tmp_path).secret()).access(user("user1"))
            head = {"Authorization": f"Bearer {token}"}
            session = requests.post(f"{url}/api/chat/sessions", headers=head, timeout=5).json()["sessionId"]
            body = {"message": "Hello"}
            answer = requests.post(
                f"{url}/api/chat/sessions/{session}/stream", json=body, headers=head, timeout=15
            )
            assert answer.status_code == 503
            assert answer.json() == {"message": "Accounting is not available"}
            assert "X-Streaming-Session-Id" not in answer.headers
        finally:
            process.terminate()


def test_the_key_is_made_once_whoever_asks(tmp_path: Path) -> None:
    first, second = Settings(data_dir=tmp_path), Settings(data_dir=tmp_path)
    assert first.secret() == second.secret() == first.secret()
    assert len(first.secret()) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
