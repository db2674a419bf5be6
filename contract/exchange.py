"""What the checker keeps of one exchange while it is open: heads, and bodies only where a rule reads them."""

from contract import headers
from contract.answers import AnswerBody
from contract.bodies import BROKEN_OFF, LOST, Body, Decoders
from contract.cors import is_same_origin, origin_of
from contract.events import Abort, Chunk, End, Event, Message, RequestHead, ResponseHead, Side
from contract.findings import Role
from contract.places import InBody, Reading, Returned, in_head
from contract.profile import Profile
from contract.profile_sections import Close, Echo, Issue, Open, Place
from contract.routes import Caller, Visit, fits_status
from contract.stream_reading import StreamReader
from contract.testimony import Testimony
from contract.two_sides import TwoSides
from contract.window import Issuance, Scope

# Plain integers: a flag's own operators cost more than all else that is done with a chunk.
CLIENT, SERVER, BOTH = int(Side.CLIENT), int(Side.SERVER), int(Side.BOTH)


class Exchange:
    """One exchange on the profile's paths. Times are positions in the sequence, `at` microseconds."""

    __slots__ = (
        "abort",
        "answer_body",
        "answer_sides",
        "asked_at",
        "at",
        "began",
        "caller",
        "client",
        "client_abort",
        "close",
        "closed",
        "complete",
        "delivered",
        "echo",
        "heard_at",
        "id_in_client",
        "id_in_server",
        "is_broken",
        "is_decided",
        "is_echo_judged",
        "is_issue_judged",
        "is_issuing_client",
        "is_issuing_server",
        "is_lossy",
        "is_registered",
        "is_replied",
        "is_stream_judged",
        "is_told",
        "issue",
        "issued",
        "known",
        "mine",
        "newest",
        "number",
        "open",
        "origin",
        "own_echo",
        "reader",
        "request",
        "request_at_server",
        "request_body",
        "request_body_at_server",
        "request_sides",
        "returned",
        "scope",
        "scope_in_body",
        "sent",
        "sent_on",
        "server",
        "server_abort",
        "sides",
        "stream",
        "testimony",
        "visit",
    )

    def __init__(
        self, head: RequestHead, visit: Visit, scope: Scope, caller: Caller, began: int, known: int
    ) -> None:
        self.number = head.exchange
        self.request = head
        self.request_at_server = head if int(head.side) & SERVER else None
        self.origin = foreign_origin(head)
        self.visit = visit
        self.scope = scope
        self.caller = caller
        self.began = began
        self.newest: Issuance | None = scope.newest
        self.known = known
        self.at = head.at
        self.sides = int(head.side)
        # What it is, once the request's body has decided it.
        self.is_decided = False
        self.issue: Issue | None = None
        self.echo: Echo | None = None
        self.close: Close | None = None
        self.open: Open | None = None
        # The request.
        self.request_body: Body | None = None
        self.request_body_at_server: Body | None = None
        self.request_sides: TwoSides | None = None
        self.sent = 0
        self.sent_on = 0
        self.asked_at = head.at
        # The response on each side.
        self.client: ResponseHead | None = None
        self.server: ResponseHead | None = None
        self.is_issuing_client = False
        self.is_issuing_server = False
        self.id_in_client: InBody | None = None
        self.id_in_server: InBody | None = None
        self.scope_in_body: InBody | None = None
        self.answer_body: AnswerBody | None = None
        self.answer_sides: TwoSides | None = None
        self.reader: StreamReader | None = None
        self.heard_at = 0
        self.closed = 0
        self.complete = 0
        self.abort: Abort | None = None
        self.client_abort: Abort | None = None
        self.server_abort: Abort | None = None
        self.delivered = 0
        self.is_broken = False
        self.is_lossy = False
        # What has been said and done.
        self.is_told = False
        self.is_replied = False
        self.is_stream_judged = False
        self.is_registered = False
        self.is_issue_judged = False
        self.is_echo_judged = False
        self.issued: Reading | None = None
        self.mine: Issuance | None = None
        self.own_echo: Issuance | None = None
        self.returned: Returned | None = None
        self.stream = ""
        self.testimony: Testimony | None = None

    @property
    def role(self) -> Role:
        """What the exchange is; as far as known before its body has decided."""
        if not self.is_decided:
            return self.visit.role
        if self.issue:
            return Role.ISSUE
        if self.echo:
            return Role.ECHO
        if self.close:
            return Role.CLOSE
        return Role.PREFLIGHT if self.visit.is_preflight else Role.OTHER

    @property
    def judged_side(self) -> int:
        """The client's side; the server's only where the client's was never seen."""
        return self.sides & CLIENT or SERVER

    @property
    def known_stream(self) -> str:
        """The ID that the exchange is about, as far as known; empty if it has none."""
        return self.stream or (self.mine.id if self.mine else "")

    def read_request(self, decoders: Decoders) -> None:
        """Read the request's body from now on."""
        self.request_body = Body(headers.content_coding(self.request.headers), decoders)
        if self.testimony is not None:
            self.request_body_at_server = Body(headers.content_coding(self.request.headers), decoders)
        if self.is_lossy:
            self.request_body.stop(LOST)

    def take(self, chunk: Chunk) -> bool:
        """Look at a chunk; whether it may have decided something."""
        sides = int(chunk.side)
        if chunk.message is Message.REQUEST:
            if sides != BOTH or self.request_sides is not None:
                self.request_sides = _compared(self.request_sides, chunk)
            if self.request_body is not None and sides & self.judged_side:
                self.request_body.feed(chunk)
            if self.request_body_at_server is not None and sides & SERVER:
                self.request_body_at_server.feed(chunk)
            return False
        if sides != BOTH or self.answer_sides is not None:
            self.answer_sides = _compared(self.answer_sides, chunk)
        self.heard_at = chunk.at
        if self.reader is not None and sides & CLIENT:
            self.reader.feed(chunk)
        if self.answer_body is not None and sides & SERVER and not self.answer_body.is_over:
            self.answer_body.feed(chunk)
            return self.answer_body.is_over
        return self._found(chunk, sides)

    def _found(self, chunk: Chunk, sides: int) -> bool:
        """Look for an ID in the body; whether the chunk brought it to light."""
        found = False
        for side, body in (
            (SERVER, self.id_in_server),
            (CLIENT, self.id_in_client),
            (CLIENT, self.scope_in_body),
        ):
            if body is not None and sides & side and not body.is_over:
                body.feed(chunk)
                found = found or body.is_over
        return found

    def end_response(self, sides: int, now: int) -> None:
        """The response is complete on these sides."""
        self.closed |= sides
        self.complete |= sides
        if sides & CLIENT:
            self.delivered = self.delivered or now
            for body in (self.id_in_client, self.scope_in_body):
                if body:
                    body.end()
        if sides & SERVER:
            if self.id_in_server:
                self.id_in_server.end()
            if self.answer_body:
                self.answer_body.end()

    def break_off(self, abort: Abort, now: int) -> None:
        """Nothing more comes on these sides."""
        self.is_broken = True
        self.abort = self.abort or abort
        sides = int(abort.side)
        if sides & CLIENT & ~self.closed:
            self.client_abort = abort
        if sides & SERVER & ~self.closed:
            self.server_abort = abort
        self.closed |= sides
        if sides & self.judged_side and not self.sent:
            self.sent = now
            if self.request_body:
                self.request_body.stop(BROKEN_OFF)
        self._stop(sides, BROKEN_OFF)

    def lose(self) -> None:
        """Some of its events were not kept."""
        self.is_lossy = True
        if self.request_body and not self.sent:
            self.request_body.stop(LOST)
        self._stop(BOTH & ~self.closed, LOST)

    def give_up(self) -> None:
        """What has not come by now does not come."""
        self._stop(BOTH & ~self.closed, BROKEN_OFF)

    def _stop(self, sides: int, why: str) -> None:
        if sides & CLIENT:
            for body in (self.id_in_client, self.scope_in_body):
                if body:
                    body.stop(why)
        if sides & SERVER:
            if self.id_in_server:
                self.id_in_server.stop(why)
            if self.answer_body:
                self.answer_body.stop(why)

    def is_over(self) -> bool:
        """Nothing more of it can matter: request and response are over on the side that is judged."""
        return bool(self.sent and self.closed & self.judged_side)


def foreign_origin(request: RequestHead) -> bytes | None:
    """The origin of a request that crosses origins; None where it does not, or does not say so."""
    origin = origin_of(request)
    return None if origin is None or is_same_origin(request) else origin


def _compared(sides: TwoSides | None, chunk: Chunk) -> TwoSides:
    """The two sides of a body, from the first chunk on that one of them has alone."""
    sides = sides or TwoSides(chunk.message)
    sides.feed(chunk)
    return sides


def ends_client_side(event: Event) -> bool:
    """Whether the client's side of an exchange is over with this event."""
    if type(event) is End:
        return event.message is Message.RESPONSE and bool(int(event.side) & CLIENT)
    return type(event) is Abort and bool(int(event.side) & CLIENT)


def issues_with(issue: Issue, response: ResponseHead, media_type: str) -> bool:
    """Whether a response has the status and media type of an issuing one."""
    if not fits_status(issue.status, response.status):
        return False
    return issue.media_type is None or media_type == issue.media_type.lower()


def stray_id(profile: Profile, response: ResponseHead) -> Reading | None:
    """An ID in a header where the profile's issuing responses have theirs."""
    for place in {issue.id.header: issue.id for issue in profile.issue if issue.id.header}.values():
        reading = in_head(place, response.headers)
        if reading is not None and reading.id:
            return reading
    return None


def named(place: Place) -> str:
    """A place in words."""
    if place.header:
        return f"header {place.header}"
    if place.sse_id:
        return "the id of an SSE event"
    return f"JSON {place.json_path} of {f'SSE {place.event}' if place.event else 'the body'}"
