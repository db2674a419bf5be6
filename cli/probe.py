"""`streamid probe`: run the contract actively against a service."""

import asyncio
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from cli.colour import colour_option
from cli.errors import Unusable
from cli.named import named_profile, rule_codes
from cli.progress import progress
from cli.recordings_argument import note

if TYPE_CHECKING:
    from contract.profile import Profile
    from replay.probing.making import Target
    from replay.probing.probing import Probing, Settings
    from replay.probing.report import ProbeReport
    from replay.probing.requests import Value
    from replay.probing.steps import Step
    from replay.validation import FailOn

FORMATS = ("text", "json", "junit", "sarif", "markdown")
PASSWORD, SECOND_PASSWORD = "STREAMID_PASSWORD", "STREAMID_SECOND_PASSWORD"

OPTIONS = {"auth": "--auth-url", "username": "--user", "password": "--user"}
"""Which option gives a variable."""


def _base(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """An http:// or https:// URL, without a slash at its end."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.query or parts.fragment or parts.username is not None:
        raise click.BadParameter(f"{value!r} is no http:// or https:// URL of a service")
    return value.rstrip("/")


def _origin(context: click.Context, parameter: click.Parameter, value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or value != f"{parts.scheme}://{parts.netloc}"):
        raise click.BadParameter(f"{value!r} is no origin; write for example http://localhost:8080")
    return value


def _variables(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"{value!r} is not NAME=VALUE")
        pairs[name] = text
    return pairs


@click.command()
@click.argument("url", callback=_base)
@click.option("--profile", default="chat", show_default=True, metavar="NAME|FILE", help="The contract.")
@click.option("--auth-url", callback=_base, metavar="URL", help="The base of the authentication service.")
@click.option("--user", metavar="NAME", help="Who logs in.")
@click.option(
    "--password-env",
    default=PASSWORD,
    show_default=True,
    metavar="VARIABLE",
    help="Where in the environment the password is; asked for on a terminal where it is not there.",
)
@click.option("--second-user", metavar="NAME", help="Somebody else, for IDs that are foreign.")
@click.option("--second-password-env", default=SECOND_PASSWORD, show_default=True, metavar="VARIABLE")
@click.option("--origin", default="", callback=_origin, help="Be a script of this origin; judges CORS, too.")
@click.option("--model", help="A model's ID [default: the service's own choice].")
@click.option("--message", default="Say hello in one sentence.", show_default=True, help="What to ask.")
@click.option("--title", default="streamid probe", show_default=True, help="Of the sessions that are made.")
@click.option(
    "--var",
    "variables",
    multiple=True,
    callback=_variables,
    metavar="NAME=VALUE",
    help="{NAME} in the profile.",
)
@click.option("--dry-run", is_flag=True, help="Show every request, with secrets starred, and send none.")
@click.option("--steps", "with_steps", is_flag=True, help="In text, also show each request and its answer.")
@click.option("--record", type=click.Path(path_type=Path), metavar="OUT.db", help="Keep the traffic.")
@click.option("--redact-key", metavar="KEY", help="For --record [default: that of the key file].")
@click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    help="Seconds from a stream to its late update.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds for each answer, to its end.",
)
@click.option(
    "--max-bytes", type=click.IntRange(1), default=1 << 20, show_default=True, help="Of each answer's body."
)
@click.option("--max-requests", type=click.IntRange(1), default=100, show_default=True, help="In all.")
@click.option("--proxy", metavar="URL", help="For all requests [default: as the environment says].")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust.")
@click.option("--select", metavar="CODES", callback=rule_codes, help="Judge by these rules only.")
@click.option("--ignore", metavar="CODES", callback=rule_codes, help="Leave these rules out.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="The least severity for which the exit code is 1. Inconclusive findings never count.",
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What is printed."
)
@colour_option
def probe(url: str, profile: str, form: str, fail_on: "FailOn", dry_run: bool, **given: Any) -> None:
    """Test the chat service at URL: send what its contract allows and forbids, and judge the answers.

    The requests are those of the profile's [probe]: right, wrong, stale and foreign IDs, streams side by
    side, early and late updates, a stream that is broken off, preflights. What is right is decided by
    the same rules as everywhere; the probe makes its own sessions, and deletes them however it ends.

    URL is the service's base, {chat} in the profile. {username} is from --user, {password} from the
    environment.

    Exit codes: 0 nothing found, 1 findings at or above --fail-on or a step that could not be carried out,
    2 unusable input.

    \b
    Examples:
      streamid probe http://localhost:3002/api --auth-url http://localhost:3000/api --user user1 --dry-run
      STREAMID_PASSWORD=User1@123 streamid probe http://localhost:3002/api \\
        --auth-url http://localhost:3000/api --user user1 --origin http://localhost:8080
    """
    from replay.probing.requests import MissingError, ProbeError

    contract, toml = named_profile(profile)
    try:
        target = _target(contract, url, dry_run=dry_run, **given)
        steps = _planned(target)
        settings = _settings(**given)
        if dry_run:
            _show(target, steps, settings, form)
            return
        report = _probed(url, target, steps, settings, toml, given["record"], given["redact_key"])
    except MissingError as error:
        options = dict.fromkeys(OPTIONS.get(name, f"--var {name}=…") for name in error.names)
        raise Unusable(f"{error}: give {', '.join(options)}") from error
    except ProbeError as error:
        raise Unusable(str(error)) from error
    _print(report, form, fail_on, with_steps=given["with_steps"])
    if report.fails(fail_on):
        raise SystemExit(1)


def _target(profile: "Profile", url: str, *, dry_run: bool, **given: Any) -> "Target":
    from replay.probing.making import Target

    values: dict[str, Value] = {
        "url": url,
        "chat": url,
        "title": given["title"],
        "message": given["message"],
        "model": given["model"],
    }
    if given["auth_url"] is not None:
        values["auth"] = given["auth_url"]
    values |= given["variables"]
    asks = _needs_password(profile) and "password" not in values and not dry_run
    users = [_user(given["user"], given["password_env"], asks=asks)]
    if given["second_user"] is not None:
        users.append(_user(given["second_user"], given["second_password_env"], asks=asks))
    return Target(profile, values, tuple(users), given["origin"])


def _needs_password(profile: "Profile") -> bool:
    from replay.probing.requests import names

    login = profile.probe.login if profile.probe else None
    return login is not None and "password" in names(login)


def _user(name: str | None, variable: str, *, asks: bool) -> "dict[str, Value]":
    if name is None:
        return {}
    password = os.environ.get(variable)
    if password is None and asks:
        if not sys.stdin.isatty():
            raise Unusable(f"there is no password of {name}: set {variable} in the environment")
        password = str(click.prompt(f"Password of {name}", hide_input=True, err=True))
    return {"username": name, "password": password or ""}


def _planned(target: "Target") -> "list[Step]":
    from replay.probing.steps import planned

    now_ms = time.time_ns() // 1_000_000
    return planned(
        target.profile, origin=target.origin, users=len(target.users), now_ms=now_ms, random=Random()
    )


def _settings(**given: Any) -> "Settings":
    from replay.probing.client import Limits
    from replay.probing.probing import Settings

    return Settings(
        limits=Limits(given["timeout"], given["max_bytes"]),
        wait=given["wait"],
        most_requests=given["max_requests"],
        proxy=given["proxy"],
        ca=given["ca"],
        select=given["select"] or None,
        ignore=given["ignore"],
    )


def _show(target: "Target", steps: "list[Step]", settings: "Settings", form: str) -> None:
    from cli.rendering.probe_requests import request_lines, requests_json
    from replay.probing.probing import to_be_sent

    if form not in ("text", "json"):
        raise click.BadParameter("--dry-run prints text or json", param_hint="'--format'")
    requests = to_be_sent(target, steps, settings)
    for line in [requests_json(requests)] if form == "json" else request_lines(requests):
        click.echo(line)


def _probed(
    url: str,
    target: "Target",
    steps: "list[Step]",
    settings: "Settings",
    toml: str,
    record: Path | None,
    key: str | None,
) -> "ProbeReport":
    from replay.probing.probing import Probing, to_be_sent
    from replay.probing.recording import recorder

    total = len(to_be_sent(target, steps, settings))
    with ExitStack() as open_:
        also = None
        try:
            if record is not None:
                writer = recorder(record, target.profile, toml, key, _trouble)
                open_.callback(writer.close)
                also = writer.put
            advance = open_.enter_context(progress(total, "probing"))
            probing = Probing(target, settings, also=also, advance=advance)
        except ValueError as error:
            raise Unusable(str(error)) from error
        try:
            asyncio.run(_stoppable(probing, steps))
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise click.Abort from None
        finally:
            _tell_cleaning(probing)
        return probing.report(url)


async def _stoppable(probing: "Probing", steps: "list[Step]") -> None:
    """Run it; whoever ends the process with SIGTERM or SIGHUP has it clean up, as Ctrl-C does."""
    running = asyncio.current_task()
    assert running is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await probing.run(steps)


def _tell_cleaning(probing: "Probing") -> None:
    for each in probing.runner.left:
        note(f"not deleted: {each}")
    if sys.exc_info()[0] is not None and probing.runner.deleted:
        note(f"stopped; deleted {probing.runner.deleted} sessions")


def _trouble(sentence: str) -> None:
    click.echo(f"recording: {sentence}", err=True)


def _print(report: "ProbeReport", form: str, fail_on: "FailOn", *, with_steps: bool) -> None:
    if form == "json":
        click.echo(report.model_dump_json(indent=2, exclude_none=True))
    elif form == "junit":
        from cli.rendering.probe_junit import junit_xml

        click.echo(junit_xml(report, fail_on))
    elif form == "sarif":
        from cli.rendering.report_sarif import sarif_json

        click.echo(sarif_json(report.as_validation(), "probe"))
    else:
        from cli.rendering.probe_markdown import markdown_lines
        from cli.rendering.probe_text import report_lines

        lines = markdown_lines(report) if form == "markdown" else report_lines(report, with_steps=with_steps)
        for line in lines:
            click.echo(line)
