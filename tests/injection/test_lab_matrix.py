"""Each kind of fault between tester and lab: `validate` reports what its page says, and blames no other."""

from collections.abc import Iterator

import pytest

from contract.findings import Severity
from faults.registry import KINDS
from tests.injection.lab_bench import NO_PLAN, LabBench, LabCase, errors
from tests.matrix.explained import Explained, named, wrong_culprits, wrongly_sure

STREAMS = '~u "/stream$"'
UPDATES = '~u "/update-stream$"'
_MATCH = {"cors": "", "requests": UPDATES}
_MATCH_OF = {"keep-only": "~u /api/chat", "status": "~u /api/chat/sessions/.*stream$"}

OTHERWISE = {
    "delay": 'by = "600 ms"',
    "jitter": 'from = "0 ms"\nto = "40 ms"',
    "stall": 'events = 2\nfor = "600 ms"',
    "throttle": "rate = 500\nburst = 1",
    "idle-cut": 'after = "5 s"',
}
"""Settings other than the example's, so that it does not take as long."""

NOT_SEEN = {"corrupt-event": {"HP704"}}
"""Rules that the tester's own doing hides: it leaves at the first event that it cannot read."""

SENT = {"drop-underscored": {"session_id": "s1"}}
"""What the tester has to send in addition, for something to strike."""

SLOW = ("coalesce", "recompress")
"""Kinds that show only in a stream that takes its time."""

CAUSES = {
    "append-after-terminal": ("network-body-changed",),
    "bad-expose-grammar": ("cors-expose-malformed",),
    "coalesce": ("network-buffered",),
    "consume-body": ("network-request-stripped",),
    "corrupt-event": ("network-body-changed",),
    "delay": ("network-slowed",),
    "drop-event": ("network-body-changed",),
    "drop-request": ("network-request-dropped",),
    "drop-terminal": ("network-body-changed",),
    "duplicate-header": ("network-duplicated",),
    "duplicate-origin": ("cors-duplicate-origin",),
    "edit-json": ("network-request-rewritten",),
    "escape-newlines": ("network-body-changed",),
    "expose-on-preflight-only": ("cors-preflight-only",),
    "expose-wildcard": ("cors-wildcard-credentials",),
    "keep-only": ("network-stripped", "cors-origin-rejected"),
    "mangle-id": ("network-rewritten",),
    "recompress": ("network-compressed",),
    "redirect": ("network-redirected",),
    "refuse-preflight": ("cors-preflight-refused",),
    "rename-header": ("network-renamed",),
    "reorder-events": ("network-body-changed",),
    "repeat-event": ("network-body-changed",),
    "replace-expose": ("cors-expose-stripped",),
    "replay-cached": ("network-cached",),
    "set-header": ("network-rewritten",),
    "stale-id": ("network-rewritten",),
    "stall": ("network-buffered",),
    "status": ("network-replaced",),
    "strip-cors-on-errors": ("cors-errors-unreadable",),
    "strip-cors-on-stream": ("cors-origin-rejected",),
    "strip-expose": ("cors-expose-stripped",),
    "strip-header": ("network-stripped",),
    "substitute-id": ("network-rewritten",),
    "thin-preflight": ("cors-preflight-incomplete",),
    "throttle": ("network-slowed",),
    "truncate": ("network-truncated",),
    "wrong-origin": ("cors-origin-rejected",),
}
"""The causes that each kind plants. Where none is named, nothing fails."""

CONCURRENT = ("swap-ids",)
"""Kinds for which the tester's one stream after the other is no occasion; see `test_wire.py`."""

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabBench]:
    with LabBench(tmp_path_factory.mktemp("quick")) as bench:
        yield bench


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabBench]:
    with LabBench(tmp_path_factory.mktemp("slow"), interval=0.08) as bench:
        yield bench


def case(kind: str) -> LabCase:
    fault = KINDS[kind]
    return LabCase(
        kind, OTHERWISE.get(kind, fault.example), _MATCH_OF.get(kind) or _MATCH.get(fault.family, STREAMS)
    )


def test_without_a_fault_the_rules_have_only_the_hint_that_refusals_tell_too_much(quick: LabBench) -> None:
    assert errors(quick.run(NO_PLAN)) == {"SV304"}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(CONCURRENT)))
def test_the_rules_that_a_kind_breaks_are_reported_and_no_other(
    kind: str, request: pytest.FixtureRequest
) -> None:
    bench: LabBench = request.getfixturevalue("slow" if kind in SLOW else "quick")
    found = bench.run(case(kind).plan(), SENT.get(kind))
    told = errors(found) - {"SV304"}
    fault = KINDS[kind]
    told |= NOT_SEEN.get(kind, set())
    assert set(fault.breaks) <= told, f"{sorted(set(fault.breaks) - told)} are missing"
    assert told <= {*fault.breaks, *fault.follows}, f"{sorted(told - {*fault.breaks, *fault.follows})} too"
    _assert_explained(bench.explained(), CAUSES.get(kind, ()))
    blamed = [each for each in found if each.code in _OF_THE_SERVICE and each.severity is Severity.ERROR]
    assert not blamed, "the service has done nothing wrong"


def _assert_explained(seen: Explained, planted: tuple[str, ...]) -> None:
    """The planted causes are named, and no others; from the client's side alone nobody else is blamed."""
    assert named(seen.by_proxy) == tuple(sorted(planted))
    assert not list(wrongly_sure(seen.by_proxy, planted))
    assert not list(wrong_culprits(seen.from_client, planted))
    assert all(each.injected for each in seen.by_proxy)


_OF_THE_SERVICE = ("SV301", "SV302", "SV303", "HT601", "HT606")


def test_every_kind_is_here() -> None:
    assert {*OTHERWISE, *SENT, *CAUSES} | set(SLOW) | set(CONCURRENT) <= set(KINDS)
