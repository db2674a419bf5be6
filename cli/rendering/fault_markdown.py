"""Kinds of faults and presets in Markdown: `docs/faults.md` and `docs/presets.md` are made of it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cli.rendering.fault_facts import FAMILIES, example, kinds, preset_plan, settings, strikes

if TYPE_CHECKING:
    from pydantic import BaseModel

    from faults.fault import Fault
    from faults.presets import Preset

MADE = "<!-- Made from {source} by scripts/make_fault_pages.py; edit the text there. -->"
_STAR = re.compile(r"(`[^`]*`)|([*|])")


def files() -> dict[str, str]:
    """Both pages, by the names of their files."""
    from faults.presets import PRESETS

    return {
        "faults.md": "\n".join(_faults(kinds())) + "\n",
        "presets.md": "\n".join(_presets(PRESETS.values())) + "\n",
    }


def _faults(found: "Sequence[type[Fault]]") -> Iterator[str]:
    from faults.when import When

    yield from (MADE.format(source="faults/ and cli/rendering/fault_markdown.py"), "", "# Faults", "")
    yield from _BEGINNING.strip().splitlines()
    yield from ("", "## When", "", *_WHEN.strip().splitlines(), "")
    yield from _table(When)
    yield from ("", "## Kinds", "")
    for family, title in FAMILIES.items():
        links = (f"[{each.kind}](#{each.kind})" for each in found if each.family == family)
        yield f"- {title}: {', '.join(links)}"
    for family, title in FAMILIES.items():
        yield from ("", f"## {title}")
        for each in found:
            if each.family == family:
                yield from _kind(each)


def _kind(kind: "type[Fault]") -> Iterator[str]:
    yield from ("", f"### {kind.kind}", "", _escaped(kind.summary), "")
    yield from (f"- **Strikes**: {strikes(kind)}", f"- **Received**: {_escaped(kind.received)}")
    if kind.breaks:
        yield f"- **Breaks**: {_rules(kind.breaks)}"
    if kind.follows:
        yield f"- **Clients then break**: {_rules(kind.follows)}"
    if kind.model_fields:
        yield from ("", *_table(kind))
    yield from ("", "```toml", example(kind), "```")


def _table(model: "type[BaseModel]") -> Iterator[str]:
    yield from ("| setting | type | default | what it says |", "|---|---|---|---|")
    for each in settings(model):
        default = "required" if each["default"] is None else each["default"]
        cells = (f"`{each['key']}`", *map(_escaped, (each["type"], default, each["about"])))
        yield f"| {' | '.join(cells)} |"


def _presets(found: "Iterable[Preset]") -> Iterator[str]:
    presets = list(found)
    yield from (MADE.format(source="faults/presets/"), "", "# Presets", "")
    yield from _PRESETS.strip().splitlines()
    yield from ("", "| preset | what it does | faults |", "|---|---|---|")
    for each in presets:
        named = dict.fromkeys(str(table["kind"]) for table in each.tables)
        links = ", ".join(f"[{kind}](faults.md#{kind})" for kind in named)
        yield f"| [{each.name}](#{each.name}) | {_escaped(each.summary)} | {links} |"
    for each in presets:
        yield from _preset(each)


def _preset(preset: "Preset") -> Iterator[str]:
    from faults.presets import ID_HEADER

    yield from ("", f"## {preset.name}", "", _escaped(preset.summary), "", _escaped(preset.page), "")
    shown = {name: value for name, value in preset.parameters.items() if name != ID_HEADER}
    if shown:
        yield f"- **Parameters**: {', '.join(f'`{name}={value}`' for name, value in shown.items())}"
    if preset.breaks:
        yield f"- **Breaks**: {_rules(preset.breaks)}"
    if preset.follows:
        yield f"- **May follow**: {_rules(preset.follows)}"
    if shown or preset.breaks or preset.follows:
        yield ""
    yield from ("```toml", preset_plan(preset), "```")


def _rules(codes: Iterable[str]) -> str:
    return " ".join(f"[{code}](rules/{code}.md)" for code in codes)


def _escaped(text: str) -> str:
    """Text whose stars and bars are to be seen; code keeps its own, where no table is torn."""
    return _STAR.sub(lambda found: found[1] or f"\\{found[2]}", text)


_BEGINNING = """
A fault changes what passes through the proxy, on purpose: a header is gone, a stream stalls, an update
carries an old ID. So one sees what clients and services do about it, and what `streamid validate` finds.
Faults are described by a plan, a TOML file; or by [presets](presets.md), which are plans for what real
set-ups do.

```sh
streamid faults list                 # all kinds; --presets lists presets
streamid faults explain truncate     # a page of what follows
streamid faults check plan.toml      # is it sound? if not: file, line, field, and exit code 2
mitmdump --mode reverse:http://localhost:3002 -s "$(streamid addon-path)" --set streamid_faults=plan.toml
mitmdump --mode reverse:http://localhost:3002 -s "$(streamid addon-path)" \\
    --set streamid_faults="idle-60s(after=2 s)"
```

```toml
seed = 7                             # of all chances; 1 if it is not given

[[fault]]
kind = "strip-header"                # one of the kinds below, and its settings
names = ["X-Streaming-Session-Id"]
name = "no-id"                       # in the journal and in commands; the kind (kind-2, …) if it is not given
match = "~u /stream$"                # only these exchanges; all if it is not given
when = { every = 3 }                 # which of them; all if it is not given
armed = true                         # false: only once a command arms it

[[fault]]
kind = "delay"
by = "500 ms"
[fault.when]
probability = 0.2
per = "scope"
```

Faults work on a message in the order of the plan. Times are written like `500 ms`, `1.5 s` or `2 min`.
What a plan says wrongly is told with file, line and field before anything is recorded, and a plan that is
changed while the proxy runs is read again.

`match` is a [filter expression](https://docs.mitmproxy.org/stable/concepts/filters/) of mitmproxy, and
decided when the head of the message has come: faults of requests see the request's head, faults of
responses both heads. Bodies (`~b`, `~bq`, `~bs`) and what is known later (`~e`, `~marked`, …) cannot be
asked for. redirect and replay-cached answer in the service's place, so that they too see the request's
head alone.
"""

_WHEN = """
A fault has an occasion wherever `match` lets an exchange through and the message is one that the kind is
about. Occasions are counted, from 1; with `per`, by themselves for each address of a client, each scope
of the profile (a chat session), or each ID of a stream. `first`, `nth`, `every` and `probability` choose
among them; at most one of the four can be given.

Whether an occasion is struck depends on the plan's seed, the fault's name, what is counted by, and the
number, and on nothing else: another run with the same traffic and seed strikes the same, however
exchanges overlap. Only `after`, `for` and `max-active` depend on time; what they hold back is counted all
the same. The journal has each decision with its reason.
"""

_PRESETS = """
What proxies, gateways, caches and browsers' rules do to streams in the field, each as a small
[plan](faults.md). A preset is called by its name; parameters have defaults, and several presets are
separated by commas. Quotes keep a value together that has commas or parentheses.

```sh
streamid faults explain idle-60s
streamid faults check strip-streaming-id,cdn-cache
mitmdump --mode reverse:http://localhost:3002 -s "$(streamid addon-path)" \\
    --set streamid_faults="nginx-buffering(bytes=8192)"
```

Where a preset names the header of the ID, that is the profile's; `id-header=NAME` names another. The
plans below have the defaults and the chat profile's header, and are to be copied and changed.
"""
