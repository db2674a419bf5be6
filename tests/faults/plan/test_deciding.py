"""Decisions depend on seed, name, key and ordinal, and on nothing that another exchange does."""

from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from faults.deciding import Decider, Decision
from faults.when import When

SECOND = 1_000_000


def when(**settings: Any) -> When:
    return When.model_validate({name.replace("_", "-"): value for name, value in settings.items()})


def hits(settings: When, count: int) -> list[int]:
    decider = Decider(1, "fault", settings)
    return [made.ordinal for made in (decider.decide("", 0) for _ in range(count)) if made.hit]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (when(), [1, 2, 3, 4, 5, 6]),
        (when(first=2), [1, 2]),
        (when(nth=3), [3]),
        (when(every=2), [2, 4, 6]),
        (when(probability=0), []),
        (when(probability=1.0), [1, 2, 3, 4, 5, 6]),
    ],
)
def test_which_are_struck(settings: When, expected: list[int]) -> None:
    assert hits(settings, 6) == expected


def test_by_chance_the_seed_and_the_name_decide() -> None:
    chances = when(probability=0.5)
    made = {
        (seed, name): tuple(Decider(seed, name, chances).decide(str(key), 0).hit for key in range(64))
        for seed in (1, 2)
        for name in ("one", "two")
    }
    assert len(set(made.values())) == 4
    assert all(16 < sum(each) < 48 for each in made.values())
    assert hits(chances, 40) == hits(chances, 40)
    assert hits(chances, 12) == [1, 2, 4, 5, 6, 7, 9]  # the same for every machine and Python


choices = st.sampled_from(
    [
        when(first=2), when(nth=2), when(every=3), when(probability=0.5), when(),
        when(probability=0.3, per="client"),
    ]
)  # fmt: skip


@given(
    choices, st.lists(st.sampled_from("abc"), max_size=30), st.randoms(use_true_random=False), st.integers()
)
def test_how_keys_are_interleaved_makes_no_difference(
    settings: When, keys: list[str], random: Any, seed: int
) -> None:
    assert decisions(settings, keys, seed) == decisions(settings, random.sample(keys, len(keys)), seed)


def decisions(settings: When, keys: list[str], seed: int) -> dict[str, list[Decision]]:
    decider, made = Decider(seed, "fault", settings), defaultdict[str, list[Decision]](list)
    for key in keys:
        made[key].append(decider.decide(key, 0))
    assert Counter(keys) == {key: each[-1].ordinal for key, each in made.items()}
    return made


def test_each_hit_has_chances_of_its_own_and_other_ones_than_its_decision() -> None:
    decider = Decider(1, "fault", when(probability=0.5))
    drawn = {decider.random_for(key, ordinal).random() for key in "ab" for ordinal in (1, 2)}
    assert len(drawn) == 4
    assert decider.random_for("a", 1).random() in drawn
    decision = decider.decide("a", 0)
    assert decision.because == "drew 0.0206; below 0.5 is struck"
    assert f"drew {decider.random_for('a', 1).random():.4f}" not in decision.because


def test_outside_of_the_window_it_misses_says_so_and_counts() -> None:
    decider = Decider(1, "fault", when(**{"nth": 4, "after": "2 s", "for": "3 s"}), armed_at=10 * SECOND)
    early = decider.decide("", 11 * SECOND)
    assert early == (False, 1, "number 1; number 4 is struck")
    decider.decide("", 12 * SECOND)
    decider.decide("", 13 * SECOND)
    assert decider.decide("", 15 * SECOND) == (False, 4, "the window ended 0.000 s ago")
    always = Decider(1, "fault", when(**{"after": "2 s", "for": "3 s"}))
    always.arm(10 * SECOND)
    times = (11.5, 12, 14.999, 15)
    assert [always.decide("", round(each * SECOND)).hit for each in times] == [False, True, True, False]
    assert always.decide("", 11 * SECOND) == (False, 5, "the window begins in 1.000 s")


def test_no_more_are_struck_at_a_time_than_said() -> None:
    decider = Decider(1, "fault", when(max_active=2))
    assert [decider.decide(key, 0).hit for key in "abc"] == [True, True, False]
    assert decider.decide("d", 0) == (False, 1, "2 are struck already")
    decider.over()
    assert decider.decide("c", 0) == (True, 2, "each is struck")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"first": 1, "every": 2}, "first and every do not go together: give one of"),
        ({"first": 0}, "greater than or equal to 1"),
        ({"nth": True}, "should be a valid integer"),
        ({"every": "2"}, "should be a valid integer"),
        ({"probability": 1.5}, "less than or equal to 1"),
        ({"probability": float("nan")}, "less than or equal to 1"),
        ({"after": 3}, 'a time is written like "500 ms", "1.5 s" or "2 min"'),
        ({"for": "0 s"}, "greater than 0"),
        ({"per": "tab"}, "should be 'client', 'scope' or 'stream'"),
        ({"often": 1}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=r".") as caught:
        When.model_validate(settings)
    (problem,) = caught.value.errors()
    assert told in problem["msg"]
    assert "\n" not in problem["msg"]
