"""Every fault of a hop: its name, its value, what it does, and which rules then report."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from lab.hop import bodies, fault
from lab.hop.fault import Fault
from lab.hop.message import Head, Request

REDIRECTS = (301, 302, 303, 307, 308)
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name (RFC 9110, section 5.6.2)."""


class UnknownFaultError(ValueError):
    """A fault's name or value that cannot be; the text is one line that names it and what can."""


@dataclass(frozen=True, slots=True)
class HopFault:
    """One row. `value` is what follows the `=`, empty where nothing does.

    `breaks` are the rules that a proxy between client and hop reports for any client; `follows`
    are those that the lab's tester adds, by how it goes on.
    """

    name: str
    value: str
    summary: str
    breaks: tuple[str, ...]
    follows: tuple[str, ...]
    make: Callable[[str], Fault]


def _plain(made: Callable[[], Fault]) -> Callable[[str], Fault]:
    def make(value: str) -> Fault:
        if value:
            raise ValueError("takes no value")
        return made()

    return make


def _rename(value: str) -> Fault:
    if not TOKEN.fullmatch(value or "X-Stream-Id"):
        raise ValueError(f"needs a field name, not {value!r}; rename-id=X-Stream-Id, for instance")
    return Fault(head=fault.rename_id(value or "X-Stream-Id"))


def _cut(value: str) -> Fault:
    if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) or int(value) == 0:
        raise ValueError("needs a number of events from 1 on; cut=5, for instance")
    return bodies.cut(int(value))


def _idle_cut(value: str) -> Fault:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value, re.ASCII) or float(value) == 0:
        raise ValueError("needs seconds, more than 0; idle-cut=30, for instance")
    return Fault(idle=float(value))


def _redirect(value: str) -> Fault:
    if value not in map(str, REDIRECTS):
        raise ValueError(f"needs one of {', '.join(map(str, REDIRECTS))}; redirect=302, for instance")
    return Fault(answer=fault.redirect(int(value)))


def _head(rewrite: Callable[[Request, Head], Head]) -> Callable[[str], Fault]:
    return _plain(lambda: Fault(head=rewrite))


HOP_FAULTS: tuple[HopFault, ...] = (
    HopFault(
        "redirect",
        "CODE",
        "streams are redirected (301, 302, 303, 307, 308) to the same URL with `again=1`",
        ("HT607",),
        (),
        _redirect,
    ),
    HopFault(
        "drop-preflight",
        "",
        "OPTIONS is answered 405",
        ("CO406",),
        (),
        _plain(lambda: Fault(answer=fault.drop_preflight)),
    ),
    HopFault(
        "cache",
        "",
        "the answer to a stream is kept; the next stream of the same path gets it at once, with `Age`",
        ("ID105", "HT605"),
        (),
        _plain(bodies.cache),
    ),
    HopFault(
        "strip-echo",
        "",
        "the ID is taken out of the update's JSON",
        ("SV301",),
        (),
        _plain(lambda: Fault(update=fault.strip_echo)),
    ),
    HopFault(
        "rewrite-echo",
        "",
        "the update gets an ID that was never issued",
        ("SV301",),
        (),
        _plain(lambda: Fault(update=fault.rewrite_echo)),
    ),
    HopFault(
        "strip-id",
        "",
        "the ID's header is left out",
        ("ID101",),
        ("EC201", "EC202", "EC203"),
        _head(fault.strip_id),
    ),
    HopFault(
        "rewrite-id",
        "",
        "the header carries another ID, well-formed and never issued",
        (),
        ("SV301",),
        _head(fault.rewrite_id),
    ),
    HopFault(
        "duplicate-id",
        "",
        "the ID's header comes twice",
        ("ID104",),
        ("EC201", "EC206"),
        _head(fault.duplicate_id),
    ),
    HopFault(
        "rename-id",
        "[NAME]",
        "the ID's header gets another name (X-Stream-Id where none is given)",
        ("ID102", "CO402"),
        (),
        _rename,
    ),
    HopFault(
        "strip-expose",
        "",
        "Access-Control-Expose-Headers is left out",
        ("CO402",),
        (),
        _head(fault.strip_expose),
    ),
    HopFault(
        "strip-cors",
        "",
        "all Access-Control-* are left out, but on answers to OPTIONS",
        ("CO401", "CO402", "CO409"),
        (),
        _head(fault.strip_cors),
    ),
    HopFault(
        "wrong-origin",
        "",
        "Access-Control-Allow-Origin gets a slash at its end",
        ("CO401", "CO402", "CO406", "CO409"),
        (),
        _head(fault.wrong_origin),
    ),
    HopFault(
        "duplicate-origin",
        "",
        "Access-Control-Allow-Origin comes twice",
        ("CO401", "CO402", "CO406", "CO409"),
        (),
        _head(fault.duplicate_origin),
    ),
    HopFault("strip-vary", "", "Vary is left out", ("CO408",), (), _head(fault.strip_vary)),
    HopFault("cut", "N", "event streams are cut off after N events", ("HT601",), (), _cut),
    HopFault(
        "idle-cut",
        "S",
        "an answer is cut off when S seconds pass without a byte of its body",
        ("HT601", "HT606"),
        (),
        _idle_cut,
    ),
    HopFault(
        "gzip",
        "",
        "event streams are compressed, and come at their end",
        ("HT603", "HT604"),
        (),
        _plain(bodies.compress),
    ),
    HopFault(
        "buffer",
        "",
        "every answer is held, head and body, until it is complete",
        ("HT603",),
        (),
        _plain(bodies.buffer),
    ),
    HopFault(
        "close-delimited",
        "",
        "a chunked answer loses its chunks and ends where the connection ends",
        ("HT601",),
        (),
        _head(fault.close_delimited),
    ),
    HopFault("lower-case", "", "all field names are in small letters", (), (), _head(fault.lower_case)),
)
"""Every fault, in the order in which several are applied, however they were given."""

_BY_NAME = {row.name: row for row in HOP_FAULTS}


def faults_of(given: Iterable[str]) -> tuple[Fault, ...]:
    """The faults that `NAME` or `NAME=VALUE` name, in the table's order; raises `UnknownFaultError`."""
    made: dict[str, Fault] = {}
    for text in given:
        name, mark, value = text.partition("=")
        row = _BY_NAME.get(name)
        if row is None:
            raise UnknownFaultError(f"{text!r} is no fault; {_hint(name)}")
        if name in made:
            raise UnknownFaultError(f"{text!r} is given twice")
        try:
            made[name] = row.make(value if mark else "")
        except ValueError as error:
            raise UnknownFaultError(f"{text!r} {error}") from error
    return tuple(made[name] for name in _BY_NAME if name in made)


def _hint(name: str) -> str:
    near = get_close_matches(name.lower(), _BY_NAME, n=1)
    return f"did you mean {near[0]}?" if near else "streamid lab hop --list names them all"
