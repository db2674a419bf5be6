"""The `streamid_*` options: declared to mitmproxy, read from `streamid.toml`, parsed into `Settings`.

Precedence: `--set` > mitmproxy's own configuration file > `streamid.toml` in the working directory
> `[tool.streamid]` in its `pyproject.toml` > the defaults here. The files' keys are the options' names
without `streamid_`.
All options are strings to mitmproxy, so that a bad value is ours to report, in one line.
"""

import difflib
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from addons import playback_settings
from addons.playback_settings import PlaybackSettings
from contract.profile import Profile, ProfileError, builtin_names, builtin_toml
from recordings.configuration import OWN, Source, sources

PREFIX = "streamid_"
_UNITS = {"": 1, "k": 1024, "m": 1024 * 1024}
_LARGEST = 64 * 1024 * 1024
LOOPBACK = "127.0.0.1"
CONFIGURATION = Path(OWN)
OTHER_TABLES = ("validate",)
"""Tables of `streamid.toml` that belong to offline commands."""


@dataclass(frozen=True)
class Option:
    """An option as mitmproxy shows it."""

    default: str
    help: str


OPTIONS = {
    "profile": Option("chat", "The contract to verify: a built-in profile's name or a TOML file."),
    "record": Option(
        "recordings/{time}.db", "The recording to write; {time} is the time of the start; 'off' for none."
    ),
    "faults": Option("", "Faults to inject: a plan (a TOML file), or presets by name, comma separated."),
    "seed": Option("", "The seed of the faults' chances, a whole number (default: the plan's)."),
    "log": Option("text", "How findings and verdicts are logged: 'text', or 'json' for one object per line."),
    "log_headers": Option("false", "Log every header of an issuing response, on both sides."),
    "content": Option(
        "1m", "Bodies up to this size are kept for mitmproxy's interfaces and -w: 512k, 4m, … or 'off'."
    ),
    "metrics": Option("", "Where metrics are served to Prometheus: PORT or ADDRESS:PORT; empty for nowhere."),
    "playback": Option("", "Recordings to answer from in the place of services, comma separated."),
    "playback_speed": Option("1", "How many times as fast as recorded: 1, 2, 0.5, … or 'max' for at once."),
    "playback_miss": Option(
        "404", "What was not recorded: '404', 'nearest', 'upstream' (the service itself), or 'upstream=URL'."
    ),
    "playback_strict": Option("false", "Answer only in the order of the recording."),
    "playback_fresh": Option("false", "Issue new IDs to each client, and insist on them."),
    "playback_explain": Option("false", "Log all of what is nearest to a request that was not recorded."),
    "playback_match": Option("", "More request headers that have to be as recorded, comma separated."),
    "redact": Option("on", "Redact secrets: 'on', 'off', or more secret names, comma separated."),
    "redact_key": Option(
        "", "The key for redaction, at least 16 characters (default: a key file of the user's)."
    ),
}


class Address(NamedTuple):
    """An IP address and a port to listen on; port 0 is any that is free."""

    host: str
    port: int


@dataclass(frozen=True)
class Settings:
    """Parsed options. `record` and `metrics` are None where there are to be none, `content` (bytes) is 0."""

    profile: Profile
    profile_toml: str
    record: Path | None
    json_log: bool
    log_headers: bool
    content: int
    metrics: Address | None
    redact: bool
    faults: str
    seed: int | None
    secret_names: tuple[str, ...]
    redact_key: str | None
    playback: PlaybackSettings | None


def parse(values: Mapping[str, str], started: datetime) -> Settings:
    """Settings from option values (names without the prefix).

    Raises ValueError with one line that names the option.
    """
    redact = values["redact"].strip()
    named = tuple(name.strip() for name in redact.split(",") if name.strip() not in ("", "on", "off"))
    profile, toml = _profile(values["profile"])
    return Settings(
        profile=profile,
        profile_toml=toml,
        record=_record(values["record"], started),
        json_log=_choice("log", values["log"], ("text", "json")) == "json",
        log_headers=_boolean("log_headers", values["log_headers"]),
        content=_size("content", values["content"].strip().lower()),
        metrics=_address("metrics", values["metrics"].strip()),
        redact=redact != "off",
        faults="" if values["faults"].strip() == "off" else values["faults"].strip(),
        seed=_seed(values["seed"].strip()),
        secret_names=named,
        redact_key=_key(values["redact_key"]),
        playback=playback_settings.parse(values),
    )


def _profile(name: str) -> tuple[Profile, str]:
    """The profile and its text, which the recording keeps."""
    try:
        if name in builtin_names():
            text, where = builtin_toml(name), f"{name}.toml"
        else:
            text, where = _profile_file(name), name
        return Profile.from_toml(text, where), text
    except ProfileError as error:
        raise ValueError(f"streamid_profile: {error}") from None


def _profile_file(name: str) -> str:
    path = Path(name).expanduser()
    if path.suffix != ".toml" and not path.exists():
        known = ", ".join(builtin_names())
        raise ValueError(f"streamid_profile: no profile '{name}' (built in: {known}; or a TOML file)")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"streamid_profile: cannot read {name}: {error}") from None


def _record(value: str, started: datetime) -> Path | None:
    if not value:
        raise ValueError("streamid_record: empty; name a file, or 'off'")
    if value == "off":
        return None
    if "{time}" in value:
        value = value.replace("{time}", f"{started:%Y-%m-%dT%H-%M-%SZ}")
        return _unused(Path(value).expanduser())
    return Path(value).expanduser()


def _unused(path: Path) -> Path:
    """The path itself, or a numbered one beside it: two starts in one second are no conflict."""
    candidates = [path, *(path.with_stem(f"{path.stem}-{n}") for n in range(2, 100))]
    return next((candidate for candidate in candidates if not candidate.exists()), path)


def _choice(name: str, value: str, allowed: Iterable[str]) -> str:
    if value not in allowed:
        raise ValueError(f"streamid_{name}: '{value}' is none of {', '.join(allowed)}")
    return value


def _boolean(name: str, value: str) -> bool:
    return _choice(name, value.lower() or "true", ("true", "false")) == "true"


def _size(name: str, value: str) -> int:
    """Bytes, 0 for `off`: a whole number, or with `k` or `m` for 1024 bytes and 1024 of these."""
    if value == "off":
        return 0
    number, unit = (value[:-1], value[-1:]) if value[-1:] in _UNITS else (value, "")
    size = int(number) * _UNITS[unit] if number.isascii() and number.isdecimal() and len(number) < 12 else 0
    if not 0 < size <= _LARGEST:
        raise ValueError(f"streamid_{name}: '{value}' is neither 'off' nor a size up to 64m, such as 512k")
    return size


def _address(name: str, value: str) -> Address | None:
    """`PORT` on this machine alone, or where an address is written with it; None where empty or `off`."""
    if value in ("", "off"):
        return None
    host, colon, port = value.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"streamid_{name}: '{value}' is no PORT (0 to 65535) or ADDRESS:PORT")
    if not colon or host == "localhost":
        return Address(LOOPBACK, int(port))
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        address = None
    if address is None or bracketed != (address.version == 6):
        raise ValueError(
            f"streamid_{name}: '{value}' names no IP address; write for example 127.0.0.1:9464 or [::1]:9464"
        )
    return Address(str(address), int(port))


def _seed(value: str) -> int | None:
    if not value:
        return None
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"streamid_seed: '{value}' is no whole number") from None


def _key(value: str) -> str | None:
    if value and len(value) < 16:
        raise ValueError("streamid_redact_key: too short; use at least 16 characters")
    return value or None


def defaults(configuration: Path = CONFIGURATION) -> dict[str, str]:
    """The options' defaults: the built-in ones, `pyproject.toml` over them, `streamid.toml` over both.

    Raises ValueError with one line that names the file and the key.
    """
    values = {name: option.default for name, option in OPTIONS.items()}
    for source in reversed(sources(configuration)):
        for key, value in source.values.items():
            name = key.removeprefix(PREFIX)
            if name in OPTIONS:
                values[name] = _as_text(source, key, value)
            elif key not in OTHER_TABLES:
                raise ValueError(f"{source.where(key)}: unknown key{_suggestion(name, OPTIONS)}")
    return values


def on_command_line(arguments: Sequence[str]) -> dict[str, str]:
    """Our options (with the prefix) as `--set` gives them, the last one of a name.

    mitmproxy reads its configuration file after the command line, so that the file would win.
    """
    given = [value for flag, value in pairwise(arguments) if flag == "--set"]
    given += [each.removeprefix("--set=") for each in arguments if each.startswith("--set=")]
    pairs = (each.partition("=") for each in given if each.startswith(PREFIX))
    return {name: value for name, equals, value in pairs if equals}


def _as_text(source: Source, key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    raise ValueError(f"{source.where(key)} must be a string or true/false, not {value!r}")


def unknown_option(name: str) -> str:
    """What to say of a `streamid_…` option that does not exist."""
    short = name.removeprefix(PREFIX)
    return f"unknown option {name}{_suggestion(short, OPTIONS, PREFIX)}"


def _suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {prefix}{close[0]}?"
    return f" (there are: {', '.join(prefix + each for each in known)})"
