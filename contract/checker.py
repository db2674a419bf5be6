"""The one judge: the same sequence of events gives the same findings, live and offline."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from contract.events import Event
from contract.findings import Output
from contract.profile import Profile

WINDOW = 100_000
"""How many issued IDs are remembered."""


class Decoder(Protocol):
    """Undoes one content-coding, piece by piece. Either method raises `ValueError` for bytes that are none."""

    def feed(self, data: bytes, /) -> bytes:
        """What can be decoded so far."""
        ...

    def end(self) -> bytes:
        """The rest, when the body is complete."""
        ...


class Checker:
    """Judges a sequence of events against one profile."""

    def __init__(
        self,
        profile: Profile,
        *,
        decoders: Mapping[str, Callable[[], Decoder]] | None = None,
        select: Collection[str] | None = None,
        ignore: Collection[str] = (),
        window: int = WINDOW,
    ) -> None:
        self.profile = profile

    def feed(self, event: Event) -> list[Output]:
        """Take the next event of the sequence; never raises."""
        return []

    def end(self) -> list[Output]:
        """What is still to be said when the run is over."""
        return []
