"""What a recording begins with, by the options: its redactor, and what it says of its run.

Nothing here needs mitmproxy loaded, so that recordings made of other files begin as the proxy's do.
"""

from collections.abc import Mapping
from datetime import datetime

from addons.settings import Settings
from recordings import beginning
from recordings.redaction import Redactor, load_key
from recordings.rows import RunInfo


def redactor(settings: Settings) -> Redactor:
    """The redactor that the options and the profile ask for.

    Raises OSError or ValueError where there is no usable key.
    """
    key = load_key(settings.redact_key) if settings.redact else b"unused"
    return beginning.redactor(key, settings.profile, settings.secret_names, enabled=settings.redact)


def run_info(settings: Settings, started: datetime, options: Mapping[str, str]) -> RunInfo:
    """What the recording says of a run that began at `started`; `options` are those worth keeping."""
    return beginning.run_info(started, settings.profile, settings.profile_toml, options)
