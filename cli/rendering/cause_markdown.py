"""All causes in one Markdown page. `docs/causes.md` is made of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contract.causes import CAUSES
from contract.causes.cause import Cause, Party
from contract.vantage import Vantage, looks_like

MADE_FROM = "<!-- Made from contract/causes by scripts/make_cause_pages.py; edit the text there. -->"
_TITLES = {
    Party.CLIENT: "The client",
    Party.SERVER: "The service",
    Party.NETWORK: "A hop",
    Party.CORS: "CORS: the service, or a hop that answers for it",
    Party.NOBODY: "Nobody",
}


@dataclass(frozen=True, slots=True)
class Example:
    """What `streamid diagnose` prints of one planted failure, and the neighbours that it was told from."""

    name: str
    lines: tuple[str, ...]
    neighbours: tuple[str, ...] = ()


def page(examples: dict[str, Example]) -> str:
    """The page; `examples` are by cause."""
    return "\n".join(_page(examples)) + "\n"


def _page(examples: dict[str, Example]) -> Iterator[str]:
    yield from (MADE_FROM, "", "# Causes", "", *_INTRODUCTION.strip().splitlines())
    for party, title in _TITLES.items():
        yield from ("", f"## {title}", "", "| cause | means |", "|---|---|")
        yield from (f"| {_link(each.code)} | {_cell(each.means)} |" for each in _of(party))
        for each in _of(party):
            yield from _section(each, examples[each.code])


def _of(party: Party) -> Iterator[Cause]:
    return (each for each in CAUSES.values() if each.party is party)


def _section(cause: Cause, example: Example) -> Iterator[str]:
    yield from ("", f"### {cause.code}", "", cause.means, "", f"Told by: {cause.told_by}.")
    if example.neighbours:
        yield from ("", f"Ruled out first: {_links(example.neighbours)}.")
    for side, vantage in (("client's", Vantage.CLIENT), ("service's", Vantage.SERVER)):
        if alike := looks_like(cause.code, vantage):
            yield from ("", f"From the {side} side of a hop alone, possible as well: {_links(alike)}.")
    yield from ("", f"For example, {example.name}:", "", "```text", *example.lines, "```")


def _links(codes: Iterable[str]) -> str:
    return ", ".join(map(_link, codes))


def _link(code: str) -> str:
    return f"[{code}](#{code})"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


_INTRODUCTION = """
What [`streamid diagnose`](commands.md#streamid-diagnose-what-failed-and-why) can conclude, and the proxy
while it runs ([live](live.md)). A finding says which rule does not hold; a cause says who has to change what.
Each incident – a refused update with its retries, a stream that broke, a preflight that was refused – has one
cause: the most specific one that the facts bear out.

How sure that is:

- **certain**: nothing else that is known gives these facts;
- **likely**: another layer can look just so, mostly a hop behind the proxy that does what a service could do;
  *would decide* names the capture that tells them apart;
- **possible**: only of `inconclusive`: the causes that are left, likeliest first.

A recording has both sides of the proxy that made it, so a change between them is that proxy's (or an
injected fault's). What came in wrong already is the service's, or that of a hop behind. With two recordings,
before and behind a hop (`--hop client-side=…,server-side=…`), the two sides are those of the hop. With one of
them alone, or a HAR file of a browser, which has the client's side, causes that look alike from there become
`inconclusive`, with all of them listed.

Each example below is made by planting the cause in recorded events, and is what `diagnose` prints of it.
`streamid cause CODE` prints the rest.
"""
