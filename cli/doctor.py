"""`streamid doctor`: is this machine ready, and if not, what to do about it?"""

import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import click

State = Literal["ok", "note", "problem"]
_SIGNS = {"ok": ("✓", "green"), "note": ("•", "yellow"), "problem": ("✗", "red")}
_SPACE = 200 * 1024 * 1024
_OLDEST_SQLITE = (3, 35)


@dataclass(frozen=True)
class Check:
    """One line of the report: what was looked at, how it is, and what to do where it is not well."""

    name: str
    state: State
    says: str


def check_python() -> Iterator[Check]:
    """The interpreter and the SQLite library in it."""
    found = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 12)
    yield Check("python", "problem" if old else "ok", f"{found}{'; 3.12 or newer is needed' if old else ''}")
    too_old = sqlite3.sqlite_version_info < _OLDEST_SQLITE
    wanted = ".".join(map(str, _OLDEST_SQLITE))
    says = f"{sqlite3.sqlite_version}{f'; {wanted} or newer is needed' if too_old else ''}"
    yield Check("sqlite", "problem" if too_old else "ok", says)


def check_mitmproxy() -> Iterator[Check]:
    """Its version, the internals that the taps rely on, and the programs."""
    from importlib.metadata import version

    from addons.compatibility import problems

    wrong = problems()
    for sentence in wrong:
        yield Check("mitmproxy", "problem", sentence)
    if not wrong:
        yield Check("mitmproxy", "ok", f"{version('mitmproxy')}, with the internals that we rely on")
    program = Path(sys.executable).with_name("mitmdump")
    where = str(program) if program.exists() else shutil.which("mitmdump")
    if where:
        yield Check("mitmdump", "ok", where)
    else:
        yield Check("mitmdump", "note", "not on PATH; `streamid proxy` needs none")


def check_ports(ports: tuple[int, ...]) -> Iterator[Check]:
    """Can the proxy listen there?"""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                yield Check(f"port {port}", "problem", f"{error.strerror}; choose another with --port")
            else:
                yield Check(f"port {port}", "ok", "free")


def check_authority(folder: Path) -> Iterator[Check]:
    """mitmproxy's certificate authority, which TLS clients have to trust."""
    from cryptography import x509

    path = folder.expanduser() / "mitmproxy-ca-cert.pem"
    if not path.exists():
        yield Check("CA", "note", f"{path} is made at the first start; TLS clients must trust it")
        return
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        yield Check("CA", "problem", f"{path} cannot be read: {error}")
        return
    ends = certificate.not_valid_after_utc
    if ends < datetime.now(UTC):
        yield Check(
            "CA", "problem", f"{path} expired on {ends:%Y-%m-%d}; delete mitmproxy-ca* there to renew it"
        )
    elif ends < datetime.now(UTC) + timedelta(days=30):
        yield Check("CA", "note", f"{path} expires on {ends:%Y-%m-%d}")
    else:
        yield Check("CA", "ok", f"{path}, valid until {ends:%Y-%m-%d}")


def check_folder() -> Iterator[Check]:
    """Where recordings go by default."""
    folder = Path("recordings")
    nearest = folder if folder.exists() else Path()
    if not os.access(nearest, os.W_OK):
        yield Check("recordings", "problem", f"{nearest.resolve()} is not writable; set streamid_record")
        return
    free = shutil.disk_usage(nearest).free
    state: State = "ok" if free > _SPACE else "problem"
    yield Check("recordings", state, f"{folder.resolve()}, {free // 2**20:,} MiB free")


def check_redaction_key() -> Iterator[Check]:
    """The key under which secrets are replaced."""
    from recordings.redaction.keys import key_file

    path = key_file()
    if not path.exists():
        yield Check("redaction key", "note", f"{path} is made at the first start")
    elif path.stat().st_mode & 0o077:
        yield Check("redaction key", "problem", f"{path} can be read by others; run: chmod 600 '{path}'")
    else:
        yield Check("redaction key", "ok", str(path))


def check_settings() -> Iterator[Check]:
    """`streamid.toml` in this folder, if there is one."""
    from addons import settings

    if not settings.CONFIGURATION.exists():
        yield Check("streamid.toml", "ok", "none here; the defaults apply")
        return
    try:
        settings.parse(settings.defaults(), datetime.now(UTC))
    except ValueError as error:
        yield Check("streamid.toml", "problem", str(error))
    else:
        yield Check("streamid.toml", "ok", str(settings.CONFIGURATION.resolve()))


def check_environment() -> Iterator[Check]:
    """Variables that send local traffic past a proxy (the loopback trap)."""
    for name in ("NO_PROXY", "no_proxy"):
        value = os.environ.get(name, "")
        if any(local in value for local in ("localhost", "127.0.0.1", "*")):
            yield Check(name, "note", f"'{value}': clients with a proxy setting pass local services by")


_CHECKS: tuple[Callable[[], Iterator[Check]], ...] = (
    check_python,
    check_mitmproxy,
    check_folder,
    check_redaction_key,
    check_settings,
    check_environment,
)


@click.command()
@click.option(
    "--port", "ports", type=click.IntRange(1, 65535), multiple=True, default=(8080,), show_default=True
)
@click.option(
    "--confdir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/.mitmproxy"),
    show_default=True,
    help="mitmproxy's configuration folder, with the CA.",
)
def doctor(ports: tuple[int, ...], confdir: Path) -> None:
    """Check versions, ports, the CA, folders and the internals that we rely on.

    Exit code 1 where something needs mending.

    \b
    Example:
      streamid doctor --port 8080
    """
    checks = [check for group in _CHECKS for check in group()]
    checks += [*check_authority(confdir), *check_ports(ports)]
    width = max(len(check.name) for check in checks)
    for check in checks:
        sign, colour = _SIGNS[check.state]
        click.echo(f"{click.style(sign, fg=colour)} {check.name:<{width}}  {check.says}")
    if any(check.state == "problem" for check in checks):
        raise SystemExit(1)
