"""A kind of fault: typed settings, what it does to a message, and what its page says."""

from typing import ClassVar, Literal, override

from pydantic import BaseModel, ConfigDict

from contract.events import Message
from faults.parts import Instead, Start
from faults.scene import Scene
from faults.stage import Stage

type Family = Literal["heads", "id", "cors", "requests", "streams"]


def hyphenated(name: str) -> str:
    """The key of a setting in a plan."""
    return name.rstrip("_").replace("_", "-")


class Fault(BaseModel):
    """Base of all kinds. An object has the settings of one fault of a plan; what is kept per exchange
    is in its stage, what is kept from exchange to exchange in `Scene.memory`.

    The class says what the page says: `kind`, its `family`, a one-line `summary`, `received` (what exactly
    the other side gets, in sentences), an `example` (the settings as TOML), the rules that it `breaks` by
    itself and those that clients break because of it (`follows`). Settings have descriptions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=hyphenated, populate_by_name=True)

    kind: ClassVar[str]
    family: ClassVar[Family]
    summary: ClassVar[str]
    received: ClassVar[str]
    example: ClassVar[str] = ""
    breaks: ClassVar[tuple[str, ...]] = ()
    follows: ClassVar[tuple[str, ...]] = ()

    @property
    def message(self) -> Message:
        """The message that it changes; whether it does is decided when the head of that message has come."""
        return Message.RESPONSE

    def applies(self, scene: Scene, start: Start) -> bool:
        """Whether this message is one that the fault is about; only then it counts as an occasion."""
        return True

    def answer(self, scene: Scene, now: int) -> Instead | None:
        """For faults on responses that answer requests in the service's place, as caches do: the answer.

        It is asked for when the request's head has come, at `now` (µs). None lets the request pass; the
        stage then sees the service's answer.
        """
        return None

    def stage(self, scene: Scene) -> Stage:
        """The fault at work in one exchange."""
        raise NotImplementedError


class RequestFault(Fault):
    """A fault that changes requests alone."""

    @property
    @override
    def message(self) -> Message:
        return Message.REQUEST
