"""A request that the recording has no answer to: what is nearest to it, and what differs."""

import json
import re
from dataclasses import dataclass

from contract.profile import Profile
from recordings.redaction.names import DEFAULT_NAMES, loose_value
from replay.matching import Difference, is_redacted

_LONGEST_SHOWN, _LONGEST_TOLD = 80, 1000
_NUMBER = re.compile(r"#[0-9]+$")
_PAIR = re.compile(r"(?<=[?&])([^=&#]*)=([^&#]*)")
_STARS = "***"


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
                        "recorded": _short(each.recorded, _LONGEST_TOLD),
                        "asked": _short(each.asked, _LONGEST_TOLD),
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
        return f"{place} is missing (recorded: {_short(recorded)!r})"
    if recorded is None:
        return f"{place} is {_short(asked)!r} (recorded: nothing)"
    return f"{place} is {_short(asked)!r} (recorded: {_short(recorded)!r})"


def _short(text: str | None, most: int = _LONGEST_SHOWN) -> str | None:
    return text if text is None or len(text) <= most else text[: most - 1] + "…"


class Stars:
    """Puts stars in the place of secrets: what is asked now was not redacted as a recording is."""

    def __init__(self, profile: Profile) -> None:
        own = profile.secrets
        extra = (*own.headers, *own.json_names, *own.query, *own.cookies, *profile.credential.headers)
        self._names = DEFAULT_NAMES.extended(extra)
        self._quoted = loose_value(self._names)

    def difference(self, found: Difference) -> Difference:
        """The same without secrets; the tokens that stand for them in a recording stay."""
        is_secret = self._is_secret(found.place) or is_redacted(found.recorded or "")
        return Difference(
            found.place, self._starred(found.recorded, is_secret), self._starred(found.asked, is_secret)
        )

    def target(self, target: str) -> str:
        """A request target whose secret parameters have stars."""

        def safe(pair: re.Match[str]) -> str:
            return f"{pair[1]}={self._starred(pair[2], self._names.is_form_field(pair[1]))}"

        return _PAIR.sub(safe, target)

    def _is_secret(self, place: str) -> bool:
        kind, _, name = place.partition(" ")
        name = _NUMBER.sub("", name)
        if kind == "header":
            return self._names.is_header(name.encode("latin-1", "replace"))
        if kind == "json":
            return any(map(self._names.is_field, name.split(".")))
        return kind == "cookie" or (kind in ("query", "form") and self._names.is_form_field(name))

    def _starred(self, value: str | None, is_secret: bool) -> str | None:
        if value is None or is_redacted(value):
            return value
        is_secret = is_secret or self._quoted.search(value.encode("utf-8", "replace")) is not None
        return _STARS if is_secret else value
