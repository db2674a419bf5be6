"""Why a service refused a right ID: by who answered, what it says that it expected, and when it accepts."""

from contract.case import Case, instance_of
from contract.causes.cause import CERTAIN, LIKELY, SERVER, TAP_BEHIND, Verdict, not_because
from contract.causes.echoes import echo_of
from contract.echoing import normalisation
from contract.experience import Experience, IssuedId
from contract.incidents import Confidence, Fact, RuledOut
from contract.rules.echo import answered
from contract.subjects import Answer, Told, shown
from contract.testimony import Testimony

_SOON = 10_000_000
"""µs after the issue within which a refusal that is taken back is a race."""
_ENOUGH = 3
"""Tries, or streams, from which on `always` means something."""


def accepted_after(case: Case, attempts: list[Testimony]) -> list[Testimony]:
    """The tries of the same ID that the service took, later."""
    id_ = echo_of(attempts[0]).value
    return [
        echo
        for echo in case.echoes
        if echo_of(echo).value == id_
        and echo_of(echo).answer is Answer.ACCEPTED
        and echo.began > attempts[0].began
    ]


class Refusal:
    """One right ID that was refused, once or several times: `attempts`, in order.

    `accepted` are the later tries with it that the service took.
    """

    def __init__(self, case: Case, attempts: list[Testimony], seen: Experience) -> None:
        self.case, self.attempts, self.seen = case, attempts, seen
        self.echo = echo_of(attempts[-1])
        self.id = self.echo.value
        issued = self.echo.own or self.echo.near
        assert issued is not None
        self.issued_by = issued.exchange
        known = seen.issued(issued.id)
        self.issued_at = known.at if known else attempts[0].at
        self.began = known.began if known else 0
        self.accepted = accepted_after(case, attempts)
        self.told: Told | None = next((e.told for e in map(echo_of, reversed(attempts)) if e.told), None)
        self.home = self._instance(known)
        self.visited = [instance_of(each, case.profile) for each in attempts]
        by = f" by {self.home}" if self.home else ""
        self.evidence = [
            Fact(f"{shown(self.id)} was issued{by}", self.issued_by, SERVER),
            *(self._tried(each, where) for each, where in zip(attempts[:5], self.visited, strict=False)),
        ]

    def _instance(self, known: IssuedId | None) -> str:
        """The instance that issued the ID, as far as it says so."""
        issuing = self.case.of(self.issued_by)
        if issuing is not None:
            return instance_of(issuing, self.case.profile)
        return known.instance if known else ""

    def _age(self, testimony: Testimony) -> int:
        return max(0, testimony.at - self.issued_at)

    def _tried(self, testimony: Testimony, where: str) -> Fact:
        told = echo_of(testimony).told
        stored = ""
        if told is not None and told.has_expected:
            stored = f", and says that it expected {shown(told.expected) if told.expected else 'none'}"
        by = f" by {where}" if where else ""
        return Fact(
            f"{self._age(testimony) / 1e6:.2f} s later {answered(echo_of(testimony))}{by}{stored}",
            testimony.exchange,
            SERVER,
        )

    def verdict(self) -> Verdict:
        """The first of the reasons that the facts bear out; there is always one."""
        return self._by_instance() or self._taken_back() or self._by_what_was_expected() or self._by_age()

    def _made(
        self,
        cause: str,
        confidence: Confidence,
        summary: str,
        advice: str,
        ruled_out: tuple[RuledOut, ...] = (),
        more: tuple[Fact, ...] = (),
        possible: tuple[str, ...] = (),
        decides: str = "",
    ) -> Verdict:
        evidence = (*self.evidence, *more)
        return Verdict(cause, confidence, summary, advice, evidence, ruled_out, possible, decides)

    def _by_instance(self) -> Verdict | None:
        """Refused by instances that did not issue it."""
        others = [each for each in self.visited if each and each != self.home]
        if not self.home or len(others) < len(self.visited):
            return None
        taken = [instance_of(each, self.case.profile) for each in self.accepted]
        agrees = self.home in taken or any(r.is_accepted and r.is_same_instance for r in self.seen.right)
        count = len(self.attempts)
        return self._made(
            "server-no-affinity",
            CERTAIN if agrees else LIKELY,
            f"{shown(self.id)} was issued by {shown(self.home)} and refused by {shown(others[0])}, "
            f"which does not know it: {len(self.accepted)} of {count + len(self.accepted)} tries accepted.",
            "Keep the IDs in a store that all instances share, or route a chat to one instance (affinity).",
            not_because(
                server_race="it is another instance that refuses, not the same one too early",
                server_not_stored="the instance that issued it accepts",
            ),
            tuple(
                Fact(f"accepted by {shown(where)}", each.exchange, SERVER)
                for each, where in zip(self.accepted, taken, strict=True)
            ),
        )

    def _taken_back(self) -> Verdict | None:
        """Refused, and accepted later."""
        if not self.accepted:
            return None
        first, last = self.attempts[0], self.accepted[0]
        told = self.told
        is_none_stored = told is not None and told.has_expected and not told.expected
        is_soon = self._age(first) < _SOON
        accepted = Fact(
            f"{self._age(last) / 1e6:.2f} s after the issue the same ID was accepted", last.exchange, SERVER
        )
        same = bool(self.home) and set(self.visited) == {self.home}
        return self._made(
            "server-race",
            CERTAIN if is_soon and (is_none_stored or same or len(self.attempts) > 1) else LIKELY,
            f"The service refused {shown(self.id)} {self._age(first) / 1e6:.2f} s after its issue, and "
            f"accepted it {self._age(last) / 1e6:.2f} s after: it is stored later than it is sent.",
            "Store the ID before the answer's head is sent (await the write), not after it.",
            not_because(
                server_not_stored="it was accepted in the end",
                server_expired="it was refused first, and accepted later",
                server_no_affinity="the same instance answered"
                if same
                else "no answer names another instance",
                client_fabricated_id="the service had issued it",
            ),
            (accepted,),
            possible=() if same or is_none_stored else ("server-race", "server-no-affinity"),
        )

    def _by_what_was_expected(self) -> Verdict | None:
        """By the ID that the service says it had expected."""
        expected = self.told.expected if self.told is not None else None
        if not expected or expected == self.id:
            return None
        if how := normalisation(expected, self.id) or normalisation(self.id, expected):
            return self._stored_otherwise(expected, how)
        known = self.seen.issued(expected)
        if known is None:
            return self._changed_behind(expected)
        if known.began > self.began:
            return self._overwritten(expected, known)
        if any(each.is_accepted for each in self.seen.right):
            return None  # it does store, if not in time
        return self._old(expected, known)

    def _stored_otherwise(self, expected: str, how: str) -> Verdict:
        return self._made(
            "server-altered-id",
            CERTAIN,
            f"The service issued {shown(self.id)} and compares with {shown(expected)}: equal {how}.",
            "Store the ID as it was sent, or compare both in one form.",
            not_because(
                client_altered_id="the client sent it as it came",
                server_not_stored="it is stored, in another form",
            ),
        )

    def _overwritten(self, expected: str, known: IssuedId) -> Verdict:
        where = "this scope" if known.scope == self.case.key else f"the scope {shown(known.scope)}"
        return self._made(
            "server-overwritten",
            CERTAIN,
            f"The service expected {shown(expected)}, which it issued in {where} after {shown(self.id)}: "
            "the newer took the older one's place.",
            "Store one ID for each stream or chat, not one for each user.",
            not_because(
                client_stale_id="it is the newest ID of its own scope",
                client_cross_wired="the client sent its own scope's ID",
                server_not_stored="it was stored, and replaced",
            ),
            (Fact(f"{shown(expected)} was issued in {where}", known.exchange, SERVER),),
        )

    def _old(self, expected: str, known: IssuedId) -> Verdict:
        return self._made(
            "server-not-stored",
            LIKELY,
            f"The service still expects the earlier {shown(expected)}: {shown(self.id)} was not stored.",
            "Store each ID that is sent, before the answer's head leaves.",
            not_because(client_stale_id="the client sent the newest ID"),
            (Fact(f"{shown(expected)} was issued before", known.exchange, SERVER),),
        )

    def _changed_behind(self, expected: str) -> Verdict:
        return self._made(
            "network-rewritten",
            LIKELY,
            f"The service expects {shown(expected)}, which never came by here; it reached this proxy as "
            f"{shown(self.id)}: a hop behind this proxy changed it.",
            "Look at what lies between this proxy and the service; compare the answer's head there.",
            not_because(
                client_fabricated_id="the client sent what it was given",
                server_not_stored="an ID is stored, another one",
            ),
            decides=TAP_BEHIND,
        )

    def _by_age(self) -> Verdict:
        """By when this service accepts right IDs, and when it does not."""
        ages = [self._age(each) for each in self.attempts]
        taken = [each.age for each in self.seen.right if each.is_accepted]
        never = [each for each in self.seen.right if not each.is_accepted]
        if not taken:
            return self._never(ages, len({each.stream for each in never}))
        youngest, oldest = min(taken) / 1e6, max(taken) / 1e6
        others = Fact(
            f"{len(taken)} other right IDs were accepted, {youngest:.2f} to {oldest:.2f} s after their issue",
            self.attempts[0].exchange,
            SERVER,
        )
        if min(ages) > max(taken):
            return self._expired(ages, oldest, others, is_sure=len(taken) > 1 and len(never) > 1)
        if max(ages) < min(taken):
            return self._too_young(ages, youngest, others)
        return self._now_and_then(others)

    def _expired(self, ages: list[int], oldest: float, others: Fact, *, is_sure: bool) -> Verdict:
        return self._made(
            "server-expired",
            CERTAIN if is_sure else LIKELY,
            f"The service accepts IDs up to {oldest:.2f} s old, and refused this one at "
            f"{min(ages) / 1e6:.2f} s: it forgets them in between.",
            f"Keep an ID for longer than answers take to be saved: more than {max(ages) / 1e6:.1f} s.",
            not_because(
                server_not_stored="younger ones are accepted",
                server_race="a race refuses the young ones, this the old ones",
            ),
            (others,),
        )

    def _too_young(self, ages: list[int], youngest: float, others: Fact) -> Verdict:
        return self._made(
            "server-race",
            LIKELY,
            f"The service refused {shown(self.id)} {max(ages) / 1e6:.2f} s after its issue; IDs that "
            f"came back after {youngest:.2f} s or more were accepted.",
            "Store the ID before the answer's head is sent (await the write), not after it.",
            not_because(server_not_stored="later ones are accepted", server_expired="it was young"),
            (others,),
            possible=("server-race", "server-no-affinity", "server-not-stored"),
            decides="the same update, tried again a few seconds later",
        )

    def _now_and_then(self, others: Fact) -> Verdict:
        return self._made(
            "server-no-affinity",
            LIKELY,
            f"The service refused the right ID {shown(self.id)}, and accepts others of its age: it does not "
            "keep them where every instance finds them.",
            "Keep the IDs in a store that all instances share; name the instance in X-Served-By to see it.",
            not_because(server_race="it was no younger than those accepted", server_expired="nor older"),
            (others,),
            possible=("server-no-affinity", "server-not-stored", "server-race"),
            decides="answers that name their instance (X-Served-By)",
        )

    def _never(self, ages: list[int], streams: int) -> Verdict:
        enough = len(ages) >= _ENOUGH or streams >= _ENOUGH
        spans = (
            f"from {min(ages) / 1e6:.2f} to {max(ages) / 1e6:.2f} s"
            if len(ages) > 1
            else f"{ages[0] / 1e6:.2f} s"
        )
        return self._made(
            "server-not-stored",
            CERTAIN if enough and self.told is not None and self.told.has_expected else LIKELY,
            f"The service refuses right IDs at any age ({spans} after their issue), and accepted none.",
            "Store the ID that the answer's head carries, before that head is sent.",
            not_because(
                server_race="it was refused to the last" if len(ages) > 1 else "",
                server_expired="none was accepted, at any age",
                server_overwritten="it expects none"
                if self.told is not None and self.told.has_expected
                else "",
                client_fabricated_id="the service had issued it",
            ),
            possible=() if enough else ("server-not-stored", "server-race", "server-expired"),
            decides="" if enough else "the same update, tried again a few times",
        )
