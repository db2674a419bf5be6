"""The one place where causes are concluded: takes testimonies, gives incidents.

Testimonies are gathered in cases, by scope, and a case is looked at as a whole: so retries, and the stream
that an echo belongs to, are one incident. A diagnosis of live traffic looks at a case when nothing of it has
come for a while (time as the traffic has it, no clock), and again when more of it came. One that may wait
(`waits`) looks at each once, when it is closed, and concludes at the end, when all is known that only many
cases tell (`Experience`): whether a service ever accepts, and up to which age.

All state is keyed by scope or ID, and bounded: of very many cases the oldest are closed.
"""

from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import replace

from contract.case import Case, instance_of
from contract.causes import CAUSES, FAMILIES
from contract.causes.cause import TAP_BEHIND
from contract.causes.client import agent_of, is_spelled
from contract.causes.echoes import echo_of, is_expected
from contract.experience import Experience, IssuedId, RightEcho
from contract.findings import Role
from contract.incidents import Confidence, Incident
from contract.profile import Profile
from contract.subjects import Answer
from contract.testimony import Testimony
from contract.vantage import Vantage, as_seen_from

QUIET = 10_000_000
"""µs after which live traffic's cases are looked at if nothing more of them has come."""
SETTLED = 1_000_000
"""The same after an accepted echo, and for a scope that was closed."""
_CASES, _EACH, _WAITING, _GONE = 1_000, 200, 5_000, 10_000


class Diagnosis:
    """Concludes causes for one profile.

    `causes` are the codes that may be named (all, if not given). With `waits`, incidents come at the end
    alone, decided with all that was seen; of very many cases the oldest are decided before. `is_joined`
    says that the two sides are those of two taps.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        vantage: Vantage = Vantage.BOTH,
        waits: bool = False,
        is_joined: bool = False,
        causes: Collection[str] | None = None,
    ) -> None:
        self.profile = profile
        self.exchanges = 0
        """On the profile's paths, as all the other counts."""
        self.streams = 0
        self.healthy = 0
        """Streams that are part of no incident."""
        self.expected = 0
        """Negative tests that were refused as they should be."""
        self._vantage = vantage
        self._causes = frozenset(CAUSES if causes is None else causes)
        self._waits = waits
        self._seen = Experience(is_joined=is_joined)
        self._open: OrderedDict[str, Case] = OrderedDict()
        self._fresh: OrderedDict[str, None] = OrderedDict()
        """Cases of which something is new since they were looked at, the longest quiet first."""
        self._settled: OrderedDict[str, int] = OrderedDict()
        """Cases that seem to be over, and when they were."""
        self._ended: set[str] = set()
        self._gone: OrderedDict[str, None] = OrderedDict()
        """Cases that were closed, of which more may come."""
        self._waiting: deque[Case] = deque()

    def feed(self, testimony: Testimony) -> list[Incident]:
        """Take the testimony of an exchange that is over; the incidents that can be told by now."""
        self.exchanges += 1
        self._learn(testimony)
        key, at = self._key(testimony), testimony.over_at
        case = self._open.pop(key, None) or Case(self.profile, key, is_resumed=key in self._gone)
        self._open[key] = case
        case.add(testimony)
        self._settled.pop(key, None)
        self._fresh.pop(key, None)
        self._fresh[key] = None
        is_end = testimony.role is Role.CLOSE and testimony.server is not None
        if is_end and 200 <= (testimony.server.status if testimony.server else 0) < 300:
            self._ended.add(key)
        if key in self._ended or (testimony.echo and testimony.echo.answer is Answer.ACCEPTED):
            self._settled[key] = at
        found = self.advance(at)
        if len(case.testimonies) >= _EACH:
            found += self._close(key)
            self._go_on(case)
        elif len(self._open) > _CASES:
            found += self._close(next(iter(self._open)))
        return found

    def _go_on(self, case: Case) -> None:
        """A long case begins anew with its newest stream, whose echo may be still to come."""
        newest = next(reversed([*case.issues]), None)
        if newest is not None:
            carried = Case(self.profile, case.key, [newest], told=case.told, is_resumed=True)
            carried.counted.add(newest.exchange)
            self._open[case.key] = carried

    def advance(self, at: int) -> list[Incident]:
        """It is `at` (µs) now: the incidents of cases of which nothing has come for long."""
        found: list[Incident] = []
        while self._settled:
            key, since = next(iter(self._settled.items()))
            if since + SETTLED > at:
                break
            del self._settled[key]
            found += self._close(key) if key in self._ended else self._look_at(key)
        while self._fresh and not self._waits:
            key = next(iter(self._fresh))
            if self._open[key].last_at + QUIET > at:
                break
            found += self._look_at(key)
        return found

    def end(self) -> list[Incident]:
        """Nothing more comes: the incidents of all cases that are left, in the order of their times."""
        found: list[Incident] = []
        for key in list(self._open):
            found += self._close(key)
        while self._waiting:
            found += self._last(self._waiting.popleft())
        return sorted(found, key=lambda each: (each.at, each.exchange))

    def _key(self, testimony: Testimony) -> str:
        """What a testimony is gathered by: its scope; where there are none, its ID or its caller."""
        if self.profile.scope.is_given or testimony.role is Role.PREFLIGHT:
            return testimony.scope
        echo = testimony.echo
        issued = echo.own or echo.near or echo.newest if echo is not None else None
        return testimony.stream if issued is None else issued.id

    def _look_at(self, key: str) -> list[Incident]:
        """What is new in a case that stays open; of one in which all is well only the newest stream stays."""
        if self._waits:
            return []
        self._fresh.pop(key, None)
        case = self._open[key]
        case.sort()
        found = self._examine(case)
        if not case.incidents:
            newest = next(reversed([*case.issues]), None)
            self._count([each for each in case.testimonies if each is not newest], case)
            case.testimonies = [] if newest is None else [newest]
        return found

    def _close(self, key: str) -> list[Incident]:
        """Nothing more is expected of a case."""
        case = self._open.pop(key)
        self._ended.discard(key)
        self._settled.pop(key, None)
        self._gone[key] = None
        if len(self._gone) > _GONE:
            self._gone.popitem(last=False)
        is_fresh = key in self._fresh
        self._fresh.pop(key, None)
        case.sort()
        if is_fresh and self._waits:
            self._learn_from(case)
            if any(_is_of_interest(each) for each in case.testimonies):
                self._waiting.append(case)
                return self._last(self._waiting.popleft()) if len(self._waiting) > _WAITING else []
        found = self._examine(case) if is_fresh and not self._waits else []
        self._count(case.testimonies, case)
        return found

    def _last(self, case: Case) -> list[Incident]:
        """The incidents of a case that had to wait."""
        found = self._decide(case)
        self._count(case.testimonies, case)
        return found

    def _examine(self, case: Case) -> list[Incident]:
        self._learn_from(case)
        case.incidents = []
        return self._decide(case) if any(_is_of_interest(each) for each in case.testimonies) else []

    def _count(self, testimonies: Collection[Testimony], case: Case) -> None:
        """These are let go."""
        hit = {exchange for each in case.incidents for exchange in each.exchanges}
        issues = [
            each.exchange
            for each in testimonies
            if each.role is Role.ISSUE and each.issue is not None and each.exchange not in case.counted
        ]
        self.streams += len(issues)
        self.healthy += sum(exchange not in hit for exchange in issues)
        self.expected += sum(each.echo is not None and is_expected(case, each) for each in testimonies)

    def _decide(self, case: Case) -> list[Incident]:
        """The incidents of a case that were not told yet."""
        case.incidents = []
        for family in FAMILIES:
            case.incidents += [each for each in family(case, self._seen) if each.cause in self._causes]
        new = [each for each in case.incidents if (each.cause, each.exchange) not in case.told]
        case.told |= {(each.cause, each.exchange) for each in new}
        return [as_seen_from(self._vantage, _sharpened(each, self._seen.is_joined)) for each in new]

    def _learn(self, testimony: Testimony) -> None:
        """Remember what was issued as soon as it was: other cases may need it."""
        issue = testimony.issue
        reading = issue.server if issue is not None else None
        if reading is None:
            return
        instance = instance_of(testimony, self.profile)
        began = IssuedId(
            testimony.scope, testimony.exchange, testimony.began, testimony.answered_at, instance
        )
        for value in reading.values:
            if value:
                self._seen.note_issued(value, began)

    def _learn_from(self, case: Case) -> None:
        """What the right echoes of a case say of the service, and all of them of the clients; each once."""
        for stream, tries in _right_tries(case).items():
            last = tries[-1]
            known = self._seen.issued(stream)
            if known is None or last.exchange in case.learnt:
                continue
            case.learnt.add(last.exchange)
            where = instance_of(last, self.profile)
            same = None if not (where and known.instance) else where == known.instance
            accepted = echo_of(last).answer is Answer.ACCEPTED
            self._seen.note_right(
                RightEcho(stream, max(0, last.at - known.at), accepted, same, accepted and len(tries) > 1)
            )
        for testimony in case.echoes:
            self._learn_reading(case, testimony)

    def _learn_reading(self, case: Case, testimony: Testimony) -> None:
        issue, echo = case.issue_before(testimony), echo_of(testimony)
        spelled = is_spelled(self.profile, issue) if issue is not None else None
        if spelled is None or is_expected(case, testimony) or echo.is_probe:
            return
        has_read = bool(echo.own or echo.foreign or echo.near or echo.handed)
        self._seen.note_reading(agent_of(testimony.request), is_spelled=spelled, has_read=has_read)


def _right_tries(case: Case) -> dict[str, list[Testimony]]:
    """The answered echoes of right IDs, by ID."""
    tries: dict[str, list[Testimony]] = {}
    for testimony in case.echoes:
        echo = echo_of(testimony)
        is_right = testimony.fails("SV301") or (echo.own is not None and echo.answer is Answer.ACCEPTED)
        if is_right and not testimony.fails("EC204", "EC205", "EC207"):
            tries.setdefault(echo.value, []).append(testimony)
    return tries


def _sharpened(incident: Incident, is_joined: bool) -> Incident:
    """With the service's own side seen, what only that would decide is decided."""
    if not is_joined or incident.decides != TAP_BEHIND:
        return incident
    return replace(incident, confidence=Confidence.CERTAIN, possible=(), decides="")


def _is_of_interest(testimony: Testimony) -> bool:
    """Whether anything about an exchange may be part of an incident."""
    if any(each.code != "SV304" for each in testimony.findings) or testimony.faults:
        return True
    if testimony.client_abort is not None or testimony.server_abort is not None:
        return True
    client, server = testimony.client, testimony.server
    if client is not None and (server is None or server.status != client.status or client.status // 100 == 3):
        return True
    echo = testimony.echo
    return echo is not None and echo.answer is not Answer.ACCEPTED
