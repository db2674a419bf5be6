"""A progress bar on standard error, on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

type Advance = Callable[[int], None]


def _ignore(done: int) -> None:
    """Show nothing."""


@contextmanager
def progress(total: int, says: str) -> Iterator[Advance]:
    """A function that takes how many more of `total` steps are done."""
    if not sys.stderr.isatty():
        yield _ignore
        return
    from rich.console import Console
    from rich.progress import Progress

    colour = click.get_current_context().color
    console = Console(stderr=True, markup=False, no_color=None if colour is None else not colour)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(says, total=total)
        yield lambda done: bar.advance(task, done)
