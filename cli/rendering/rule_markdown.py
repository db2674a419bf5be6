"""Rules explained in Markdown: a file each, and an index by family. `docs/rules/` is made of it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contract.explaining import Example, Explanation, Verdicts

MADE_FROM = "<!-- Made from contract/explanations by scripts/make_rule_pages.py; edit the text there. -->"
INDEX = "README.md"


def files(rules: "Iterable[Explanation]") -> dict[str, str]:
    """All files of the folder, by name: a page for each rule, and the index."""
    explained = list(rules)
    pages = {f"{each.rule.code}.md": page(each) for each in explained}
    return {INDEX: index(explained), **pages}


def page(explained: "Explanation") -> str:
    """One rule's file."""
    return "\n".join(_page(explained)) + "\n"


def index(rules: "list[Explanation]") -> str:
    """The index: what rules are, and a table for each family, in the order of `rules`."""
    return "\n".join(_index(rules)) + "\n"


def _page(explained: "Explanation") -> Iterator[str]:
    rule, text = explained.rule, explained.page
    yield from (MADE_FROM, "", f"# {rule.code} {rule.name}", "")
    yield from (f"*{rule.severity.value}* · [all rules]({INDEX})", "", text.holds, "")
    yield from ("## Why it matters", "", text.why.strip(), "")
    yield from ("## Verdicts", "", *_verdicts(text.verdicts), "")
    yield from ("## Failing, in the lab", "", *_example(text.failing))
    yield from ("## Passing", "", *_example(text.passing))
    yield from ("## How to mend it", "")
    for fix in text.fix:
        yield from (f"### {fix.platform}", "", fix.text.strip(), "")
        if fix.code:
            yield from (*_fenced(fix.code, fix.language), "")
    yield from ("## Standards", "", *(f"- [{each.title}]({each.url})" for each in text.sources))
    if text.related:
        yield from ("", "## See also", "", ", ".join(f"[{code}]({code}.md)" for code in text.related))


def _verdicts(verdicts: "Verdicts") -> Iterator[str]:
    said = {
        "FAIL": verdicts.fail,
        "WARN": verdicts.warn,
        "INCONCLUSIVE": verdicts.inconclusive,
        "N/A": verdicts.not_applicable,
    }
    return (f"- **{verdict}**: {when.strip()}" for verdict, when in said.items() if when)


def _example(example: "Example") -> Iterator[str]:
    yield from (*_fenced(example.commands, "sh"), "", *_fenced(example.wire, "http"), "")
    if example.finding:
        yield from (*_fenced(example.finding, "text"), "")


def _fenced(text: str, language: str) -> tuple[str, str, str]:
    return (f"```{language}", text.removesuffix("\n"), "```")


def _index(rules: "list[Explanation]") -> Iterator[str]:
    from contract.explaining import FAMILIES

    yield from (MADE_FROM, "", "# Rules", "", *_INTRODUCTION.strip().splitlines())
    for family, about in FAMILIES.items():
        of_it = [each for each in rules if each.rule.family.value == family]
        if of_it:
            yield from ("", f"## {family}: {about}", "", "| code | name | severity | holds when |")
            yield "|---|---|---|---|"
            yield from map(_row, of_it)


def _row(explained: "Explanation") -> str:
    rule = explained.rule
    holds = explained.page.holds.replace("|", r"\|")
    return f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity.value} | {holds} |"


_INTRODUCTION = """
Each rule looks at one exchange and says pass, fail, warn, not applicable, or – with the reason –
inconclusive: what a proxy cannot see is never guessed. Fail, warn and inconclusive become findings.
Inconclusive findings have the severity `info`, whatever the rule; the severities below are those of a
plain failure.

`streamid rule CODE` prints a page of these on the terminal, `streamid rule --all` lists them. `--select`
and `--ignore` take codes or their beginnings: `EC`, `EC2`, `EC201`. Where both fit, the longer wins.

ID, CO, SS and HT603 judge what the client got. "Issued", SV and the other HT rules go by what the service
sent. EC judges the client's echo against what the service issued. HP compares both sides of the proxy.
Where the sides differ, the finding has the server's side as evidence, so that the service is not blamed
for what happened on the way.

Rules are literal: one defect may break several. Each page says under *See also* which ones go with it.

The examples run in one shell on one machine. A command that ends in `&` keeps running; give each a
terminal of its own if you would rather read its log. Wait until the lab says `Ready`; `fg` and Ctrl-C end
them. The tester says that it is a page of `http://localhost:8080`, and the proxy listens on 8002: so
requests cross origins, as they do in production. IDs, sessions and numbers of exchanges differ from run
to run, and headers that do not matter are left out.
"""
