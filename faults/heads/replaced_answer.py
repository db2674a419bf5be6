"""A stage that lets an answer of the hop's own leave instead of the service's."""

from collections.abc import Callable
from http import HTTPStatus
from typing import override

from contract import headers
from contract.events import Headers
from faults.framing import with_length
from faults.parts import Data, End, Part, ResponseStart, Start
from faults.scene import Scene, What
from faults.stage import Stage


def reason_of(code: int) -> bytes:
    """The reason phrase of a status; empty for one that has none."""
    try:
        return HTTPStatus(code).phrase.encode()
    except ValueError:
        return b""


class ReplacedAnswer(Stage):
    """The head and the whole body of the answer leave at once, and the service's body is swallowed.

    `fields` makes the field lines from the service's. The end leaves when the service's does – but at once
    where that answers with an event stream, which may go on for long.
    """

    def __init__(self, scene: Scene, code: int, fields: Callable[[Headers], Headers], body: bytes) -> None:
        super().__init__(scene)
        self._code = code
        self._fields = fields
        self._body = body
        self._swallowed = 0
        self._is_over = False

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        head = ResponseStart(self._code, reason_of(self._code), self._fields(start.headers))
        out: list[Part] = [with_length(head, len(self._body))]
        if self._body and self.scene.request.method != b"HEAD":
            self.note(What.BODY, "the hop's own", b"", self._body, 0)
            out.append(Data(self._body))
        if headers.media_type(start.headers) == "text/event-stream":
            self._is_over = True
            self.note(What.END, "complete; nothing of the service's stream is passed", offset=0)
            out.append(End())
        return out

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if not self._is_over:
            self.note(What.BODY, "swallowed", data, b"", self._swallowed)
        self._swallowed += len(data)
        return []

    @override
    def end(self, end: End, now: int) -> list[Part]:
        return [] if self._is_over else [End()]
