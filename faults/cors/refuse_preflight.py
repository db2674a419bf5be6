"""refuse-preflight: a layer that knows no OPTIONS, or wants a credential with it, which never comes."""

from typing import ClassVar, Literal, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family, Fault
from faults.fields import only
from faults.heads.replaced_answer import ReplacedAnswer
from faults.parts import Start
from faults.scene import Scene
from faults.stage import Stage

_REQUIRED: dict[int, Headers] = {
    401: ((b"WWW-Authenticate", b"Bearer"),),
    405: ((b"Allow", b"GET, HEAD, POST, PUT, PATCH, DELETE"),),
}
"""What an answer with such a status has to have (RFC 9110 §15.5.2, §15.5.6)."""


class RefusePreflight(Fault):
    """Answers preflights with an error."""

    kind: ClassVar[str] = "refuse-preflight"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Preflights are refused, so browsers never send the request itself."
    received: ClassVar[str] = (
        "For the answer to a preflight: the status `code`, Date as it came, WWW-Authenticate with 401, "
        "Allow with 405, Content-Length, and the text `body`; no CORS headers and nothing else of the "
        "service's answer. All other answers are passed."
    )
    example: ClassVar[str] = "code = 405"
    breaks: ClassVar[tuple[str, ...]] = ("CO406", "HP701")

    code: Literal[401, 403, 404, 405] = Field(default=403, description="the status")
    body: str = Field(default="", description="the body, as text/plain; none by default")

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return scene.is_preflight

    @override
    def stage(self, scene: Scene) -> Stage:
        return ReplacedAnswer(scene, self.code, self._fields, self.body.encode())

    def _fields(self, headers: Headers) -> Headers:
        kept = only(headers, lambda name: name == b"date")
        media_type = ((b"Content-Type", b"text/plain; charset=utf-8"),) if self.body else ()
        return (*kept, *_REQUIRED.get(self.code, ()), *media_type)
