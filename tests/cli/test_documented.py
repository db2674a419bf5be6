import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from cli.main import main
from tests.cli.streamid import ROOT, streamid

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ streamid (.+?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def in_utc(chat: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the folder of the example's recording, where local time is UTC."""
    with monkeypatch.context() as changed:
        changed.chdir(chat.parent)
        changed.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_utc")
def test_every_example_prints_what_the_page_says() -> None:
    assert len(EXAMPLES) >= 6
    for command, printed in EXAMPLES:
        assert streamid(*command.split()).stdout == printed, command


def test_the_page_has_every_command_that_reads_recordings() -> None:
    for name in ("ls", "show", "tail", "validate", "cors", "export", "index"):
        assert f"## `streamid {name}`" in PAGE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_every_shell_that_the_page_names(shell: str) -> None:
    assert f"_STREAMID_COMPLETE={shell}_source" in PAGE
    completing = get_completion_class(shell)
    assert completing is not None
    found = completing(main, {}, "streamid", "_STREAMID_COMPLETE").get_completions([], "va")
    assert [item.value for item in found] == ["validate"]
