import json
from pathlib import Path

import pytest

from tests.cli.streamid import streamid


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def codes(*arguments: object) -> list[str]:
    report = json.loads(streamid("validate", *arguments, "--format", "json").stdout)
    return [finding["code"] for finding in report["findings"]]


def test_settings_of_either_file_are_defaults_and_the_command_line_wins(chat: Path) -> None:
    Path("pyproject.toml").write_text(
        '[tool.streamid.validate]\nselect = ["ID", "EC203"]\nfail-on = "never"\n'
    )
    assert codes(chat) == ["EC203"]
    assert streamid("validate", chat).exit_code == 0
    assert streamid("validate", chat, "--fail-on", "error").exit_code == 1
    Path("streamid.toml").write_text('record = "x.db"\n[validate]\nselect = "EC202"\nlimit = 3\n')
    assert codes(chat) == ["EC202"]
    assert streamid("validate", chat, "--select", "EC203", "--fail-on", "error").exit_code == 1
    assert codes(chat, "--select", "EC203") == ["EC203"]


def test_format_profile_and_baseline_can_be_set(chat: Path) -> None:
    Path("streamid.toml").write_text(
        '[validate]\nformat = "json"\nprofile = "chat"\nbaseline = "known.json"\n'
    )
    Path("known.json").write_text('{"version": 1, "findings": []}')
    assert json.loads(streamid("validate", chat).stdout)["profile"] == "chat"
    Path("known.json").unlink()
    result = streamid("validate", chat)
    assert result.exit_code == 2
    assert result.stderr == "Error: known.json: cannot read: No such file or directory\n"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("selcet = 'ID'", "validate.selcet: unknown key; did you mean select?"),
        ("write-baseline = 'x'", "validate.write-baseline: unknown key; did you mean baseline?"),
        ("fail-on = 'errors'", "validate.fail-on: 'errors' is not one of 'error', 'warning', 'never'."),
        ("fail-on = true", "validate.fail-on: must be a string, a number or a list of strings, not True"),
        (
            "select = ['ID', 3]",
            "validate.select: must be a string, a number or a list of strings, not ['ID', 3]",
        ),
        ("select = ['XX']", "validate.select: there is no rule 'XX'; there are ID101, "),
        ("jobs = 0", "validate.jobs: 0 is not in the range x>=1."),
        ("limit = 'many'", "validate.limit: 'many' is not a valid integer range."),
    ],
)
def test_a_bad_setting_is_one_line_with_file_line_and_key(chat: Path, setting: str, said: str) -> None:
    for file, table, prefix in (
        ("streamid.toml", "validate", ""),
        ("pyproject.toml", "tool.streamid.validate", "tool.streamid."),
    ):
        Path(file).write_text(f"[{table}]\n{setting}\n")
        result = streamid("validate", chat)
        Path(file).unlink()
        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: {file}:2: {prefix}{said}")
        assert result.stderr.count("\n") == 1


def test_a_broken_file_is_one_line_but_help_is_given_all_the_same(chat: Path) -> None:
    Path("streamid.toml").write_text("[validate\n")
    result = streamid("validate", chat)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: streamid.toml:1: not TOML: ")
    assert streamid("validate", "--help").exit_code == 0
