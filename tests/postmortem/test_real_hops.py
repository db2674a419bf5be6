"""What nginx, haproxy and the lab's own hop do between two real taps is named, and nothing else is."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.checker import Checker
from contract.findings import Finding
from contract.profile import builtin
from postmortem.joining import Flavour
from postmortem.taps import Taps
from recordings.decoding import DECODERS
from recordings.reader import Recording
from tests.cli.streamid import streamid
from tests.postmortem.around import EVENTS, Around, recorded_around
from tests.postmortem.two_taps import moved

ID = "X-Streaming-Session-Id"
EXPOSE = "Access-Control-Expose-Headers"
SERVER = {"answer added Server": (5, 5)}

CHANGES: dict[str, dict[str, tuple[int, int]]] = {
    "nginx": SERVER,
    "nginx buffers": {"answer held": (2, 5), **SERVER},
    "nginx compresses": {
        "answer coding": (2, 5),
        "answer added Server": (5, 5),
        "answer added Content-Encoding": (2, 5),
    },
    "nginx strips": {f"answer dropped {ID}": (2, 2), **SERVER},
    "haproxy": {"answer case": (5, 5), "request case": (5, 5)},
    "rename-id": {f"answer renamed {ID}": (2, 2)},
    "rewrite-id": {f"answer changed {ID}": (2, 2)},
    "strip-id": {f"answer dropped {ID}": (2, 2)},
    "duplicate-id": {f"answer changed {ID}": (2, 2)},
    "strip-expose": {f"answer dropped {EXPOSE}": (3, 3)},
    "cut=5": {"answer ending": (2, 5)},
    "gzip": {"answer coding": (2, 5), "answer held": (2, 5), "answer added Content-Encoding": (2, 5)},
    "lower-case": {"answer case": (5, 5)},
    "rewrite-echo": {"request body": (1, 5)},
    "close-delimited": {},
}
"""What each hop changes in five exchanges: a session, a preflight, two streams and an update."""
UNPASSED = {
    "redirect=307": [("POST", 307), ("POST", 307)],
    "drop-preflight": [("OPTIONS", 405)],
    "cache": [("POST", 200)],
}
"""What each hop answers by itself."""


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    faults = [name for name in (*CHANGES, *UNPASSED) if not name.startswith(("nginx", "haproxy"))]
    with recorded_around(tmp_path_factory.mktemp("around"), faults) as recorded:
        yield recorded


@pytest.mark.parametrize("hop", CHANGES)
def test_what_a_hop_changes_is_named_and_nothing_else(hop: str, around: Around) -> None:
    assert around.changes(hop) == CHANGES[hop]
    told = around.told(hop)
    assert (told["paired"], told["never_arrived"], told["repeated"]) == (5, [], [])


@pytest.mark.parametrize("hop", UNPASSED)
def test_what_a_hop_answers_by_itself_never_arrived(hop: str, around: Around) -> None:
    told = around.told(hop)
    assert [(each["method"], each["status"]) for each in told["never_arrived"]] == UNPASSED[hop]
    assert told["changes"] == []


CAUSES = {
    "nginx buffers": {"network-buffered"},
    "nginx compresses": {"network-compressed"},
    "nginx strips": {"network-stripped"},
    "rename-id": {"network-renamed"},
    "rewrite-id": {"network-rewritten"},
    "strip-id": {"network-stripped"},
    "duplicate-id": {"network-duplicated"},
    "strip-expose": {"cors-expose-stripped"},
    "cut=5": {"network-truncated"},
    "gzip": {"network-compressed"},
    "rewrite-echo": {"network-request-rewritten"},
    "drop-preflight": {"cors-preflight-refused"},
    "cache": {"network-cached"},
}
"""What a diagnosis of both taps puts it down to; nothing, for the others."""


def test_a_diagnosis_of_both_taps_names_the_hops_doing(around: Around) -> None:
    hop = f"client-side={around.a},server-side={around.b}"
    result = streamid("diagnose", around.a, around.b, "--hop", hop, "--format", "json")
    assert result.exit_code == 1
    incidents = json.loads(result.stdout)["incidents"]
    found = {
        name: {each["cause"] for each in incidents if each["exchange"] in around.numbers[name]}
        for name in (*CHANGES, *UNPASSED)
    }
    assert {name: causes for name, causes in found.items() if causes} == CAUSES
    assert {each["confidence"] for each in incidents} == {"certain"}


def test_what_nginx_holds_back_came_event_by_event_and_left_at_once(around: Around) -> None:
    held = [each for each in around.told("nginx buffers")["exchanges"] if each["events"][0]]
    for stream in held:
        assert stream["events"] == [EVENTS, EVENTS]
        first, *_, last = stream["latency"]["events"]
        assert first > 500_000
        assert last < first / 3
        assert stream["chunks"][0] > 4 * stream["chunks"][1]


def test_what_nginx_compresses_is_the_same_content(around: Around) -> None:
    (coded, *_) = [
        each
        for exchange in around.told("nginx compresses")["exchanges"]
        for each in exchange["differences"]
        if each["kind"] == "coding"
    ]
    assert coded["before"].startswith("identity, ")
    assert coded["after"].startswith("gzip, ")


def test_the_text_names_the_header_that_nginx_strips_and_the_judge_says_hp701(around: Around) -> None:
    chosen = [f"--exchange={number}" for number in around.numbers["nginx strips"]]
    result = streamid("diff", around.a, around.b, *chosen)
    assert result.exit_code == 1
    assert f"\n    {ID} dropped in 2 of 2 answers\n" in result.stdout
    assert result.stdout.count("judged   HP701 hop-dropped (error)\n") == 2


def test_the_joined_ends_are_judged_as_the_clients_side_and_the_services(around: Around) -> None:
    with Recording(around.a) as first, Recording(around.b) as second:
        events = list(Taps(first, second).events(Flavour.ENDS))
    checker = Checker(builtin("chat"), decoders=DECODERS)
    outputs = [output for event in events for output in checker.feed(event)]
    codes = {
        finding.exchange: finding.code
        for finding in outputs
        if isinstance(finding, Finding) and finding.code == "ID101"
    }
    stripped = {*around.numbers["nginx strips"], *around.numbers["strip-id"]}
    assert codes.keys() <= stripped
    assert len(codes) == 4


def test_a_planted_clock_is_found_within_10_ms_whatever_the_hops_hold_back(
    around: Around, tmp_path: Path
) -> None:
    later = moved(around.b, tmp_path / "later.db", 3e6, 50e-6)
    with Recording(around.a) as a, Recording(around.b) as b, Recording(later) as c:
        span = a.run.last_at
        before, found = Taps(a, b).clock, Taps(a, c).clock
    for at in (0, span):
        # The two runs began to count their times not quite when they say: that is in the first estimate.
        planted = before.offset + before.drift * at + 3e6 + 50e-6 * at
        assert abs(found.offset + found.drift * at - planted) < 10_000
