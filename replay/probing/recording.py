"""The probe's traffic as a recording like any other."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from contract.profile import Profile
from recordings import beginning
from recordings.redaction import load_key
from recordings.writer import Writer


def recorder(
    path: Path, profile: Profile, profile_toml: str, key: str | None, on_trouble: Callable[[str], None]
) -> Writer:
    """A writer to `path`. `key` is that of the redaction, None takes the key file.

    Raises ValueError for a key, and RecordingError for a path, that cannot be used.
    """
    return Writer(
        path,
        beginning.run_info(datetime.now(UTC), profile, profile_toml, {}),
        redactor=beginning.redactor(load_key(key), profile),
        profile=profile,
        on_judged=lambda outputs: None,
        on_trouble=on_trouble,
    )
