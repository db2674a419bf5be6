"""`streamid doctor`: what is well, what is not, and what to do about it."""

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from mitmproxy.proxy.layers.http import HttpLayer

from addons import compatibility
from cli.doctor import check_authority, check_folder, check_redaction_key, check_settings
from cli.main import main
from tests.support.proxy import shared_authority


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_ready_machine_is_exit_code_0() -> None:
    result = CliRunner().invoke(main, ["doctor", "--port", str(free_port())])
    assert result.exit_code == 0, result.output
    assert "✗" not in result.output
    assert "with the internals that we rely on" in result.output


def test_a_busy_port_is_a_problem_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = CliRunner().invoke(main, ["doctor", "--port", str(port)])
    assert result.exit_code == 1
    assert f"✗ port {port}" in result.output


def test_an_unsupported_mitmproxy_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compatibility, "version", lambda name: "13.0.0")
    result = CliRunner().invoke(main, ["doctor", "--port", str(free_port())])
    assert result.exit_code == 1
    assert "mitmproxy 13.0.0 is installed; streamid works with 12.2 or newer, below 13" in result.output


def test_a_missing_internal_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compatibility.problems() == []
    monkeypatch.setitem(compatibility._NEEDED, HttpLayer, ("make_stream", "no_such_thing"))
    (problem,) = compatibility.problems()
    assert "has no HttpLayer.no_such_thing" in problem


def test_an_internal_that_works_in_another_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, (method, _, does) in enumerate(compatibility._WORDED):
        changed = list(compatibility._WORDED)
        changed[place] = (method, "no such words", does)
        with monkeypatch.context() as patch:
            patch.setattr(compatibility, "_WORDED", tuple(changed))
            (problem,) = compatibility.problems()
        assert problem.endswith(f" {does} in another way")


def test_a_ca_is_read_and_a_broken_one_is_a_problem(tmp_path: Path) -> None:
    (absent,) = check_authority(tmp_path)
    assert absent.state == "note"
    (good,) = check_authority(shared_authority())
    assert (good.state, "valid until" in good.says) == ("ok", True)
    (tmp_path / "mitmproxy-ca-cert.pem").write_text("no certificate")
    (broken,) = check_authority(tmp_path)
    assert broken.state == "problem"


def test_a_key_that_others_can_read_is_a_problem(tmp_path: Path) -> None:
    from recordings.redaction.keys import key_file, load_key

    (absent,) = check_redaction_key()
    assert absent.state == "note"
    load_key(None)
    (private,) = check_redaction_key()
    assert private.state == "ok"
    os.chmod(key_file(), 0o644)
    (shared,) = check_redaction_key()
    assert shared.state == "problem"
    assert "chmod 600" in shared.says


def test_a_bad_configuration_file_is_a_problem(tmp_path: Path) -> None:
    (none,) = check_settings()
    assert none.state == "ok"
    (tmp_path / "streamid.toml").write_text("log = 'xml'\n")
    (bad,) = check_settings()
    assert bad.state == "problem"
    assert "streamid_log: 'xml' is none of" in bad.says


def test_the_recordings_folder_is_looked_at(tmp_path: Path) -> None:
    (folder,) = check_folder()
    assert folder.state == "ok"
    assert str(tmp_path) in folder.says
