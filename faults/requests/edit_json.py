"""edit-json: one value in the JSON of a request is another."""

import json
from typing import Any, ClassVar, Literal, Self, override

from pydantic import Field, field_validator, model_validator

from contract import headers
from faults.fault import Family, RequestFault
from faults.framing import with_length
from faults.parts import Data, End, Part, RequestStart, Start
from faults.requests.json_place import Span, find, is_json, steps_of
from faults.requests.whole_request import WholeRequest, body_of
from faults.scene import Scene, What
from faults.stage import Stage

_REMEMBERED = 10_000
"""Scopes whose values are kept; the one that was silent for longest goes first."""


class EditJson(RequestFault):
    """Changes a value in a JSON body."""

    kind: ClassVar[str] = "edit-json"
    family: ClassVar[Family] = "requests"
    summary: ClassVar[str] = "One value in the JSON body of a request is set, removed, or taken from another."
    received: ClassVar[str] = (
        "The request, once all of it is here, with that one value replaced, or taken out with its name and a "
        "comma. All other bytes of the body are as they came, and Content-Length gives the new length. Where "
        "nothing stands at the path, or the body is no JSON in UTF-8, is compressed or longer than 1 MiB, it "
        "passes as it came. stale and foreign take values as they came from requests that the fault has "
        "struck before."
    )
    example: ClassVar[str] = 'path = "streamingSessionId"\ndo = "set"\nvalue = "stream-12345"'
    breaks: ClassVar[tuple[str, ...]] = ("HP704",)

    path: str = Field(default="", description="where it stands, such as a.b[0].c; by default the echoed ID")
    do: Literal["set", "remove", "null", "stale", "foreign"] = Field(
        description="set: to `value`; remove: with its name; null: to null; stale: to the one before in the "
        "same scope; foreign: to the newest of another scope"
    )
    value: Any = Field(default=None, description="what it is set to: anything that JSON has")

    @field_validator("path")
    @classmethod
    def _is_path(cls, path: str) -> str:
        steps_of(path)
        return path

    @field_validator("value")
    @classmethod
    def _is_json(cls, value: Any) -> Any:
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError("JSON has no such value") from error
        return value

    @model_validator(mode="after")
    def _value_where_it_is_set(self) -> Self:
        if (self.do == "set") != ("value" in self.model_fields_set):
            raise ValueError("a value goes with set, and with nothing else")
        return self

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        """Whether the body says that it is JSON, and there is a place to look at."""
        kind = headers.media_type(start.headers)
        return (kind == "application/json" or kind.endswith("+json")) and bool(self.path or scene.echo_path)

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Editing(self, scene)


class _Editing(WholeRequest):
    def __init__(self, fault: EditJson, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._path = fault.path or scene.echo_path

    @override
    def whole(self, start: RequestStart, parts: list[Data], end: End, now: int) -> list[Part]:
        body = body_of(parts)
        edited = self._edited(start, body)
        if isinstance(edited, bytes):
            changed: list[Part] = [Data(edited)] if edited else []
            return [with_length(start, len(edited)), *changed, end]
        self.note(What.PASSED, edited)
        return [start, *parts, end]

    def _edited(self, start: RequestStart, body: bytes) -> bytes | str:
        """The body that leaves, or why it is the one that came."""
        if coding := headers.content_coding(start.headers):
            return f"the body is compressed ({coding})"
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return "the body is not UTF-8"
        if not is_json(text):
            return "the body is no JSON"
        span = find(text, steps_of(self._path))
        if span is None:
            return f"there is no {self._path} in the body"
        value = text[span.begin : span.end]
        new = self._new(value)
        if new is None:
            return f"no {self._fault.do} value is known yet"
        return self._replaced(text, span, new)

    def _replaced(self, text: str, span: Span, new: str) -> bytes:
        first, last = (span.first, span.last) if self._fault.do == "remove" else (span.begin, span.end)
        before, old, after = (part.encode() for part in (text[:first], text[first:last], text[last:]))
        self.note(What.BODY, self._path, old, new.encode(), len(before))
        return before + new.encode() + after

    def _new(self, value: str) -> str | None:
        """The text that takes the value's place; None if there is none yet."""
        match self._fault.do:
            case "set":
                return json.dumps(self._fault.value, allow_nan=False)
            case "remove":
                return ""
            case "null":
                return "null"
            case "stale":
                return self._remembered(value)[1]
            case "foreign":
                self._remembered(value)
                others = (
                    each[0] for scope, each in reversed(self._scopes.items()) if scope != self.scene.scope
                )
                return next(others, None)

    @property
    def _scopes(self) -> dict[str, tuple[str, str | None]]:
        """The newest value of each scope and the one before it, the scope of the newest request last."""
        found: dict[str, tuple[str, str | None]] = self.scene.memory.setdefault("scopes", {})
        return found

    def _remembered(self, value: str) -> tuple[str, str | None]:
        """The newest value of this scope, which is this one, and the last that was another."""
        newest, before = self._scopes.pop(self.scene.scope, (value, None))
        kept = (value, before if newest == value else newest)
        self._scopes[self.scene.scope] = kept
        if len(self._scopes) > _REMEMBERED:
            del self._scopes[next(iter(self._scopes))]
        return kept
