"""What a client is told instead of what was recorded: new IDs, new tokens, and its own words."""

import json
import re
import time
from random import Random

from replay import binding, values
from replay.forms import fresh, is_random, masked
from replay.matching import Values, is_redacted
from replay.playback.conversation import Conversation, Conversations
from replay.playback.library import Library
from replay.playback.minting import minted
from replay.playback.order import Order
from replay.recorded import Recorded, recorded_exchanges

_QUOTED = re.compile(r"[\"\\\x00-\x1f\x7f-\uffff]")
_LEAST_UNIQUE = 8


class Telling:
    """Knows what in the answers of a library is not to be told as it was recorded.

    With `fresh_ids`, these are all values that look as if they were made for one occasion, and that an
    answer issued and a later request sent back; otherwise only what was redacted.
    """

    def __init__(
        self, library: Library, order: Order, conversations: Conversations, *, fresh_ids: bool
    ) -> None:
        self._library = library
        self._order = order
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
        for number, (of, line) in enumerate(self._library.entries):
            # What the profile calls an ID is one, though no recorded client sent it back.
            if of == source and line.role == "issue" and line.stream:
                issued = self._issued.setdefault((source, line.exchange), [])
                if line.stream not in issued:
                    issued.append(line.stream)
                    self._mention(number, line.stream)

    def _mention(self, number: int, value: str) -> None:
        """Refusals that follow in the same scope may tell the ID that was expected."""
        for later in self._order.in_scope(self._library.entries[number].line.scope or ""):
            source, line = self._library.entries[later]
            if later > number and line.role == "echo":
                self._appearing.setdefault((source, line.exchange), []).append(value)

    def carried(self, asked: Recorded, echoed: str | None) -> list[str]:
        """Values in a request that tell whose it is; an ID that is sent back only if nothing else does."""
        found = [each.value for each in values.in_request(asked)]
        others = [value for value in found if value != echoed]
        return others or found

    def tell(self, number: int, talk: Conversation, *, anew: bool) -> dict[str, str]:
        """The values in the answer of entry `number` that the client hears otherwise: old to new.

        `anew`: it was given before, so that what it issues is new once more.
        """
        source, line = self._library.entries[number]
        key = source, line.exchange
        issued = self._issued.get(key, [])
        for old in issued:
            if anew and old == line.stream:
                talk.supersede(old)
            if anew or old not in talk.live:
                self._issue(old, talk)
        appearing = [*issued, *self._appearing.get(key, ())]
        for token in self._library.load(number).tokens:
            if token not in talk.live:
                self._issue(token, talk)
            appearing.append(token)
        return {old: talk.live[old] for old in appearing if old in talk.live}

    def _issue(self, old: str, talk: Conversation) -> None:
        now = time.time()
        if is_redacted(old):
            new = minted(old, self._random, int(now))
        else:
            new = fresh(old, self._random, int(now * 1000))
        talk.issue(old, new)
        self._conversations.issued(talk, new)

    def reflected(self, asked: Values, recorded: Values, talk: Conversation) -> dict[str, str]:
        """The client's own words in the place of those that the recorded client had, old to new.

        What looks like an identifier is remembered: the client will use it again.
        """
        own: dict[str, str] = dict(talk.chosen)
        for place, old in recorded.items():
            new = asked.get(place)
            if new is None or new == old or talk.term(new) == old or is_redacted(old):
                continue
            if is_random(old) or masked(old) != old:
                talk.choose(old, new)
                own[old] = new
            elif len(old) >= _LEAST_UNIQUE:
                own[_in_json(old)] = _in_json(new)
        return own


def _in_json(text: str) -> str:
    """As it stands in a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1] if _QUOTED.search(text) else text
