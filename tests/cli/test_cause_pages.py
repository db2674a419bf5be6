"""`docs/causes.md` is what `contract/causes` and the catalogue of planted causes make of it."""

import re
import subprocess
import sys
from pathlib import Path

from contract.causes import CAUSES, EXPECTED
from tests.cli.streamid import ROOT
from tests.contract.causes.test_catalogue import ONLY_POSSIBLE

PAGE = ROOT / "docs" / "causes.md"
SCRIPT = ROOT / "scripts" / "make_cause_pages.py"


def make(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return run.returncode, run.stdout


def test_the_page_is_not_stale() -> None:
    assert make("--check") == (0, "")


def test_a_stale_page_is_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    file = tmp_path / "causes.md"
    file.write_text("old")
    code, out = make(file, "--check")
    assert code == 1
    assert out == f"{file} is stale: run .venv/bin/python scripts/make_cause_pages.py\n"
    assert file.read_text() == "old"


def test_every_cause_has_a_row_and_a_section_whose_example_is_of_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^###? |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(CAUSES)
    for code, section in sections.items():
        assert f"| [{code}](#{code}) | " in text
        (example,) = re.findall(r"```text\n(.*?)\n```", section, re.DOTALL)
        if code == EXPECTED:
            assert example.startswith("no incident; ")
            assert "refused as" in example
        elif code == ONLY_POSSIBLE:
            assert f"possible: network-buffered, {code}" in example
        else:
            assert example.startswith(f"{code} (")
            assert re.search(r"^    \+ #\d+ ", example, re.MULTILINE)
            assert re.search(r"^    → ", example, re.MULTILINE)


def test_its_links_lead_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    anchors = {"#" + re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings(text)}
    targets = set(re.findall(r"\]\((#?[^):\s]+)\)", text))
    assert {target for target in targets if target.startswith("#")} <= anchors
    for target in targets - anchors:
        name, _, anchor = target.partition("#")
        other = (PAGE.parent / name).read_text(encoding="utf-8")
        titles = {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings(other)}
        assert anchor in {"", *titles}


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)
