"""From a profile's `[probe]` section to a request: `{name}` stands for a value."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from contract.profile_sections import ProbeRequest

type Value = str | int | None
"""None stands for what is not there: the member or field that it would fill is left out."""
type Values = Mapping[str, Value]

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_BASE = ("http://", "https://")


class ProbeError(ValueError):
    """A probe that cannot be made of what was given; the text says what is missing."""


class MissingError(ProbeError):
    """There are variables without a value: their `names`, sorted."""

    def __init__(self, profile: str, names: list[str]) -> None:
        listed = ", ".join(f"{{{name}}}" for name in names)
        super().__init__(f"the requests of the profile {profile} need {listed}")
        self.names = names


class _LeftOutError(Exception):
    """A text has a variable without a value."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is sent; header fields in order, `body` None for none."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None = None

    def with_headers(self, *more: tuple[str, str]) -> "Request":
        """The same with more header fields."""
        return Request(self.method, self.url, (*self.headers, *more), self.body)


def names(section: ProbeRequest) -> set[str]:
    """The variables that a request needs."""
    texts = [section.url, *section.headers.values(), *_texts(section.json_body)]
    return {name for text in texts for name in _NAME.findall(text)}


def filled(section: ProbeRequest, values: Values, *, shown: bool = False) -> Request:
    """The request with its variables replaced. Raises `ProbeError` for a variable without a value.

    A JSON value that is a variable and nothing else gets the variable's own type. In the URL values are
    percent-encoded, but for one that is a URL itself; with `shown`, for people to read, none are.
    """
    fields = []
    for name, text in section.headers.items():
        try:
            fields.append((name, str(_filled(text, values))))
        except _LeftOutError:
            continue
    body = None
    if section.json_body is not None:
        body = json.dumps(_object(section.json_body, values), ensure_ascii=False).encode()
        if not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(("Content-Type", "application/json"))
    return Request(section.method, _url(section.url, values, shown=shown), tuple(fields), body)


def without_credentials(section: ProbeRequest, headers: tuple[str, ...]) -> ProbeRequest:
    """The same request without these header fields."""
    names = {name.lower() for name in headers}
    kept = {name: text for name, text in section.headers.items() if name.lower() not in names}
    return section.model_copy(update={"headers": kept})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _url(text: str, values: Values, *, shown: bool) -> str:
    def text_of(match: re.Match[str]) -> str:
        value = _value(match[1], values)
        plain = "" if value is None else str(value)
        return plain if shown or plain.startswith(_BASE) else quote(plain, safe="")

    return _NAME.sub(text_of, text)


def _object(value: Any, values: Values) -> Any:
    if isinstance(value, str):
        return _filled(value, values)
    if isinstance(value, dict):
        return dict(_members(value.items(), values))
    if isinstance(value, list):
        return [each for _, each in _members(enumerate(value), values)]
    return value


def _members(pairs: Any, values: Values) -> Iterator[tuple[Any, Any]]:
    for name, value in pairs:
        try:
            yield name, _object(value, values)
        except _LeftOutError:
            continue


def _filled(text: str, values: Values) -> str | int:
    whole = _NAME.fullmatch(text)
    if whole:
        value = _value(whole[1], values)
        if value is None:
            raise _LeftOutError
        return value

    def text_of(match: re.Match[str]) -> str:
        value = _value(match[1], values)
        if value is None:
            raise _LeftOutError
        return str(value)

    return _NAME.sub(text_of, text)


def _value(name: str, values: Values) -> Value:
    if name not in values:
        raise ProbeError(f"the profile's [probe] needs {{{name}}}, and there is no value for it")
    return values[name]
