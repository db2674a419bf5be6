"""Values that a client sends back in other letters: `STREAM-1732…-1A2B3C4D` for `stream-1732…-1a2b3c4d`.

That is a client's mistake, and services answer to it; so the new request has to make the same mistake with
the new value.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from replay.binding import Binding, Bindings, Site
from replay.forms import is_random
from replay.recorded import Recorded
from replay.values import Found, in_answer, in_request

_WAYS: tuple[Callable[[str], str], ...] = (str.upper, str.lower, str.swapcase, str.title)


def with_altered(exchanges: Iterable[Recorded], bindings: Bindings) -> Bindings:
    """The bindings, with the places of requests that carry a value in other letters among the echoes."""
    issued: dict[str, tuple[str, Site]] = {}
    altered: dict[tuple[str, Site], list[Site]] = {}
    exact: set[str] = set()
    for at, is_request, exchange, found in _in_time(exchanges):
        folded = found.value.casefold()
        if not is_request:
            exact.add(found.value)
            issued.setdefault(folded, (found.value, Site(exchange, found.place, at)))
        elif found.value not in exact and folded in issued:
            altered.setdefault(issued[folded], []).append(Site(exchange, found.place, at))
    known = {(each.value, each.issued): each for each in bindings.each}
    for key, sites in altered.items():
        binding = known.get(key, Binding(*key, again=(), echoed=()))
        echoed = sorted((*binding.echoed, *sites), key=lambda site: (site.at, site.exchange))
        known[key] = replace(binding, echoed=tuple(echoed))
    return Bindings(known.values()) if altered else bindings


def altered_alike(carried: str, recorded: str, new: str) -> str:
    """`new` in such letters as `carried` has, which stands for `recorded`."""
    return next((way(new) for way in _WAYS if way(recorded) == carried), new)


def _in_time(exchanges: Iterable[Recorded]) -> list[tuple[int, bool, int, Found]]:
    """The random values with letters, answers before the requests of the same moment."""
    values = [
        (found.at, is_request, each.exchange, found)
        for each in exchanges
        for is_request, some in ((False, in_answer(each)), (True, in_request(each)))
        for found in some
        if found.value.upper() != found.value.lower() and is_random(found.value)
    ]
    return sorted(values, key=lambda each: each[:3])
