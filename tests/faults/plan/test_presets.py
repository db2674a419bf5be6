"""Presets: how they are called, what their fragments give, and that all of them can be used."""

import re
import tomllib

import pytest

from faults.plan import Plan, PlanError
from faults.presets import PRESETS, Preset, plan_of, preset
from faults.registry import KINDS

FRAGMENT = """\
[preset]
summary = "…"
page = "…"
[preset.parameters]
by = "1 s"
count = 2

[[fault]]
kind = "delay"
by = "{by}"
match = "~u {by}/x{1,2}"
when = { first = "{count}" }

[[fault]]
kind = "strip-header"
names = ["{id-header}", "X-{count}"]
"""
BROKEN = FRAGMENT.replace('count = 2', 'count = 2\nunused = 1')  # fmt: skip


def nothing_to_read(name: str) -> str:
    raise AssertionError(name)


def plan(value: str, seed: int | None = None, id_header: str = "X-Id") -> Plan:
    return plan_of(value, seed, nothing_to_read, lambda text: text, id_header)


def problem(value: str, id_header: str = "X-Id") -> str:
    with pytest.raises(PlanError) as caught:
        plan(value, id_header=id_header)
    return str(caught.value)


def test_parameters_take_their_places_and_alone_in_a_string_they_keep_their_type() -> None:
    made = Preset.from_toml("made", FRAGMENT)
    assert made.usage == "made(by=1 s, count=2)"
    slow, stripped = made.filled({"by": "2 s", "count": 3, "id-header": "X-Id"})
    assert slow == {"kind": "delay", "by": "2 s", "match": "~u 2 s/x{1,2}", "when": {"first": 3}}
    assert stripped["names"] == ["X-Id", "X-3"]


def test_its_text_as_a_plan_says_the_same() -> None:
    for each in (Preset.from_toml("made", FRAGMENT), *PRESETS.values()):
        values = {**each.parameters, "id-header": "X-Id"}
        assert tomllib.loads(each.toml(values))["fault"] == each.filled(values)


def test_a_parameter_that_nothing_uses_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="made: its parameters are not those that it uses: by, count, id-h"):
        Preset.from_toml("made", BROKEN)


@pytest.mark.parametrize(
    ("spec", "after"),
    [
        ("idle-60s", "60 s"),
        (" idle-60s ( after = 2 s ) ", "2 s"),
        ("idle-60s(after='2 s')", "2 s"),
        ("idle-60s()", "60 s"),
        ('idle-60s(after="a, (b)=c")', "a, (b)=c"),
        ("idle-60s(after=(a,b)=c)", "(a,b)=c"),
    ],
)
def test_how_a_preset_is_called(spec: str, after: str) -> None:
    call = preset(spec)
    assert (call.preset.name, call.values) == ("idle-60s", {"after": after})


def test_several_make_one_plan_with_a_name_for_each_fault() -> None:
    made = plan("strip-streaming-id,idle-60s(after=2 s), idle-60s", seed=9)
    assert made.seed == 9
    assert [each.name for each in made.faults] == ["strip-streaming-id", "idle-60s", "idle-60s-2"]
    assert made.faults[0].fault.model_dump(include={"names"}) == {"names": ("X-Id",)}
    assert made.faults[1].fault.model_dump(include={"after"}) == {"after": 2_000_000}
    assert [each.fault.kind for each in made.faults] == ["strip-header", "idle-cut", "idle-cut"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("idle-60", "there is no preset 'idle-60'; did you mean idle-60s?"),
        ("xyzzy", "there is no preset 'xyzzy'; streamid faults list --presets has them all"),
        ("idle-60s,", "preset '': is written NAME or NAME(parameter=value, …)"),
        ("idle-60s(after=2 s", "preset 'idle-60s(after=2 s': is written NAME or NAME(parameter=value, …)"),
        ("idle-60s(2 s)", "preset idle-60s(2 s): '2 s' is not parameter=value"),
        (
            "idle-60s(afer=2 s)",
            "preset idle-60s(afer=2 s): there is no parameter 'afer'; did you mean after?",
        ),
        (
            "lower-casing-hop(x=1)",
            "preset lower-casing-hop(x=1): there is no parameter 'x'; lower-casing-hop has none",
        ),
        (
            "idle-60s(after=2)",
            'preset idle-60s(after=2): after: a time is written like "500 ms", "1.5 s" or "2 min"',
        ),
        ("errors-without-cors(x)", "preset errors-without-cors(x): 'x' is not parameter=value"),
    ],
)
def test_a_bad_call_is_told_in_one_line(value: str, told: str) -> None:
    assert problem(value) == told


def test_without_an_id_header_in_the_profile_it_has_to_be_given() -> None:
    assert problem("strip-streaming-id", id_header="") == (
        "preset strip-streaming-id: needs the name of the ID's header, and the profile has it in none; "
        "give id-header=NAME"
    )
    (fault,) = plan("strip-streaming-id(id-header=X-Mine)", id_header="").faults
    assert fault.fault.model_dump(include={"names"}) == {"names": ("X-Mine",)}


@pytest.mark.parametrize("value", ["plan.toml", "plans/plan", "./plan", "plans (old)/x.toml"])
def test_what_looks_like_a_file_is_read_and_its_seed_can_be_overridden(value: str) -> None:
    text = 'seed = 5\n[[fault]]\nkind = "delay"\nby = "1 s"'
    found = [plan_of(value, seed, {value: text}.__getitem__, str).seed for seed in (None, 0)]
    assert found == [5, 0]


def test_a_file_that_cannot_be_read_is_told_in_one_line() -> None:
    def missing(name: str) -> str:
        raise FileNotFoundError(2, "No such file or directory", name)

    def latin(name: str) -> str:
        return b"\xe9".decode()

    for read, told in ((missing, "x.toml: No such file or directory"), (latin, "x.toml: is not UTF-8")):
        with pytest.raises(PlanError) as caught:
            plan_of("x.toml", None, read, str)
        assert str(caught.value) == told


def test_a_slash_in_a_parameter_makes_no_file() -> None:
    assert problem("idle-60s(after=/x)").startswith("preset idle-60s(after=/x): after: a time")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_plan_as_it_is(name: str) -> None:
    made = plan(name)
    assert made.faults
    assert {each.fault.kind for each in made.faults} <= KINDS.keys()


@pytest.mark.parametrize("each", PRESETS.values(), ids=lambda each: each.name)
def test_every_preset_says_where_it_is_found_and_how_one_sees_it(each: Preset) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", each.name)
    assert "\n" not in each.summary
    assert each.summary.endswith(".")
    assert len(re.findall(r"[.)]\s", each.page + "\n")) >= 3
    assert max(map(len, each.page.splitlines())) <= 110


def test_the_presets_that_were_promised_are_there() -> None:
    assert PRESETS.keys() >= {
        "auth-on-preflight", "aws-remap", "cdn-cache", "dev-server-compression", "double-cors",
        "errors-without-cors", "expose-preflight-only", "expose-replaced", "gateway-own-id",
        "header-allow-list", "idle-60s", "lower-casing-hop", "mid-event-cut", "nginx-buffering",
        "nginx-gzip", "no-sticky-sessions", "retrying-gateway", "strip-streaming-id",
        "trailing-slash-redirect", "underscore-dropper", "wildcard-with-credentials",
    }  # fmt: skip
