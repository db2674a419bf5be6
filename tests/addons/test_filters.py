"""Filters of faults: what can be decided by heads is compiled, all else is refused in one line."""

import pytest
from mitmproxy.test import tflow

from addons.filters import compile_filter
from faults.presets import PRESETS, combined


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("~m GET", True),
        ("~u /path$ & ~d address", True),
        ("~m POST | !(~hq header | ~c 200)", False),
        ("~m GET ~u path", True),
        ("~q", True),
        ("~ts event-stream", False),
        ("~replay", False),
    ],
)
def test_what_heads_decide_is_decided(text: str, matches: bool) -> None:
    assert bool(compile_filter(text)(tflow.tflow())) is matches


@pytest.mark.parametrize("code", ["b x", "bq x", "bs x"])
@pytest.mark.parametrize("around", ["~{}", "!~{}", "~m POST & (~u a | !(~{}))", "~u a ~{}"])
def test_bodies_cannot_be_asked_for_wherever_it_stands(code: str, around: str) -> None:
    with pytest.raises(ValueError, match=f"^~{code[:-2]} asks for a body, and bodies are not there yet when"):
        compile_filter(around.format(code))


@pytest.mark.parametrize("text", ["~e", "~marked", "~marker x", "~comment x", "~websocket", "!~e"])
def test_what_is_known_later_cannot_be_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="asks for what is only known later"):
        compile_filter(text)


@pytest.mark.parametrize("text", ["~tcp", "~udp", "~dns"])
def test_other_protocols_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is about another protocol than HTTP"):
        compile_filter(text)


@pytest.mark.parametrize("text", ["(", "~u [", "~xyzzy", "~c many", "\n"])
def test_what_is_no_filter_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="is no filter expression of mitmproxy") as caught:
        compile_filter(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PRESETS)
def test_the_filters_of_all_presets_can_be_used(name: str) -> None:
    for fault in combined(name, 1, compile_filter, "X-Streaming-Session-Id").faults:
        assert fault.filter is None or not isinstance(fault.filter, str)
