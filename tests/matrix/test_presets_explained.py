"""Each preset of faults, between tester and lab: its cause is named, and the fault that made it."""

from collections.abc import Iterator

import pytest

from faults.presets.preset import ID_HEADER, PRESETS
from tests.injection.lab_bench import LabBench
from tests.matrix.explained import named, wrong_culprits, wrongly_sure

CAUSES = {
    "auth-on-preflight": "cors-preflight-refused",
    "aws-remap": "network-renamed",
    "cdn-cache": "network-cached",
    "dev-server-compression": "network-compressed",
    "double-cors": "cors-duplicate-origin",
    "errors-without-cors": "cors-errors-unreadable",
    "expose-preflight-only": "cors-preflight-only",
    "expose-replaced": "cors-expose-stripped",
    "gateway-own-id": "network-rewritten",
    "header-allow-list": "network-stripped",
    "idle-60s": "network-idle-timeout",
    "mid-event-cut": "network-truncated",
    "nginx-buffering": "network-buffered",
    "nginx-gzip": "network-compressed",
    "no-sticky-sessions": "network-request-rewritten",
    "strip-streaming-id": "network-stripped",
    "trailing-slash-redirect": "network-redirected",
    "wildcard-with-credentials": "cors-wildcard-credentials",
}
HARMLESS = ("lower-casing-hop", "retrying-gateway", "underscore-dropper")
"""Nothing fails for this client: it reads names in any case, and nothing of its own has an underscore."""

SILENT = ("idle-60s",)
"""For a service that takes its time between two events."""

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabBench]:
    with LabBench(tmp_path_factory.mktemp("presets"), interval=0.04) as bench:
        yield bench


@pytest.fixture(scope="module")
def silent_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabBench]:
    with LabBench(tmp_path_factory.mktemp("silent"), interval=0.8, tokens=3) as bench:
        yield bench


def plan(name: str) -> str:
    preset = PRESETS[name]
    values = dict(preset.parameters)
    if ID_HEADER in values:
        values[ID_HEADER] = "X-Streaming-Session-Id"
    if "after" in values:
        values["after"] = "300 ms"
    # A log-in that is redirected is none of the contract's business.
    return preset.toml(values).replace('match = "~m POST"', "match = '~m POST & ~u \"/stream$\"'")


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_cause_is_named_with_the_fault_that_made_it(name: str, request: pytest.FixtureRequest) -> None:
    bench: LabBench = request.getfixturevalue("silent_bench" if name in SILENT else "bench")
    bench.run(plan(name))
    seen, planted = bench.explained(), (CAUSES[name],) if name in CAUSES else ()
    assert named(seen.by_proxy) == planted
    assert not list(wrongly_sure(seen.by_proxy, planted))
    assert not list(wrong_culprits(seen.from_client, planted))
    assert all(each.injected in {table["kind"] for table in PRESETS[name].tables} for each in seen.by_proxy)


def test_every_preset_is_here() -> None:
    assert {*CAUSES, *HARMLESS} == set(PRESETS)
