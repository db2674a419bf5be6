"""A preset: what a real set-up does to streams, as a fragment of a plan with parameters."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

ID_HEADER = "id-header"
"""The parameter of each preset that needs the name of the ID's header; the profile has it."""

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9-]*)\}")

type Default = int | float | str


class _About(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str
    page: str
    breaks: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    parameters: dict[str, Default] = {}


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: _About
    fault: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset. `page` says which real set-up behaves so, and how one sees it; `breaks` are the rules that
    it breaks at a healthy service by itself, `follows` those that others then break because of it.

    In its tables `{name}` stands for the value of a parameter. A string that is nothing else takes its
    type, which is that of the default.
    """

    name: str
    summary: str
    page: str
    parameters: Mapping[str, Default]
    tables: tuple[Mapping[str, Any], ...]
    breaks: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    _source: str = ""

    @classmethod
    def from_toml(cls, name: str, text: str) -> Self:
        """The preset in a TOML text; raises `ValueError` for what is none."""
        document = _Document.model_validate(tomllib.loads(text))
        about, parameters = document.preset, dict(document.preset.parameters)
        used = {found for table in document.fault for found in _placeholders(table)}
        if ID_HEADER in used:
            parameters[ID_HEADER] = ""
        if used != parameters.keys():
            raise ValueError(f"{name}: its parameters are not those that it uses: {', '.join(sorted(used))}")
        source = text[text.index("[[fault]]") :].strip()
        page, tables = about.page.strip(), tuple(document.fault)
        rules = about.breaks, about.follows
        return cls(name, about.summary, page, parameters, tables, *rules, _source=source)

    def filled(self, values: Mapping[str, Default]) -> list[dict[str, Any]]:
        """Its tables with values for all parameters in place."""
        return [_filled(table, values) for table in self.tables]

    def toml(self, values: Mapping[str, Default]) -> str:
        """The same as a plan's text."""
        text = self._source
        for name, value in values.items():
            if not isinstance(value, str):
                text = text.replace(f'"{{{name}}}"', str(value))
            text = text.replace(f"{{{name}}}", str(value))
        return text

    @property
    def usage(self) -> str:
        """How it is called: its name, and its parameters with their defaults."""
        given = ", ".join(f"{name}={value}" for name, value in self.parameters.items() if name != ID_HEADER)
        return f"{self.name}({given})" if given else self.name


def _placeholders(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _placeholders(each)
    elif isinstance(value, list):
        for each in value:
            yield from _placeholders(each)


def _filled(value: Any, values: Mapping[str, Default]) -> Any:
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        return values[whole[1]] if whole else _PLACEHOLDER.sub(lambda found: str(values[found[1]]), value)
    if isinstance(value, Mapping):
        return {key: _filled(each, values) for key, each in value.items()}
    return [_filled(each, values) for each in value] if isinstance(value, list) else value


def _read() -> Iterator[Preset]:
    entries = resources.files("faults.presets").iterdir()
    for entry in sorted(entries, key=lambda each: each.name):
        if entry.name.endswith(".toml"):
            yield Preset.from_toml(entry.name.removesuffix(".toml"), entry.read_text(encoding="utf-8"))


PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _read()}
"""All presets by name, sorted."""

_TYPES: dict[type, tuple[Callable[[str], Default], Literal["a whole number", "a number", "text"]]] = {
    int: (int, "a whole number"),
    float: (float, "a number"),
    str: (str, "text"),
}


def typed(default: Default, text: str) -> Default:
    """What somebody wrote for a parameter, in the type of its default; raises `ValueError`."""
    convert, title = _TYPES[type(default)]
    try:
        return convert(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not {title}") from error
