import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from click.testing import CliRunner

from cli.lab import lab
from lab.headers import NAME, OTHER_NAMES
from lab.loopback import listen
from lab.page.routes import FILES, FOLDER
from lab.processes import ROOT, Lab
from lab.users import USERS

TYPES = {
    "/demo": "text/html; charset=utf-8",
    "/demo/page.css": "text/css; charset=utf-8",
    "/demo/page.js": "text/javascript; charset=utf-8",
}


@contextmanager
def page_of_its_own(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`streamid lab page` on a free port, and the address that it printed."""
    command = [sys.executable, "-m", "cli", "lab", "page", "--port", "0", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[1]
        finally:
            process.kill()


@pytest.mark.parametrize("service", ["authentication", "accounting", "chat"])
@pytest.mark.parametrize("path", list(TYPES))
def test_every_service_has_the_page_so_that_it_can_be_on_the_chats_origin_or_another(
    system: Lab, service: str, path: str
) -> None:
    answer = requests.get(f"http://localhost:{system.ports[service]}{path}", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == TYPES[path]
    assert answer.content == (FOLDER / FILES[path][0]).read_bytes()


def test_the_page_loads_its_own_two_files_and_nothing_from_elsewhere(system: Lab) -> None:
    texts = {path: requests.get(f"{system.chat_url}{path}", timeout=10).text for path in TYPES}
    loaded = re.findall(r'(?:src|href)="([^"]*)"', texts["/demo"])
    assert loaded == ["data:,", "demo/page.css", "demo/page.js"]
    assert not re.findall(r"@import|url\(|https?://|innerHTML", "".join(texts.values()))


def test_the_page_knows_the_users_and_every_name_that_clients_look_for(system: Lab) -> None:
    script = requests.get(f"{system.chat_url}/demo/page.js", timeout=10).text
    for user in USERS:
        if user.username in ("user1", "user2", "admin"):
            assert f'{user.username}: "{user.password}"' in script
    asked = script.partition("const ASKED = [")[2].partition("]")[0].lower()
    assert NAME in script
    assert all(f'"{name}"' in asked for name in {name.lower() for name in OTHER_NAMES} - {NAME.lower()})


def test_the_command_serves_the_page_alone_until_it_is_stopped() -> None:
    with page_of_its_own() as (process, address):
        assert re.fullmatch(r"http://localhost:\d+/", address)
        for path in ("", *(path.removeprefix("/") for path in TYPES)):
            assert requests.get(address + path, timeout=10).status_code == 200
        assert "Access-Control-Allow-Origin" not in requests.get(address, timeout=10).headers
        assert requests.get(f"{address}api/health", timeout=10).status_code == 404
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=10)
        assert (process.returncode, complaint) == (0, "Stopped.\n")


def test_the_commands_urls_are_in_the_address_it_prints() -> None:
    with page_of_its_own("--chat", "http://localhost:8080", "--auth", "http://a:1/api") as (process, address):
        process.terminate()
        assert process.wait(10) == 0
    assert address.partition("?")[2] == "chat=http://localhost:8080&auth=http://a:1/api"


@pytest.mark.parametrize(
    "url", ["localhost:8080", "javascript:alert(1)", "http://", "http://a:99999", "http://["]
)
def test_a_url_that_a_page_cannot_ask_is_one_line_and_exit_code_2(url: str) -> None:
    result = CliRunner().invoke(lab, ["page", "--port", "0", "--chat", url])
    assert result.exit_code == 2
    assert result.output == f"Error: --chat: {url!r} is no http:// or https:// URL\n"


def test_a_port_that_is_taken_is_one_line_and_exit_code_2() -> None:
    sockets = listen(0)
    try:
        port = sockets[0].getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "cli", "lab", "page", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        for sock in sockets:
            sock.close()
    assert result.returncode == 2
    assert result.stderr == f"Error: port {port} on 127.0.0.1 cannot be used: Address already in use\n"
