import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from cli.main import main
from contract.events import Deed, Event, Injection, Message
from tests.cli.recorded import record
from tests.cli.streamid import ROOT, streamid
from tests.contract.build import FIRST, ID_HEADER, SECOND, Talk

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ streamid (.+?)\n(.*?)```", PAGE, re.DOTALL)


def struck(path: Path) -> None:
    """A recording of a stream that lost its ID's header by a fault, an update without ID, and a stream."""
    talk = Talk()
    stripped, refused = talk.stream(None, server=((ID_HEADER, FIRST),)), talk.update(None, status=400)
    spared = talk.stream(SECOND)
    because = "number %d; the first 1 are struck"
    fault = "no-id", "strip-header", Message.RESPONSE
    entries = [
        Injection(1, stripped[3].at, *fault, Deed.HIT, "", 1, because % 1),
        Injection(1, stripped[3].at, *fault, Deed.HEADER, "", 1, ID_HEADER, FIRST.encode()),
        Injection(3, spared[3].at, *fault, Deed.MISS, "", 2, because % 2),
    ]
    faulted: list[Event] = [*stripped[:4], *entries[:2], *stripped[4:], *refused]
    record(path, [*faulted, *spared[:4], entries[2], *spared[4:]])


@pytest.fixture
def in_utc(chat: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the folder of the examples' recordings, where local time is UTC."""
    struck(chat.with_name("struck.db"))
    with monkeypatch.context() as changed:
        changed.chdir(chat.parent)
        changed.setenv("TZ", "UTC")
        changed.setenv("COLUMNS", "80")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_utc")
def test_every_example_prints_what_the_page_says() -> None:
    assert len(EXAMPLES) >= 6
    for command, printed in EXAMPLES:
        assert streamid(*command.split()).stdout == printed, command


def test_the_page_has_every_command_that_reads_recordings() -> None:
    reading = ("ls", "show", "tail", "validate", "report", "cors", "diagnose", "faults", "export", "index")
    for name in (*reading, "cause"):
        assert f"## `streamid {name}`" in PAGE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_every_shell_that_the_page_names(shell: str) -> None:
    assert f"_STREAMID_COMPLETE={shell}_source" in PAGE
    completing = get_completion_class(shell)
    assert completing is not None
    found = completing(main, {}, "streamid", "_STREAMID_COMPLETE").get_completions([], "va")
    assert [item.value for item in found] == ["validate"]


CI = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def test_every_call_of_validate_in_the_page_on_integration_is_one(
    chat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").symlink_to(chat.parent)
    calls = re.findall(r"streamid (validate recordings[^>|\n#]*)", CI)
    assert len(calls) >= 8
    for call in calls:
        result = streamid(*call.split())
        assert result.exit_code == (0 if "never" in call or "write" in call else 1), call
        assert "EC203" in result.stdout or "write" in call


def test_the_baseline_and_the_settings_in_the_page_are_good(
    chat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (baseline,) = re.findall(r"```json\n(.*?)```", CI, re.DOTALL)
    (settings,) = re.findall(r"```toml\n(.*?)```", CI, re.DOTALL)
    (tmp_path / "streamid-known.json").write_text(baseline)
    (tmp_path / "streamid.toml").write_text(settings)
    result = streamid("validate", chat)
    assert result.exit_code == 0
    assert "1 finding known by the baseline, not counted" in result.stdout
    assert "EC203" not in result.stdout
