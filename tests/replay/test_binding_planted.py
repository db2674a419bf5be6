"""Whatever clients and services do: what was planted is found, and nothing that only looks like it."""

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.binding import Bindings, find
from tests.support.planting import Site, Step, planted
from tests.support.plants import DECOYS, PLANTS, log_in, plant_account

STEPS: st.SearchStrategy[Step] = st.sampled_from([*PLANTS, *DECOYS])


@st.composite
def scripts(draw: st.DrawFn) -> list[list[Step]]:
    scopes = draw(st.lists(st.lists(STEPS, max_size=6), min_size=1, max_size=5))
    if len(scopes) > 1 and draw(st.booleans()):
        scopes = [[plant_account, *steps] for steps in scopes]
    return [[log_in, *steps] if draw(st.booleans()) else steps for steps in scopes]


def as_planted(found: Bindings) -> dict[tuple[str, Site], set[Site]]:
    return {
        (each.value, (each.issued.exchange, *each.issued.place)): {
            (site.exchange, *site.place) for site in each.echoed
        }
        for each in found.each
    }


@settings(max_examples=150, deadline=None)
@given(scripts(), st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_exactly_what_was_planted_is_found(steps: list[list[Step]], seed: int, random: Random) -> None:
    story = planted(steps, Random(seed))
    assert as_planted(find(story.exchanges)) == story.bindings
    shuffled = list(story.exchanges)
    random.shuffle(shuffled)
    assert find(shuffled).each == find(story.exchanges).each


def test_every_step_comes_back_or_stays_away_on_its_own() -> None:
    for step in PLANTS:
        for seed in range(30):
            story = planted([[step]], Random(seed))
            assert story.bindings, step
            assert as_planted(find(story.exchanges)) == story.bindings, (step, seed)
    for step in DECOYS:
        for seed in range(5):
            story = planted([[step]], Random(seed))
            assert not story.bindings
            assert not find(story.exchanges).each, (step, seed)


def test_a_busy_day_has_no_false_one_and_misses_none() -> None:
    random = Random(5)
    steps = [*PLANTS, *DECOYS]
    story = planted([[log_in, *random.choices(steps, k=60)] for _ in range(8)], random)
    found = as_planted(find(story.exchanges))
    assert Counter(found) == Counter(story.bindings)
    assert found == story.bindings
