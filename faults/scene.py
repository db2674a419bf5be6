"""What a fault knows of the exchange that it has struck."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from contract.events import Deed, Headers
from faults.parts import RequestStart

What = Deed
"""What a change was made to."""


class Change(NamedTuple):
    """One change that a fault made, for the journal."""

    what: What
    name: str = ""
    before: bytes | None = None
    after: bytes | None = None
    offset: int | None = None


@dataclass(slots=True)
class Scene:
    """One exchange as one fault sees it.

    `random` is this hit's own: seeded from the plan's seed, the fault, its key and ordinal. `memory` is
    the fault's own from exchange to exchange. `note` writes a change into the journal. `version` is the
    client's: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2.0`. The rest is from the profile: `scope` is the request's,
    `id_header` the header in which the service issues its ID, `expose` are the headers that its scripts
    need, `terminal` the types of events that end its streams, and `echo_path` is where in a JSON body its
    ID comes back. Each is empty where there is none.
    """

    request: RequestStart
    random: Random
    note: Callable[[Change], None]
    memory: dict[str, Any] = field(default_factory=dict)
    version: str = "HTTP/1.1"
    scope: str = ""
    id_header: str = ""
    expose: tuple[str, ...] = ()
    terminal: tuple[str, ...] = ()
    echo_path: str = ""

    def header(self, name: bytes) -> bytes | None:
        """The first value of a field of the request; `name` in lower case."""
        return next((value for each, value in self.request.headers if each.lower() == name), None)

    @property
    def is_preflight(self) -> bool:
        """Whether the request is a CORS preflight (Fetch, CORS-preflight fetch)."""
        return (
            self.request.method == b"OPTIONS"
            and self.header(b"origin") is not None
            and self.header(b"access-control-request-method") is not None
        )


def field_changes(before: Headers, after: Headers) -> list[Change]:
    """What is different between two header sections, line by line.

    Applied to `before` in order, they give the lines of `after`. Lines that both have keep their order.
    """
    left, changes = list(after), list[Change]()
    lost = list[tuple[bytes, bytes]]()
    for line in before:
        if line in left:
            left.remove(line)
        else:
            lost.append(line)
    for name, value in lost:
        same = next((each for each in left if each[0].lower() == name.lower()), None)
        if same is not None and same[0] == name:
            left.remove(same)
            changes.append(Change(What.HEADER, name.decode("latin-1"), value, same[1]))
        else:
            changes.append(Change(What.HEADER, name.decode("latin-1"), value, None))
    changes += [Change(What.HEADER, name.decode("latin-1"), None, value) for name, value in left]
    return changes
