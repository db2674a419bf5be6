"""Two causes planted at once: both are named, in nine of ten pairs at least."""

import os

import pytest

from tests.matrix.bench import Bench
from tests.matrix.explained import named, wrongly_sure
from tests.matrix.pairs import all_pairs

WHOLE = os.environ.get("MATRIX") == "whole"
EVERY = 29
"""Of all pairs, `make test` runs each 29th; `make matrix` all of them."""
ENOUGH = 0.9

pytestmark = pytest.mark.timeout(3600 if WHOLE else 300)


def test_both_of_two_planted_causes_are_named() -> None:
    pairs = all_pairs() if WHOLE else all_pairs()[::EVERY]
    missed, wrong, counted = [], [], 0
    bench = Bench()
    with bench.proxy:
        for pair in pairs:
            cell = pair.cell
            seen = bench.run(cell)
            if not pair.took_effect(seen.findings):
                continue
            counted += 1
            causes = named(seen.explained.best)
            if not set(cell.causes) <= set(causes):
                missed.append(f"{cell}: {causes}, not {cell.causes}")
            wrong += [f"{cell}: {each}" for each in wrongly_sure(seen.explained.best, cell.causes)]
    print(f"\n{counted - len(missed)} of {counted} pairs, {len(pairs) - counted} left no occasion")
    print("\n".join(missed))
    assert counted >= len(pairs) // 2
    assert len(missed) <= (1 - ENOUGH) * counted, "\n".join(missed)
    assert not wrong, "\n".join(wrong)
