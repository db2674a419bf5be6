"""What a client is told instead of what was recorded: new IDs, new tokens, and its own words."""

import json
import re
import time
from collections.abc import Iterable
from random import Random

from replay import binding, values
from replay.forms import fresh, is_random, masked
from replay.matching import Values, is_redacted
from replay.playback.conversation import Conversation, Conversations
from replay.playback.library import Library
from replay.playback.minting import minted
from replay.recorded import Recorded, recorded_exchanges
from replay.shapes import LONGEST

_QUOTED = re.compile(r"[\"\\\x00-\x1f\x7f-\U0010ffff]")
_WORD = re.compile(r"[A-Za-z_]+")
_LEAST_UNIQUE = 8


class Telling:
    """Knows what in the answers of a library is not to be told as it was recorded.

    With `fresh_ids`, these are all values that look as if they were made for one occasion, and that an
    answer issued and a later request sent back; otherwise only what was redacted.
    """

    def __init__(self, library: Library, conversations: Conversations, *, fresh_ids: bool) -> None:
        self._library = library
        self._conversations = conversations
        self._random = Random()
        self._issued: dict[tuple[int, int], list[str]] = {}
        self._appearing: dict[tuple[int, int], list[str]] = {}
        if fresh_ids:
            for source in range(len(library.recordings)):
                self._learn(source)

    def _learn(self, source: int) -> None:
        found = binding.find(recorded_exchanges(self._library.recordings[source].events()))
        for bound in found.each:
            if len(bound.value) < _LEAST_UNIQUE or not (is_random(bound.value) or is_redacted(bound.value)):
                continue  # what is short stands elsewhere by chance: it cannot be told from others like it
            self._issued.setdefault((source, bound.issued.exchange), []).append(bound.value)
            for site in bound.again:
                self._appearing.setdefault((source, site.exchange), []).append(bound.value)
        for of, line in self._library.entries:
            # What the profile calls an ID is one, though no recorded client sent it back.
            if of == source and line.role == "issue" and line.stream and len(line.stream) >= _LEAST_UNIQUE:
                issued = self._issued.setdefault((source, line.exchange), [])
                if line.stream not in issued:
                    issued.append(line.stream)

    def carried(self, asked: Recorded, echoed: str | None) -> list[str]:
        """Values in a request that tell whose it is; an ID that is sent back is none of them."""
        return [each.value for each in values.in_request(asked) if each.value != echoed]

    def tell(self, number: int, talk: Conversation, *, anew: bool) -> dict[str, str]:
        """The values in the answer of entry `number` that the client hears otherwise: old to new.

        `anew`: it was given before, so that what it issues is new once more.
        """
        source, line = self._library.entries[number]
        key = source, line.exchange
        issued = self._issued.get(key, [])
        for old in issued:
            if anew or old not in talk.live:
                self._issue(old, talk)
        appearing = [*issued, *self._appearing.get(key, ())]
        for token in self._library.load(number).tokens:
            if token not in talk.live:
                self._issue(token, talk)
            appearing.append(token)
        told: dict[str, str] = {}
        for old, new in talk.chosen.items():
            told |= _written(old, new)
        return told | {old: talk.live[old] for old in appearing if old in talk.live}

    def _issue(self, old: str, talk: Conversation) -> None:
        now = time.time()
        if is_redacted(old):
            new = minted(old, self._random, int(now))
        else:
            new = fresh(old, self._random, int(now * 1000))
        talk.issue(old, new)
        self._conversations.issued(talk, new)

    def reflected(
        self, asked: Values, recorded: Values, talk: Conversation, others: Iterable[Values] = ()
    ) -> dict[str, str]:
        """The client's own words in the place of those that the recorded client had, old to new.

        What looks like an identifier is remembered: the client will use it again. Not so what one of the
        `others`, requests that were recorded, had at this place: it goes by that name already.
        """
        own: dict[str, str] = {}
        for place, old in recorded.items():
            new = asked.get(place)
            if new is None or (new == old and old not in talk.chosen):
                continue
            if len(old) > LONGEST or is_redacted(old) or (old not in talk.chosen and talk.term(new) == old):
                continue
            if is_random(old) or masked(old) != old:
                if all(each.get(place) != new for each in others):
                    talk.choose(old, new)
                own |= _written(old, new)
            elif len(old) >= _LEAST_UNIQUE and _is_said_again(place, old):
                own |= _written(old, new)
        return own


def _is_said_again(place: str, old: str) -> bool:
    """Whether a value in an answer is likely to be this one of the request, and no word like any other."""
    if place.startswith(("header ", "cookie ")):
        return place == "header origin"
    return _WORD.fullmatch(old) is None


def _written(old: str, new: str) -> dict[str, str]:
    """Both as they stand in a JSON string, and in one that is all ASCII."""
    return {_in_json(old, ascii_only): _in_json(new, ascii_only) for ascii_only in (True, False)}


def _in_json(text: str, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1] if _QUOTED.search(text) else text
