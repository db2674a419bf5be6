"""What passes a proxy, as a sequence of frozen events: the vocabulary that live and offline code share.

Every event belongs to one exchange (a request and its answer), carries the time at which it was
seen and the side(s) of the proxy on which it was seen so. The order of a run's events is the order
in which they are handed over; it is stored as a sequence number, not kept in the event.

A message (request or response) is, on each side: one head, any number of chunks, one end – or,
where it broke, one `Abort` instead of what was still to come.

Times are integer microseconds since the start of the run, from a monotonic clock.
"""

from dataclasses import dataclass
from enum import Enum, IntFlag, StrEnum

type Headers = tuple[tuple[bytes, bytes], ...]
"""Field lines in order, with case and duplicates as on the wire (RFC 9110 §5.2, §5.3)."""


class Side(IntFlag):
    """Where an event was seen. `BOTH`: it left the proxy on one side as it came in on the other."""

    CLIENT = 1
    SERVER = 2
    BOTH = 3


class Message(StrEnum):
    """The two messages of an exchange."""

    REQUEST = "request"
    RESPONSE = "response"


class Kind(StrEnum):
    """What an exchange is made of. Only `HTTP` is judged; the others are recorded as what they are."""

    HTTP = "http"
    CONNECT = "connect"
    WEBSOCKET = "websocket"
    TCP = "tcp"
    UDP = "udp"
    DNS = "dns"


class Form(Enum):
    """What the bytes of a chunk are."""

    WIRE = "wire"
    """The bytes as they passed (secrets replaced at equal length)."""
    DECODED = "decoded"
    """The content-coding was undone because a secret had to be replaced; `size` is still the wire's."""
    LOST = "lost"
    """The bytes were not kept (overload, or a body that could not be redacted); the size is right."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The request line and header section, on one side.

    `target` is the path and query as sent; `scheme`, `host` and `port` say where the request goes.
    `client` and `server` are the peers' addresses (`host:port`), empty where not known yet.
    """

    exchange: int
    side: Side
    at: int
    method: bytes
    scheme: str
    host: str
    port: int
    target: bytes
    version: bytes
    headers: Headers
    kind: Kind = Kind.HTTP
    client: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The status line and header section, on one side."""

    exchange: int
    side: Side
    at: int
    status: int
    reason: bytes
    version: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a body as it was read or sent at once; its bounds are not those of an SSE event.

    `size` counts the bytes that passed; `len(data) == size` exactly where `form` is `WIRE`.
    """

    exchange: int
    message: Message
    side: Side
    at: int
    data: bytes
    size: int
    form: Form = Form.WIRE


@dataclass(frozen=True, slots=True)
class End:
    """The message is complete by its own framing (RFC 9112 §6, RFC 9113 §8.1)."""

    exchange: int
    message: Message
    side: Side
    at: int
    trailers: Headers = ()


class Breaker(StrEnum):
    """Who ended a message that was not complete."""

    CLIENT = "client"
    SERVER = "server"
    PROXY = "proxy"


class Manner(StrEnum):
    """How a message was broken off."""

    CLOSED = "closed"
    """The connection closed before the framing's end (no 0-chunk, short of Content-Length)."""
    RESET = "reset"
    """The peer said so: RST, RST_STREAM, GOAWAY."""
    MALFORMED = "malformed"
    """What came was not HTTP, and the proxy gave up on it."""
    UNREACHABLE = "unreachable"
    """No connection to the server could be made."""
    REFUSED = "refused"
    """The proxy would not pass the message on (its own validation, a limit, another addon)."""
    SHUTDOWN = "shutdown"
    """The proxy stopped, or timed the connection out."""
    INJECTED = "injected"
    """A fault broke it off on purpose."""


@dataclass(frozen=True, slots=True)
class Abort:
    """The exchange ended before it was complete; nothing more of it follows on `side`.

    `by` is the party that broke it, `reason` the proxy's words for it. `answered` is the status of
    the error page that the proxy itself sent to the client instead, 0 for none.
    """

    exchange: int
    side: Side
    at: int
    by: Breaker
    manner: Manner
    reason: str
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that were not kept at all (the recorder could not follow); exchange 0: of unknown exchanges."""

    exchange: int
    at: int
    events: int
    size: int
    because: str


class Deed(StrEnum):
    """What an entry of the journal of faults is about."""

    HIT = "hit"
    """The fault was decided to strike the message."""
    MISS = "miss"
    """… not to; `name` says why."""
    HEADER = "header"
    """A field line: `name`, its value before and after (None: there was none, there is none)."""
    START = "start"
    """Status and reason, or method and target, before and after."""
    BODY = "body"
    """At `offset` of the body as it came, the bytes `before` were replaced by `after`."""
    TIME = "time"
    """When parts left, or how they were grouped, as `name` tells; no byte is another."""
    END = "end"
    """How the message ended (`name`), after `offset` bytes."""
    PASSED = "passed"
    """The fault could not do what it is for, and let the message pass; `name` says why."""


@dataclass(frozen=True, slots=True)
class Injection:
    """What a fault decided about a message on purpose, or changed in it: an entry of the journal.

    `fault` is its name in the plan; `key` and `ordinal` say which of its occasions it was. It is about
    the proxy alone: nothing is judged by it.
    """

    exchange: int
    at: int
    fault: str
    kind: str
    message: Message
    deed: Deed
    key: str
    ordinal: int
    name: str = ""
    before: bytes | None = None
    after: bytes | None = None
    offset: int | None = None


type Event = RequestHead | ResponseHead | Chunk | End | Abort | Gap | Injection
