"""Whatever comes: it is recorded with its outcome, judged alike live and offline, and breaks nothing.

Every case is played through bare mitmdump as well: the ends get the same, and the log says no more.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from contract.findings import Finding, Verdict
from contract.rules import Family
from recordings.reader import Recording
from tests.cli.streamid import streamid as command
from tests.fidelity.comparison import difference
from tests.fidelity.http2_corpus import CONNECTED
from tests.fidelity.stage import Arrival, Route, Script, Stage, client, server
from tests.fidelity.wire import OK
from tests.robustness.malformed_http1 import ANSWERS, CHUNKS, HEADS, HTTP1, STREAMS
from tests.robustness.malformed_http2 import HTTP2, SERVICE
from tests.robustness.traffic import Case
from tests.support.proxy import BARE, Proxy
from tests.support.verdicts import assert_live_equals_offline

OPTIONS = {"ssl_insecure": "true", "flow_detail": "0"}
MARK = "/between/"
ECHO = 1
"""The exchange that is the stage's own."""
TIME = re.compile(r"^\[[\d:.]+\](?:\[[^\]]*\])? ?")
CHANGING = re.compile(r"127\.0\.0\.1:\d+|\('127\.0\.0\.1', \d+\)|0x[0-9a-f]+")
VERDICT = re.compile(rf"^(?:(?:{'|'.join(Family)})\d{{3}} |.*: issue(?:d| not seen))")
"""What streamid has to say: a finding, or what became of an ID."""


class Played(NamedTuple):
    """What one case made of a proxy: what the ends got, and the lines that were logged."""

    arrivals: list[Arrival]
    said: Counter[str]


class Run(NamedTuple):
    """All cases, one after the other, through streamid; the exchanges of each as the recording has them."""

    played: list[Played]
    exchanges: list[list[str]]
    recording: Path


def forwarded(case: Case) -> Case:
    """The same asked of a forward proxy."""
    first, *rest = case.script.steps
    assert isinstance(first.what, bytes)
    asked = client(first.what.replace(b" /", b" http://127.0.0.1:PORT/", 1))
    return Case(replace(case.script, route=Route.FORWARD, steps=(asked, *rest)), case.exchanges)


def tunnelled(case: Case) -> Case:
    """The same through CONNECT, in TLS that the proxy opens with its own CA."""
    script = replace(case.script, route=Route.TUNNEL, steps=(*CONNECTED, *case.script.steps))
    return Case(script, ("connect complete 200", *case.exchanges))


CASES: list[Case] = [*HTTP1, *HTTP2, *map(tunnelled, SERVICE[:9])]
CHAINED: list[Case] = [
    *map(forwarded, [*STREAMS[:14], *CHUNKS, *HEADS[:12], *ANSWERS[:8]]),
    *map(tunnelled, SERVICE[::2]),
]
"""Through two proxies in a row."""
BEHIND_ANOTHER = {
    ("http server-abort -", Route.FORWARD): "http complete 502",
    ("http server-abort 200 HT601", Route.FORWARD): "http truncated 200 HT601",
    ("http proxy 200", Route.FORWARD): "http complete 502",
    ("http server-abort -", Route.TUNNEL): "http complete 502",
    ("http proxy 200", Route.TUNNEL): "http complete 502",
    ("http truncated 200", Route.TUNNEL): "http server-abort 200",
}
"""What the second proxy makes of an outcome for the first."""


def between(number: int) -> Script:
    """An exchange that goes well, so that cases can be told apart."""
    line = f"GET {MARK}{number} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"
    return Script("between", Route.PLAIN, (client(line.encode()), server(OK)))


def play(cases: Sequence[Case], stage: Stage, proxy: Proxy) -> list[Played]:
    played = []
    for number, case in enumerate(cases):
        assert stage.play(between(number), proxy)
        before = len(proxy.log())
        arrivals = stage.play(case.script, proxy)
        played.append(Played(arrivals, spoken(proxy.log()[before:])))
    return played


def spoken(log: str) -> Counter[str]:
    """The lines of a log without what differs from run to run."""
    lines = (CHANGING.sub("…", TIME.sub("", line)) for line in log.splitlines())
    return Counter(line for line in lines if line.strip() and not VERDICT.match(line))


def code(finding: Finding) -> str:
    """A finding's code, in the words of `Case`."""
    return finding.code + "?" * (finding.verdict is Verdict.INCONCLUSIVE)


def recorded(recording: Recording) -> list[list[str]]:
    """Each case's exchanges, in the words of `Case`."""
    cases: list[list[str]] = []
    for row in recording.exchanges():
        if MARK in row.url:
            cases.append([])
        elif row.exchange != ECHO:
            codes = dict.fromkeys(map(code, recording.findings(row.exchange)))
            status = "-" if row.status is None else str(row.status)
            cases[-1].append(" ".join((row.kind, row.outcome, status, *codes)))
    return cases


def run(cases: Sequence[Case], stage: Stage, proxy: Proxy) -> Run:
    played = play(cases, stage, proxy)
    proxy.stop()
    assert_live_equals_offline(proxy.recording)
    with Recording(proxy.recording) as recording:
        return Run(played, recorded(recording), proxy.recording)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture(scope="module")
def second(stage: Stage) -> Iterator[Proxy]:
    """Bare mitmdump, alone or as the second of two."""
    with Proxy(*stage.modes(), script=BARE, options=OPTIONS) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def bare(stage: Stage, second: Proxy) -> list[Played]:
    return play(CASES, stage, second)


@pytest.fixture(scope="module")
def streamid(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with Proxy(*stage.modes(), options=OPTIONS, folder=tmp_path_factory.mktemp("one")) as proxy:
        return run(CASES, stage, proxy)


def in_front(stage: Stage, second: Proxy) -> list[str]:
    """Modes of a proxy whose upstream is the second one, for the stage's round trips as well."""
    plain, secret, *_ = stage.modes()
    upstream = f"upstream:http://127.0.0.1:{second.ports[2]}"
    return [plain, secret, upstream, f"reverse:tcp://127.0.0.1:{second.ports[3]}"]


@pytest.fixture(scope="module")
def chained_bare(stage: Stage, second: Proxy) -> list[Played]:
    with Proxy(*in_front(stage, second), script=BARE, options=OPTIONS) as proxy:
        return play(CHAINED, stage, proxy)


@pytest.fixture(scope="module")
def chained(stage: Stage, second: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("two")
    with Proxy(*in_front(stage, second), options=OPTIONS, folder=folder) as proxy:
        return run(CHAINED, stage, proxy)


@pytest.mark.parametrize("number", range(len(CASES)), ids=map(str, CASES))
def test_it_is_recorded_and_nothing_more_is_said_or_done(
    number: int, bare: list[Played], streamid: Run
) -> None:
    assert not difference(bare[number].arrivals, streamid.played[number].arrivals)
    assert streamid.played[number].said - bare[number].said == Counter()
    assert streamid.exchanges[number] == list(CASES[number].exchanges)


@pytest.mark.parametrize("number", range(len(CHAINED)), ids=map(str, CHAINED))
def test_through_two_proxies_nothing_more_is_said_or_done(
    number: int, chained_bare: list[Played], chained: Run
) -> None:
    assert not difference(chained_bare[number].arrivals, chained.played[number].arrivals)
    assert chained.played[number].said - chained_bare[number].said == Counter()
    script, expected = CHAINED[number].script, CHAINED[number].exchanges
    assert chained.exchanges[number] == [BEHIND_ANOTHER.get((each, script.route), each) for each in expected]


def test_names_of_cases_are_unique() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("verb", ["ls", "tail", "validate"])
def test_commands_print_no_control_characters_of_a_peer(verb: str, streamid: Run) -> None:
    result = command(verb, streamid.recording)
    assert result.exit_code in (0, 1)
    assert "\N{REPLACEMENT CHARACTER}" not in result.stderr
    assert {c for c in result.stdout if not c.isprintable()} == {"\n"}


def test_every_exchange_can_be_shown(streamid: Run) -> None:
    with Recording(streamid.recording) as recording:
        numbers = [row.exchange for row in recording.exchanges() if MARK not in row.url]
    for number in numbers:
        result = command("show", streamid.recording, number)
        assert result.exit_code == 0
        assert {c for c in result.stdout if not c.isprintable()} == {"\n"}, number
        assert command("show", streamid.recording, number, "--format", "json").exit_code == 0
