"""What `streamid resend` has to do, by its options; all is checked before anything is sent."""

import contextlib
import os
import secrets
import ssl
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.errors import Unusable
from cli.named import named_profile
from cli.recordings_argument import note, opened

if TYPE_CHECKING:
    from contract.events import Event
    from contract.profile import Profile
    from recordings.reader import Recording
    from recordings.rows import Redaction, RunInfo
    from replay.binding import Bindings
    from replay.recorded import Recorded
    from replay.resending.plan import Step
    from replay.resending.running import Job
    from replay.resending.secrets import Needed
    from replay.resending.sending import Settings


@dataclass(frozen=True, slots=True)
class Source:
    """What is taken from the recording. `compared` and `tokens` are as in `Job`."""

    exchanges: "dict[int, Recorded]"
    redactions: "list[Redaction]"
    profile: "Profile"
    profile_toml: str
    secret_names: list[str]
    hides_secrets: bool
    compared: "dict[int, Recorded]"
    tokens: frozenset[str]


def job_of(recording: Path, **chosen: Any) -> "Job":
    """The job. Raises `Unusable`, or `RecordingError`, where it cannot be done."""
    from replay import binding
    from replay.forms import is_random
    from replay.resending.altered import with_altered
    from replay.resending.plan import is_http, steps
    from replay.resending.running import Job

    source = _source(recording, chosen["profile"])
    exchanges = {number: each for number, each in source.exchanges.items() if is_http(each)}
    bindings = with_altered(exchanges.values(), binding.find(exchanges.values()))
    asked = _asked(recording, exchanges, chosen["only"])
    planned = steps(exchanges, bindings, asked, speed=chosen["speed"], is_random=is_random)
    _check_bodies(recording, [exchanges[step.exchange] for step in planned])
    return Job(
        recording=str(recording),
        exchanges=exchanges,
        bindings=bindings,
        steps=planned,
        settings=_settings(source, exchanges, bindings, planned, **chosen),
        profile=source.profile,
        profile_toml=source.profile_toml,
        tokens=source.tokens,
        ignored=chosen["ignored"],
        learns=chosen["learn"],
        with_timing="timing" in chosen["compared"],
        secret_names=source.secret_names,
        hides_secrets=source.hides_secrets,
        compared=source.compared,
        left_out=[
            (number, f"it is {each.request.kind.value}, no HTTP request")
            for number, each in source.exchanges.items()
            if not is_http(each)
        ],
    )


def _source(path: Path, profile_name: str | None) -> Source:
    from replay.recorded import recorded_exchanges

    with opened(path) as recording:
        info = recording.run.info
        exchanges = {each.exchange: each for each in recorded_exchanges(recording.events())}
        redactions = list(recording.redactions())
        redact = [name.strip() for name in info.options.get("streamid_redact", "on").split(",")]
        names = [name for name in redact if name not in ("", "on", "off")]
        profile, toml = _profile(path, info, profile_name)
        compared, tokens = dict[int, "Recorded"](), frozenset(each.token for each in redactions)
        hides = redact != ["off"]
        if hides and not redactions:
            compared, tokens = _hidden(recording, profile, names)
    return Source(exchanges, redactions, profile, toml, names, hides, compared, tokens)


def _settings(
    source: Source,
    exchanges: "Mapping[int, Recorded]",
    bindings: "Bindings",
    planned: "Sequence[Step]",
    **chosen: Any,
) -> "Settings":
    """Where to, with which secrets, and how."""
    from replay.resending.secrets import needed_secrets
    from replay.resending.sending import Settings
    from replay.resending.targets import TargetError, targets

    sent = [exchanges[step.exchange] for step in planned]
    try:
        origins = [dict.fromkeys(each.origin for each in some) for some in (sent, exchanges.values())]
        where = targets(chosen["to"], *origins)
    except TargetError as error:
        raise Unusable(f"--to: {error}") from error
    needed = needed_secrets(exchanges.values(), source.redactions, bindings.all)
    return Settings(
        targets=where,
        proxy=_proxy(chosen["proxy"]),
        ca=_certificates(chosen["ca"]),
        secrets=_secrets(planned, needed, chosen["secrets"], chosen["secrets_file"]),
        speed=chosen["speed"],
        concurrency=chosen["concurrency"],
        timeout=chosen["timeout"],
    )


@contextlib.contextmanager
def writing(path: Path | None, job: "Job") -> "Iterator[Callable[[Event], None]]":
    """Where the new events go: into a recording at `path`, or nowhere."""
    if path is None:
        yield lambda _: None
        return
    from recordings.beginning import redactor, run_info
    from recordings.redaction import load_key
    from recordings.writer import Writer

    profile = job.profile
    options = {"streamid_resend": job.recording}
    try:
        key = load_key(None) if job.hides_secrets else b"unused"
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = Writer(
            path,
            run_info(datetime.now(UTC), profile, job.profile_toml, options),
            redactor=redactor(key, profile, job.secret_names, enabled=job.hides_secrets),
            profile=profile,
            on_judged=lambda _: None,
            on_trouble=note,
        )
    except (OSError, ValueError) as error:
        raise Unusable(f"--record {path}: {error}") from error
    try:
        yield writer.put
    finally:
        closing = writer.close()
        if not closing.clean or closing.lost_events or closing.lost_bytes:
            note(f"{path}: {closing.lost_events} events and {closing.lost_bytes} bytes were not kept")


def _hidden(
    source: "Recording", profile: "Profile", names: Sequence[str]
) -> "tuple[dict[int, Recorded], frozenset[str]]":
    """The exchanges of a recording that hides no secrets, with their secrets hidden; and the tokens."""
    from recordings.beginning import redactor
    from replay.recorded import recorded_exchanges

    hiding = redactor(secrets.token_bytes(32), profile, names)
    events = [each for event in source.events() for each in hiding.feed(event)] + hiding.flush()
    tokens = frozenset(each.token for each in hiding.take_redactions())
    return {each.exchange: each for each in recorded_exchanges(events)}, tokens


def _asked(recording: Path, exchanges: "Mapping[int, Recorded]", only: str | None) -> list[int]:
    """The exchanges that are asked for."""
    if not exchanges:
        raise Unusable(f"{recording}: has no HTTP request that could be sent")
    if only is None:
        return list(exchanges)
    from addons.choosing import chooser

    try:
        matches = chooser(only)
    except ValueError as error:
        raise Unusable(f"--only: {error}") from error
    asked = [number for number, each in exchanges.items() if matches(each)]
    if not asked:
        raise Unusable(f"--only {only!r}: none of the {len(exchanges)} requests matches")
    return asked


def _check_bodies(recording: Path, sent: "Sequence[Recorded]") -> None:
    lost = [each for each in sent if each.request_body.why_not_whole]
    if lost:
        numbers = ", ".join(f"#{each.exchange}" for each in lost[:5]) + (" …" if len(lost) > 5 else "")
        raise Unusable(
            f"{recording}: the body of {len(lost)} requests was not kept ({numbers}:"
            f" {lost[0].request_body.why_not_whole}), so they cannot be sent; leave them out with --only"
        )


def _profile(recording: Path, info: "RunInfo", name: str | None) -> "tuple[Profile, str]":
    """The contract and its text: the recording's own, where none is named."""
    from contract.profile import Profile, ProfileError

    if name is not None:
        return named_profile(name)
    try:
        where = f"{recording}: its profile {info.profile_name}"
        return Profile.from_toml(info.profile_toml, where), info.profile_toml
    except ProfileError as error:
        raise Unusable(f"{error}; --profile names another") from error


def _proxy(url: str | None) -> str | None:
    from replay.resending.targets import TargetError, target_of

    if url is None:
        return None
    try:
        return target_of(url).origin
    except TargetError as error:
        raise Unusable(f"--proxy: {error}") from error


def _certificates(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"--ca {path}: cannot be used: {error}") from error
    return str(path)


def _secrets(
    planned: "Sequence[Step]", known: "Sequence[Needed]", options: Mapping[str, str], file: Path | None
) -> dict[str, str]:
    """The secrets by their tokens, as far as they are sent; asked for on a terminal if they are not given."""
    from replay.resending.secrets import given, variable

    named = {**(_in_file(file) if file is not None else {}), **options}
    if unknown := [name for name in named if name not in {each.name for each in known}]:
        there = ", ".join(each.name for each in known) or "none"
        raise Unusable(f"--secret {unknown[0]}: the recording hides no such secret (it hides: {there})")
    sent = {step.exchange for step in planned}
    needed = [each for each in known if any(exchange in sent for exchange, _ in each.places)]
    variables = {each.name: os.environ.get(variable(each.name)) for each in needed}
    values = {name: value for name, value in variables.items() if value is not None}
    found, missing = given(needed, {**values, **named})
    if missing and sys.stdin.isatty() and sys.stderr.isatty():
        for each in missing:
            found[each.token] = click.prompt(str(each), hide_input=True, err=True)
    elif missing:
        raise Unusable(_lacking(missing))
    return found


def _lacking(missing: "Sequence[Needed]") -> str:
    from replay.resending.secrets import variable

    first = missing[0]
    listed = "; ".join(map(str, missing))
    return (
        f"the recording hides {len(missing)} secret{'s' if len(missing) > 1 else ''} that the requests need:"
        f" {listed}. Give each, as in --secret {first.name}=… or {variable(first.name)}=… in the environment"
    )


def _in_file(file: Path) -> dict[str, str]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"--secrets-file {file}: {error}") from error
    for name, value in values.items():
        if not isinstance(value, str):
            raise Unusable(f"--secrets-file {file}: {name}: must be text in quotes")
    return values
