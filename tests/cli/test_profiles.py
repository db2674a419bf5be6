"""`streamid profiles`: what is listed, printed, and found wrong."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cli.main import main
from contract.profile import builtin_names, builtin_toml


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["profiles", *arguments])


def test_list_names_every_built_in_profile_with_its_summary() -> None:
    result = run("list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == builtin_names()
    assert "SSE" in result.stdout


def test_list_as_json() -> None:
    listed = json.loads(run("list", "--format", "json").stdout)
    assert [each["name"] for each in listed] == builtin_names()


def test_what_show_prints_can_be_checked(tmp_path: Path) -> None:
    shown = run("show", "chat")
    assert shown.stdout == builtin_toml("chat")
    own = tmp_path / "own.toml"
    own.write_text(shown.stdout)
    checked = run("check", str(own))
    assert checked.exit_code == 0
    assert checked.stdout == f"{own}: profile chat is valid (1 issuing, 1 echoing, 1 closing routes)\n"


def test_check_names_line_and_field_and_exits_with_2(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(builtin_toml("chat").replace('compare = "exact"', 'compare = "loosely"'))
    line = own.read_text().splitlines().index('compare = "loosely"') + 1
    result = run("check", str(own))
    assert result.exit_code == 2
    assert f"{own}:{line}: id.compare: " in result.stderr
    assert result.stdout == ""


def test_unusable_files_and_names_exit_with_2(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for arguments in (["check", str(tmp_path / "none.toml")], ["check", str(binary)], ["show", "nothing"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")
        assert len(result.stderr.splitlines()) == 1
