"""Reading an ID from where a profile says that it is."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from contract import headers
from contract.bodies import MISSING, Body, Decoders, Plain, as_text, at_path, parsed
from contract.events import Chunk, Headers
from contract.profile_sections import EchoPlace, Place
from contract.routes import Visit
from contract.sse import SseEvent, SseParser
from contract.template import Template, query_value


@dataclass(frozen=True, slots=True)
class Reading:
    """An ID as one side of an issuing response carries it.

    `values` has one value for each field line (one in all for other places), `where` names the place
    as it was found, `header` is its field name (empty for a body), `is_alternative` says that this is
    not the configured name.
    """

    values: tuple[str, ...]
    where: str
    header: str = ""
    is_alternative: bool = False

    @property
    def id(self) -> str:
        """The ID: the first value."""
        return self.values[0]


def in_head(place: Place, fields: Headers) -> Reading | None:
    """The ID in the header section, under the configured name before the alternative ones."""
    if not place.header:
        return None
    for name in (place.header, *place.alternatives):
        values = [value.decode("latin-1") for value in headers.lines(fields, headers.key(name))]
        if place.template:
            values = _from_urls(Template(place.template), values)
        if values:
            return Reading(tuple(values), f"header {name}", name, name != place.header)
    return None


def _from_urls(template: Template, urls: list[str]) -> list[str]:
    found: list[str] = []
    for url in urls:
        try:
            path = urlsplit(url).path
        except ValueError:
            continue
        variables = template.match(path.encode("latin-1", "replace"))
        if variables:
            found.append(variables["id"])
    return found


class InBody:
    """The ID in the body of a response, read on one side: a JSON value, or in an SSE event.

    `reading` is there as soon as the ID is; `is_over` says that nothing more can come.
    """

    __slots__ = ("_body", "_parser", "_place", "_plain", "is_over", "reading")

    def __init__(self, place: Place, coding: str, decoders: Decoders) -> None:
        self._place = place
        in_stream = place.event is not None or place.sse_id
        self._parser = SseParser() if in_stream else None
        self._plain = Plain(coding, decoders)
        self._body = Body(coding, decoders)
        self.reading: Reading | None = None
        self.is_over = False

    @property
    def why(self) -> str:
        """Why the body cannot be read; empty if it can."""
        return self._plain.why if self._parser else self._body.why

    def feed(self, chunk: Chunk) -> None:
        """Look at a chunk."""
        if self.is_over:
            return
        if self._parser is None:
            self._body.feed(chunk)
            self.is_over = bool(self._body.why)
            return
        for event in self._parser.feed(self._plain.feed(chunk)):
            value = self._in_event(event)
            if value is not None and self.reading is None:
                self.reading = Reading((value,), f"SSE {'id' if self._place.sse_id else self._place.event}")
        self.is_over = self.reading is not None or bool(self._plain.why)

    def end(self) -> None:
        """The body is complete."""
        if self.is_over:
            return
        if self._parser is None:
            self._body.end()
            value = as_text(at_path(parsed(self._body.content()), self._place.json_path or ""))
            if value is not None and not self._body.why:
                self.reading = Reading((value,), f"JSON {self._place.json_path}")
        self.is_over = True

    def stop(self, why: str) -> None:
        """The body will not be complete."""
        if not self.is_over:
            self._plain.stop(why)
            self._body.stop(why)
            self.is_over = True

    def _in_event(self, event: SseEvent) -> str | None:
        if self._place.sse_id:
            return event.id or None
        if event.event != self._place.event:
            return None
        return as_text(at_path(parsed(event.data.encode()), self._place.json_path or ""))


@dataclass(frozen=True, slots=True)
class Returned:
    """The ID as a request carries it back: None if it does not, with the reason if that is not sure."""

    value: str | None
    where: str
    why_unreadable: str = ""


def in_request(place: EchoPlace, visit: Visit, fields: Headers, body: Body | None) -> Returned:
    """The ID that a request carries; `body` is needed only for a place in JSON."""
    if place.header:
        value = headers.combined(fields, headers.key(place.header))
        return Returned(None if value is None else value.decode("latin-1"), f"header {place.header}")
    if place.query:
        return Returned(query_value(visit.query, place.query), f"query {place.query}")
    if place.path:
        return Returned(visit.variables.get(place.path), f"path {{{place.path}}}")
    where = f"JSON {place.json_path}"
    if body is None or body.why:
        return Returned(None, where, body.why if body else "the body was not seen")
    value = parsed(body.content())
    if value is MISSING:
        return Returned(None, f"{where} (the body is not JSON)")
    return Returned(as_text(at_path(value, place.json_path or "")), where)
