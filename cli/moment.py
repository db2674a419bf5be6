"""Points of time on the command line: absolute, or counted from the start of a recording."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from replay.narrowing import Moment, Narrowing

_RELATIVE = re.compile(r"\+?(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)", re.ASCII)
_UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_EXAMPLES = "2025-01-31T12:00:00Z, or +90s and 10m after a recording's start"


class MomentType(click.ParamType["str | Moment"]):
    """ISO 8601 (without a zone: UTC) gives a `datetime`; `+90s` or `10m` an `int`, in µs."""

    name = "TIME"

    def convert(
        self, value: "str | Moment", param: click.Parameter | None, ctx: click.Context | None
    ) -> "Moment":
        """The moment; anything else is a usage error."""
        if not isinstance(value, str):
            return value
        relative = _RELATIVE.fullmatch(value.strip())
        if relative:
            return int(Decimal(relative[1]) * _UNITS[relative[2]])
        try:
            moment = datetime.fromisoformat(value.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write it like {_EXAMPLES}", param, ctx)


def narrowing(
    *, since: Any, until: Any, streams: tuple[str, ...], scopes: tuple[str, ...], **_: Any
) -> "Narrowing":
    """What `--since`, `--until`, `--stream` and `--scope` choose, of all options of a command."""
    from replay.narrowing import Narrowing

    if type(since) is type(until) and since is not None and until <= since:
        raise click.BadParameter("is not after --since", param_hint="'--until'")
    return Narrowing(since, until, frozenset(streams), frozenset(scopes))
