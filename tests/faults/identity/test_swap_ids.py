"""Two streams at the same time, of which each gets the other's ID."""

from typing import Any

import pytest
from pydantic import ValidationError

from faults.identity.swap_ids import SwapIds
from faults.parts import Cut, Data, End, Start
from faults.scene import Change, What
from tests.faults.support import ID, ID_HEADER, UNTOUCHED, Drive, applied, drive, response

OTHER = b"stream-1732312349999-5e6f7a8b"
WITHIN = SwapIds.model_validate({"within": "25 ms"})


def came(value: bytes) -> Start:
    return response(*UNTOUCHED, (ID_HEADER.encode(), value), (b"X-More", value))


def left(value: bytes, real: bytes) -> Start:
    return response(*UNTOUCHED, (ID_HEADER.encode(), value), (b"X-More", real))


def runs(*starts: int) -> list[Drive]:
    """Exchanges that begin at these times."""
    memory: dict[str, Any] = {}
    return [drive(WITHIN, now=start, memory=memory) for start in starts]


def test_each_gets_the_others_id_and_what_waited_leaves_in_order() -> None:
    one, two = runs(0, 3_000)
    assert one.feed(came(ID), Data(b"a"), Data(b"bc")) == []
    assert one.pipeline.held == 3
    assert two.feed(came(OTHER)) == [left(ID, OTHER)]
    assert two.feed(Data(b"d"), End()) == [Data(b"d"), End()]
    one.wait(30_000)
    assert one.left == [(10_000, part) for part in (left(OTHER, ID), Data(b"a"), Data(b"bc"))]
    assert one.pipeline.held == 0
    assert one.feed(Data(b"e"), End()) == [Data(b"e"), End()]
    assert not one.scene.memory
    for run, real in ((one, ID), (two, OTHER)):
        assert sorted(applied(came(real).headers, run.changes)) == sorted(run.parts[0].headers)  # type: ignore[union-attr]
    assert [change for change in one.changes if change.what is What.TIME] == [
        Change(What.TIME, "the head waited 10 ms")
    ]
    assert two.noted == [What.HEADER]


def test_who_waits_alone_gets_all_as_it_came_at_the_deadline() -> None:
    (one,) = runs(1_000)
    one.feed(came(ID), Data(b"a"), End())
    one.wait(60_000)
    assert one.left == [(26_000, part) for part in (came(ID), Data(b"a"), End())]
    assert one.changes == [
        Change(What.PASSED, "no other stream came within 25 ms"),
        Change(What.TIME, "the head waited 25 ms"),
    ]
    assert not one.scene.memory


def test_one_that_was_cut_off_waits_no_more() -> None:
    one, two = runs(0, 1_000)
    one.feed(came(ID), Data(b"a"))
    assert one.feed(Cut(by_peer=True)) == [Cut(by_peer=True)]
    assert one.pipeline.held == 0
    assert one.pipeline.due is None
    assert two.feed(came(OTHER)) == []
    two.wait(30_000)
    assert two.parts == [came(OTHER)]


def test_who_has_gone_unseen_is_waited_for_no_more() -> None:
    one, two, three = runs(0, 25_001, 26_000)
    one.feed(came(ID))
    assert two.feed(came(OTHER)) == []
    assert three.feed(came(b"x-3")) == [left(OTHER, b"x-3")]
    one.wait(60_000)  # late: it leaves, and takes nobody's place away
    two.wait(60_000)
    assert one.parts == [came(ID)]
    assert two.parts == [left(b"x-3", OTHER)]


def test_a_cut_after_the_partner_came_takes_nothing_from_a_third() -> None:
    one, two, three = runs(0, 1_000, 2_000)
    one.feed(came(ID))
    two.feed(came(OTHER))
    three.feed(came(b"x-3"))
    one.feed(Cut(by_peer=True))
    (fourth,) = runs(3_000)
    fourth.scene.memory = three.scene.memory
    assert fourth.feed(came(b"x-4")) == [left(b"x-3", b"x-4")]


def test_the_same_id_and_no_id_are_no_partners() -> None:
    one, two, three = runs(0, 0, 0)
    assert one.feed(came(ID)) == []
    assert two.feed(came(ID)) == []
    nothing = response(*UNTOUCHED)
    assert three.feed(nothing) == [nothing]
    assert three.noted == [What.PASSED]


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"within": "0 s"}, "greater than 0"), ({"within": 2}, 'a time is written like "500 ms"')],
)
def test_bad_settings_are_told_in_one_line(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SwapIds.model_validate(settings)
    (error,) = caught.value.errors()
    assert says in error["msg"]
