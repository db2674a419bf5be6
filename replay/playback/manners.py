"""How a playback behaves where it has a choice."""

from dataclasses import dataclass
from enum import StrEnum


class OnMiss(StrEnum):
    """What becomes of a request that no recorded one matches."""

    NOT_FOUND = "404"
    NEAREST = "nearest"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Manners:
    """How to play. `also` are names of request headers that have to be as they were recorded."""

    on_miss: OnMiss = OnMiss.NOT_FOUND
    strict_order: bool = False
    fresh_ids: bool = False
    also: tuple[str, ...] = ()
