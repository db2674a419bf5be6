"""Plans: what a good one gives, and what is told of a bad one."""

import pytest

from faults.heads.strip_header import StripHeader
from faults.plan import Plan, PlanError
from faults.planned import OWN_KEYS
from faults.registry import KINDS
from faults.streams.delay import Delay
from faults.when import When

GOOD = """\
seed = 7

[[fault]]
kind = "strip-header"
names = ["X-Stream-Id"]
match = "~u /stream$"
[fault.when]
every = 3
after = "2 s"

[[fault]]
kind = "delay"
name = "slow"
by = "500 ms"
when = { first = 1, max-active = 2 }
armed = false

[[fault]]
kind = "delay"
by = "1 s"

[[fault]]
kind = "delay"
by = "2 s"
"""


def compiled(text: str) -> object:
    if "(" in text:
        raise ValueError(f"{text!r} is no filter")
    return ("compiled", text)


def read(text: str) -> Plan:
    return Plan.from_toml(text, "plan.toml", compiled)


def problems(text: str) -> list[str]:
    with pytest.raises(PlanError) as caught:
        read(text)
    return str(caught.value).splitlines()


def test_a_plan_has_its_faults_in_order_with_all_that_was_said() -> None:
    plan = read(GOOD)
    assert plan.seed == 7
    first, second, *others = plan.faults
    assert first.fault == StripHeader.model_validate({"names": ["X-Stream-Id"]})
    assert first.when == When.model_validate({"every": 3, "after": "2 s"})
    assert (first.name, first.match, first.filter) == (
        "strip-header",
        "~u /stream$",
        ("compiled", "~u /stream$"),
    )
    assert second.fault == Delay.model_validate({"by": "500 ms"})
    assert second.when == When(first=1, max_active=2)
    assert (second.name, second.match, second.filter, second.armed) == ("slow", "", None, False)
    assert [each.name for each in others] == ["delay", "delay-2"]
    assert all(each.armed and each.when == When() for each in others)


def test_without_a_seed_it_is_one() -> None:
    assert read('[[fault]]\nkind = "delay"\nby = "1 s"').seed == 1


def test_names_that_were_given_are_kept_and_others_make_way() -> None:
    plan = read('[[fault]]\nkind="delay"\nby="1 s"\n[[fault]]\nkind="delay"\nby="1 s"\nname="delay"')
    assert [each.name for each in plan.faults] == ["delay-2", "delay"]


DELAY = '[[fault]]\nkind = "delay"\nby = "1 s"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1: plan: there is no [[fault]]"),
        ("seed = ", "1: not TOML: Invalid value (at end of document)"),
        ("\n[fault]\nkind = 'delay'", "2: fault: is written [[fault]], for each fault anew"),
        ("fault = [3]", "1: fault[0]: is no table"),
        (DELAY + "\n[[faults]]\n", "5: faults: there is no such key; did you mean fault?"),
        ("seed = '7'\n" + DELAY, "1: seed: is a whole number"),
        ("seed = true\n" + DELAY, "1: seed: is a whole number"),
        ("[[fault]]\nby = '1 s'", "1: fault[0].kind: is missing"),
        (
            DELAY + "[[fault]]\nkind = 'strip-heder'",
            "5: fault[1].kind: there is no kind 'strip-heder'; did you mean strip-header?",
        ),
        (
            "[[fault]]\nkind = 'xyzzy'",
            "2: fault[0].kind: there is no kind 'xyzzy'; streamid faults list has them all",
        ),
        ("[[fault]]\nkind = 'delay'", "1: fault[0].by: is missing"),
        (
            DELAY + "bye = '2 s'",
            "4: fault[0].bye: there is no such setting; did you mean by?",
        ),
        (
            DELAY + "amred = true",
            "4: fault[0].amred: there is no such setting; did you mean armed?",
        ),
        (
            DELAY + "xyzzy = true",
            "4: fault[0].xyzzy: there is no such setting; there are: by, kind, name, match, when, armed",
        ),
        (
            "[[fault]]\nkind = 'delay'\nby = 3",
            '3: fault[0].by: a time is written like "500 ms", "1.5 s" or "2 min"',
        ),
        (
            "[[fault]]\nkind = 'strip-header'\nnames = [\n 'ok',\n 'no name']",
            "3: fault[0].names[1]: 'no name' is no field name (RFC 9110, section 5.6.2)",
        ),
        (DELAY + "armed = 1", "4: fault[0].armed: is true or false"),
        (DELAY + "name = 'a b'", None),
        (f"{DELAY}name = 'x'\n{DELAY}name = 'x'", "8: fault[1].name: x is the name of fault[0] already"),
        (DELAY + "match = '(x'", "4: fault[0].match: '(x' is no filter"),
        (DELAY + "match = ' '", "4: fault[0].match: is a filter expression, as text"),
        (DELAY + "match = 3", "4: fault[0].match: is a filter expression, as text"),
        (DELAY + "when.frist = 1", "4: fault[0].when.frist: there is no such setting; did you mean first?"),
        (
            DELAY + "when = { nth = 0 }",
            "4: fault[0].when.nth: Input should be greater than or equal to 1",
        ),
        (DELAY + "when = { nth = 1, first = 1 }", None),
        (DELAY + "when = 'always'", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_line_and_field(text: str, told: str | None) -> None:
    (line,) = problems(text)
    assert line.startswith("plan.toml:")
    if told is not None:
        assert line == f"plan.toml:{told}"


def test_all_that_is_wrong_is_told_at_once_from_top_to_bottom() -> None:
    found = problems(DELAY + "armed = 2\nmatch = '('\nwhen = { nth = 0 }\n[[fault]]\nkind = 'x'\n[xy]")
    assert [line.split(":")[1] for line in found] == ["4", "5", "6", "8", "9"]


def test_no_kind_has_a_setting_that_a_plan_needs_for_itself() -> None:
    for kind in KINDS.values():
        keys = {field.alias or name for name, field in kind.model_fields.items()}
        assert keys.isdisjoint(OWN_KEYS), kind.kind
