"""Whatever healthy clients of a healthy service do, and however they meet: no finding is an error."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from contract.findings import Finding, Severity
from lab.processes import Lab
from tests.healthy.clients import SUPERVISOR, Chatting, Place, tokens
from tests.healthy.gate import Gate
from tests.healthy.scripts import Chat, Script, scripts
from tests.support.lab import running_lab
from tests.support.proxy import Proxy
from tests.support.verdicts import Judged, assert_live_equals_offline

RUNS = 200


@dataclass(slots=True)
class Harness:
    """Plays scripts and remembers which chat session belonged to which."""

    place: Place
    pool: ThreadPoolExecutor
    played: list[Script] = field(default_factory=list)
    scopes: dict[str, Script] = field(default_factory=dict)

    def play(self, script: Script) -> None:
        """All chats of the script at once; raises what went wrong with one of them."""
        self.played.append(script)
        chatting = [Chatting(self.place, chat) for chat in script]
        for future in [self.pool.submit(each.play) for each in chatting]:
            self.scopes[future.result()] = script

    def told(self, finding: Finding) -> str:
        """A finding, and the script that it belongs to."""
        script = self.scopes.get(finding.scope, "no chat session")
        return f"{finding.code} exchange {finding.exchange}: {finding.message}\n    {script!r}"


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


def judged(harness: Harness) -> Judged:
    """What was found live in all that was played, and is found again in its recording."""
    proxy = harness.place.proxy
    proxy.stop()
    return assert_live_equals_offline(proxy.recording)


def test_random_healthy_clients_give_no_finding_of_severity_error(harness: Harness) -> None:
    # Against real processes no run is like the other, so there is nothing to shrink or to replay.
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

    findings, _ = judged(harness)
    errors = [harness.told(each) for each in findings if each.severity is Severity.ERROR]
    assert len(harness.played) == RUNS
    assert not errors, "\n".join(errors)
    print(Counter((f.code, f.severity, f.verdict) for f in findings))
