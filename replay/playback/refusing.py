"""The contract, enforced on a client of a playback: is the ID that it sends back the right one?"""

import json
from http.client import responses
from typing import Any

from contract.bodies import Body
from contract.events import Chunk, Form, Message, Side
from contract.headers import content_coding
from contract.places import in_request
from contract.profile import Profile
from contract.routes import Visit, fits_status
from recordings.decoding import DECODERS
from replay.matching import Reader
from replay.playback.conversation import Conversation
from replay.playback.finding import Found
from replay.playback.library import Library
from replay.playback.order import Order
from replay.playback.performance import Performance, own_answer
from replay.recorded import Recorded


class Echoes:
    """Judges requests that send an ID back, by what this client was told."""

    def __init__(self, profile: Profile, library: Library, order: Order, reader: Reader) -> None:
        self._profile = profile
        self._library = library
        self._order = order
        self._reader = reader

    def returned(self, visit: Visit | None, asked: Recorded) -> str | None:
        """The ID that the request sends back; None where it sends none."""
        if visit is None or not visit.echoes:
            return None
        body = Body(content_coding(asked.request.headers), DECODERS)
        for piece in asked.request_body.pieces:
            body.feed(Chunk(0, Message.REQUEST, Side.SERVER, 0, piece.data, len(piece.data), Form.WIRE))
        body.end()
        return in_request(visit.echoes[0].id, visit, asked.request.headers, body).value

    def choose(
        self, visit: Visit, echoed: str | None, found: list[Found], best: Found | None, talk: Conversation
    ) -> Found | None:
        """The recorded answer that the service would give to this ID; None where there is none such.

        `best` is what matching alone would take. It stands unless it was the answer to a right ID and this
        one is not, or the other way round; then one takes its place whose request differs in the ID alone.
        """
        expected = talk.current.get(talk.term(visit.scope))
        is_right = expected is not None and self._equal(echoed, expected)
        if best is not None and (expected is None or self._is_alike(best.number, is_right)):
            return best
        others = [
            each
            for each in found
            if all(place in self._reader.echoes for place, _, _ in each.comparison.differences)
            and self._is_accepted(visit, each.number) is is_right
        ]
        if others:
            return min(others, key=lambda each: (each.number in talk.used, each.comparison.cost, each.number))
        return best if is_right else None

    def refusal(
        self, visit: Visit, echoed: str | None, talk: Conversation, version: bytes
    ) -> Performance | None:
        """The profile's own answer to a wrong ID, in full; None where it has none, or the ID is not wrong."""
        answer = self._profile.mismatch.answer
        expected = talk.current.get(talk.term(visit.scope))
        if answer is None or (expected is not None and self._equal(echoed, expected)):
            return None
        told = {"{expected}": expected, "{received}": echoed}
        body = json.dumps(_filled(answer.json_body, told)).encode()
        fields = ((b"Content-Type", b"application/json"),)
        reason = responses.get(answer.status, "").encode()
        return own_answer(answer.status, reason, fields, body, version)

    def _equal(self, echoed: str | None, expected: str) -> bool:
        if echoed is not None and self._profile.id.compare == "normalised":
            return echoed.strip().lower() == expected.lower()
        return echoed == expected

    def _is_alike(self, number: int, is_right: bool) -> bool:
        """Whether the recorded ID was as right, or as wrong, as this one."""
        line = self._library.entries[number].line
        return (line.stream is not None and line.stream == self._order.issued_before(number)) is is_right

    def _is_accepted(self, visit: Visit, number: int) -> bool:
        status = self._library.entries[number].line.status
        return status is not None and fits_status(visit.echoes[0].status, status)


def _filled(value: Any, told: dict[str, str | None]) -> Any:
    """The template with what is told in it, whole strings only."""
    if isinstance(value, dict):
        return {name: _filled(each, told) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, told) for each in value]
    return told.get(value, value) if isinstance(value, str) else value
