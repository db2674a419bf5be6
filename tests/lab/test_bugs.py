import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from contract.rules import RULES
from lab.bugs import BUGS, Bug, faulty_conduct, parse, parse_all
from lab.chat.conduct import Conduct
from lab.processes import ROOT
from tests.cli.streamid import streamid

SAMPLES = {
    "race": "300",
    "expire": "1.5",
    "no-affinity": "2",
    "wrong-header": "X-Stream-Id",
    "wrong-status": "409",
}
PAGE = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")


def sample(bug: Bug) -> str:
    return f"{bug.name}={SAMPLES[bug.name]}" if bug.value else bug.name


def row(bug: Bug) -> str:
    unit = bug.value.partition(" (")[2].removesuffix(")")
    rules = " ".join(f"[{code}](rules/{code}.md)" for code in bug.breaks)
    cells = (
        f"`{bug.usage}`",
        unit,
        bug.summary.replace("*", r"\*").replace("\\n", "\\\\n"),
        rules,
        bug.scenario,
    )
    return "| " + " | ".join(cells) + " |"


def test_the_page_has_every_bug_in_the_table_s_own_words() -> None:
    section = PAGE.partition("\n## Bugs\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [row(bug) for bug in BUGS.values()]


def test_every_bug_breaks_rules_that_exist() -> None:
    assert {code for bug in BUGS.values() for code in bug.breaks} <= RULES.keys()
    assert [bug.name for bug in BUGS.values() if not bug.breaks] == ["hide-details"]


def test_all_bugs_can_be_there_at_once() -> None:
    texts = [sample(bug) for bug in reversed(list(BUGS.values()))]
    assert list(parse_all(texts)) == list(BUGS)
    conduct = faulty_conduct(texts)
    assert isinstance(conduct, Conduct)
    assert conduct.header == "X-Stream-Id"
    assert conduct.cors.expose == "X-Stream-Id"


def test_bugs_of_one_service_do_not_spoil_the_next() -> None:
    faulty_conduct(["no-vary", "wrong-header=X-Stream-Id"])
    healthy = faulty_conduct([])
    assert healthy.header == Conduct.header == "X-Streaming-Session-Id"
    assert healthy.cors.expose == Conduct.cors.expose
    assert healthy.cors.varying() == (("vary", "Origin"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", ": there is no such bug; streamid lab bugs lists them"),
        ("xyzzy=1", "xyzzy: there is no such bug; streamid lab bugs lists them"),
        ("no_vary", "no_vary: there is no such bug; did you mean no-vary?"),
        ("RACE=3", "RACE: there is no such bug; did you mean race=MS?"),
        ("\x1b[31m\n", r"'\x1b[31m\n': there is no such bug; streamid lab bugs lists them"),
        ("race", "race: needs a value, race=MS (milliseconds)"),
        ("race=", "race: needs a value, race=MS (milliseconds)"),
        ("no-vary=1", "no-vary: takes no value"),
        ("no-vary=", "no-vary: takes no value"),
        ("race=0", "race=MS: 0 must be a number above 0, and 3600000 at most"),
        ("race=-1", "race=MS: -1 must be a number above 0, and 3600000 at most"),
        ("race=nan", "race=MS: nan must be a number above 0, and 3600000 at most"),
        ("race=1e3", "race=MS: 1e3 must be a number above 0, and 3600000 at most"),
        ("race=\n5", r"race=MS: '\n5' must be a number above 0, and 3600000 at most"),
        ("expire=86401", "expire=S: 86401 must be a number above 0, and 86400 at most"),
        ("no-affinity=1", "no-affinity=N: 1 must be a whole number from 2 to 64"),
        ("no-affinity=²", "no-affinity=N: ² must be a whole number from 2 to 64"),
        (
            "wrong-status=400",
            "wrong-status=CODE: 400 must be another status than 400, which is the right one",
        ),
        ("wrong-status=204", "wrong-status=CODE: 204 must be a status from 200 to 599 that has a body"),
        ("wrong-status=99", "wrong-status=CODE: 99 must be a status from 200 to 599 that has a body"),
        ("wrong-header=a b", "wrong-header=NAME: a b must be the name of a header field"),
        (
            "wrong-header=x-streaming-session-id",
            "wrong-header=NAME: x-streaming-session-id must be a name that a stream's head does not have yet",
        ),
        (
            "wrong-header=Vary",
            "wrong-header=NAME: Vary must be a name that a stream's head does not have yet",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line_that_names_the_bug(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        parse(text)
    assert str(caught.value) == complaint
    up = streamid("lab", "up", "--bug", text)
    assert up.exit_code == 2
    assert up.stderr == f"Error: --bug {complaint}\n"


def test_a_bug_is_named_once() -> None:
    with pytest.raises(ValueError, match=r"^race: is there twice$"):
        parse_all(["race=1", "no-vary", "race=2"])


def test_a_service_alone_refuses_bugs_that_it_cannot_have(tmp_path: Path) -> None:
    for name, bug, complaint in (
        ("accounting", "no-vary", "--bug is for the chat service only"),
        ("chat", "no-very", "--bug no-very: there is no such bug; did you mean no-vary?"),
    ):
        command = [sys.executable, "-m", "lab.service", name, "--data-dir", str(tmp_path), "--bug", bug]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].endswith(f"error: {complaint}")


def test_the_command_lists_every_bug_with_its_value_and_its_rules() -> None:
    lines = streamid("lab", "bugs").stdout.splitlines()
    assert len(lines) == 1 + len(BUGS)
    for line, bug in zip(lines[1:], BUGS.values(), strict=True):
        assert re.split(r"\s{2,}", line)[:3] == [bug.name, bug.value or "-", " ".join(bug.breaks) or "-"]
        assert bug.summary in line


def test_the_command_lists_them_as_json() -> None:
    listed = json.loads(streamid("lab", "bugs", "--format", "json").stdout)
    assert [each["name"] for each in listed] == list(BUGS)
    assert listed[0] == {
        "name": "race",
        "value": "MS (milliseconds)",
        "summary": "the ID is stored so long after the answer began",
        "breaks": ["SV301"],
        "scenario": "an update within that time",
    }
    assert listed[1]["value"] is None
