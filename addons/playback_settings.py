"""The `streamid_playback…` options, parsed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from replay.playback.manners import Manners, OnMiss

OPTIONS = (
    "playback",
    "playback_speed",
    "playback_miss",
    "playback_strict",
    "playback_fresh",
    "playback_match",
)


@dataclass(frozen=True, slots=True)
class PlaybackSettings:
    """What is to be played, and how. `speed`: how many times as fast as recorded; infinity for at once.

    `upstream` is where a request goes that was not recorded; None: to where it was sent.
    """

    paths: tuple[Path, ...]
    manners: Manners
    speed: float = 1.0
    upstream: SplitResult | None = None
    explains: bool = False
    """Log all of what is nearest to a request that was not recorded."""


def parse(values: Mapping[str, str]) -> PlaybackSettings | None:
    """Settings from option values (names without the prefix); None where nothing is to be played.

    Raises ValueError with one line that names the option.
    """
    on_miss, upstream = _miss(values["playback_miss"].strip())
    speed = parse_speed(values["playback_speed"].strip())
    manners = Manners(
        on_miss,
        strict_order=_boolean("playback_strict", values["playback_strict"]),
        fresh_ids=_boolean("playback_fresh", values["playback_fresh"]),
        also=_listed(values["playback_match"]),
    )
    paths = tuple(Path(each).expanduser() for each in _listed(values["playback"]) if each != "off")
    explains = _boolean("playback_explain", values["playback_explain"])
    return PlaybackSettings(paths, manners, speed, upstream, explains) if paths else None


def parse_speed(value: str) -> float:
    """How many times as fast as recorded; infinity for `max`. Raises ValueError."""
    if value == "max":
        return math.inf
    try:
        speed = float(value)
    except ValueError:
        speed = math.nan
    if not (0.001 <= speed <= 1000):
        raise ValueError(f"streamid_playback_speed: '{value}' is no speed; give 0.001 to 1000, or max")
    return speed


def _miss(value: str) -> tuple[OnMiss, SplitResult | None]:
    kind, equals, url = value.partition("=")
    if kind not in OnMiss or (equals and kind != "upstream"):
        raise ValueError(f"streamid_playback_miss: '{value}' is none of 404, nearest, upstream, upstream=URL")
    if not equals:
        return OnMiss(kind), None
    try:
        parts = urlsplit(url)
        is_origin = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_origin = False
    if not is_origin or parts.path.strip("/") or parts.query:
        raise ValueError(f"streamid_playback_miss: '{url}' is no HTTP origin, such as http://localhost:3002")
    return OnMiss(kind), parts


def _listed(value: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in value.split(",") if each.strip())


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false", ""):
        raise ValueError(f"streamid_{name}: '{value}' is none of true, false")
    return value.lower() != "false"
