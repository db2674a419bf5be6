"""From events, or a recording, to incidents."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contract.events import Event
from contract.explainer import Explainer
from contract.findings import Output
from contract.incidents import Incident
from contract.profile import Profile
from contract.vantage import Vantage
from postmortem.vantages import client_side
from recordings.decoding import DECODERS
from recordings.imported import vantage_of
from recordings.reader import Recording

type Advance = Callable[[int], None]
type Keep = Callable[[Incident], bool]

LIMIT = 10_000
"""Incidents that are listed, if not told otherwise; all are counted."""
_SCOPES = 100


@dataclass(slots=True)
class Group:
    """Incidents of one cause: how many, in which scopes, and its first and last (exchange and time, µs).

    `scopes` are the first 100 of them.
    """

    cause: str
    first: int
    first_at: int
    last: int = 0
    last_at: int = 0
    count: int = 0
    scopes: list[str] = field(default_factory=list)

    @property
    def has_all_scopes(self) -> bool:
        """Whether `scopes` are certainly all."""
        return len(self.scopes) < _SCOPES

    def add(self, incident: Incident) -> None:
        """Another one."""
        self.count += 1
        if (incident.at, incident.exchange) < (self.first_at, self.first):
            self.first, self.first_at = incident.exchange, incident.at
        if (incident.last_at, incident.exchange) >= (self.last_at, self.last):
            self.last, self.last_at = incident.exchange, incident.last_at
        if incident.scope not in self.scopes and len(self.scopes) < _SCOPES:
            self.scopes.append(incident.scope)


@dataclass
class Diagnosed:
    """What one recording gave, incidents and groups in the order of their times.

    `healthy` counts streams that are part of no incident, `streams` all of them, `expected` negative tests
    that were refused as they should be; `left_out` incidents beyond the limit, which the groups have.
    """

    name: str
    profile: str
    incidents: list[Incident] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    exchanges: int = 0
    streams: int = 0
    healthy: int = 0
    expected: int = 0
    left_out: int = 0


def unheard(events: int) -> None:
    """Progress that nobody asked for."""


def everything(incident: Incident) -> bool:
    """All of them are wanted."""
    return True


def diagnose(
    name: str,
    recording: Recording,
    profile: Profile,
    *,
    vantage: Vantage | None = None,
    limit: int = LIMIT,
    keep: Keep = everything,
    advance: Advance = unheard,
) -> Diagnosed:
    """The incidents of `recording`, which reports call `name`; `advance` hears of some events at a time.

    Without a `vantage` it is the one from which the recording was made. From the client's what else the
    recording has is not looked at. `keep` chooses what is reported.
    """
    vantage = vantage or vantage_of(recording.run.info)
    batches: Iterable[list[Event]] = recording.batches()
    if vantage is Vantage.CLIENT:
        batches = client_side(batches)
    return diagnose_events(name, batches, profile, vantage=vantage, limit=limit, keep=keep, advance=advance)


def diagnose_events(
    name: str,
    batches: Iterable[list[Event]],
    profile: Profile,
    *,
    vantage: Vantage = Vantage.BOTH,
    is_joined: bool = False,
    limit: int = LIMIT,
    keep: Keep = everything,
    advance: Advance = unheard,
) -> Diagnosed:
    """The incidents of a sequence of events that comes in batches; `is_joined`: made of two taps'."""
    explainer = Explainer(profile, decoders=DECODERS, vantage=vantage, waits=True, is_joined=is_joined)
    gathering = _Gathering(Diagnosed(name, profile.name), limit, keep)
    outputs: list[Output] = []
    for events in batches:
        explainer.feed_all(events, outputs)
        gathering.take(outputs)
        outputs.clear()
        advance(len(events))
    gathering.take(explainer.end())
    return gathering.result(explainer)


class _Gathering:
    """Takes in incidents: lists up to a limit, and groups all."""

    def __init__(self, diagnosed: Diagnosed, limit: int, keep: Keep) -> None:
        self._diagnosed = diagnosed
        self._keep = keep
        self._limit = limit
        self._groups: dict[str, Group] = {}

    def take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if isinstance(output, Incident) and self._keep(output):
                self._take(output)

    def _take(self, incident: Incident) -> None:
        group = self._groups.get(incident.cause)
        if group is None:
            group = self._groups[incident.cause] = Group(incident.cause, incident.exchange, incident.at)
        group.add(incident)
        if len(self._diagnosed.incidents) < self._limit:
            self._diagnosed.incidents.append(incident)
        else:
            self._diagnosed.left_out += 1

    def result(self, explainer: Explainer) -> Diagnosed:
        diagnosed, diagnosis = self._diagnosed, explainer.diagnosis
        diagnosed.incidents.sort(key=lambda each: (each.at, each.exchange))
        diagnosed.groups = sorted(self._groups.values(), key=lambda each: (each.first_at, each.first))
        diagnosed.streams, diagnosed.expected = diagnosis.streams, diagnosis.expected
        diagnosed.healthy = diagnosis.healthy
        diagnosed.exchanges = diagnosis.exchanges
        return diagnosed
