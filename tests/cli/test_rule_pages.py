"""`docs/rules/` is what the text in `contract/explanations/` makes of it."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import main
from cli.rendering.rule_markdown import files
from contract.explaining import explanation
from contract.rules import RULES
from tests.cli.streamid import ROOT
from tests.test_readme import check

FOLDER = ROOT / "docs" / "rules"
SCRIPT = ROOT / "scripts" / "make_rule_pages.py"


def make(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return run.returncode, run.stdout


def test_no_page_is_stale() -> None:
    assert make("--check") == (0, "")


def test_what_is_stale_missing_or_left_over_is_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    assert make(tmp_path) == (0, "")
    assert make(tmp_path, "--check") == (0, "")
    (tmp_path / "CO402.md").write_text("old")
    (tmp_path / "ID101.md").unlink()
    (tmp_path / "XX999.md").write_text("left over")
    code, out = make(tmp_path, "--check")
    assert code == 1
    assert [line.partition(" is stale: ")[0] for line in out.splitlines()] == [
        str(tmp_path / name) for name in ("CO402.md", "ID101.md", "XX999.md")
    ]
    assert out.count("run .venv/bin/python scripts/make_rule_pages.py") == 3
    make(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", *(f"{code}.md" for code in RULES)}


def test_the_index_has_every_rule_under_its_family() -> None:
    index = files(map(explanation, RULES))["README.md"]
    rows = re.findall(r"^\| \[([A-Z]{2}\d{3})\]\(\1\.md\) \| ([a-z-]+) \| (\w+) \| \S", index, re.MULTILINE)
    assert rows == [(rule.code, rule.name, rule.severity.value) for rule in RULES.values()]
    assert re.findall(r"^## (\w\w): ", index, re.MULTILINE) == list(dict.fromkeys(code[:2] for code in RULES))


def test_links_between_the_pages_lead_somewhere() -> None:
    for path in FOLDER.glob("*.md"):
        targets = re.findall(r"\]\(([^):]+)\)", path.read_text(encoding="utf-8"))
        assert path.name == "README.md" or "README.md" in targets
        assert all((FOLDER / target).exists() for target in targets)


def commands_of_examples() -> Iterator[tuple[str, str]]:
    for code in RULES:
        page = explanation(code).page
        lines = f"{page.failing.commands}\n{page.passing.commands}".splitlines()
        for line in dict.fromkeys(line.removesuffix(" &") for line in lines if line.startswith("streamid ")):
            yield code, line


@pytest.mark.parametrize(("code", "line"), list(commands_of_examples()))
def test_every_command_of_an_example_exists_with_its_options(code: str, line: str) -> None:
    check(main, shlex.split(line, comments=True)[1:], click.Context(main, info_name="streamid"))
