"""Whatever healthy clients of a healthy service do, and however they meet: no finding is an error."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from contract.events import Abort, Breaker, Event, RequestHead, Side
from contract.findings import Finding, Severity, StreamVerdict, Verdict
from contract.incidents import Incident
from contract.profile import builtin
from lab.processes import Lab
from postmortem.diagnosing import diagnose
from recordings.reader import Recording
from tests.healthy.clients import SUPERVISOR, Chatting, Place, tokens
from tests.healthy.gate import Gate, Trouble
from tests.healthy.scripts import (
    ORIGINS,
    Aborted,
    Chat,
    Invented,
    Look,
    Question,
    Script,
    Stream,
    Turn,
    scripts,
)
from tests.support.lab import running_lab
from tests.support.proxy import Proxy
from tests.support.verdicts import assert_live_equals_offline

RUNS = 200
pytestmark = pytest.mark.timeout(300)  # half a minute, unless the machine is busy with other things


@dataclass(slots=True)
class Harness:
    """Plays scripts, and remembers whose each chat session was."""

    place: Place
    pool: ThreadPoolExecutor
    played: list[Script] = field(default_factory=list)
    chats: dict[str, tuple[Chat, Script]] = field(default_factory=dict)

    def play(self, script: Script) -> None:
        """All chats of the script at once; raises what went wrong with one of them."""
        self.played.append(script)
        futures = [self.pool.submit(Chatting(self.place, chat).play) for chat in script]
        for chat, future in zip(script, futures, strict=True):
            self.chats[future.result()] = chat, script

    def told(self, finding: Finding) -> str:
        """A finding, and the script that it belongs to."""
        found = self.chats.get(finding.scope)
        where = f"of {found[0]!r}\n    in the script {found[1]!r}" if found else "of no chat session"
        return f"{finding.code} in exchange {finding.exchange}: {finding.message}\n    {where}"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab(tokens=8, interval=0.002, detailed=0.1, credits=100_000_000) as lab:
        yield lab


@pytest.fixture
def gate(lab: Lab) -> Iterator[Gate]:
    with Gate(lab.ports["chat"]) as gate:
        yield gate


@pytest.fixture
def proxy(gate: Gate, tmp_path: Path) -> Iterator[Proxy]:
    with Proxy(f"reverse:{gate.url}", folder=tmp_path) as proxy:
        yield proxy


@pytest.fixture
def harness(lab: Lab, gate: Gate, proxy: Proxy) -> Iterator[Harness]:
    with ThreadPoolExecutor() as pool:
        yield Harness(Place.of(proxy, gate, tokens(lab, "user1", "user2", SUPERVISOR)), pool)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was played, as recorded, and what was found in it: live, and offline the same."""

    findings: list[Finding]
    verdicts: list[StreamVerdict]
    events: list[Event]
    incidents: list[Incident]

    @classmethod
    def of(cls, harness: Harness) -> Self:
        """Stops the proxy, so that its recording is whole."""
        proxy = harness.place.proxy
        proxy.stop()
        findings, verdicts = assert_live_equals_offline(proxy.recording)
        with Recording(proxy.recording) as recording:
            incidents = diagnose("healthy", recording, builtin("chat")).incidents
            return cls(findings, verdicts, list(recording.events()), [*recording.incidents(), *incidents])

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]


def test_random_healthy_clients_give_no_finding_of_severity_error(harness: Harness) -> None:
    # Against real processes no run is quite like another, so there is nothing to shrink or to replay.
    @settings(
        max_examples=RUNS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(scripts)
    def play(script: Script) -> None:
        harness.play(script)

    play()

    judged = Judged.of(harness)
    assert len(harness.played) == RUNS
    assert not judged.errors, "\n".join(map(harness.told, judged.errors))
    assert not judged.incidents, "\n".join(f"{each.cause}: {each.summary}" for each in judged.incidents)
    assert_much_happened(judged)


def assert_much_happened(judged: Judged) -> None:
    """The runs had some of everything that healthy clients do."""
    answers = Counter((verdict.accepted, verdict.status) for verdict in judged.verdicts if verdict.echoed)
    assert answers[True, 200] >= RUNS, answers
    assert answers[False, 400] >= RUNS / 2, answers
    assert answers[None, 503] >= RUNS / 10, answers
    assert answers.keys() == {(True, 200), (False, 400), (None, 503), (None, None)}, answers
    breakers = Counter(event.by for event in judged.events if isinstance(event, Abort))
    assert min(breakers[Breaker.CLIENT], breakers[Breaker.SERVER]) >= RUNS / 2, breakers
    asked = [event for event in judged.events if isinstance(event, RequestHead) and event.side & Side.CLIENT]
    assert {event.version for event in asked} == {b"HTTP/1.1", b"HTTP/2.0"}
    origins = Counter(dict(event.headers).get(b"Origin", b"") for event in asked)
    assert len(origins) == len(ORIGINS)
    assert min(origins.values()) >= RUNS, origins


def test_an_invented_id_among_healthy_clients_is_an_error_of_its_own_chat(harness: Harness) -> None:
    healthy = Chat("user2", http2=True, steps=(Turn(Stream()),))
    careless = Chat("user1", steps=(Stream(), Invented("stream-1732312345"), Turn(Stream())))

    harness.play((healthy, careless))

    judged = Judged.of(harness)
    errors = judged.errors
    assert [(each.code, each.verdict) for each in errors] == [
        ("EC202", Verdict.FAIL),
        ("EC203", Verdict.FAIL),
    ]
    assert {harness.chats[each.scope][0] for each in errors} == {careless}
    assert {each.cause for each in judged.incidents} == {"client-fabricated-id"}
    assert {harness.chats[each.scope][0] for each in judged.incidents} == {careless}


def test_an_http2_client_that_leaves_is_not_taken_for_a_service_that_does(harness: Harness) -> None:
    # mitmproxy closes the servers' connections of an HTTP/2 client that is gone, and now and then a stream
    # hears of its server's end first: that is still the client's doing (HT602), no truncation (HT601).
    asks = (
        Stream(Question.LONG, 4, (Trouble.CUT_AFTER,)),
        Look.HEALTH,
        Aborted(48),
        Stream(Question.LONG, 3),
        Stream(Question.SHORT, 3),
        Aborted(0),
    )
    for _ in range(8):
        harness.play(tuple(Chat(user, http2=True, steps=asks * 2) for user in ("user1", "user2") * 3))

    judged = Judged.of(harness)
    assert not judged.errors, "\n".join(map(harness.told, judged.errors))
    assert any(finding.code == "HT602" for finding in judged.findings)
