"""Where a run's recording goes when the user names no file."""

from datetime import UTC, datetime
from pathlib import Path

DEFAULT_TEMPLATE = "recordings/{time}.db"


def recording_path(template: str, started: datetime) -> Path:
    """`template` with `{time}` replaced by `started` in UTC, as in `20250131T235959Z`.

    A name that has the time in it is made free by `-2`, `-3` …; any other is returned as it is, and
    the writer refuses it where the file exists.
    """
    if "{time}" not in template:
        return Path(template)
    time = started.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = Path(template.replace("{time}", time))
    number = 1
    while path.exists():
        number += 1
        path = Path(template.replace("{time}", f"{time}-{number}"))
    return path
