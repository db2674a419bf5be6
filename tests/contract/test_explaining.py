"""Each rule has its page, and what the pages say can be used."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from contract import explaining
from contract.explaining import FAMILIES, Fix, Page, PageError, codes_of, explanation, page_codes, read_page
from contract.rules import RULES

ROOT = Path(__file__).parents[2]
CODES = page_codes()
GATEWAYS = {"AWS API Gateway", "Kong", "Envoy", "Apigee"}
STANDARDS = {
    "fetch.spec.whatwg.org",
    "html.spec.whatwg.org",
    "encoding.spec.whatwg.org",
    "www.rfc-editor.org",
}
PAIRS = {")": "(", "]": "[", "}": "{"}


def fixes(*languages: str) -> Iterator[tuple[str, Fix]]:
    for code in CODES:
        for fix in read_page(code).fix:
            if fix.language in languages:
                yield f"{code} {fix.platform}", fix


def prose(page: Page) -> str:
    said = page.verdicts
    texts = (page.holds, page.why, said.fail, said.warn, said.inconclusive, said.not_applicable)
    return "\n".join((*texts, *(fix.text for fix in page.fix)))


def test_every_rule_has_its_page_and_every_page_its_rule() -> None:
    assert sorted(RULES) == CODES


def test_every_page_is_about_the_rule_of_its_file() -> None:
    for code in RULES:
        explained = explanation(code)
        assert (explained.page.code, explained.page.name) == (explained.rule.code, explained.rule.name)


def test_every_family_is_described_and_no_other() -> None:
    assert list(FAMILIES) == list(dict.fromkeys(code[:2] for code in RULES))


@pytest.mark.parametrize("code", CODES)
def test_a_page_tells_the_platforms_that_matter_what_to_do(code: str) -> None:
    platforms = [fix.platform for fix in read_page(code).fix]
    assert len(set(platforms)) == len(platforms)
    if code.startswith("EC"):
        assert platforms[:2] == ["fetch in a browser", "Python, requests or httpx"]
    else:
        assert platforms[:3] == ["Express", "FastAPI / Starlette", "nginx"]
        assert set(platforms) & GATEWAYS


@pytest.mark.parametrize("code", CODES)
def test_a_page_names_only_rules_that_exist(code: str) -> None:
    page = read_page(code)
    assert code not in page.related
    assert set(page.related) <= set(CODES)
    assert set(re.findall(r"\b[A-Z]{2}\d{3}\b", prose(page))) <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_an_example_runs_the_lab_and_ends_with_the_verdict(code: str) -> None:
    page = read_page(code)
    for example in (page.failing, page.passing):
        lines = example.commands.strip().splitlines()
        assert lines[0].startswith("streamid lab up")
        assert f"--select {code}" in lines[-1]
    assert page.failing != page.passing
    printed = rf"{code} {page.name} +(error|warning|info)( \(inconclusive\))? +[A-Z]"
    assert re.match(printed, page.failing.finding)
    assert page.passing.finding == ""


@pytest.mark.parametrize("code", CODES)
def test_the_sources_are_sections_of_standards(code: str) -> None:
    for source in read_page(code).sources:
        address = urlsplit(source.url)
        assert address.hostname in STANDARDS
        number = re.match(r"RFC (\d+) §([\d.]+),", source.title)
        if number:
            assert source.url == f"https://www.rfc-editor.org/rfc/rfc{number[1]}#section-{number[2]}"


def test_code_is_short_and_says_its_language() -> None:
    for code in CODES:
        for fix in read_page(code).fix:
            assert bool(fix.code) == bool(fix.language)
            assert len(fix.code.splitlines()) <= 14


@pytest.mark.parametrize(("where", "fix"), list(fixes("python")))
def test_python_compiles(where: str, fix: Fix) -> None:
    # Snippets show the lines that matter, so that some are the inside of a function.
    inside = "async def snippet():\n" + "\n".join(f"    {line}" for line in fix.code.splitlines())
    compile(inside, where, "exec", ast.PyCF_ONLY_AST)


@pytest.mark.parametrize(("where", "fix"), list(fixes("json", "xml", "yaml")))
def test_documents_can_be_parsed(where: str, fix: Fix) -> None:
    if fix.language == "json":
        assert isinstance(json.loads(fix.code), dict), where
    elif fix.language == "xml":
        assert len(ElementTree.fromstring(fix.code)), where
    else:
        assert YAML(typ="safe").load(fix.code), where


@pytest.mark.parametrize(("where", "fix"), list(fixes("js", "nginx")))
def test_brackets_and_quotes_are_balanced(where: str, fix: Fix) -> None:
    assert unbalanced(fix.code, fix.language) == "", where


def test_what_is_not_balanced_is_noticed() -> None:
    assert unbalanced("f(`a ${b}`, '(', /[(]/.test(c)); // )", "js") == ""
    for wrong in ("f(a", "f(a]", "f('a)", "f(`a)"):
        assert unbalanced(wrong, "js") != ""


def unbalanced(code: str, language: str) -> str:
    """The bracket or quote that has no partner; empty if each has. Regular expressions are one token."""
    comment = r"//[^\n]*" if language == "js" else r"#[^\n]*"
    text = r'"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'" + (r"|`[^`]*`" if language == "js" else "")
    pattern = r"(?<=[(,=] )/[^/\n ]+/|(?<=\()/[^/\n ]+/" if language == "js" else r"~\S+"
    rest = re.sub(rf"{text}|{comment}|{pattern}", "", code)
    still_open: list[str] = []
    characters: list[str] = re.findall(r"[()\[\]{}\"'`]", rest)
    for character in characters:
        if character in "([{":
            still_open.append(character)
        elif not still_open or PAIRS.get(character) != still_open.pop():
            return character
    return "".join(still_open)


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("CO402", ["CO402"]),
        ("co402", ["CO402"]),
        ("Id-Not-Exposed", ["CO402"]),
        ("ID10", [code for code in RULES if code.startswith("ID10")]),
        ("ec", [code for code in RULES if code.startswith("EC")]),
        ("", []),
        ("C", []),
        ("CO4022", []),
        ("402", []),
    ],
)
def test_a_rule_is_asked_for_by_code_beginning_or_name(asked: str, codes: list[str]) -> None:
    assert codes_of(asked) == codes


def test_a_page_that_is_not_right_is_named_with_its_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "contract" / "explanations" / "CO402.toml").read_text(encoding="utf-8")
    monkeypatch.setattr(explaining, "FOLDER", str(tmp_path))
    file = tmp_path / "CO402.toml"
    for old, new, told in (
        ("fail = ", "fial = ", "CO402.toml: verdicts.fail: "),
        ("url = ", "url = 1 #", "CO402.toml: sources.0.url: "),
        ("code = ", "code = = ", "CO402.toml: "),
    ):
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(PageError, match=re.escape(told)):
            read_page("CO402")


def test_a_page_about_another_rule_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "contract" / "explanations" / "ID102.toml").read_text(encoding="utf-8")
    (tmp_path / "ID101.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(explaining, "FOLDER", str(tmp_path))
    explanation.cache_clear()
    with pytest.raises(
        PageError, match=r"ID101\.toml: is about ID102 id-renamed, not about ID101 id-missing"
    ):
        explanation("ID101")
    explanation.cache_clear()


def test_importing_the_rules_reads_no_page() -> None:
    code = "import sys, contract.rules, contract.checker; print('contract.explaining' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
