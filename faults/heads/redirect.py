"""redirect: the hop sends the client elsewhere, and the service is not asked."""

import re
from typing import ClassVar, Literal, override

from pydantic import Field, field_validator

from contract import headers
from contract.events import Headers
from faults.fault import Family, RequestFault
from faults.heads.replaced_answer import reason_of
from faults.parts import Instead, Part, RequestStart, ResponseStart, Start
from faults.scene import Scene, What
from faults.stage import Stage

_SLOT = re.compile(r"\{([^{}]*)\}")
_SLOTS = ("path", "query", "target")
_AUTHORITY = re.compile(r"(?:https?:)?//([^/?{]*)")
_BEGINS = ("/", "{path}", "{target}", "http://", "https://")


class Redirect(RequestFault):
    """Answers a request with a redirection."""

    kind: ClassVar[str] = "redirect"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "The request is redirected by the hop, and the service is not asked."
    received: ClassVar[str] = (
        "The client gets the status `code` with Location and an empty body, and with CORS lines that "
        "allow the request's Origin, if it has one; the service gets nothing. What comes to where "
        "Location leads is passed, so that a client that follows gets on: after 301 and 302 with a GET "
        "instead of a POST."
    )
    example: ClassVar[str] = 'code = 307\nslash = "add"'
    breaks: ClassVar[tuple[str, ...]] = ("CO406",)
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    code: Literal[301, 302, 307, 308] = Field(default=307, description="the status")
    to: str = Field(
        default="",
        description="Location: a URL or an absolute path, in which {path}, {query} (with its question mark) "
        "and {target} (both) stand for the request's; by default its target with another slash",
    )
    slash: Literal["add", "remove"] = Field(
        default="add",
        description="without `to`: whether a slash at the end of the path is added or taken away",
    )

    @field_validator("to")
    @classmethod
    def _is_location(cls, value: str) -> str:
        if unknown := next((each for each in _SLOT.findall(value) if each not in _SLOTS), None):
            raise ValueError(f"{{{unknown}}} is none of {{path}}, {{query}} and {{target}}")
        if value and not value.startswith(_BEGINS):
            raise ValueError(f"{value!r} begins with none of {', '.join(_BEGINS)}")
        if not all("!" <= character <= "~" for character in value) or re.search(
            r"[{}]", _SLOT.sub("", value)
        ):
            raise ValueError(f"{value!r} has a character that no URL has")
        if (found := _AUTHORITY.match(value)) and not found[1]:
            raise ValueError(f"{value!r} names no host")
        return value

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        """Unless the request is where it would be sent: following must not lead round in a circle."""
        if not isinstance(start, RequestStart) or not re.match(rb"/(?!/)", start.target):
            return False  # the target of a proxy's own client, *, or a path that a browser took for a host
        if not self.to:
            return self.location(start.target) != start.target
        authority, pattern = _destination(self.to)
        host = headers.first(start.headers, b"host") or headers.first(start.headers, b":authority") or b""
        if authority and _without_port(authority) != _without_port(host.decode("latin-1")):
            return True
        return not re.fullmatch(pattern, start.target.decode("latin-1"))

    def location(self, target: bytes) -> bytes:
        """Where a request for `target` is sent."""
        path, mark, query = target.partition(b"?")
        if not self.to:
            bare = path.rstrip(b"/")
            path = bare + b"/" if self.slash == "add" or not bare else bare
            return path + mark + query
        parts = {"path": path, "query": mark + query, "target": target}
        return _SLOT.sub(lambda slot: parts[slot[1]].decode("latin-1"), self.to).encode("latin-1")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Redirected(self, scene)


def _destination(to: str) -> tuple[str, str]:
    """The host that a template leads to (empty: the request's own), and a pattern for targets there."""
    found = _AUTHORITY.match(to)
    authority, rest = (found[1], to[found.end() :]) if found else ("", to)
    if not rest.startswith(_BEGINS[:3]):
        rest = "/" + rest
    rest = rest.partition("#")[0]
    patterns = {"path": "[^?]*", "query": r"(?:\?.*)?", "target": ".*"}
    pieces = _SLOT.split(rest)
    made = [patterns[each] if place % 2 else re.escape(each) for place, each in enumerate(pieces)]
    return authority, "(?s:" + "".join(made) + ")"


def _without_port(authority: str) -> str:
    return authority.lower().removesuffix(":80").removesuffix(":443")


class _Redirected(Stage):
    def __init__(self, fault: Redirect, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        assert isinstance(start, RequestStart)
        code, location = self._fault.code, self._fault.location(start.target)
        fields: Headers = ((b"Location", location), *_cors(start), (b"Content-Length", b"0"))
        self.note(
            What.END,
            f"answered with {code} to {location.decode('latin-1')}; the service is not asked",
            offset=0,
        )
        return [Instead(ResponseStart(code, reason_of(code), fields))]


def _cors(start: RequestStart) -> Headers:
    """What lets a script be redirected (Fetch, HTTP-redirect fetch): nothing else is to be wrong."""
    origin = headers.first(start.headers, b"origin")
    if origin is None:
        return ()
    return (
        (b"Access-Control-Allow-Origin", origin),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Vary", b"Origin"),
    )
