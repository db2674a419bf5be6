"""Two planted causes at a time: which switches go together, and whether both took effect."""

from dataclasses import dataclass
from itertools import combinations, product

from contract.findings import Finding
from tests.matrix.cell import Cell, label
from tests.matrix.table import BUGS, CLIENTS


@dataclass(frozen=True)
class PairOfCells:
    """Two cells, and the one that has the switches of both."""

    one: Cell
    other: Cell

    @property
    def cell(self) -> Cell:
        return Cell(
            bugs=(*self.one.bugs, *self.other.bugs),
            client=self.one.client or self.other.client,
            causes=tuple(sorted({*self.one.causes, *self.other.causes})),
        )

    def took_effect(self, findings: list[Finding]) -> bool:
        """Whether the rules that each switch breaks alone are broken: else one left no occasion to the other.

        A client that never sends the right ID does not find out whether the service stores it.
        """
        codes = {label(each) for each in findings}
        return _errors(self.one) <= codes and _errors(self.other) <= codes


def _errors(cell: Cell) -> set[str]:
    return {each for each in cell.expected if len(each) == len("ID101")}


def all_pairs() -> list[PairOfCells]:
    """Every bug with every careless client, and every two bugs, of those that the tester meets by itself."""
    bugs = [cell for cell in BUGS if cell.causes and not cell.client and not cell.scenario]
    clients = [cell for cell in CLIENTS if cell.causes]
    pairs = [*product(bugs, clients), *((a, b) for a, b in combinations(bugs, 2) if _name(a) != _name(b))]
    return [PairOfCells(one, other) for one, other in pairs]


def _name(cell: Cell) -> str:
    return cell.bugs[0].partition("=")[0]
