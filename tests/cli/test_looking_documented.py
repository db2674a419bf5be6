"""`docs/looking.md`: what it says that is printed for the samples."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.cli.streamid import ROOT, streamid

PAGE = (ROOT / "docs" / "looking.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ streamid (.+?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the project's folder, where local time is UTC."""
    with monkeypatch.context() as changed:
        changed.chdir(ROOT)
        changed.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_utc")
def test_every_example_prints_what_the_page_says() -> None:
    assert {command.split()[0] for command, _ in EXAMPLES} == {"show", "ls", "stats"}
    for command, printed in EXAMPLES:
        out = streamid(*command.split()).stdout
        # Of an exchange in full the page has the beginning.
        assert out.startswith(printed) if command.startswith("show") else out == printed, command
