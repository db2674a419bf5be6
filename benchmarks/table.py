"""The figures as a table for people, and as plain values for programs."""

from rich.table import Table

from benchmarks.measurement import Budget, Row, Spread


def table(rows: list[Row]) -> Table:
    """One line per row; the smallest and the largest round stand in brackets behind the median."""
    shown = Table(title="streamid's budgets, and today's figures", title_justify="left", header_style="bold")
    shown.add_column("what", overflow="fold")
    shown.add_column("variant", overflow="fold")
    for heading in ("median [least – most]", "× reference", "budget"):
        shown.add_column(heading, justify="right", no_wrap=True)
    before = ("", "")
    for row in rows:
        new = (row.name, row.what) != before
        if row.name != before[0] and before[0]:
            shown.add_section()
        before = (row.name, row.what)
        figure = f"{_spread(row.figures)} {row.unit}"
        shown.add_row(row.what if new else "", row.variant, figure, _compared(row), _budget(row))
    return shown


def as_json(rows: list[Row]) -> list[dict[str, object]]:
    """The rows with the figures of every round."""
    return [
        {
            "name": row.name,
            "what": row.what,
            "variant": row.variant,
            "unit": row.unit,
            "figures": _values(row.figures),
            "reference": row.reference or None,
            "ratio": _values(row.ratio),
            "excess": _values(row.excess),
            "budget": None
            if row.budget is None
            else {"of": row.budget.of, "bound": row.budget.bound, "above": row.budget.above},
            "met": row.met,
        }
        for row in rows
    ]


def _values(spread: Spread | None) -> dict[str, object] | None:
    if spread is None:
        return None
    return {
        "median": spread.median,
        "least": spread.least,
        "most": spread.most,
        "rounds": list(spread.rounds),
    }


def _compared(row: Row) -> str:
    return "" if row.ratio is None else _spread(row.ratio)


def _budget(row: Row) -> str:
    if row.budget is None:
        return ""
    colour = "green" if row.met else "red"
    mark = "✓" if row.met else "✗"
    return f"[{colour}]{_bound(row.budget, row.unit)} {mark}[/{colour}]"


def _bound(budget: Budget, unit: str) -> str:
    sign = "≥" if budget.above else "≤"
    match budget.of:
        case "ratio":
            return f"{sign} {budget.bound:.2f} ×"
        case "excess":
            return f"{sign} + {budget.bound:g} {unit}"
    return f"{sign} {budget.bound:,g} {unit}"


def _spread(spread: Spread) -> str:
    if len(spread.rounds) == 1:
        return _number(spread.median)
    return rf"{_number(spread.median)} \[{_number(spread.least)} – {_number(spread.most)}]"


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
