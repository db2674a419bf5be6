"""docs/fidelity.md is complete and true: a test for each row, a row for each test, no other change."""

import re
from pathlib import Path

import pytest

from tests.fidelity import test_http1_through_mitmproxy, test_http2_through_mitmproxy
from tests.fidelity.comparison import content
from tests.fidelity.conftest import Played
from tests.fidelity.corpus import CORPUS
from tests.fidelity.explained import CHANGES
from tests.fidelity.stage import Route, Script, Stage
from tests.playback import test_limits

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"
SAME_PROTOCOL = [script for script in CORPUS if script.route in (Route.PLAIN, Route.TLS, Route.H2)]
"""Scripts that can be played without a proxy as well."""


def shown_changes() -> set[str]:
    modules = (test_http1_through_mitmproxy, test_http2_through_mitmproxy, test_limits)
    return {name for module in modules for name in vars(module) if name.startswith("test_")}


def test_each_row_names_a_test_and_each_test_has_a_row() -> None:
    rows = [
        line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ") and "`test_" in line
    ]
    named = [name for row in rows for name in re.findall(r"`(test_\w+)`", row)]
    assert len(named) == len(rows)
    assert sorted(named) == sorted(shown_changes())


def test_each_explanation_is_a_row_and_names_scripts() -> None:
    explained = [name for names in CHANGES.values() for name in names]
    assert set(CHANGES) <= shown_changes()
    assert set(explained) <= {str(script) for script in SAME_PROTOCOL}
    assert len(explained) == len(set(explained))


@pytest.mark.parametrize("script", SAME_PROTOCOL, ids=str)
def test_nothing_else_is_changed_on_the_way(script: Script, stage: Stage, by_bare: Played) -> None:
    changed = content(by_bare(script)) != content(stage.play(script, None))
    assert changed is any(str(script) in names for names in CHANGES.values())
