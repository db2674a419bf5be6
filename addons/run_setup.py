"""What a recording begins with, by the options: its redactor, and what it says of its run.

Nothing here needs mitmproxy loaded, so that recordings made of other files begin as the proxy's do.
"""

import os
import platform
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from addons.settings import Settings
from recordings.redaction import DEFAULT_NAMES, Redactor, load_key
from recordings.rows import RunInfo


def streamid_version() -> str:
    """The version installed, or `checkout` where it is not installed."""
    try:
        return version("streamid-proxy")
    except PackageNotFoundError:
        return "checkout"


def redactor(settings: Settings) -> Redactor:
    """The redactor that the options and the profile ask for.

    Raises OSError or ValueError where there is no usable key.
    """
    secrets = settings.profile.secrets
    names = DEFAULT_NAMES.extended(
        (*settings.secret_names, *secrets.headers, *secrets.json_names, *secrets.query, *secrets.cookies)
    )
    key = load_key(settings.redact_key) if settings.redact else b"unused"
    return Redactor(key, names, enabled=settings.redact)


def run_info(settings: Settings, started: datetime, options: Mapping[str, str]) -> RunInfo:
    """What the recording says of a run that began at `started`; `options` are those worth keeping."""
    return RunInfo(
        started=started,
        mitmproxy=version("mitmproxy"),
        streamid=streamid_version(),
        python=platform.python_version(),
        platform=platform.platform(),
        pid=os.getpid(),
        profile_name=settings.profile.name,
        profile_toml=settings.profile_toml,
        options=dict(options),
    )
