"""What rules judge, with all that is known of it.

`Issue` and `Echo` are about the ID; `Reply` is any response, `Stream` the events of one, `Ending` how it
ended, `Passage` what became of an exchange between the two sides of the proxy. The checker fills these
in; rules are functions from one of them to a `Ruling`.
"""

from dataclasses import dataclass
from enum import StrEnum

from contract.cors import Readable as Readable
from contract.events import Abort, RequestHead, ResponseHead
from contract.findings import Severity, Verdict
from contract.places import Reading, Returned
from contract.profile import Profile
from contract.routes import Caller
from contract.stream_facts import StreamFacts
from contract.two_sides import Change
from contract.window import Issuance

type Evidence = tuple[tuple[str, str], ...]

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule says of its subject. `severity`, if given, stands in for the rule's own."""

    verdict: Verdict
    message: str = ""
    evidence: Evidence = ()
    severity: Severity | None = None


PASS = Ruling(Verdict.PASS)
NA = Ruling(Verdict.NA)


def fails(message: str, *evidence: tuple[str, str], severity: Severity | None = None) -> Ruling:
    """The rule does not hold."""
    return Ruling(Verdict.FAIL, message, evidence, severity)


def warns(message: str, *evidence: tuple[str, str]) -> Ruling:
    """The rule holds by its letter, or may hold; it weighs as a warning, whatever the rule's own severity."""
    return Ruling(Verdict.WARN, message, evidence, Severity.WARNING)


def inconclusive(because: str, *evidence: tuple[str, str]) -> Ruling:
    """The rule cannot be judged; it may well hold, so this weighs no more than `info`."""
    return Ruling(Verdict.INCONCLUSIVE, because, evidence, Severity.INFO)


def shown(value: str) -> str:
    """A value from the wire for a message: quoted, printable, not endless."""
    text = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return "'" + "".join(c if c.isprintable() and c != "\\" else ascii(c)[1:-1] for c in text) + "'"


@dataclass(frozen=True, slots=True)
class Issue:
    """A response as the client got it, on a path of the profile.

    `place` names where the ID belongs, `client` and `server` are the readings on both sides of the
    proxy; `why_unread` says why the client's side of a body could not be read, `earlier` is another
    exchange that issued the client's ID before, `exposure` says whether a script
    can read the client's ID, `stray` is an ID that a non-issuing response carries. Where another origin asks
    and the ID is in a header, `exposed` has the names that scripts there may read (None elsewhere, and where
    a line is malformed), and `exposed_by` is an earlier preflight of the scope whose answer lists its header.
    """

    profile: Profile
    request: RequestHead
    response: ResponseHead
    is_issuing: bool
    place: str
    client: Reading | None
    server: Reading | None
    why_unread: str = ""
    earlier: int | None = None
    exposure: Readable | None = None
    stray: Reading | None = None
    exposed: frozenset[bytes] | None = None
    exposed_by: int | None = None


class Answer(StrEnum):
    """What the service said to an echo."""

    ACCEPTED = "accepted"
    MISMATCH = "refused as a mismatch"
    REFUSED = "refused"
    FAILED = "failed"
    UNREAD = "answered in a way that could not be read"
    NONE = "not answered"


@dataclass(frozen=True, slots=True)
class Told:
    """What a refusal tells of the IDs that it compared: None for none; `has_` says whether it tells that."""

    expected: str | None
    received: str | None
    has_expected: bool = True
    has_received: bool = True


@dataclass(frozen=True, slots=True)
class Echo:
    """A request that is to carry an ID back, and what the service said to it.

    Of the IDs that were issued before it: `own` is the echoed one, if its scope has it; `foreign` the
    echoed one of another scope; `handed` the echoed one, where the client got it though the service
    did not issue it; `near` one of its scope that is equal after `normalisation`. `newest` is the
    scope's newest when the request began. `unsure` says why an issuing response of this scope may
    not have been seen. `is_retry` says that an earlier echo of it failed, or its answer was lost, so that the
    service may have accepted it. `deviation` says how a refusal's words came otherwise than the profile has
    it, `leaked` is an ID of the service's that a refusal tells, `told` all that it tells. `is_rewritten` says
    that the service was sent something else than the client had sent: how it answers that is no answer to
    the client's echo.
    """

    profile: Profile
    caller: Caller
    returned: Returned
    answer: Answer
    status: int | None
    is_scoped: bool = True
    own: Issuance | None = None
    foreign: Issuance | None = None
    handed: Issuance | None = None
    near: Issuance | None = None
    normalisation: str = ""
    newest: Issuance | None = None
    unsure: str = ""
    is_probe: bool = False
    has_shape: bool = False
    has_format: bool = False
    right_before: bool = False
    is_over: str = ""
    is_retry: bool = False
    deviation: str = ""
    leaked: str = ""
    told: Told | None = None
    is_rewritten: bool = False

    @property
    def value(self) -> str:
        """The echoed ID; empty if there is none."""
        return self.returned.value or ""

    @property
    def is_unknown(self) -> bool:
        """An ID came back, and it is none that was issued or handed out."""
        return bool(self.value) and not (self.own or self.foreign or self.handed or self.near)

    @property
    def is_negative_test(self) -> bool:
        """A refused probe, or a refused try after the same credential had echoed rightly.

        Where the answer's body decides and could not be read, this is not held against the client.
        """
        told = self.answer is Answer.REFUSED and not self.profile.mismatch.all
        refused = told or self.answer in (Answer.MISMATCH, Answer.UNREAD)
        return refused and (self.is_probe or self.right_before)

    @property
    def accepted(self) -> bool | None:
        """Whether the service took it; None where it did not answer that."""
        if self.answer is Answer.ACCEPTED:
            return True
        if self.answer in (Answer.MISMATCH, Answer.REFUSED) or 400 <= (self.status or 0) < 500:
            return False
        return None


@dataclass(frozen=True, slots=True)
class Reply:
    """A response on one of the profile's paths, when its head has reached the client.

    `server` is the head as the service sent it (None: the proxy answered), `origin` the request's where it
    is another one than is asked, `is_to_stream` says that the profile wants an event stream here,
    `is_routed` that the request is one of its routes. `reflected` is
    another origin that an earlier answer of the scope had allowed by name, without `Vary`.
    """

    profile: Profile
    request: RequestHead
    response: ResponseHead
    server: ResponseHead | None
    origin: bytes | None = None
    is_preflight: bool = False
    is_to_stream: bool = False
    is_routed: bool = False
    reflected: bytes = b""


@dataclass(frozen=True, slots=True)
class Stream:
    """The events of an issuing route's response as the client got them, when it is over.

    `is_complete` says that it ended by its framing, `asked_at` when the request was complete, `delay` (µs)
    by how much, at most, bytes left the proxy later than they had come.
    """

    profile: Profile
    facts: StreamFacts
    is_complete: bool
    asked_at: int
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How the service's response ended: `abort`, or by its framing where that is None.

    `silence` (µs) is how long nothing had come before, `is_stream` says that it was an event stream.
    """

    request: RequestHead
    response: ResponseHead | None
    abort: Abort | None
    is_complete: bool
    is_stream: bool = False
    silence: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of an exchange between the two sides of the proxy: one `Change` for each difference."""

    profile: Profile
    heads: tuple[Change, ...] = ()
    bodies: tuple[Change, ...] = ()
    has_heads: bool = False
    has_bodies: bool = False
    why_unknown: str = ""
