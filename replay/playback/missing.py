"""A request that the recording has no answer to: what is nearest to it, and what differs."""

import json
from dataclasses import dataclass

from replay.matching import Difference, is_redacted

_LONGEST = 80
_HIDDEN = ("header authorization", "header proxy-authorization", "header x-api-key", "cookie ")


@dataclass(frozen=True, slots=True)
class Near:
    """A recorded request, and where the asked one differs from it."""

    recording: str
    exchange: int
    request: str
    differences: tuple[Difference, ...]

    def sentence(self) -> str:
        """One line: which request, and what differs."""
        shown = "; ".join(_shown(each) for each in self.differences[:5])
        more = f"; and {len(self.differences) - 5} more" if len(self.differences) > 5 else ""
        return f"exchange {self.exchange} ({self.request}): {shown or 'its turn is over'}{more}"


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a request cannot be answered, with the nearest recorded ones, the nearest first."""

    request: str
    because: str
    nearest: tuple[Near, ...] = ()

    def lines(self) -> list[str]:
        """The whole explanation as lines of text."""
        return [
            f"no recorded answer to {self.request}: {self.because}",
            *(f"  {near.sentence()}" for near in self.nearest),
        ]

    def body(self) -> bytes:
        """The explanation as JSON, for the client."""
        nearest = [
            {
                "recording": near.recording,
                "exchange": near.exchange,
                "request": near.request,
                "differs": [
                    {
                        "at": each.place,
                        "recorded": _safe(each, each.recorded),
                        "asked": _safe(each, each.asked),
                    }
                    for each in near.differences
                ],
            }
            for near in self.nearest
        ]
        told = {"message": "streamid: no recorded answer", "request": self.request, "because": self.because}
        return json.dumps(told | {"nearest": nearest}, ensure_ascii=True, indent=2).encode()


def _shown(difference: Difference) -> str:
    place, recorded, asked = difference
    if asked is None:
        return f"{place} is missing (recorded: {_short(difference, recorded)})"
    if recorded is None:
        return f"{place} is {_short(difference, asked)} (recorded: nothing)"
    return f"{place} is {_short(difference, asked)} (recorded: {_short(difference, recorded)})"


def _short(difference: Difference, value: str | None) -> str:
    text = _safe(difference, value) or ""
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _safe(difference: Difference, value: str | None) -> str | None:
    """The value, unless it may be a secret."""
    if value is None:
        return None
    is_secret = difference.place.startswith(_HIDDEN) or is_redacted(difference.recorded or "")
    return "***" if is_secret and not is_redacted(value) else value
