"""What a comparison finds, and what it leaves out."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from replay.resending.sequence import Way


class Difference(NamedTuple):
    """At `where` (`status`, `header x-id`, `JSON user.id`, `event 3 chunk: text`, …) answers differ.

    `recorded` is what was expected: the recorded value, with issued values in place of recorded ones;
    None where there is nothing on that side. `field` is the same place without the number of an event:
    what one has to name to leave it out.
    """

    field: str
    where: str
    way: Way
    recorded: str | None
    new: str | None


_INDEX = re.compile(r"(?<=[ .])[0-9]+(?=\.|$)")


@dataclass(slots=True)
class Volatile:
    """Fields that differ from one sending to the next, and so are not compared: by route, or everywhere.

    A route is a method and a path whose random segments are left open. A field stands for all below it,
    and for the same field of all items of a list.
    """

    everywhere: set[str] = field(default_factory=set)
    by_route: dict[str, set[str]] = field(default_factory=dict)

    def has(self, route: str, name: str) -> bool:
        """Whether that field is left out in answers to that route."""
        known = self.everywhere | self.by_route.get(route, set())
        return bool(known) and any(each in known for each in _and_above(_generalised(name)))

    def learn(self, route: str, name: str) -> None:
        """Leave it out from now on."""
        self.by_route.setdefault(route, set()).add(_generalised(name))

    def ignore(self, name: str) -> None:
        """Leave it out everywhere."""
        self.everywhere.add(_generalised(name))


def _generalised(name: str) -> str:
    return _INDEX.sub("*", name.strip())


def _and_above(name: str) -> list[str]:
    """`JSON a.b.c`, `JSON a.b`, `JSON a`."""
    kind, space, path = name.rpartition(" ")
    steps = path.split(".")
    return [kind + space + ".".join(steps[:end]) for end in range(len(steps), 0, -1)]
