"""A resend from end to end: send, perhaps twice, then compare what came with what was recorded."""

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from contract.events import Event
from contract.profile import Profile
from recordings.beginning import redactor
from replay.binding import Bindings
from replay.forms import is_random
from replay.recorded import Recorded
from replay.resending.comparing import compare, outcome_of, why_not_compared
from replay.resending.differences import Difference, Volatile
from replay.resending.issuing import Key, described, key_of, read, spots
from replay.resending.likeness import Likeness, Marks
from replay.resending.plan import Step
from replay.resending.receiving import INTERRUPTED
from replay.resending.report import Compared, Fate, Report
from replay.resending.sending import Sender, Sent, Settings
from replay.resending.targets import spellings
from replay.resending.timing import timing_of
from replay.values import segments
from replay.wire import Clock, by_number


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done. `tokens` stand for secrets in the recording; `ignored` fields are not compared.

    `compared` has the exchanges with their secrets hidden, where the recording itself does not hide them.

    `hides_secrets`: reports have none, beside the names that are always secret of `secret_names`, too.
    `learns`: everything is sent twice, and what differs between the two is not compared either.
    """

    recording: str
    exchanges: Mapping[int, Recorded]
    bindings: Bindings
    steps: Sequence[Step]
    settings: Settings
    profile: Profile
    profile_toml: str
    tokens: frozenset[str] = frozenset()
    ignored: Collection[str] = ()
    learns: bool = False
    with_timing: bool = False
    secret_names: Sequence[str] = ()
    hides_secrets: bool = True
    compared: Mapping[int, Recorded] = field(default_factory=dict)
    left_out: Sequence[tuple[int, str]] = field(default_factory=tuple)


async def resend(
    job: Job, put: Callable[[Event], None], done: Callable[[int], None] = lambda _: None
) -> Report:
    """Send, and report; `put` gets every event as it happens, `done` each exchange that is over.

    Where its task is cancelled it ends what is running, and reports on what there is.
    """
    events: list[Event] = []

    def note(event: Event) -> None:
        events.append(event)
        put(event)

    clock = Clock()
    rounds: list[dict[int, Sent]] = []
    completed = True
    for number in range(2 if job.learns else 1):
        first = 1 + sum(bool(sent.new) for each in rounds for sent in each.values())
        sender = Sender(
            job.steps,
            job.exchanges,
            job.bindings,
            job.settings,
            clock=clock,
            put=note,
            done=done,
            first_number=first,
        )
        completed = await sender.run()
        if completed or number == 0:
            rounds.append(sender.sent)
        if not completed:
            break
    return _report(job, events, rounds, interrupted=not completed)


def _report(
    job: Job, events: Sequence[Event], rounds: Sequence[Mapping[int, Sent]], *, interrupted: bool
) -> Report:
    """Compare everything, with the secrets of this run hidden first."""
    hiding = redactor(secrets.token_bytes(32), job.profile, job.secret_names, enabled=job.hides_secrets)
    hidden = [each for event in events for each in hiding.feed(event)] + hiding.flush()
    tokens = frozenset(each.token for each in hiding.take_redactions())
    comparison = _Comparison(job, by_number(hidden), tokens)
    if len(rounds) > 1:
        comparison.learn(rounds[0], rounds[1])
    compared = [comparison.of(step, rounds[0]) for step in job.steps]
    return Report(
        recording=job.recording,
        targets={origin: target.origin for origin, target in job.settings.targets.items()},
        exchanges=compared,
        left_out=list(job.left_out),
        learned={route: sorted(fields) for route, fields in comparison.volatile.by_route.items()},
        interrupted=interrupted,
    )


class _Comparison:
    """The new exchanges, `news` by their numbers, beside the recorded ones."""

    def __init__(self, job: Job, news: Mapping[int, Recorded], tokens: frozenset[str]) -> None:
        self._job, self._news, self._tokens = job, news, tokens
        self._likeness: Likeness | None = None
        self._bound_now: dict[Key, str] = {}
        self._own_form = re.compile(job.profile.id.format)
        self._issued = _issued_at(job)
        self.volatile = Volatile()
        for name in job.ignored:
            self.volatile.ignore(name)

    def learn(self, first: Mapping[int, Sent], second: Mapping[int, Sent]) -> None:
        """Take what differs between two sends for volatile."""
        one, other = self._bound(first), self._bound(second)
        both = {new: other[key] for key, new in one.items() if key in other and is_random(new)}
        likeness = self._like(both, old_tokens=self._tokens)
        for step in self._job.steps:
            was, now = (self._news.get(each[step.exchange].new) for each in (first, second))
            if was is None or now is None:
                continue
            recorded = self._job.exchanges[step.exchange]
            marks = Marks(self._issued.get(step.exchange, frozenset()))
            for each in compare(was, now, likeness, marks=marks):
                self.volatile.learn(route_of(recorded), each.field)

    def of(self, step: Step, sents: Mapping[int, Sent]) -> Compared:
        """One exchange: its differences, or why there are none to be found."""
        recorded, sent = self._job.exchanges[step.exchange], sents[step.exchange]
        new = self._news.get(sent.new) if sent.new else None
        if self._likeness is None:
            self._bound_now = self._bound(sents)
            everywhere = {key.value: new for key, new in self._bound_now.items() if is_random(key.value)}
            self._likeness = self._like(everywhere, old_tokens=self._job.tokens)
        differences: tuple[Difference, ...] = ()
        fate, because = Fate.CUT if sent.why_not == INTERRUPTED else Fate.NOT_SENT, sent.why_not
        if new is not None and fate is not Fate.CUT:
            found = compare(
                self._job.compared.get(step.exchange, recorded),
                new,
                self._likeness,
                marks=self._marks(step.exchange, self._bound_now),
                timing=self._job.with_timing,
            )
            route = route_of(recorded)
            differences = tuple(each for each in found if not self.volatile.has(route, each.field))
            fate = Fate.DIFFERENT if differences else Fate.SAME
            because = why_not_compared(recorded)
        return Compared(
            exchange=step.exchange,
            new=sent.new,
            method=recorded.request.method.decode("latin-1"),
            origin=recorded.origin,
            path=recorded.request.target.decode("latin-1"),
            new_path=new.request.target.decode("latin-1") if new else "",
            fate=fate,
            status=(_status(recorded), _status(new) if new else None),
            outcome=(outcome_of(recorded), outcome_of(new) if new else ""),
            timing=(timing_of(recorded), timing_of(new) if new else None),
            because=because,
            needed_by=step.needed_by,
            differences=differences,
        )

    def _bound(self, sents: Mapping[int, Sent]) -> dict[Key, str]:
        """The new values, with this run's secrets hidden."""
        bound: dict[Key, str] = {}
        for exchange, sent in sents.items():
            new = self._news.get(sent.new) if sent.new else None
            if new is not None:
                bound |= read(new, spots(self._job.exchanges[exchange], self._job.bindings))
        return bound

    def _marks(self, exchange: int, bound: Mapping[Key, str]) -> Marks:
        here: dict[str, dict[str, str]] = {}
        for place, binding in self._job.bindings.answered_by(exchange):
            new = bound.get(key_of(binding))
            if new is not None and not is_random(binding.value):
                here.setdefault(described(place), {})[binding.value] = new
        return Marks(self._issued.get(exchange, frozenset()), here)

    def _like(self, bound: Mapping[str, str], *, old_tokens: frozenset[str]) -> Likeness:
        return Likeness(
            bound,
            origins=spellings(self._job.settings.targets),
            old_tokens=old_tokens,
            new_tokens=self._tokens,
            own_form=lambda text: self._own_form.fullmatch(text) is not None,
        )


def _issued_at(job: Job) -> dict[int, frozenset[str]]:
    """Where each answer issues values: it is their first issuer, or was asked the very same once more."""
    found: dict[int, set[str]] = {}
    for binding in job.bindings.each:
        first = job.exchanges.get(binding.issued.exchange)
        for site in (binding.issued, *binding.again):
            again = job.exchanges.get(site.exchange)
            if site.place != binding.issued.place or first is None or again is None:
                continue
            if _line(first) == _line(again):
                found.setdefault(site.exchange, set()).add(described(site.place))
    return {exchange: frozenset(places) for exchange, places in found.items()}


def _line(recorded: Recorded) -> tuple[bytes, bytes]:
    return recorded.request.method, recorded.request.target


def _status(recorded: Recorded) -> int | None:
    return recorded.response.status if recorded.response else None


def route_of(recorded: Recorded) -> str:
    """Method, origin and path, with `*` for segments that identify something."""
    path = recorded.request.target.decode("latin-1").partition("?")[0]
    open_path = "/".join("*" if is_random(each) else each for each in segments(path))
    return f"{recorded.request.method.decode('latin-1')} {recorded.origin}/{open_path}"
