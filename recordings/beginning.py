"""What every run that writes a recording begins with: what it is of, and what it redacts."""

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from contract.profile import Profile
from recordings.redaction import DEFAULT_NAMES, Redactor, SecretNames
from recordings.rows import RunInfo


def streamid_version() -> str:
    """The version installed, or `checkout` where it is not installed."""
    try:
        return version("streamid-proxy")
    except PackageNotFoundError:
        return "checkout"


def run_info(started: datetime, profile: Profile, profile_toml: str, options: Mapping[str, str]) -> RunInfo:
    """The run as known at its start; `options` as they were given."""
    return RunInfo(
        started=started,
        mitmproxy=version("mitmproxy"),
        streamid=streamid_version(),
        python=platform.python_version(),
        platform=platform.platform(),
        pid=os.getpid(),
        profile_name=profile.name,
        profile_toml=profile_toml,
        options=dict(options),
    )


def secret_names(profile: Profile, more: Iterable[str] = ()) -> SecretNames:
    """The names that are always secret, those of the profile, and `more`."""
    secrets = profile.secrets
    named = (*more, *secrets.headers, *secrets.json_names, *secrets.query, *secrets.cookies)
    return DEFAULT_NAMES.extended(named)


def redactor(key: bytes, profile: Profile, more: Iterable[str] = (), *, enabled: bool = True) -> Redactor:
    """What takes a run's secrets out; tokens are made with `key`."""
    return Redactor(key, secret_names(profile, more), enabled=enabled)
