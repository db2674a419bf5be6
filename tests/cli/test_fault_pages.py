"""`docs/faults.md` and `docs/presets.md` are what the kinds of faults and the presets make of them."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from addons.filters import compile_filter
from cli.main import main
from cli.rendering.fault_facts import example, kinds, preset_plan
from contract.rules import RULES
from faults.fault import Fault
from faults.plan import Plan
from faults.presets import PRESETS, Preset, combined
from tests.cli.streamid import ROOT
from tests.test_readme import check

SCRIPT = ROOT / "scripts" / "make_fault_pages.py"
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("faults.md", "presets.md")}


def make(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return run.returncode, run.stdout


def test_no_page_is_stale() -> None:
    assert make("--check") == (0, "")


def test_what_is_stale_or_missing_is_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    (tmp_path / "faults.md").write_text("old")
    code, out = make(tmp_path, "--check")
    assert code == 1
    assert out.splitlines() == [
        f"{tmp_path / name} is stale: run .venv/bin/python scripts/make_fault_pages.py" for name in PAGES
    ]
    assert make(tmp_path) == (0, "")
    assert make(tmp_path, "--check") == (0, "")
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == PAGES


def plan(text: str) -> Plan:
    return Plan.from_toml(text, "page", compile_filter)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.kind)
def test_every_kind_has_a_section_with_a_plan_and_rules_that_exist(kind: type[Fault]) -> None:
    section = PAGES["faults.md"].partition(f"\n### {kind.kind}\n")[2].partition("\n### ")[0]
    assert kind.summary.replace("*", r"\*") in section
    assert {*kind.breaks, *kind.follows} <= RULES.keys()
    assert all(f"(rules/{code}.md)" in section for code in (*kind.breaks, *kind.follows))
    assert example(kind) in section
    (fault,) = plan(example(kind)).faults
    assert type(fault.fault) is kind
    assert all(field.description for field in kind.model_fields.values())


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_the_plan_of_every_preset_is_what_the_preset_makes(preset: Preset) -> None:
    text = preset_plan(preset)
    assert f"```toml\n{text}\n```" in PAGES["presets.md"]
    called = combined(preset.name, 1, compile_filter, "X-Streaming-Session-Id")
    assert [(each.fault, each.when, each.match) for each in plan(text).faults] == [
        (each.fault, each.when, each.match) for each in called.faults
    ]


def test_the_plan_at_the_beginning_is_one() -> None:
    text = re.findall(r"```toml\n(.*?)```", PAGES["faults.md"], re.DOTALL)[0]
    assert [each.name for each in plan(text).faults] == ["no-id", "delay"]


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", page):
        name, _, anchor = target.partition("#")
        text = (ROOT / "docs" / name).read_text(encoding="utf-8") if name else page
        titles = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
        assert not anchor or anchor in titles, target


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_every_command_exists(page: str) -> None:
    lines = [line for line in page.splitlines() if line.startswith("streamid ")]
    assert len(lines) >= 2
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        check(main, words, click.Context(main, info_name="streamid"))
