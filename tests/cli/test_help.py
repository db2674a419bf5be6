import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from cli.main import COMMANDS, main
from tests.cli.streamid import ROOT, finished, streamid


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, (*path, name))


@pytest.mark.parametrize("path", list(commands(main, ())), ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    result = streamid(*path, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"streamid {' '.join(path)}".strip() in result.stdout.partition("Example")[2]


def test_every_name_in_the_list_is_the_name_of_the_command() -> None:
    context = click.Context(main)
    assert [getattr(main.get_command(context, name), "name", None) for name in COMMANDS] == list(COMMANDS)


def test_a_command_that_is_none_is_a_usage_error() -> None:
    result = streamid("sho")
    assert result.exit_code == 2
    assert "No such command 'sho'" in result.stderr


def test_the_version_is_told() -> None:
    result = streamid("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("streamid ")


def test_help_loads_nothing_that_is_slow_to_load() -> None:
    code, out, _ = finished("--help")
    assert code == 0
    assert "validate" in out
    heavy = {"mitmproxy", "pydantic", "sqlite_utils", "rich", "starlette", "uvicorn", "requests"}
    assert not heavy & loaded_by("--help")


def test_reading_a_recording_does_not_load_mitmproxy() -> None:
    assert "mitmproxy" not in loaded_by("ls", "missing.db")
    assert "mitmproxy" not in loaded_by("validate", "missing.db")


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules that a run of the command loads."""
    script = (
        "import sys\n"
        "from cli.main import main\n"
        "try:\n    main(sys.argv[1:], prog_name='streamid')\n"
        "except SystemExit:\n    pass\n"
        "print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(run.stdout.rpartition("LOADED")[2].split())
