"""What there is to say of kinds of faults and of presets, as plain values: for JSON, terminals and pages."""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from faults.fault import hyphenated
from faults.names import Duration, FieldName, FieldValue

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from faults.fault import Fault
    from faults.plan import Plan
    from faults.presets import Preset

FAMILIES: Mapping[str, str] = {
    "heads": "Heads",
    "id": "The ID",
    "cors": "CORS",
    "requests": "Requests",
    "streams": "Streams",
}
"""Titles of the families, in the order in which they are listed."""

_NAMED: Mapping[object, str] = {Duration: "time", FieldName: "field name", FieldValue: "field value"}
_PLAIN: Mapping[object, str] = {
    Any: "any value",
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
}
_UNITS = ((60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"))


def kinds() -> "list[type[Fault]]":
    """All kinds, by family and name."""
    from faults.registry import KINDS

    order = list(FAMILIES)
    return sorted(KINDS.values(), key=lambda kind: (order.index(kind.family), kind.kind))


def strikes(kind: "type[Fault]") -> str:
    """Which messages a kind changes: `response`, `request`, or the one that its setting `on` names."""
    if "on" in kind.model_fields:
        return "response or request"
    return kind.model_construct().message.value


def settings(model: "type[BaseModel]") -> Iterator[dict[str, Any]]:
    """Each setting: its key, type and default in words (None: it must be given), and what it is for."""
    for name, field in model.model_fields.items():
        yield {
            "key": hyphenated(name),
            "type": _bounded(_words(field.annotation), field),
            "default": None if field.is_required() else _default(field),
            "about": field.description or "",
        }


def kind_fields(kind: "type[Fault]") -> dict[str, Any]:
    """A kind as a JSON object."""
    return {
        "kind": kind.kind,
        "family": kind.family,
        "strikes": strikes(kind),
        "summary": kind.summary,
        "received": kind.received,
        "settings": list(settings(kind)),
        "breaks": list(kind.breaks),
        "follows": list(kind.follows),
        "example": example(kind),
    }


def preset_fields(preset: "Preset") -> dict[str, Any]:
    """A preset as a JSON object."""
    return {
        "preset": preset.name,
        "usage": preset.usage,
        "summary": preset.summary,
        "page": " ".join(preset.page.split()),
        "parameters": dict(preset.parameters),
        "kinds": [table["kind"] for table in preset.tables],
        "breaks": list(preset.breaks),
        "follows": list(preset.follows),
        "plan": preset_plan(preset),
    }


def preset_plan(preset: "Preset") -> str:
    """What a preset stands for, as TOML: with its defaults, and the ID's header of the chat profile."""
    from contract.profile import builtin
    from faults.presets import ID_HEADER

    header = next((issue.id.header for issue in builtin("chat").issue if issue.id.header), "")
    return preset.toml({**preset.parameters, ID_HEADER: header})


def example(kind: "type[Fault]") -> str:
    """A plan with this kind as TOML."""
    lines = ["[[fault]]", f'kind = "{kind.kind}"', *kind.example.splitlines()]
    return "\n".join(lines)


def time_text(microseconds: int) -> str:
    """A time as plans have it."""
    for size, unit in _UNITS:
        if microseconds and microseconds % size == 0:
            return f"{microseconds // size} {unit}"
    return f"{microseconds / 1000:g} ms"


def _words(annotation: Any) -> str:
    if isinstance(annotation, TypeAliasType):
        return _NAMED.get(annotation) or _words(annotation.__value__)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    if origin is Literal:
        return _listed([str(each) if isinstance(each, int) else f'"{each}"' for each in arguments])
    if origin in (Union, UnionType):
        return _listed([_words(each) for each in arguments if each is not NoneType])
    if origin is tuple:
        return f"list of {_words(arguments[0])}s"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _listed([f'"{each.value}"' for each in annotation])
    return _PLAIN[annotation]


def _listed(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _bounded(words: str, field: "FieldInfo") -> str:
    """The type with its bounds, where it is a number."""
    if not words.endswith("number"):
        return words
    limits = {type(each).__name__: each for each in _metadata(field.annotation, field.metadata)}
    low = limits["Ge"].ge if "Ge" in limits else limits["Gt"].gt + 1 if "Gt" in limits else None
    high = limits["Le"].le if "Le" in limits else None
    return words + (f" from {low}" if low is not None else "") + (f" to {high}" if high is not None else "")


def _metadata(annotation: Any, above: list[Any]) -> list[Any]:
    """What is said of a type, here and within it."""
    if isinstance(annotation, TypeAliasType):
        return _metadata(annotation.__value__, above)
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        inner = [said for each in arguments[1:] for said in getattr(each, "metadata", [each])]
        return _metadata(arguments[0], [*above, *inner])
    if get_origin(annotation) in (Union, UnionType):
        return [said for each in arguments for said in _metadata(each, above)]
    return above


def _default(field: "FieldInfo") -> str:
    value = field.default
    if value is None or value == "" or value == ():
        return "none"
    if isinstance(value, Enum):
        return f'"{value.value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and _words(field.annotation) == "time":
        return f'"{time_text(value)}"'
    return f'"{value}"' if isinstance(value, str) else str(value)


def given(model: "BaseModel") -> dict[str, Any]:
    """The settings that were given, by key; times as plans have them."""
    found = {}
    for name, field in type(model).model_fields.items():
        if name in model.model_fields_set:
            value = getattr(model, name)
            is_time = isinstance(value, int) and _words(field.annotation) == "time"
            found[hyphenated(name)] = time_text(value) if is_time else value
    return found


def plan_fields(plan: "Plan") -> dict[str, Any]:
    """A plan as a JSON object."""
    return {
        "seed": plan.seed,
        "faults": [
            {
                "name": each.name,
                "kind": each.fault.kind,
                "armed": each.armed,
                "match": each.match or None,
                "when": given(each.when),
                "settings": given(each.fault),
            }
            for each in plan.faults
        ],
    }
