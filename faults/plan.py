"""A plan: faults, when each strikes, and the seed of all chances. Plans are TOML texts.

    seed = 7

    [[fault]]
    kind = "strip-header"
    names = ["X-Streaming-Session-Id"]
    match = "~u /stream$"
    when = { every = 3 }

Everything is checked when a plan is read, so that nothing can fail while traffic passes.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from contract.toml_lines import Path, line_of
from faults.planned import CompileFilter, PlannedFault, Problem, planned, suggestion

__all__ = ["CompileFilter", "Plan", "PlanError", "PlannedFault"]

DEFAULT_SEED = 1

_KEYS = ("seed", "fault")


class PlanError(ValueError):
    """A plan that cannot be used; the text names file, line and field, one line for each thing wrong."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Faults in the order in which they work on a message: the first takes it as it came."""

    faults: tuple[PlannedFault, ...] = ()
    seed: int = DEFAULT_SEED

    @classmethod
    def from_toml(cls, text: str, where: str, compile_filter: CompileFilter) -> Self:
        """The plan in a TOML text; `where` names the file in errors. Raises `PlanError`."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            number = line[1] if line else max(1, len(text.splitlines()))
            raise PlanError(f"{where}:{number}: not TOML: {error}") from error
        tables = document.get("fault", [])
        faults, problems = planned(tables if isinstance(tables, list) else [], compile_filter)
        problems = [*_top(document), *problems]
        if problems:
            raise PlanError(_told(problems, text, where))
        return cls(faults, document.get("seed", DEFAULT_SEED))


def _top(document: Mapping[str, object]) -> Iterable[Problem]:
    """What is wrong outside of the tables of faults."""
    for key in document:
        if key not in _KEYS:
            yield Problem((key,), f"there is no such key; {suggestion(key, _KEYS)}")
    seed, tables = document.get("seed", DEFAULT_SEED), document.get("fault")
    if not isinstance(seed, int) or isinstance(seed, bool):
        yield Problem(("seed",), "is a whole number")
    if tables is not None and not isinstance(tables, list):
        yield Problem(("fault",), "is written [[fault]], for each fault anew")
    elif not tables:
        yield Problem((), "there is no [[fault]]")


def _told(problems: Iterable[Problem], text: str, where: str) -> str:
    found = [(line_of(text, path), path, message) for path, message in problems]
    placed = sorted(found, key=lambda each: each[0])
    return "\n".join(f"{where}:{line}: {dotted(path)}: {message}" for line, path, message in placed)


def dotted(path: Path) -> str:
    """A path as people write it."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "plan"
