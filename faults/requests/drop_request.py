"""drop-request: the service never sees a request."""

from typing import Annotated, ClassVar, Literal, override

from pydantic import BeforeValidator, Field

from faults.fault import Family, RequestFault
from faults.parts import Cut, End, Ending, Instead, Part, ResponseStart, Start
from faults.scene import Scene, What
from faults.stage import Stage

_BODY = b"504 Gateway Timeout\n"
_ANSWER = Instead(
    ResponseStart(
        504,
        b"Gateway Timeout",
        ((b"Content-Type", b"text/plain"), (b"Content-Length", b"%d" % len(_BODY))),
    ),
    _BODY,
)
type Then = Annotated[
    Literal["hang", "close", "504"], BeforeValidator(lambda value: "504" if value == 504 else value)
]


class DropRequest(RequestFault):
    """Keeps a request from the service."""

    kind: ClassVar[str] = "drop-request"
    family: ClassVar[Family] = "requests"
    summary: ClassVar[str] = (
        "The service never sees the request; the client waits, is cut off, or gets a 504."
    )
    received: ClassVar[str] = (
        "Nothing, on the service's side. The client gets nothing either and waits for as long as it will "
        "(hang), has its connection closed without an answer, on HTTP/2 its stream reset (close), or gets "
        "at once a 504 with a line of text and without any CORS header, as from a gateway."
    )
    example: ClassVar[str] = 'then = "504"'
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC202", "CO406", "HT601")
    breaks: ClassVar[tuple[str, ...]] = ("CO409",)

    then: Then = Field(default="hang", description="what the client gets: hang, close or 504")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Dropping(self, scene)


class _Dropping(Stage):
    def __init__(self, fault: DropRequest, scene: Scene) -> None:
        super().__init__(scene)
        self._then = fault.then

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        if self._then == "504":
            self.note(What.END, "answered with 504 in the service's place", offset=0)
            return [_ANSWER]
        if self._then == "close":
            self.note(What.END, "closed without an answer", offset=0)
            return [Cut(Ending.CLOSE)]
        self.note(What.END, "goes nowhere, and nothing is answered", offset=0)
        return []

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        return []

    @override
    def end(self, end: End, now: int) -> list[Part]:
        return []
