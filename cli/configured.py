"""A command whose options have their defaults from a table of `streamid.toml` or `pyproject.toml`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.errors import Unusable

if TYPE_CHECKING:
    from recordings.configuration import Source


class Configured(click.Command):
    """The table is named like the command; its `keys` are names of options. The command line wins.

    Lists stand for values with commas between.
    """

    def __init__(self, *args: Any, keys: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = {option: each for each in self.params for option in each.opts}
        self._options = {key: given[f"--{key}"] for key in keys}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the files, unless only help is asked for."""
        if not ctx.resilient_parsing and not {"-h", "--help"}.intersection(args):
            ctx.default_map = self._defaults(ctx)
        return super().parse_args(ctx, args)

    def _defaults(self, ctx: click.Context) -> dict[str, Any]:
        from recordings.configuration import sources

        defaults: dict[str, Any] = {}
        try:
            for source in reversed(sources()):
                defaults |= self._of(source, ctx)
        except ValueError as error:
            raise Unusable(str(error)) from error
        return defaults

    def _of(self, source: "Source", ctx: click.Context) -> dict[str, Any]:
        """The values in one file by parameter. Raises ValueError that names file, line and key."""
        from recordings.configuration import suggestion

        assert self.name is not None
        found: dict[str, Any] = {}
        for key, value in source.table(self.name).items():
            where = source.where(self.name, key)
            if key not in self._options:
                raise ValueError(f"{where}: unknown key{suggestion(key, self._options)}")
            option = self._options[key]
            try:
                found[str(option.name)] = _as_given(value)
                option.process_value(ctx, _as_given(value))
            except click.BadParameter as error:
                raise ValueError(f"{where}: {error.message}") from error
            except TypeError as error:
                raise ValueError(f"{where}: {error}") from error
        return found


def _as_given(value: object) -> str:
    """`value` as it would be on the command line. Raises TypeError where it could not be there."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"must be a string, a number or a list of strings, not {value!r}")
