"""Faults that put another ID in the place of the real one."""

import re
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from faults.identity.id_fault import OtherIdFault
from faults.identity.mangle_id import MangleId
from faults.identity.stale_id import StaleId
from faults.identity.substitute_id import SubstituteId, alike
from faults.parts import Start
from faults.scene import What
from tests.faults.support import ID, ID_HEADER, UNTOUCHED, drive, head, response

NAME = ID_HEADER.encode().lower()
OTHER = b"stream-1732312349999-5e6f7a8b"


def came(value: bytes = ID, name: bytes = NAME) -> Start:
    return response(*UNTOUCHED, (name, value), (b"X-More", value))


def left(fault: OtherIdFault, start: Start, **scene: Any) -> bytes:
    """The ID that leaves; all else is found as it was."""
    lines = head(fault, start, **scene).headers
    place = len(UNTOUCHED)
    assert lines[:place] + lines[place + 1 :] == start.headers[:place] + start.headers[place + 1 :]
    assert lines[place][0] == start.headers[place][0]
    return lines[place][1]


@pytest.mark.parametrize(
    ("settings", "real", "other"),
    [
        ({"how": "lower"}, b"Ab-1", b"ab-1"),
        ({"how": "lower"}, ID, ID),
        ({"how": "upper"}, ID, b"STREAM-1732312345678-1A2B3C4D"),
        ({"how": "trim"}, ID, ID[:-1]),
        ({"how": "trim"}, b"a", b""),
        ({"how": "truncate", "length": 6}, ID, b"stream"),
        ({"how": "truncate", "length": 0}, ID, b""),
        ({"how": "truncate", "length": 99}, ID, ID),
        ({"how": "quote"}, ID, b'"' + ID + b'"'),
        ({"how": "junk"}, ID, ID + b"%0D%0A"),
        ({"how": "percent-encode"}, ID, b"stream%2D1732312345678%2D1a2b3c4d"),
        ({"how": "percent-encode"}, b"abc", b"%61bc"),
    ],
)
def test_mangled(settings: dict[str, Any], real: bytes, other: bytes) -> None:
    assert left(MangleId.model_validate(settings), came(real)) == other


def test_a_substitute_is_well_formed_another_one_and_the_same_for_the_same_seed() -> None:
    made = left(SubstituteId(), came())
    assert re.fullmatch(rb"stream-[0-9]{13}-[0-9a-f]{8}", made)
    assert made != ID
    assert made == left(SubstituteId(), came()) != left(SubstituteId(), came(), random=Random(2))
    assert left(SubstituteId(value="mine"), came()) == b"mine"


@pytest.mark.parametrize("real", [b"--", b"", b"\xff-"])
def test_what_has_neither_digits_nor_letters_has_no_substitute(real: bytes) -> None:
    assert alike(real, Random(1)) == real


def shape(value: bytes) -> bytes:
    return re.sub(b"[A-Z]", b"A", re.sub(b"[a-z]", b"a", re.sub(b"[0-9]", b"0", value)))


@given(st.from_regex(r"[0-9A-Za-z._-]{0,12}[0-9A-Za-z]", fullmatch=True), st.integers())
def test_a_substitute_has_the_shape_and_the_prefix_of_the_real_one(real: str, seed: int) -> None:
    made = alike(real.encode(), Random(seed))
    assert made != real.encode()
    assert shape(made) == shape(real.encode())
    found = re.match(r"[^0-9]*(?=[0-9])", real)
    prefix = found[0] if found else ""
    assert made.startswith(prefix.encode())
    if not re.search("[g-zG-Z]", real[len(prefix) :]):
        assert not re.search(rb"[g-zG-Z]", made[len(prefix) :])


def test_the_stale_id_is_the_one_before_of_the_scope() -> None:
    memory: dict[str, Any] = {}
    given = [("s1", ID), ("s2", b"x-1"), ("s1", OTHER), ("s1", b"x-2"), ("s2", b"x-3"), ("s2", b"x-3")]
    got = [left(StaleId(), came(real), scope=scope, memory=memory) for scope, real in given]
    assert got == [ID, b"x-1", ID, OTHER, b"x-1", b"x-3"]


def test_the_stale_id_is_the_one_before_of_any_scope() -> None:
    memory: dict[str, Any] = {}
    given = [("s1", ID), ("s2", OTHER), ("", b"x-2")]
    got = [left(StaleId(of="any"), came(real), scope=scope, memory=memory) for scope, real in given]
    assert got == [ID, ID, OTHER]


def test_the_first_one_passes_and_the_memory_has_an_end() -> None:
    run = drive(StaleId(), scope="s1")
    run.feed(came())
    assert [(change.what, change.name) for change in run.changes] == [(What.PASSED, StaleId.passed)]
    memory: dict[str, Any] = {}
    for each in range(10_002):
        drive(StaleId(), scope=f"s{each}", memory=memory).feed(came())
    assert len(memory) == 10_000
    assert "s1" not in memory
    assert "s2" in memory


@pytest.mark.parametrize("fault", [MangleId(how="upper"), SubstituteId(), StaleId()])
def test_only_responses_with_the_id_are_struck(fault: OtherIdFault) -> None:
    scene = drive(fault).scene
    assert fault.applies(scene, came())
    assert not fault.applies(scene, came(b" "))
    assert not fault.applies(scene, came(name=b"X-Stream-Id"))
    other = fault.model_copy(update={"header": "X-STREAM-ID"})
    assert other.applies(scene, came(name=b"X-Stream-Id"))
    assert not other.applies(scene, came())
    assert not fault.applies(drive(fault, id_header="").scene, response((b"", ID)))
    nothing = response((b"X-A", b"a"))
    assert head(fault, nothing) == nothing


def test_each_line_of_the_id_gets_the_same_one() -> None:
    lines = head(SubstituteId(), response((NAME, ID), (b"X-A", b"a"), (NAME, OTHER))).headers
    assert lines[0] == lines[2] != (NAME, ID)


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        (MangleId, {"how": "truncate"}, 'length is for how = "truncate" alone, which needs it'),
        (MangleId, {"how": "trim", "length": 3}, 'length is for how = "truncate" alone, which needs it'),
        (MangleId, {"how": "truncate", "length": -1}, "greater than or equal to 0"),
        (MangleId, {"how": "reverse"}, "'lower', 'upper', 'trim'"),
        (SubstituteId, {"value": "a\nb"}, "is no field value"),
        (SubstituteId, {"header": "X Y"}, "'X Y' is no field name"),
        (StaleId, {"of": "user"}, "'scope' or 'any'"),
    ],
)
def test_bad_settings_are_told_in_one_line(
    kind: type[OtherIdFault], settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(settings)
    (error,) = caught.value.errors()
    assert says in error["msg"]
    assert "\n" not in error["msg"]
