"""What holds for every kind of the families heads, id and cors."""

import re
import tomllib
from inspect import getfile
from pathlib import Path

import pytest

from contract.rules import RULES
from faults import cors, heads, identity
from faults.fault import Fault
from faults.heads.head_fault import FieldsFault
from faults.parts import Data, End, ResponseStart
from faults.registry import KINDS
from tests.faults.support import PREFLIGHT, REQUEST, UNTOUCHED, drive, head, response
from tests.faults.talking import ALLOWS, CHUNKED, CORS, EXPOSE, struck

FAMILIES = {"heads": heads.FAULTS, "id": identity.FAULTS, "cors": cors.FAULTS}
ALL = [kind for kinds in FAMILIES.values() for kind in kinds]
# By what they are, nothing of the rest stays; each has tests of its own.
REPLACING = ("keep-only", "redirect", "refuse-preflight", "status")

each_kind = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)


def example(kind: type[Fault]) -> Fault:
    return kind.model_validate(tomllib.loads(kind.example))


@each_kind
def test_its_page_is_complete(kind: type[Fault]) -> None:
    assert KINDS[kind.kind] is kind
    assert Path(getfile(kind)).stem == kind.kind.replace("-", "_")
    assert kind.__name__ == "".join(part.capitalize() for part in kind.kind.split("-"))
    for text in (kind.summary, kind.received):
        assert re.fullmatch(r"[A-Z][^\n]*\.", text)
        assert "  " not in text
    assert {*kind.breaks, *kind.follows} <= RULES.keys()
    assert list(kind.follows) == sorted(set(kind.follows))
    for name, setting in kind.model_fields.items():
        assert setting.description, name
    assert isinstance(example(kind), kind)
    assert kind.example or not any(field.is_required() for field in kind.model_fields.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_listed_by_name(family: str) -> None:
    names = [kind.kind for kind in FAMILIES[family]]
    assert names == sorted(set(names))
    assert {kind.family for kind in FAMILIES[family]} == {family}


def test_a_talk_that_nothing_strikes_breaks_no_rule() -> None:
    assert struck(None) == struck(None, at_once=True) == (set(), set())


@each_kind
def test_it_breaks_the_rules_that_it_says(kind: type[Fault]) -> None:
    """As its example strikes all that it applies to; clients break no rules but those that follow."""
    by_itself, by_echoes = struck(example(kind), at_once=kind.kind == "swap-ids")
    assert by_itself == set(kind.breaks)
    assert by_echoes <= set(kind.follows)


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind.kind not in REPLACING])
def test_other_lines_and_the_body_are_as_they_came(kind: type[Fault]) -> None:
    fault = example(kind)
    lines = (*UNTOUCHED[:2], *CORS, CHUNKED, (EXPOSE.encode(), b"stream-1-a"), *ALLOWS[2:4], *UNTOUCHED[2:])
    for request in (REQUEST, PREFLIGHT):
        run = drive(fault, request, expose=(EXPOSE,))
        run.feed(response(*lines), Data(b"one"), Data(b"two"), End())
        run.wait(10_000_000)
        start, *rest = run.parts
        assert rest == [Data(b"one"), Data(b"two"), End()]
        assert isinstance(start, ResponseStart)
        got = start.headers
        names = {name.lower() for name, _ in UNTOUCHED}
        lower = [(name.lower(), value) for name, value in UNTOUCHED]
        assert [(name.lower(), value) for name, value in got if name.lower() in names] == lower
        if kind.kind != "recase-header":
            assert [line for line in got if line in UNTOUCHED] == list(UNTOUCHED)


@each_kind
def test_the_same_seed_gives_the_same_head(kind: type[Fault]) -> None:
    fault = example(kind)
    if isinstance(fault, FieldsFault):
        start = response((EXPOSE.encode(), b"stream-1-a"), *CORS)
        assert head(fault, start) == head(fault, start)
