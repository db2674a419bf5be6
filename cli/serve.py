"""`streamid serve`: recordings as servers."""

import contextlib
import socket
from collections.abc import Iterable
from pathlib import Path

import click

from cli.errors import Unusable
from cli.proxy import addon_script, run_mitmdump
from cli.recordings_argument import recordings_argument

_LOOPBACK = "127.0.0.1"


@click.command()
@recordings_argument
@click.option(
    "--map",
    "places",
    multiple=True,
    metavar="ORIGIN=HOST:PORT",
    help="Where to listen for a recorded origin. [default: its own port, or a free one, on this machine]",
)
@click.option("--speed", default="1", show_default=True, metavar="N|max", help="Times the recorded speed.")
@click.option(
    "--on-miss",
    default="404",
    show_default=True,
    metavar="404|nearest|upstream[=URL]",
    help="What a request gets that was not recorded.",
)
@click.option("--strict-order", is_flag=True, help="Answer only in the order of the recording, each once.")
@click.option("--fresh-ids", is_flag=True, help="Issue new IDs to each client, and insist on them.")
@click.option(
    "--match-header", multiple=True, metavar="NAME", help="A request header that must be as recorded."
)
@click.option("--explain-misses", is_flag=True, help="Log the nearest recorded requests of each miss.")
@click.option("--record", metavar="FILE", default="off", show_default=True, help="Record what is played.")
@click.option("--profile", help="The contract: a built-in profile's name or a TOML file.")
@click.option("--faults", metavar="PLAN|PRESETS", help="Faults to inject: a plan's file, or presets by name.")
@click.option("--log", type=click.Choice(["text", "json"]), help="How the run is logged.")
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="Any option of mitmproxy's.")
def serve(
    recordings: tuple[Path, ...],
    places: tuple[str, ...],
    speed: str,
    on_miss: str,
    strict_order: bool,
    fresh_ids: bool,
    match_header: tuple[str, ...],
    explain_misses: bool,
    record: str,
    profile: str | None,
    faults: str | None,
    log: str | None,
    options: tuple[str, ...],
) -> None:
    """Answer as the services in RECORDING did, until Ctrl-C: a listener for each of them.

    Answers come with their bytes, chunks and times. Tokens that were redacted are new ones.

    \b
    Examples:
      streamid serve recordings/monday.db
      streamid serve monday.db --map http://localhost:3002=127.0.0.1:8080 --speed max
      streamid serve monday.db --fresh-ids --faults nginx-buffering
    """
    for path in recordings:
        if "," in str(path):
            raise Unusable(f"{path}: a recording to be played cannot have a comma in its name")
    arguments = ["-s", str(addon_script()), "--listen-host", _LOOPBACK]
    for mode in _modes(_origins(recordings), _mapped(places)):
        arguments += ["--mode", mode]
    given = {
        "playback": ",".join(str(path) for path in recordings),
        "playback_speed": speed,
        "playback_miss": on_miss,
        "playback_strict": str(strict_order).lower(),
        "playback_fresh": str(fresh_ids).lower(),
        "playback_match": ",".join(match_header),
        "playback_explain": str(explain_misses).lower(),
        "record": record,
        "profile": profile,
        "faults": faults,
        "log": log,
    }
    _check(
        {name: value for name, value in given.items() if name.startswith("playback") and value is not None}
    )
    for name, value in given.items():
        if value is not None:
            arguments += ["--set", f"streamid_{name}={value}"]
    for option in options:
        arguments += ["--set", option]
    try:
        run_mitmdump(arguments)
    except SystemExit as ended:
        # mitmproxy says 1 of what it could not start with, after a line about it.
        raise SystemExit(2 if ended.code == 1 else ended.code) from None


def _check(values: dict[str, str]) -> None:
    """Say what is wrong with an option in one line, before anything starts."""
    from addons.playback_settings import parse

    try:
        parse(values)
    except ValueError as error:
        names = {"speed": "--speed", "miss": "--on-miss"}
        option, _, sentence = str(error).partition(": ")
        raise click.UsageError(f"{names.get(option.rpartition('_')[2], option)}: {sentence}") from None


def _origins(recordings: Iterable[Path]) -> list[tuple[str, str, int]]:
    from recordings.reader import Recording
    from replay.playback.library import NO_ANSWERS, NOTHING

    found: dict[tuple[str, str, int], None] = {}
    holds_one = False
    for path in recordings:
        with Recording(path) as recording:
            found |= dict.fromkeys(recording.origins())
            lost = recording.with_lost_answers()
            holds_one = holds_one or not lost or any(each.exchange not in lost for each in recording.lines())
    if not (found and holds_one):
        raise Unusable(f"{', '.join(map(str, recordings))}: {NO_ANSWERS if found else NOTHING}")
    return list(found)


def _mapped(places: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Where to listen, by origin."""
    found = {}
    for place in places:
        origin, equals, address = place.rpartition("=")
        host, colon, port = address.rpartition(":")
        if not (equals and origin and colon and host and port.isdecimal() and int(port) <= 65535):
            raise click.UsageError(
                f"--map: '{place}' is no ORIGIN=HOST:PORT, such as http://localhost:3002=127.0.0.1:8080"
            )
        found[_with_port(origin)] = host.strip("[]"), int(port)
    return found


def _with_port(origin: str) -> str:
    from urllib.parse import urlsplit

    from replay.recorded import origin as written

    try:
        parts = urlsplit(origin)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        raise click.UsageError(
            f"--map: '{origin}' is no HTTP origin, such as http://localhost:3002"
        ) from None
    return written(parts.scheme, parts.hostname or "", port)


def _modes(origins: list[tuple[str, str, int]], mapped: dict[str, tuple[str, int]]) -> list[str]:
    from replay.recorded import origin as written

    known = [written(*each) for each in origins]
    unknown = [each for each in mapped if each not in known]
    if unknown:
        raise click.UsageError(f"--map: nothing was recorded of {unknown[0]}; there are {', '.join(known)}")
    modes = []
    with contextlib.ExitStack() as held:
        taken = {at for _, at in mapped.values()} - {0}
        for each, (_, _, port) in zip(known, origins, strict=True):
            host, at = mapped.get(each, (_LOOPBACK, 0))
            at = at or _port(port if each not in mapped else 0, taken, held)
            taken.add(at)
            modes.append(f"reverse:{each}@{host}:{at}")  # mitmproxy takes IPv6 addresses without brackets
    return modes


def _port(recorded: int, taken: set[int], held: contextlib.ExitStack) -> int:
    """The recorded port where it is free, or any that is; kept free of others until all are found."""
    for port in (recorded, 0):
        trying = socket.socket()
        held.enter_context(trying)
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            if port not in taken:
                trying.bind((_LOOPBACK, port))
                return int(trying.getsockname()[1])
        except OSError:
            continue
    raise Unusable("no port is free on this machine")
