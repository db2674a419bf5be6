"""A labelled sequence of events."""

from dataclasses import dataclass

from contract.events import Event


@dataclass(frozen=True)
class Case:
    """`expected` are the findings as `code:severity`, with `?` for inconclusive ones."""

    name: str
    events: list[Event]
    expected: tuple[str, ...] = ()
