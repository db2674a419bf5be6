"""Each switch of the lab gives exactly the rules that its documentation names, live and by `validate`."""

from collections.abc import Iterator

import pytest

from tests.matrix.bench import Bench
from tests.matrix.cell import Cell, told
from tests.matrix.table import ALL


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """All cells run through one proxy; at its end the recording is judged again, and compared (`Proxy`)."""
    bench = Bench()
    with bench.proxy:
        yield bench


@pytest.mark.parametrize("cell", ALL, ids=str)
def test_a_switch_gives_its_rules_and_no_others(bench: Bench, cell: Cell) -> None:
    assert told(bench.run(cell)) == tuple(sorted(cell.expected))
