"""The probe's traffic as a recording like any other."""

import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from contract.profile import Profile
from recordings.redaction import Redactor, load_key
from recordings.rows import RunInfo
from recordings.writer import Writer
from replay.probing.journal import secret_names


def recorder(
    path: Path, profile: Profile, profile_toml: str, key: str | None, on_trouble: Callable[[str], None]
) -> Writer:
    """A writer to `path`. `key` is that of the redaction, None takes the key file.

    Raises ValueError for a key, and RecordingError for a path, that cannot be used.
    """
    about = RunInfo(
        started=datetime.now(UTC),
        mitmproxy=_version("mitmproxy"),
        streamid=_version("streamid-proxy"),
        python=platform.python_version(),
        platform=platform.platform(),
        pid=os.getpid(),
        profile_name=profile.name,
        profile_toml=profile_toml,
        options={},
    )
    return Writer(
        path,
        about,
        redactor=Redactor(load_key(key), secret_names(profile)),
        profile=profile,
        on_judged=lambda outputs: None,
        on_trouble=on_trouble,
    )


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "checkout"
