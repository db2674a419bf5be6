"""status: an error of the hop's own instead of the service's answer."""

import json
from typing import ClassVar, Literal, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family, Fault
from faults.fields import only
from faults.heads.replaced_answer import ReplacedAnswer, reason_of
from faults.names import FieldValue
from faults.scene import Scene
from faults.stage import Stage


class Status(Fault):
    """Replaces the answer by an error."""

    kind: ClassVar[str] = "status"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "An error of the hop's own stands in for the answer, which the service did give."
    received: ClassVar[str] = (
        "A head with the status `code`, with Content-Type and Content-Length of `body`, with Date as it "
        "came and, if `cors` is keep, the Access-Control-* and Vary lines; right after it the whole body. "
        "The end comes when the service's answer ends, but at once where that is an event stream. Nothing "
        "else of the service's head, and nothing of its body."
    )
    example: ClassVar[str] = 'code = 503\nbody = \'{"message":"Try again later"}\''
    breaks: ClassVar[tuple[str, ...]] = ("CO406", "HP701", "HP703", "HP704")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    code: int = Field(ge=400, le=599, description="the status, from 400 to 599")
    body: str | None = Field(
        default=None, description="the body; by default JSON with the reason as its message"
    )
    content_type: FieldValue = Field(default="application/json", description="the media type of the body")
    cors: Literal["keep", "drop"] = Field(
        default="keep", description="what becomes of the CORS and Vary lines"
    )

    @override
    def stage(self, scene: Scene) -> Stage:
        return ReplacedAnswer(scene, self.code, self._fields, self._content())

    def _content(self) -> bytes:
        if self.body is not None:
            return self.body.encode()
        message = reason_of(self.code).decode() or f"Error {self.code}"
        return json.dumps({"message": message}, separators=(",", ":")).encode()

    def _fields(self, headers: Headers) -> Headers:
        return (*only(headers, self._stays), (b"Content-Type", self.content_type.encode()))

    def _stays(self, name: bytes) -> bool:
        if name == b"date":
            return True
        return self.cors == "keep" and (name == b"vary" or name.startswith(b"access-control-"))
