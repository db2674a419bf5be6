"""The option `--hop`: recordings that were made on the sides of a hop."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from cli.errors import Unusable

_SIDES = ("client-side", "server-side")


class HopType(click.ParamType[dict[str, Path]]):
    """`client-side=FILE`, `server-side=FILE`, or both with a comma between; gives files by side."""

    name = "SIDE=FILE,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Path]:
        """The files by side."""
        if isinstance(value, dict):
            return value
        found: dict[str, Path] = {}
        for part in value.split(","):
            side, equals, name = part.partition("=")
            if side not in _SIDES or not equals or not name or side in found:
                self.fail(f"{part!r} is not {' or '.join(f'{each}=FILE' for each in _SIDES)}, each once")
            found[side] = Path(name)
        return found


def hop_option[F: Callable[..., Any]](command: F) -> F:
    """Give `command` the option `--hop` (`hop: dict[str, Path] | None`)."""
    option = click.option(
        "--hop",
        type=HopType(),
        help="Two recordings were made on both sides of a hop: client-side=A.db,server-side=B.db. With "
        "one of them alone, what lies beyond the hop is not taken for what came out of it.",
    )
    return option(command)


def sides(hop: dict[str, Path] | None, paths: Iterable[Path]) -> dict[str, Path]:
    """The recordings of a hop by side, of which each has to be among `paths`; none where there is no hop."""
    known = {path.resolve() for path in paths}
    for side, path in (hop or {}).items():
        if path.resolve() not in known:
            raise Unusable(f"--hop {side}={path}: is not among the recordings to read")
    return hop or {}
