"""What is sent when, and what it has to wait for: decided before anything is sent.

The plan is an open loop: every request has a time of its own, that of the recording. It is late only
where something that it depends on is late:

- It carries a value that an answer issued. It waits for that value in the new answer, however late.
- It acts on what an earlier exchange acted on (a path, query or body of both has the same issued,
  random value: a session's ID), and that exchange was over when it began. Then it waits for the end of
  the new one, and the pause in between stays as recorded.

At full speed (`None`) there are no times. A request waits for all that was over when it began, so that what
overlapped still does and what followed still follows.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contract.events import Kind
from replay.binding import Binding, Bindings
from replay.recorded import Recorded
from replay.resending.issuing import Key, key_of

ACTED_ON = frozenset({"path", "query", "form", "json"})
"""Kinds of places whose values say what a request acts on; those in headers and cookies say who asks."""


class After(NamedTuple):
    """Not before that exchange is over, and `pause` microseconds have passed since."""

    exchange: int
    pause: int


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `start`: µs after the first one. `values`: what answers must have issued before.

    `needed_by` has the requests for whose sake it is sent although it was not asked for.
    """

    exchange: int
    start: int
    values: tuple[Key, ...]
    after: tuple[After, ...]
    needed_by: tuple[int, ...] = ()


def is_http(recorded: Recorded) -> bool:
    """Whether this can be sent again: no tunnel, no WebSocket."""
    return recorded.request.kind is Kind.HTTP


def over_at(recorded: Recorded) -> int | None:
    """When an exchange was over, for whoever made it; None where the recording does not tell."""
    if recorded.abort is not None:
        return recorded.abort.at
    return recorded.response_body.ended_at


def needed(bindings: Bindings, chosen: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The exchanges that `chosen` ones depend on by values, beside themselves, and which need them."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    waiting = sorted(chosen)
    while waiting:
        exchange = waiting.pop()
        for _, binding in bindings.echoed_by(exchange):
            issuer = binding.issued.exchange
            if issuer == exchange or issuer in chosen:
                continue
            if issuer not in found:
                waiting.append(issuer)
            found[issuer].add(exchange)
    return {exchange: tuple(sorted(users)) for exchange, users in found.items()}


def steps(
    exchanges: Mapping[int, Recorded],
    bindings: Bindings,
    chosen: Collection[int],
    *,
    speed: float | None = 1.0,
    is_random: Callable[[str], bool],
) -> list[Step]:
    """The steps for `chosen` exchanges and for those that they need, in the order of their starts."""
    others = needed(bindings, chosen)
    sent = sorted(
        (exchanges[number] for number in {*chosen, *others} if number in exchanges),
        key=lambda each: (each.request.at, each.exchange),
    )
    if not sent:
        return []
    first = sent[0].request.at
    values = {each.exchange: _values(each, bindings) for each in sent}
    after = _in_turn(sent) if speed is None else _in_scope(sent, bindings, speed, is_random)
    return [
        Step(
            exchange=each.exchange,
            start=0 if speed is None else round((each.request.at - first) / speed),
            values=values[each.exchange],
            after=after[each.exchange],
            needed_by=others.get(each.exchange, ()),
        )
        for each in sent
    ]


def _values(recorded: Recorded, bindings: Bindings) -> tuple[Key, ...]:
    """Values that a request carries, and that were issued before it began, each once."""
    carried = [binding for _, binding in bindings.echoed_by(recorded.exchange)]
    return tuple(
        dict.fromkeys(key_of(binding) for binding in carried if binding.issued.at <= recorded.request.at)
    )


class _Ended:
    """Exchanges in the order of their ends, with the latest start so far."""

    def __init__(self, exchanges: Iterable[Recorded]) -> None:
        over = [(end, each) for each in exchanges if (end := over_at(each)) is not None]
        over.sort(key=lambda pair: (pair[0], pair[1].exchange))
        self._ends = [end for end, _ in over]
        self._exchanges = [each.exchange for _, each in over]
        self._latest_start: list[int] = []
        latest = -1
        for _, each in over:
            latest = max(latest, each.request.at)
            self._latest_start.append(latest)

    def just_before(self, at: int) -> list[tuple[int, int]]:
        """(exchange, end) of those over by `at`, without those that others among them had waited for."""
        until = bisect_right(self._ends, at)
        if not until:
            return []
        since = bisect_right(self._ends, self._latest_start[until - 1])
        return [(self._exchanges[index], self._ends[index]) for index in range(since, until)]


def _in_turn(sent: Sequence[Recorded]) -> dict[int, tuple[After, ...]]:
    ended = _Ended(sent)
    return {
        each.exchange: tuple(
            After(before, 0) for before, _ in ended.just_before(each.request.at) if before != each.exchange
        )
        for each in sent
    }


def _in_scope(
    sent: Sequence[Recorded], bindings: Bindings, speed: float, is_random: Callable[[str], bool]
) -> dict[int, tuple[After, ...]]:
    by_number = {each.exchange: each for each in sent}
    acting = {
        each.exchange: {
            binding.value: binding
            for place, binding in bindings.echoed_by(each.exchange)
            if place.kind in ACTED_ON and is_random(binding.value)
        }
        for each in sent
    }
    scopes = {value: binding for bound in acting.values() for value, binding in bound.items()}
    ended = {value: _Ended(_acting(binding, by_number)) for value, binding in scopes.items()}
    found = {}
    for each in sent:
        start, pauses = each.request.at, dict[int, int]()
        for value in acting[each.exchange]:
            for before, end in ended[value].just_before(start):
                if before != each.exchange:
                    pauses[before] = round((start - end) / speed)
        found[each.exchange] = tuple(After(*pair) for pair in sorted(pauses.items()))
    return found


def _acting(binding: Binding, by_number: Mapping[int, Recorded]) -> list[Recorded]:
    """The exchanges that have to do with a value: its issuer, and those that acted on it."""
    sites = [site for site in binding.echoed if site.place.kind in ACTED_ON]
    numbers = dict.fromkeys(site.exchange for site in (binding.issued, *binding.again, *sites))
    return [by_number[number] for number in numbers if number in by_number]
