"""bad-expose-grammar: the names are there, but not as a list, so that none of them counts."""

from typing import ClassVar, override

from pydantic import Field, field_validator

from contract import headers as lines
from contract.events import Headers
from contract.token_lists import malformed_line, split
from faults.cors.cors_fault import EXPOSE, CorsFault
from faults.fault import Family
from faults.fields import has, replaced
from faults.names import FieldValue
from faults.scene import Scene


class BadExposeGrammar(CorsFault):
    """Writes names so that they are no list."""

    kind: ClassVar[str] = "bad-expose-grammar"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Access-Control-Expose-Headers is no list of names, so browsers expose nothing."
    received: ClassVar[str] = (
        "One line Access-Control-Expose-Headers in the place of the lines that came, with `value`, or "
        "else with the names that came: blanks between them instead of commas, or, where there is only "
        "one, a quotation mark before it. All other lines and the body as they came. Responses without "
        "such a line are passed."
    )
    example: ClassVar[str] = 'value = "X-Streaming-Session-Id; X-Request-Id"'
    breaks: ClassVar[tuple[str, ...]] = ("CO402", "CO404", "HP703")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    value: FieldValue | None = Field(default=None, description="a value that is no list of names")

    @field_validator("value")
    @classmethod
    def _is_no_list(cls, value: str | None) -> str | None:
        if value is not None and malformed_line(EXPOSE, ((EXPOSE, value.encode()),)) is None:
            raise ValueError(f"{value!r} is a list of names (RFC 9110, section 5.6.1)")
        return value

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        if not has(headers, EXPOSE):
            return headers
        names = split(lines.combined(headers, EXPOSE) or b"")
        made = b" ".join(names) if len(names) > 1 else b'"' + b"".join(names)
        return replaced(headers, EXPOSE, made if self.value is None else self.value.encode())
