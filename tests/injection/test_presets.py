"""Each preset between tester and lab: what its page says is reported, and nothing is put on the service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.findings import Finding, Severity
from contract.profile import builtin
from contract.rules import RULES
from faults.presets import ID_HEADER, PRESETS, Preset, preset
from tests.injection.bench import FIELDS, stream, whole
from tests.injection.bench import ID as ID_VALUE
from tests.injection.bench import request as request_of
from tests.injection.lab_bench import LabBench, errors
from tests.injection.service import ScriptedService
from tests.injection.wire import ask
from tests.matrix.cell import settled
from tests.support.proxy import Proxy

ID = builtin("chat").issue[0].id.header or ""

SLOW = {
    "dev-server-compression": "dev-server-compression",
    "idle-60s": "idle-60s(after=20 ms)",
    "nginx-buffering": "nginx-buffering",
    "nginx-gzip": "nginx-gzip",
}
"""Presets that show in a stream that takes its time, and how they are called for it."""

NARROWED = {"trailing-slash-redirect": ('"~m POST"', '"~m POST & ~u stream$"')}
"""A filter with which the tester gets as far as its streams."""

SENT = {"underscore-dropper": {"session_id": "s1"}}
"""What the tester has to send in addition, for something to strike."""

ON_THE_SERVICE = ("SV301", "SV302", "SV303", "HT601", "HT606")

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabBench]:
    with LabBench(tmp_path_factory.mktemp("quick")) as bench:
        yield bench


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabBench]:
    with LabBench(tmp_path_factory.mktemp("slow"), interval=0.05) as bench:
        yield bench


def plan(call: str) -> str:
    """The plan that a call of a preset stands for, as a file's text."""
    called = preset(call)
    return called.preset.toml({**called.values, ID_HEADER: ID})


def blamed(found: list[Finding]) -> list[Finding]:
    """What is put on the service for certain."""
    return [each for each in found if each.code in ON_THE_SERVICE and each.severity is Severity.ERROR]


@pytest.mark.parametrize("name", PRESETS)
def test_the_rules_that_a_preset_names_are_reported_and_no_other(
    name: str, request: pytest.FixtureRequest
) -> None:
    bench: LabBench = request.getfixturevalue("slow" if name in SLOW else "quick")
    text = plan(SLOW.get(name, name))
    if name in NARROWED:
        assert NARROWED[name][0] in text
        text = text.replace(*NARROWED[name])
    found = bench.run(text, SENT.get(name))
    told, about = errors(found) - {"SV304"}, PRESETS[name]
    assert bench.struck() == {table["kind"] for table in about.tables}
    assert set(about.breaks) <= told, f"{sorted(set(about.breaks) - told)} are missing"
    assert told <= {*about.breaks, *about.follows}, f"{sorted(told - {*about.breaks, *about.follows})} too"
    assert not blamed(found)


@pytest.mark.parametrize("each", PRESETS.values(), ids=lambda each: each.name)
def test_a_preset_names_rules_that_there_are_each_once(each: Preset) -> None:
    named = [*each.breaks, *each.follows]
    assert set(named) <= set(RULES)
    assert len(named) == len(set(named))
    assert each.breaks == tuple(sorted(each.breaks))
    assert each.follows == tuple(sorted(each.follows))


def test_a_service_that_takes_an_id_once_refuses_the_second_of_two_requests(tmp_path: Path) -> None:
    """`retrying-gateway`, as the option has it: nobody sees what the service did with the first."""
    head = (b"Content-Type: application/json", *FIELDS[3:])
    accepted = whole(b'{"message":"Saved"}', *head)
    refused = whole(b'{"message":"Streaming session ID mismatch"}', *head, status=b"400 Bad Request")
    service = ScriptedService({"stream": [stream()], "update": [accepted, refused]})
    update = b'{"completeResponse":"x","streamingSessionId":"%s","tokensUsed":3}' % ID_VALUE
    call = "retrying-gateway(after=20 ms, match=~u /update-stream$)"
    with (
        service.server as server,
        Proxy(f"reverse:{server.url}", options={"streamid_faults": call}, folder=tmp_path) as proxy,
    ):
        assert ask(proxy.port, request_of("stream")).status == 200
        path = b"/api/chat/sessions/s1/update-stream"
        got = ask(proxy.port, request_of("update", b"Content-Type: application/json", path=path, body=update))
        assert got.status == 400
        assert [each.body for each in service.asked["update"]] == [update, update]
        _, found = settled(proxy.recording, 0)
        assert errors(found) == {*PRESETS["retrying-gateway"].breaks, *PRESETS["retrying-gateway"].follows}
