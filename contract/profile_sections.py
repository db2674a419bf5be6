"""The sections of a profile, each a table of its TOML file."""

import re
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contract.template import Template


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _path(text: str) -> str:
    Template(text)
    return text


def _field_name(text: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", text):
        raise ValueError("a header name is a token (RFC 9110 §5.6.2)")
    return text


def _method(text: str) -> str:
    if not re.fullmatch(r"[A-Z]+", text):
        raise ValueError("a method is written in capitals")
    return text


def _statuses(patterns: tuple[str | int, ...]) -> tuple[str, ...]:
    texts = tuple(str(pattern).lower() for pattern in patterns)
    for text in texts:
        if not re.fullmatch(r"[1-5](xx|[0-9]{2})", text):
            raise ValueError(f"a status is written 200 or 2xx, not {text!r}")
    return texts


def _json_path(text: str) -> str:
    if not all(text.split(".")):
        raise ValueError("a JSON path is written with dots: a.b.0.c")
    return text


type Regex = Annotated[str, AfterValidator(_regex)]
type PathTemplate = Annotated[str, AfterValidator(_path)]
type FieldName = Annotated[str, AfterValidator(_field_name)]
type Method = Annotated[str, AfterValidator(_method)]
type JsonType = Literal["string", "number", "integer", "boolean", "object", "array", "null", "any"]
type Statuses = Annotated[tuple[str | int, ...], AfterValidator(_statuses)]
type JsonPath = Annotated[str, AfterValidator(_json_path)]
type Scalar = str | int | float | bool


class Section(BaseModel):
    """A table of a profile: unknown keys are errors, keys have hyphens."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=_kebab, populate_by_name=True)


def _exactly_one(part: BaseModel, names: tuple[str, ...], optional: bool = False) -> None:
    keys = {name: type(part).model_fields[name].alias or name for name in names}
    given = [key for name, key in keys.items() if getattr(part, name)]
    if len(given) > 1 or not (given or optional):
        wanted, got = ", ".join(keys.values()), ", ".join(given) or "none"
        raise ValueError(f"give exactly one of {wanted} (got: {got})")


class JsonIs(Section):
    """A predicate on a JSON body: the value at `json` equals `equals`, fits `matches`, or is there at all."""

    json_path: JsonPath = Field(alias="json")
    equals: Scalar | None = None
    matches: Regex | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if self.equals is not None and self.matches is not None:
            raise ValueError("give equals or matches, not both")
        return self


class Place(Section):
    """Where a response carries the ID: a header, a value in a JSON body, or in an SSE event.

    `header` may have `alternatives` (other names under which it is known) and a `template` (the ID is
    the variable `{id}` in the path of the URL that the header carries). `event` names the SSE event
    whose data has the ID at `json`; `sse_id` takes the `id` field of the first event that has one.
    """

    header: FieldName | None = None
    alternatives: tuple[FieldName, ...] = ()
    template: PathTemplate | None = None
    event: str | None = None
    json_path: JsonPath | None = Field(default=None, alias="json")
    sse_id: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        _exactly_one(self, ("header", "json_path", "sse_id"))
        if self.event is not None and not self.json_path:
            raise ValueError("an event needs json: the path of the ID in its data")
        if (self.alternatives or self.template) and not self.header:
            raise ValueError("alternatives and template belong to a header")
        if self.template and Template(self.template).names.count("id") != 1:
            raise ValueError("the template of a URL header has the variable {id}")
        return self


class EchoPlace(Section):
    """Where a request carries the ID back: a header, a query parameter, a path variable, or a JSON body."""

    header: FieldName | None = None
    query: str | None = None
    path: str | None = None
    json_path: JsonPath | None = Field(default=None, alias="json")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        _exactly_one(self, ("header", "query", "path", "json_path"))
        return self


class Route(Section):
    """Requests of one method to one path, if their JSON body fulfils all of `where`."""

    method: Method
    path: PathTemplate
    where: tuple[JsonIs, ...] = ()


class Issue(Route):
    """A route whose response, with this status and media type, issues an ID."""

    status: Statuses = ("2xx",)
    media_type: str | None = None
    id: Place


class Echo(Route):
    """A route whose request carries an ID back; `status` says which answers accept it."""

    status: Statuses = ("2xx",)
    id: EchoPlace


class Open(Route):
    """A route whose answer, with this status, begins a scope: its key is at `scope-json` in the body.

    From then on it is known that nothing had been issued in that scope before.
    """

    status: Statuses = ("2xx",)
    scope_json: JsonPath

    @cached_property
    def place(self) -> Place:
        """Where the answer carries the scope's key."""
        return Place.model_validate({"json": self.scope_json})


class Close(Route):
    """A route that ends the life of all IDs of its scope when it is answered with `status`."""

    status: Statuses = ("2xx",)


class IdForm(Section):
    """What an ID looks like.

    `format` is what the service issues. `shape` is wider: what a client would invent that guesses at
    the format. `probes` are the values that negative tests send. `compare` says how the service
    compares an echo. `rotation`: a new ID for each `response`, or one per `scope`, issued again.
    """

    format: Regex
    shape: Regex | None = None
    example: str | None = None
    probes: tuple[Regex, ...] = ()
    compare: Literal["exact", "normalised"] = "exact"
    rotation: Literal["response", "scope"] = "response"

    @model_validator(mode="after")
    def _example_fits(self) -> Self:
        if self.example is not None and not re.fullmatch(self.format, self.example):
            raise ValueError("the example does not fit the format")
        return self


class ScopeKey(Section):
    """What IDs belong to: a variable of the path, a request header, a query parameter, or the one scope."""

    path: str | None = None
    header: FieldName | None = None
    query: str | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        _exactly_one(self, ("path", "header", "query"), optional=True)
        return self

    @property
    def is_given(self) -> bool:
        """Whether IDs belong to anything at all."""
        return bool(self.path or self.header or self.query)


class Credential(Section):
    """What tells callers apart: the first of `headers` that a request has, else the named cookies.

    `user` is a header that names the user without proving it: where the credentials of two requests
    differ, the same user tells a renewed token from someone else's.
    """

    headers: tuple[FieldName, ...] = ("Authorization",)
    cookies: tuple[str, ...] = ()
    user: FieldName | None = None


class Matcher(Section):
    """An answer that refuses an ID: its status and, always, something in its body or in an SSE event."""

    status: Statuses
    text: Regex | None = None
    event: str | None = None
    where: tuple[JsonIs, ...] = ()

    @model_validator(mode="after")
    def _more_than_a_status(self) -> Self:
        if self.text is None and self.event is None and not self.where:
            raise ValueError("a status alone never decides: give text, where, or event")
        return self


class Refusal(Section):
    """An answer that refuses an ID, to be given in the service's place.

    In its JSON `{expected}` and `{received}` stand for IDs, as whole values.
    """

    status: int = Field(ge=400, le=599)
    json_body: dict[str, Any] = Field(alias="json")


class Tells(Section):
    """Where a refusal tells the ID that the service had expected, and the one that it got (JSON paths)."""

    expected: JsonPath
    received: JsonPath


class Mismatch(Section):
    """How the service refuses an ID that is missing, unknown, ended, or someone else's.

    `tells` is where it says which IDs it compared; diagnoses use that.
    `answer` is such an answer in full, for playing a service that never refused any while it was recorded.
    """

    missing: tuple[Matcher, ...] = ()
    unknown: tuple[Matcher, ...] = ()
    ended: tuple[Matcher, ...] = ()
    foreign: tuple[Matcher, ...] = ()
    answer: Refusal | None = None
    tells: Tells | None = None

    @model_validator(mode="after")
    def _answer_is_one(self) -> Self:
        answer = self.answer
        if answer is not None and not any(
            str(answer.status) in matcher.status or f"{answer.status // 100}xx" in matcher.status
            for matcher in self.unknown
        ):
            raise ValueError(f"the answer's status {answer.status} is none of [[mismatch.unknown]]")
        return self

    @cached_property
    def all(self) -> tuple[tuple[str, Matcher], ...]:
        """Every matcher with its kind, in this order."""
        kinds = {
            "missing": self.missing,
            "unknown": self.unknown,
            "ended": self.ended,
            "foreign": self.foreign,
        }
        return tuple((kind, matcher) for kind, matchers in kinds.items() for matcher in matchers)


class Life(Section):
    """When a scope begins; when an ID's life is over: after an accepted echo, when its scope is closed."""

    ends_with_echo: bool = False
    open: tuple[Open, ...] = ()
    close: tuple[Close, ...] = ()


class Cors(Section):
    """What scripts of other origins need: response headers to read, request headers and methods to send."""

    expose: tuple[FieldName, ...] = ()
    request_headers: tuple[FieldName, ...] = ()
    methods: tuple[Method, ...] = ()


class Payload(Section):
    """The JSON data of one SSE event: members that must be there with their type, and may be there."""

    required: dict[str, JsonType] = {}
    optional: dict[str, JsonType] = {}
    additional: bool = True


class Sse(Section):
    """The events of a stream: which end it, and what each carries."""

    terminal: tuple[str, ...] = ()
    payloads: dict[str, Payload] = {}


class Forbidden(Section):
    """What must not appear: header names in responses, event names in streams."""

    headers: tuple[FieldName, ...] = ()
    events: tuple[str, ...] = ()


class VersionSelector(Section):
    """Which version of a protocol a request speaks: the profile judges only those that `accepts` lists.

    A request without the header or parameter counts if `default` is true.
    """

    header: FieldName | None = None
    query: str | None = None
    accepts: tuple[Regex, ...]
    default: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        _exactly_one(self, ("header", "query"))
        return self


class Service(Section):
    """Answer headers that name the instance which answered: what an affinity problem is told by."""

    instance: tuple[FieldName, ...] = ("X-Served-By", "X-Instance-Id", "X-Backend-Server", "X-Pod", "X-Node")


class Secrets(Section):
    """Names whose values are secrets, beside those that are always redacted."""

    headers: tuple[FieldName, ...] = ()
    cookies: tuple[str, ...] = ()
    json_names: tuple[str, ...] = Field(default=(), alias="json")
    query: tuple[str, ...] = ()


class ProbeRequest(Section):
    """A request to send. `{name}` stands for an option or for a value that an earlier request saved.

    `json` is its body, `save` maps names to JSON paths in the response, `expect` is the right status.
    """

    method: Method
    url: str
    headers: dict[str, str] = {}
    json_body: dict[str, Any] | None = Field(default=None, alias="json")
    save: dict[str, JsonPath] = {}
    expect: Statuses = ("2xx",)


class Probe(Section):
    """Active testing as requests: log in, create a scope, stream, update with the ID, delete."""

    login: ProbeRequest | None = None
    create: ProbeRequest | None = None
    stream: ProbeRequest
    update: ProbeRequest
    delete: ProbeRequest | None = None
