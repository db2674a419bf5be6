"""Everything that the lab's chat service can be told to get wrong, by name; bugs go together.

A bug is a subclass of `Conduct` or of `Cors` that overrides one decision. Several become one class by
inheritance, in the order of the table: what stands earlier wraps what stands later.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from lab.bugs import cors, header, refusal, storage, stream
from lab.chat.conduct import Conduct
from lab.cors import Cors

type Fault = type[Conduct] | type[Cors]


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug: its name is stable, `value` names what it takes and its unit, if it takes any.

    `breaks` are the codes of the rules that fail, or warn, when a whole client meets it; where that
    takes something of the client, `scenario` says what. `make` turns the
    value's text into the fault, and raises `ValueError` with the reason where it cannot be used.
    """

    name: str
    value: str
    summary: str
    breaks: tuple[str, ...]
    make: Callable[[str], Fault]
    scenario: str = ""

    @property
    def usage(self) -> str:
        """How it is written: `race=MS`."""
        return f"{self.name}={self.value.split(' ')[0]}" if self.value else self.name


def _always(fault: Fault) -> Callable[[str], Fault]:
    return lambda _: fault


def _table(*bugs: Bug) -> MappingProxyType[str, Bug]:
    return MappingProxyType({bug.name: bug for bug in bugs})


BUGS = _table(
    Bug(
        "race",
        "MS (milliseconds)",
        "the ID is stored so long after the answer began",
        ("SV301",),
        storage.race,
        "an update within that time",
    ),
    Bug("not-stored", "", "the ID is sent, but never stored", ("SV301",), _always(storage.NotStored)),
    Bug(
        "strict-compare",
        "",
        "the ID is stored in capitals and compared to the byte: every right one is refused",
        ("SV301",),
        _always(storage.StrictCompare),
    ),
    Bug(
        "expire",
        "S (seconds)",
        "the stored ID is gone so long after it was stored",
        ("SV301",),
        storage.expire,
        "an update after that time",
    ),
    Bug(
        "no-affinity",
        "N (replicas)",
        "requests go round-robin to replicas that do not share stored IDs; X-Served-By tells which",
        ("SV301",),
        storage.no_affinity,
    ),
    Bug(
        "overwrite",
        "",
        "one ID is stored per user, not per chat session",
        ("SV301",),
        _always(storage.Overwrite),
        "two chats of one user at the same time",
    ),
    Bug(
        "wrong-header",
        "NAME (of a field)",
        "the ID comes under this name, and it is exposed: ID102 if the profile knows the name, else ID101",
        ("ID101", "ID102"),
        header.wrong_header,
    ),
    Bug("no-header", "", "the ID is not sent", ("ID101",), _always(header.NoHeader)),
    Bug("empty-header", "", "the header is sent empty", ("ID103",), _always(header.EmptyHeader)),
    Bug(
        "mangled-id",
        "",
        "the header has the ID in quotes; the plain one is stored",
        ("ID103", "SV301"),
        _always(header.MangledId),
    ),
    Bug(
        "duplicate-header",
        "",
        "the header is sent twice",
        ("ID104", "EC206"),
        _always(header.DuplicateHeader),
        'a client that reads "a, a", for EC206',
    ),
    Bug(
        "lower-case-compare",
        "",
        "IDs are compared trimmed and case-folded",
        ("SV302",),
        _always(refusal.LowerCaseCompare),
        "a client that alters the case",
    ),
    Bug(
        "adopt-unknown",
        "",
        "while none is stored, any well-formed ID is accepted",
        ("SV302",),
        _always(refusal.AdoptUnknown),
        "an update with a well-formed ID in a new chat, before any stream",
    ),
    Bug(
        "wrong-status",
        "CODE (HTTP status)",
        "a mismatch is told under this status, not 400",
        ("SV303",),
        refusal.wrong_status,
        "an update with a wrong ID",
    ),
    Bug(
        "error-in-stream",
        "",
        "a mismatch comes as a 200 event stream with one error event",
        ("SV303",),
        _always(refusal.ErrorInStream),
        "an update with a wrong ID",
    ),
    Bug(
        "hide-details",
        "",
        "a mismatch does not tell the IDs: no rule fails, and SV304 no longer warns",
        (),
        _always(refusal.HideDetails),
    ),
    Bug("no-expose", "", "Access-Control-Expose-Headers is not sent", ("CO402",), _always(cors.NoExpose)),
    Bug(
        "expose-preflight-only",
        "",
        "Access-Control-Expose-Headers is sent on preflights' answers only",
        ("CO402", "CO405"),
        _always(cors.ExposePreflightOnly),
        "a client that sends preflights, for CO405",
    ),
    Bug(
        "wildcard-credentials",
        "",
        "Access-Control-Expose-Headers is *, with credentials allowed",
        ("CO402", "CO403"),
        _always(cors.WildcardCredentials),
        "a client with cookies",
    ),
    Bug(
        "bad-expose-grammar",
        "",
        "Access-Control-Expose-Headers has a space where the comma belongs",
        ("CO402", "CO404"),
        _always(cors.BadExposeGrammar),
    ),
    Bug(
        "no-vary",
        "",
        "the origin is reflected without Vary: Origin",
        ("CO408",),
        _always(cors.NoVary),
    ),
    Bug(
        "no-cors-on-errors", "", "answers from 400 on have no CORS", ("CO409",), _always(cors.NoCorsOnErrors)
    ),
    Bug(
        "no-cors-on-stream",
        "",
        "event streams have no CORS",
        ("CO401", "CO402"),
        _always(cors.NoCorsOnStream),
    ),
    Bug(
        "preflight-401",
        "",
        "preflights are answered 401",
        ("CO406",),
        _always(cors.Preflight401),
        "a client that sends preflights",
    ),
    Bug(
        "thin-preflight",
        "",
        "preflights do not allow Authorization",
        ("CO407",),
        _always(cors.ThinPreflight),
        "a client that sends preflights",
    ),
    Bug("gzip", "", "streams are compressed, each event flushed", ("HT604",), _always(stream.Gzip)),
    Bug(
        "escaped-newlines",
        "",
        r"events end in a literal \n\n",
        ("SS502", "SS503", "SS504"),
        _always(stream.EscapedNewlines),
    ),
    Bug("no-done", "", "streams end without their done event", ("SS503",), _always(stream.NoDone)),
    Bug("bad-utf8", "", "the first chunk's text has a byte 0xFF", ("SS505",), _always(stream.BadUtf8)),
    Bug("bad-payload", "", "the first chunk has txt for text", ("SS506",), _always(stream.BadPayload)),
    Bug(
        "close-delimited",
        "",
        "streams have no framing, and end where the connection does",
        ("HT601",),
        _always(stream.CloseDelimited),
    ),
    Bug(
        "die-mid-stream",
        "",
        f"the connection is closed after {stream.DIES_AFTER} events",
        ("HT601",),
        _always(stream.DieMidStream),
    ),
)
"""All bugs, by name."""


def parse(text: str) -> tuple[Bug, Fault]:
    """The bug that `NAME` or `NAME=VALUE` means, made; `ValueError` in one line where it means none."""
    name, equals, value = text.partition("=")
    bug = BUGS.get(name)
    if bug is None:
        raise ValueError(f"{_shown(name)}: there is no such bug; {_hint(name)}")
    if bug.value and not value:
        raise ValueError(f"{name}: needs a value, {name}={bug.value}")
    if equals and not bug.value:
        raise ValueError(f"{name}: takes no value")
    try:
        return bug, bug.make(value)
    except ValueError as error:
        raise ValueError(f"{bug.usage}: {_shown(value)} {error}") from None


def parse_all(texts: Iterable[str]) -> dict[str, Fault]:
    """The faults by name, in the table's order; `ValueError` also where one is named twice."""
    chosen: dict[str, Fault] = {}
    for text in texts:
        bug, fault = parse(text)
        if bug.name in chosen:
            raise ValueError(f"{bug.name}: is there twice")
        chosen[bug.name] = fault
    return {name: chosen[name] for name in BUGS if name in chosen}


def faulty_conduct(texts: Iterable[str]) -> Conduct:
    """A conduct with all these bugs; without any, the correct one."""
    faults = parse_all(texts).values()
    conduct = _united(Conduct, faults)
    conduct.cors = _united(Cors, faults)(expose=conduct.header)
    return conduct()


def _united[Decisions: (Conduct, Cors)](base: type[Decisions], faults: Iterable[Fault]) -> type[Decisions]:
    return type(f"Faulty{base.__name__}", (*(each for each in faults if issubclass(each, base)), base), {})


def _hint(name: str) -> str:
    near = get_close_matches(name.lower().replace("_", "-"), BUGS, n=1, cutoff=0.6)
    return f"did you mean {BUGS[near[0]].usage}?" if near else "streamid lab bugs lists them"


def _shown(text: str) -> str:
    """Text from a command line, on one line."""
    return text if text.isprintable() else ascii(text)
