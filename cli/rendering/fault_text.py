"""Faults, presets and plans on a terminal."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.rendering.columns import Cell, Column, table
from cli.rendering.escaping import printable
from cli.rendering.fault_facts import example, preset_plan, settings, strikes
from cli.rendering.styling import bold, coloured

if TYPE_CHECKING:
    from faults.fault import Fault
    from faults.presets import Preset

_KINDS = (
    Column("kind"),
    Column("family"),
    Column("strikes"),
    Column("breaks"),
    Column("what it does", flexible=True),
)
_PRESETS = (Column("preset"), Column("what it does", flexible=True))
_FAULTS = (Column("name"), Column("kind"), Column("when"), Column("match"), Column("state"))
_INDENT = "  "
_LEAST = 30


def kind_lines(kinds: "Iterable[type[Fault]]", width: int | None) -> Iterator[str]:
    """A line of titles and one for each kind, at most `width` cells wide; None: as wide as they are."""
    rows = (
        (each.kind, each.family, strikes(each), " ".join(each.breaks) or "-", _plain(each.summary))
        for each in kinds
    )
    return table(_KINDS, ([Cell(text) for text in row] for row in rows), width)


def preset_lines(presets: "Iterable[Preset]", width: int | None) -> Iterator[str]:
    """A line of titles and one for each preset."""
    return table(_PRESETS, ([Cell(each.usage), Cell(_plain(each.summary))] for each in presets), width)


def kind_page(kind: "type[Fault]", width: int) -> Iterator[str]:
    """All about a kind: prose wrapped at `width` cells."""
    yield f"{bold(kind.kind)} ({kind.family}; strikes {strikes(kind)})"
    yield from _prose(kind.summary, width, "")
    yield from _section("Received")
    yield from _prose(kind.received, width)
    rows = list(settings(kind))
    if rows:
        yield from _section("Settings")
    for each in rows:
        default = "required" if each["default"] is None else f"default: {each['default']}"
        yield f"{_INDENT}{coloured(each['key'], 'cyan')}  {each['type']}, {default}"
        yield from _prose(each["about"], width, _INDENT * 3)
    yield from _rules("Breaks", kind.breaks)
    yield from _rules("Clients then break", kind.follows)
    yield from _section("A plan with it")
    yield from _block(example(kind))


def preset_page(preset: "Preset", width: int) -> Iterator[str]:
    """All about a preset."""
    yield f"{bold(preset.usage)} (preset)"
    yield from _prose(preset.summary, width, "")
    yield from _section("Where it is found")
    yield from _prose(preset.page, width)
    yield from _rules("Breaks", preset.breaks)
    yield from _rules("May follow", preset.follows)
    yield from _section("As a plan")
    yield from _block(preset_plan(preset))


def plan_lines(plan: Mapping[str, Any]) -> Iterator[str]:
    """A line for each fault of a plan, below one of titles; of its fields as JSON has them."""
    rows = (
        (
            each["name"],
            each["kind"],
            ", ".join(f"{key} {value}" for key, value in each["when"].items()) or "always",
            each["match"] or "-",
            "armed" if each["armed"] else "disarmed",
        )
        for each in plan["faults"]
    )
    lines = table(_FAULTS, ([Cell(printable(text)) for text in row] for row in rows), None)
    return (f"{_INDENT}{line}" for line in lines)


def _section(title: str) -> Iterator[str]:
    yield ""
    yield bold(title)


def _rules(title: str, codes: Sequence[str]) -> Iterator[str]:
    if codes:
        from contract.rules import RULES

        yield from _section(title)
        yield from (f"{_INDENT}{code} {RULES[code].name}" for code in codes)


def _block(text: str) -> Iterator[str]:
    return (f"{_INDENT * 2}{line}".rstrip() for line in text.splitlines())


def _prose(text: str, width: int, indent: str = _INDENT) -> list[str]:
    return textwrap.wrap(
        _plain(text),
        max(width, _LEAST),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _plain(text: str) -> str:
    return text.replace("`", "")
