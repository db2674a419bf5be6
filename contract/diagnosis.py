"""The one place where causes are concluded: takes testimonies, gives incidents.

Testimonies are gathered in cases, by scope. A case is closed once nothing of it has come for a while
(time as the traffic has it, no clock), and then looked at as a whole; so retries, and the stream that an
echo belongs to, are one incident. What only many cases tell – whether a service ever accepts, and up to
which age – is in an `Experience`; a diagnosis that may wait (`waits`) concludes at the end, when all of it
is known, and one of live traffic as cases close.

All state is keyed by scope or ID, and bounded.
"""

from collections import OrderedDict, deque
from collections.abc import Collection

from contract.case import Case, instance_of
from contract.causes import CAUSES, FAMILIES
from contract.causes.client import agent_of, is_spelled
from contract.causes.echoes import echo_of, is_expected
from contract.experience import Experience, IssuedId, RightEcho
from contract.findings import Role
from contract.incidents import Incident
from contract.profile import Profile
from contract.subjects import Answer
from contract.testimony import Testimony
from contract.vantage import Vantage, as_seen_from

QUIET = 30_000_000
"""µs after which a case is closed if nothing more of it has come."""
CLOSED = 2_000_000
"""The same for a scope that was closed (DELETE)."""
_CASES, _EACH, _WAITING = 2_000, 200, 5_000


class Diagnosis:
    """Concludes causes for one profile.

    `causes` are the codes that may be named (all, if not given). With `waits`, incidents come at the end
    alone, decided with all that was seen; of very many cases the oldest are decided before.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        vantage: Vantage = Vantage.BOTH,
        waits: bool = False,
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
        self._seen = Experience()
        self._open: OrderedDict[str, Case] = OrderedDict()
        self._closing: set[str] = set()
        self._waiting: deque[Case] = deque()

    def feed(self, testimony: Testimony) -> list[Incident]:
        """Take the testimony of an exchange that is over; the incidents of cases that are closed by now."""
        self.exchanges += 1
        self._learn(testimony)
        key = self._key(testimony)
        case = self._open.pop(key, None) or Case(self.profile, key)
        self._open[key] = case
        case.add(testimony)
        if testimony.role is Role.CLOSE and testimony.server and 200 <= testimony.server.status < 300:
            self._closing.add(key)
        return self.advance(testimony.over_at)

    def advance(self, at: int) -> list[Incident]:
        """It is `at` (µs) now: the incidents of cases of which nothing has come for long."""
        found: list[Incident] = []
        while self._open:
            key, case = next(iter(self._open.items()))
            patience = CLOSED if key in self._closing else QUIET
            if case.last_at + patience > at and len(self._open) <= _CASES:
                break
            found += self._close(key)
        newest = next(reversed(self._open), None)
        if newest is not None and len(self._open[newest].testimonies) >= _EACH:
            found += self._close(newest)
        return found

    def end(self) -> list[Incident]:
        """Nothing more comes: the incidents of all cases that are left, in the order of their times."""
        found: list[Incident] = []
        for key in list(self._open):
            found += self._close(key)
        while self._waiting:
            found += self._decide(self._waiting.popleft())
        return sorted(found, key=lambda each: (each.at, each.exchange))

    def _key(self, testimony: Testimony) -> str:
        """What a testimony is gathered by: its scope; where there are none, its ID or its caller."""
        if self.profile.scope.is_given or testimony.role is Role.PREFLIGHT:
            return testimony.scope
        echo = testimony.echo
        issued = echo.own or echo.near or echo.newest if echo is not None else None
        return testimony.stream if issued is None else issued.id

    def _close(self, key: str) -> list[Incident]:
        case = self._open.pop(key)
        self._closing.discard(key)
        case.sort()
        self._learn_from(case)
        streams = sum(1 for _ in case.issues)
        self.streams += streams
        self.healthy += streams
        self.expected += sum(is_expected(case, echo) for echo in case.echoes)
        if not any(_is_of_interest(each) for each in case.testimonies):
            return []
        if not self._waits:
            return self._decide(case)
        self._waiting.append(case)
        return self._decide(self._waiting.popleft()) if len(self._waiting) > _WAITING else []

    def _decide(self, case: Case) -> list[Incident]:
        for family in FAMILIES:
            found = [each for each in family(case, self._seen) if each.cause in self._causes]
            case.incidents += found
        hit = {exchange for each in case.incidents for exchange in each.exchanges}
        self.healthy -= sum(issue.exchange in hit for issue in case.issues)
        return [as_seen_from(self._vantage, each) for each in case.incidents]

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
        for stream, tries in _right_tries(case).items():
            last = tries[-1]
            known = self._seen.issued(stream)
            if known is None:
                continue
            where = instance_of(last, self.profile)
            same = None if not (where and known.instance) else where == known.instance
            accepted = echo_of(last).answer is Answer.ACCEPTED
            self._seen.note_right(RightEcho(stream, max(0, last.at - known.at), accepted, same))
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
