"""Secrets that the recording hides and that no answer issues: somebody has to give them."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from contract.bodies import MISSING, at_path
from contract.events import Message
from recordings.rows import Redaction
from replay.recorded import Recorded
from replay.resending.bodies import parsed
from replay.resending.issuing import described
from replay.values import Found, Place, in_request

_USER = re.compile(r"(?i)(user.?name|user.?id|user|login|e.?mail|account|client.?id|name|id)")
"""Names of fields that say whose password stands beside them; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Needed:
    """One secret. `name` is what it is given by, `token` stands for it in the recording.

    `places` are (exchange, place) where requests carry it, `beside` says whose it is, as
    `username "user1"`; empty where nothing tells.
    """

    name: str
    token: str
    places: tuple[tuple[int, str], ...]
    beside: str

    def __str__(self) -> str:
        """One line for whoever has to give it."""
        exchange, place = self.places[0]
        more = f" and {len(self.places) - 1} more" if len(self.places) > 1 else ""
        beside = f", beside {self.beside}" if self.beside else ""
        return f"{self.name} (request {exchange}: {place}{beside}{more})"


def needed_secrets(
    exchanges: Iterable[Recorded], redactions: Iterable[Redaction], bound: Container[str]
) -> list[Needed]:
    """The secrets of these requests that are not `bound`, in the order of the requests.

    Equal secrets have equal tokens, so each has to be given once.
    """
    sent = {each.exchange: each for each in exchanges}
    tokens: dict[str, dict[int, str]] = {}
    for row in redactions:
        if row.message is Message.REQUEST and row.exchange in sent and row.token not in bound:
            tokens.setdefault(row.token, {}).setdefault(row.exchange, row.where)
    found: list[Needed] = []
    for token, wheres in tokens.items():
        places, beside = [], ""
        name = ""
        for exchange, where in wheres.items():
            place = _place(in_request(sent[exchange]), token)
            places.append((exchange, described(place) if place else where))
            if not name:
                user = _user(sent[exchange], place)
                name = user[1] if user else _last_name(place, where)
                beside = f'{user[0]} "{user[1]}"' if user else ""
        taken = {each.name for each in found}
        found.append(Needed(_free(_plain(name), taken), token, tuple(places), beside))
    return found


def variable(name: str) -> str:
    """The environment variable that gives a secret."""
    return f"STREAMID_SECRET_{re.sub('[^A-Za-z0-9]', '_', name).upper()}"


def given(needed: Iterable[Needed], values: Mapping[str, str]) -> tuple[dict[str, str], list[Needed]]:
    """The secrets by their tokens, as far as they are given, and those that are not."""
    by_token, missing = {}, []
    for each in needed:
        if each.name in values:
            by_token[each.token] = values[each.name]
        else:
            missing.append(each)
    return by_token, missing


def _place(found: Iterable[Found], token: str) -> Place | None:
    return next((each.place for each in found if each.value == token), None)


def _user(recorded: Recorded, place: Place | None) -> tuple[str, str] | None:
    """The field beside a password that says whose it is: its name and value."""
    if place is None or place.kind not in ("json", "form"):
        return None
    above, _, _ = place.name.rpartition(".")
    if place.kind == "json":
        value = parsed(recorded.request_text() or b"")[1]
        around = at_path(value, above) if above else value
        fields = around.items() if around is not MISSING and isinstance(around, dict) else ()
        beside = {str(name): each for name, each in fields if isinstance(each, str)}
    else:
        found = in_request(recorded)
        beside = {each.place.name: each.value for each in found if each.place.kind == "form"}
    names = [name for name in beside if name != place.name and _USER.fullmatch(name)]
    return (names[0], beside[names[0]]) if names else None


def _last_name(place: Place | None, where: str) -> str:
    name = place.name if place is not None else where
    return re.split(r"[ .:]", name)[-1] or "secret"


def _plain(name: str) -> str:
    return re.sub(r"[^\w@.+-]", "-", name).strip("-") or "secret"


def _free(name: str, taken: Container[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
