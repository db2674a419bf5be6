"""The contract, enforced on a client of a playback: is the ID that it sends back the right one?"""

import json
from http.client import responses
from typing import Any, NamedTuple

from contract.bodies import Body, fulfils, parsed
from contract.events import Chunk, Form, Message, RequestHead, Side
from contract.headers import content_coding
from contract.places import in_request
from contract.profile import Profile
from contract.profile_sections import Echo
from contract.routes import Visit, fits_status
from recordings.decoding import DECODERS
from replay.matching import echo_place
from replay.playback.conversation import Conversation
from replay.playback.finding import Found
from replay.playback.library import Library
from replay.playback.order import Order
from replay.playback.performance import Performance, own_answer
from replay.recorded import Recorded


class Returned(NamedTuple):
    """An ID that a request sends back, None where it should and does not; by which route, in which scope."""

    id: str | None
    route: Echo
    scope: str


class Echoes:
    """Judges requests that send an ID back, by what this client was told.

    Where it was told none yet, the recording alone decides; but with `fresh_ids` not of an ID that the
    recording shows being issued: nobody can know it.
    """

    def __init__(self, profile: Profile, library: Library, order: Order, *, fresh_ids: bool) -> None:
        self._profile = profile
        self._library = library
        self._order = order
        self._fresh_ids = fresh_ids

    def returned(self, visit: Visit | None, asked: Recorded) -> Returned | None:
        """What the request sends back; None where its route sends nothing back."""
        if visit is None or not visit.echoes:
            return None
        body = Body(content_coding(asked.request.headers), DECODERS)
        for piece in asked.request_body.pieces:
            body.feed(Chunk(0, Message.REQUEST, Side.SERVER, 0, piece.data, len(piece.data), Form.WIRE))
        body.end()
        value = parsed(body.content()) if visit.by_body else None
        for route in visit.echoes:
            if not route.where or fulfils(value, route.where):
                found = in_request(route.id, visit, asked.request.headers, body)
                return Returned(found.value, route, visit.scope)
        return None

    def expected(self, echo: Returned, talk: Conversation) -> str | None:
        """The ID that was last issued to this client in the scope; None where none was."""
        return talk.current.get(talk.term(echo.scope))

    def choose(
        self, echo: Returned, found: list[Found], best: Found | None, talk: Conversation
    ) -> Found | None:
        """The recorded answer that the service would give to this ID; None where there is none such.

        `best` is what matching alone would take. It stands unless it was the answer to a right ID and this
        one is not, or the other way round; then one takes its place whose request differs in the ID alone.
        """
        expected = self.expected(echo, talk)
        is_right = expected is not None and self._equal(echo.id, expected)
        if best is not None and (self._is_alike(best.number, is_right) or self._decides(best, expected)):
            return best
        place = echo_place(echo.route)
        others = [
            each
            for each in found
            if all(place == difference.place for difference in each.comparison.differences)
            and self._is_accepted(echo.route, each.number) is is_right
        ]
        if others:
            return min(others, key=lambda each: (each.number in talk.used, each.comparison.cost, each.number))
        return best if is_right else None

    def refusal(self, echo: Returned, talk: Conversation, asked: RequestHead) -> Performance | None:
        """The profile's own answer to a wrong ID, in full; None where it has none, or the ID is not wrong."""
        answer, expected = self._profile.mismatch.answer, self.expected(echo, talk)
        if answer is None or (expected is not None and self._equal(echo.id, expected)):
            return None
        told = {"{expected}": expected, "{received}": echo.id}
        body = json.dumps(_filled(answer.json_body, told)).encode()
        fields = ((b"Content-Type", b"application/json"),)
        return own_answer(asked, answer.status, responses.get(answer.status, "").encode(), fields, body)

    def leaked(self, echo: Returned, number: int, talk: Conversation) -> dict[str, str]:
        """The ID that a recorded refusal expected, to be told as the one that is expected now."""
        was, is_now = self._order.issued_before(number), self.expected(echo, talk)
        return {was: is_now} if was is not None and is_now is not None else {}

    def _decides(self, best: Found, expected: str | None) -> bool:
        """Whether a recorded answer stands, whatever this client was told."""
        if expected is not None:
            return False
        return not self._fresh_ids or self._order.issued_before(best.number) is None

    def _equal(self, echoed: str | None, expected: str | None) -> bool:
        if echoed is not None and expected is not None and self._profile.id.compare == "normalised":
            return echoed.strip().lower() == expected.lower()
        return echoed == expected

    def _is_alike(self, number: int, is_right: bool) -> bool:
        """Whether the recorded ID was as right, or as wrong, as this one."""
        line = self._library.entries[number].line
        was_right = bool(line.stream) and self._equal(line.stream, self._order.issued_before(number))
        return was_right is is_right

    def _is_accepted(self, route: Echo, number: int) -> bool:
        status = self._library.entries[number].line.status
        return status is not None and fits_status(route.status, status)


def _filled(value: Any, told: dict[str, str | None]) -> Any:
    """The template with what is told in it, whole strings only."""
    if isinstance(value, dict):
        return {name: _filled(each, told) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, told) for each in value]
    return told.get(value, value) if isinstance(value, str) else value
