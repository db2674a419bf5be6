"""What the user writes to get presets: `cdn-cache, idle-60s(after=2 s)`."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from faults.plan import DEFAULT_SEED, Plan, PlanError
from faults.planned import CompileFilter, free_name, planned, suggestion
from faults.presets.preset import ID_HEADER, PRESETS, Default, Preset, typed

_CALL = re.compile(r"\s*([^\s(),=]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class Call:
    """A preset with values for its parameters; `text` is what was written."""

    preset: Preset
    values: Mapping[str, Default]
    text: str

    def tables(self, id_header: str) -> list[dict[str, Any]]:
        """Its tables of faults; raises `PlanError` where it needs a header for the ID and there is none."""
        values = dict(self.values)
        if ID_HEADER in values:
            values[ID_HEADER] = values[ID_HEADER] or id_header
            if not values[ID_HEADER]:
                text = "needs the name of the ID's header, and the profile has it in none"
                raise PlanError(f"preset {self.text}: {text}; give {ID_HEADER}=NAME")
        return self.preset.filled(values)


def preset(spec: str) -> Call:
    """Read a call such as `idle-60s(after=2 s)`. Raises `PlanError`."""
    found = _CALL.fullmatch(spec)
    if not found:
        raise PlanError(f"preset {spec.strip()!r}: is written NAME or NAME(parameter=value, …)")
    name, inside = found[1], found[2]
    if name not in PRESETS:
        hint = suggestion(name, list(PRESETS), "streamid faults list --presets")
        raise PlanError(f"there is no preset {name!r}; {hint}")
    called, text = PRESETS[name], spec.strip()
    values = dict(called.parameters)
    for argument in _split(inside) if inside and inside.strip() else ():
        key, equals, value = (part.strip() for part in argument.partition("="))
        if not equals or not key:
            raise PlanError(f"preset {text}: {argument.strip()!r} is not parameter=value")
        if key not in values:
            hint = suggestion(key, list(values)) if values else f"{name} has none"
            raise PlanError(f"preset {text}: there is no parameter {key!r}; {hint}")
        try:
            values[key] = typed(called.parameters[key], _unquoted(value))
        except ValueError as error:
            raise PlanError(f"preset {text}: {key}: {error}") from error
    return Call(called, values, text)


def combined(value: str, seed: int, compile_filter: CompileFilter, id_header: str = "") -> Plan:
    """One plan of all presets in `value`, in their order. Raises `PlanError`."""
    tables, owners = list[dict[str, Any]](), list[str]()
    taken = dict[str, int]()
    for call in map(preset, _split(value)):
        made = call.tables(id_header)
        for table in made:
            wanted = call.preset.name if len(made) == 1 else f"{call.preset.name}.{table['kind']}"
            table["name"] = free_name(wanted, taken)
            taken[table["name"]] = len(tables)
            tables.append(table)
            owners.append(call.text)
    faults, problems = planned(tables, compile_filter)
    if problems:
        lines = (f"preset {owners[int(path[1])]}: {_dotted(path[2:])}: {text}" for path, text in problems)
        raise PlanError("\n".join(lines))
    return Plan(faults, seed)


def is_file(value: str) -> bool:
    """Whether the value of an option names a plan's file, and not presets."""
    return value.strip().endswith(".toml") or bool(set("/\\") & set(value.partition("(")[0]))


def plan_of(
    value: str,
    seed: int | None,
    read_file: Callable[[str], str],
    compile_filter: CompileFilter,
    id_header: str = "",
) -> Plan:
    """The plan that the value of an option stands for: a file's, or presets. Raises `PlanError`.

    `seed`, where it is given, wins over the file's. `id_header` is what presets name as the ID's header.
    """
    if not is_file(value):
        return combined(value, DEFAULT_SEED if seed is None else seed, compile_filter, id_header)
    try:
        text = read_file(value)
    except UnicodeDecodeError as error:
        raise PlanError(f"{value}: is not UTF-8") from error
    except OSError as error:
        raise PlanError(f"{value}: {error.strerror or error}") from error
    plan = Plan.from_toml(text, value, compile_filter)
    return plan if seed is None else Plan(plan.faults, seed)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path)) or "fault"


def _split(text: str) -> Iterator[str]:
    """The parts between commas that are neither in parentheses nor in quotes."""
    depth, quote, begin = 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES
    return value[1:-1] if is_quoted else value
