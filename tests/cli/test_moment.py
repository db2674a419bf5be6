from datetime import UTC, datetime

import click
import pytest

from cli.moment import MomentType

NOON = datetime(2025, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-31T12:00:00Z", NOON),
        ("2025-01-31 12:00", NOON),
        ("2025-01-31T14:00:00+02:00", NOON),
        ("2025-01-31", NOON.replace(hour=0)),
        ("+90s", 90_000_000),
        ("10m", 600_000_000),
        ("1.5h", 5_400_000_000),
        ("250ms", 250_000),
        ("2d", 172_800_000_000),
        ("0s", 0),
    ],
)
def test_a_time_is_absolute_or_counts_from_the_start(text: str, moment: datetime | int) -> None:
    assert MomentType().convert(text, None, None) == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "10", "-5s", "+5 s", "2025-13-01", "0001-01-01T00:00:00+23:00", "٣s"]
)
def test_anything_else_is_a_usage_error_that_shows_how(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"is no time; write it like 2025-01-31T12:00:00Z, or \+90s"):
        MomentType().convert(text, None, None)
