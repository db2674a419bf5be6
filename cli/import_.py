"""`streamid import`: recordings of what other tools wrote down."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.colour import colour_option
from cli.errors import Unusable
from cli.progress import progress
from cli.recordings_argument import note

if TYPE_CHECKING:
    from addons.settings import Settings
    from replay.importing.foreign import Imported


@click.command("import")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT.db",
    type=click.Path(path_type=Path),
    help="The recording to make; it must not be there yet.",
)
@click.option("--profile", help="The contract: a built-in profile's name or a TOML file.")
@click.option(
    "--redact", metavar="on|off|NAMES", help="Redact secrets: 'on', 'off', or more names, with commas."
)
@click.option("--redact-key", metavar="KEY", help="The key for redaction (default: a key file of yours).")
@colour_option
def import_(
    sources: tuple[Path, ...], output: Path, profile: str | None, redact: str | None, redact_key: str | None
) -> None:
    """Make a recording of HAR files and of mitmproxy's flow files.

    Each SOURCE is a HAR (.har, .zhar, or Playwright's .zip) or a file of `mitmdump -w`; several become
    one recording, in the order of their times. Secrets are redacted, and all is judged, as by the proxy.

    \b
    Examples:
      streamid import chrome.har -o chrome.db
      streamid import monday.flows tuesday.flows -o week.db --profile my-service.toml
    """
    from addons.run_setup import redactor, run_info
    from replay.importing.foreign import sequence
    from replay.importing.storing import store

    if output.exists() or output.is_symlink():
        raise Unusable(f"{output}: exists already; name another file")
    settings = _settings({"profile": profile, "redact": redact, "redact_key": redact_key})
    imported = [_read(source) for source in sources]
    exchanges = [exchange for each in imported for exchange in each.exchanges]
    skipped = sum((each.skipped for each in imported), Counter[str]())
    for what, count in sorted(skipped.items()):
        note(f"{count} skipped: {what}")
    if not exchanges:
        raise Unusable(f"{', '.join(map(str, sources))}: there is no exchange of HTTP to import")
    started, events = sequence(exchanges)
    try:
        info, redacts = run_info(settings, started, _options(sources, imported, settings)), redactor(settings)
    except (ValueError, OSError) as error:
        raise Unusable(str(error)) from error
    with progress(len(events), "importing") as advance:
        findings = store(output, info, events, redactor=redacts, profile=settings.profile, advance=advance)
    click.echo(f"{output}: {_counted(len(exchanges), 'exchange')}, {_counted(findings, 'finding')}")


def _settings(given: dict[str, str | None]) -> "Settings":
    """As the proxy has them: the options here over `streamid.toml` over the defaults."""
    from addons import settings

    values = {name: value for name, value in given.items() if value is not None}
    try:
        return settings.parse(settings.defaults() | values | {"record": "off"}, datetime.now(UTC))
    except ValueError as error:
        raise Unusable(str(error)) from error


def _read(source: Path) -> "Imported":
    """The exchanges of a file, whatever of both it is. mitmproxy is only loaded for its own."""
    from replay.importing import har_file
    from replay.importing.foreign import SourceError

    try:
        with source.open("rb") as file:
            beginning = file.read(64)
        if not beginning:
            raise Unusable(f"{source}: is empty")
        if har_file.is_har(beginning):
            return har_file.read(source)
        if not beginning[:1].isdigit():  # netstrings begin with their length
            raise Unusable(f"{source}: is neither a HAR nor a flow file of mitmproxy's")
        from addons import flow_files

        return flow_files.read(source)
    except SourceError as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        raise Unusable(f"{source}: {error.strerror or error}") from error


def _options(sources: tuple[Path, ...], imported: "list[Imported]", settings: "Settings") -> dict[str, str]:
    """What the recording keeps of how it was made."""
    listed = (f"{source.name} ({each.source})" for source, each in zip(sources, imported, strict=True))
    redact = ",".join(settings.secret_names) or "on" if settings.redact else "off"
    return {
        "imported": ", ".join(listed),
        "streamid_profile": settings.profile.name,
        "streamid_redact": redact,
    }


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
