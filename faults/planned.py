"""One `[[fault]]` table of a plan, checked: a kind with its settings, when it strikes, and for whom."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from contract.toml_lines import Path
from faults.fault import Fault
from faults.registry import KINDS
from faults.when import When

type CompileFilter = Callable[[str], object]
"""Makes of a filter expression what decides on a flow; raises `ValueError` with one line."""

OWN_KEYS = ("kind", "name", "match", "when", "armed")
"""The keys of a table that are not settings of its kind."""

_LISTED = 12
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Problem(NamedTuple):
    """Something that is wrong with a plan: where, and a clause that says what."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault of a plan. `filter` is what was made of `match`; None where that is empty."""

    name: str
    fault: Fault
    when: When
    match: str = ""
    filter: object | None = None
    armed: bool = True


def planned(
    tables: Sequence[object], compile_filter: CompileFilter
) -> tuple[tuple[PlannedFault, ...], list[Problem]]:
    """All faults of the tables, and what is wrong with them; where anything is, faults are missing."""
    problems = list[Problem]()
    names = _names(tables, problems)
    found = list[PlannedFault]()
    for place, table in enumerate(tables):
        if isinstance(table, dict):
            one = _Table(table, ("fault", place), compile_filter).read(names[place])
            problems += one if isinstance(one, list) else []
            found += [one] if isinstance(one, PlannedFault) else []
        else:
            problems.append(Problem(("fault", place), "is no table"))
    return tuple(found), problems


def suggestion(wrong: str, right: Sequence[str], where: str = "streamid faults list") -> str:
    """A clause that leads to what was meant; `where` lists what is right, should that be much."""
    if near := get_close_matches(wrong, right, n=1, cutoff=0.6):
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(right)}" if len(right) <= _LISTED else f"{where} has them all"


def explained(
    error: ValidationError, path: Path, model: type[BaseModel], others: Sequence[str]
) -> list[Problem]:
    """What pydantic found wrong with a table; `others` are keys that it may have beside the model's."""
    known = [field.alias or name for name, field in model.model_fields.items()]
    found = list[Problem]()
    for each in error.errors(include_url=False):
        place, text = path + each["loc"], each["msg"].removeprefix("Value error, ")
        if each["type"] == "extra_forbidden":
            text = f"there is no such setting; {suggestion(str(each['loc'][-1]), [*known, *others])}"
        found.append(Problem(place, "is missing" if each["type"] == "missing" else text))
    return found


class _Table:
    def __init__(self, table: Mapping[str, Any], path: Path, compile_filter: CompileFilter) -> None:
        self._table = table
        self._path = path
        self._compile = compile_filter
        self._problems = list[Problem]()

    def read(self, name: str) -> PlannedFault | list[Problem]:
        """The fault, or what is wrong with it."""
        fault, when = self._fault(), self._when()
        match, compiled = self._match()
        armed = self._table.get("armed", True)
        if not isinstance(armed, bool):
            self._wrong("armed", "is true or false")
        if fault is None or when is None or self._problems:
            return self._problems
        return PlannedFault(name, fault, when, match, compiled, armed)

    def _wrong(self, key: str, text: str) -> None:
        self._problems.append(Problem((*self._path, key), text))

    def _fault(self) -> Fault | None:
        kind = self._table.get("kind")
        if kind is None:
            self._problems.append(Problem((*self._path, "kind"), "is missing"))
        elif not isinstance(kind, str) or kind not in KINDS:
            self._wrong("kind", f"there is no kind {kind!r}; {suggestion(str(kind), list(KINDS))}")
        else:
            settings = {key: value for key, value in self._table.items() if key not in OWN_KEYS}
            return self._model(KINDS[kind], settings, self._path, OWN_KEYS)
        return None

    def _when(self) -> When | None:
        return self._model(When, self._table.get("when", {}), (*self._path, "when"), ())

    def _model[M: BaseModel](
        self, model: type[M], values: object, path: Path, others: Sequence[str]
    ) -> M | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            self._problems += explained(error, path, model, others)
            return None

    def _match(self) -> tuple[str, object | None]:
        match = self._table.get("match", "")
        if not isinstance(match, str) or ("match" in self._table and not match.strip()):
            self._wrong("match", "is a filter expression, as text")
            return "", None
        try:
            return match, self._compile(match) if match else None
        except ValueError as error:
            self._wrong("match", str(error))
            return match, None


def _names(tables: Sequence[object], problems: list[Problem]) -> list[str]:
    """A name for each: the one that it was given, or its kind, or that with a number."""
    given = [table.get("name") if isinstance(table, dict) else None for table in tables]
    taken = dict[str, int]()
    for place, name in enumerate(given):
        if name is None:
            continue
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            text = "is of letters, digits, -, _ and ., and begins with a letter or a digit"
            problems.append(Problem(("fault", place, "name"), text))
        elif name in taken:
            text = f"{name} is the name of fault[{taken[name]}] already"
            problems.append(Problem(("fault", place, "name"), text))
        else:
            taken[name] = place
    names = list[str]()
    for place, name in enumerate(given):
        if name is None:
            table = tables[place]
            name = free_name(str(table.get("kind", "")) if isinstance(table, dict) else "", taken)
            taken[name] = place
        names.append(str(name))
    return names


def free_name(wanted: str, taken: Mapping[str, object]) -> str:
    """`wanted`, or that with the first number that nothing else has."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
