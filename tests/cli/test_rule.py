"""`streamid rule`: which rules are explained, and how they are printed."""

import json

import pytest

from cli.rendering.rule_text import page_lines, table_lines
from contract.explaining import explanation
from contract.rules import RULES
from tests.cli.streamid import streamid


def headings(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line[:5] in RULES]


def test_a_rule_is_explained_from_what_it_holds_to_the_standard() -> None:
    result = streamid("rule", "CO402")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "CO402 id-not-exposed (error)"
    sections = [
        "Why it matters",
        "Verdicts",
        "Failing, in the lab",
        "Passing",
        "How to mend it",
        "Standards",
        "See also",
    ]
    assert [line for line in lines if line in sections] == sections
    assert "    streamid lab up --bug no-expose &" in lines
    assert "    https://fetch.spec.whatwg.org/#concept-main-fetch" in lines
    assert "  FastAPI / Starlette" in lines


@pytest.mark.parametrize("asked", ["co402", "id-not-exposed", "ID-NOT-EXPOSED"])
def test_case_does_not_matter_and_names_will_do(asked: str) -> None:
    assert streamid("rule", asked).stdout == streamid("rule", "CO402").stdout


def test_families_and_several_codes_are_explained_once_each_in_the_order_asked() -> None:
    found = headings(streamid("rule", "ID102", "id10", "EC201").stdout)
    assert found == [
        "ID102",
        *(code for code in RULES if code.startswith("ID10") and code != "ID102"),
        "EC201",
    ]


def test_all_lists_every_rule_on_a_line() -> None:
    lines = streamid("rule", "--all").stdout.splitlines()
    assert lines[0].split() == ["code", "name", "severity", "holds", "when"]
    assert [line.split()[:3] for line in lines[1:]] == [
        [rule.code, rule.name, rule.severity.value] for rule in RULES.values()
    ]
    assert all(len(line.split()) > 5 for line in lines[1:])


def test_json_has_the_documented_keys_for_one_rule_and_for_all() -> None:
    (found,) = json.loads(streamid("rule", "CO402", "--format", "json").stdout)
    assert list(found) == [
        "code", "name", "severity", "family", "holds", "why", "related",
        "verdicts", "failing", "passing", "fix", "sources",
    ]  # fmt: skip
    assert (found["severity"], found["family"]) == ("error", "CO")
    assert list(found["verdicts"]) == ["fail", "warn", "inconclusive", "not-applicable"]
    listed = json.loads(streamid("rule", "--all", "--format", "json").stdout)
    assert [each["code"] for each in listed] == list(RULES)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("CO4O2", "CO4O2: there is no such rule; did you mean CO402?"),
        ("id-exposed", "id-exposed: there is no such rule; did you mean id-not-exposed?"),
        ("nonsense", "nonsense: there is no such rule; streamid rule --all lists them"),
        ("\x1b[2J", "\\x1b[2J: there is no such rule; streamid rule --all lists them"),
    ],
)
def test_what_is_no_rule_is_one_line_with_a_suggestion(asked: str, told: str) -> None:
    result = streamid("rule", "ID101", asked)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {told}\n")


@pytest.mark.parametrize("arguments", [(), ("--all", "CO402")])
def test_either_rules_or_all_has_to_be_asked_for(arguments: tuple[str, ...]) -> None:
    result = streamid("rule", *arguments)
    assert result.exit_code == 2
    assert "Name one or more rules, or give --all." in result.stderr


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" not in streamid("rule", "CO402").stdout
    assert "\x1b[" in streamid("rule", "CO402", color=True).stdout
    assert "\x1b[" in streamid("rule", "--all", "--color", "always").stdout


@pytest.mark.parametrize("width", [40, 72, 100])
def test_prose_keeps_to_the_width_and_code_is_never_wrapped(width: int) -> None:
    explained = explanation("CO402")
    lines = list(page_lines(explained, width))
    begin, end = lines.index("\x1b[1mWhy it matters\x1b[0m"), lines.index("\x1b[1mVerdicts\x1b[0m")
    plain = [line.replace("\x1b[36m", "").replace("\x1b[0m", "") for line in lines[begin + 1 : end]]
    assert max(map(len, plain)) <= width
    assert " ".join(" ".join(plain).split()) == " ".join(explained.page.why.split())
    for line in explained.page.failing.wire.strip().splitlines():
        assert f"    {line}".rstrip() in lines


def test_the_list_keeps_to_the_width_of_a_terminal() -> None:
    lines = list(table_lines([explanation("CO401")], 60))
    assert lines[1].endswith("…")
    assert streamid("rule", "--all").stdout.count("…") == 0
