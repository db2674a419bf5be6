"""`streamid proxy` and `streamid addon-path`: the front door for people who do not know mitmproxy."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

DEFAULT_PORT = 8080


def addon_script() -> Path:
    """Where the script for `mitmdump -s` is, in a checkout or installed."""
    import addons

    return Path(next(iter(addons.__path__))).resolve() / "streamid.py"


@click.command("addon-path")
def addon_path() -> None:
    """Print the path of the mitmproxy script.

    \b
    Example:
      mitmdump --mode reverse:http://localhost:3002 -s "$(streamid addon-path)"
    """
    click.echo(addon_script())


def _upstream(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_as_url(value) for value in values)


def _as_url(value: str) -> str:
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise click.BadParameter(f"'{value}' is no HTTP origin; write for example http://localhost:3002")
    if parts.path.strip("/") or parts.query or parts.username:
        raise click.BadParameter(f"'{value}' has more than an origin; leave out what follows the port")
    return f"{parts.scheme}://{parts.netloc}"


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("upstream", nargs=-1, required=True, callback=_upstream)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Where to listen; a second UPSTREAM gets the next port.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--record", help="The recording to write, or 'off'.")
@click.option("--profile", help="The contract: a built-in profile's name or a TOML file.")
@click.option("--faults", metavar="PLAN|PRESETS", help="Faults to inject: a plan's file, or presets by name.")
@click.option("--seed", type=int, help="The seed of the faults' chances.")
@click.option("--log", type=click.Choice(["text", "json"]), help="How verdicts and findings are logged.")
@click.option("--log-headers", is_flag=True, help="Log every header of an issuing response, both sides.")
@click.option("--metrics", metavar="ADDRESS", help="Serve metrics to Prometheus at PORT or ADDRESS:PORT.")
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="Any option of mitmproxy's.")
def proxy(
    upstream: tuple[str, ...],
    port: int,
    host: str,
    record: str | None,
    profile: str | None,
    faults: str | None,
    seed: int | None,
    log: str | None,
    log_headers: bool,
    metrics: str | None,
    options: tuple[str, ...],
) -> None:
    """Record and verify the traffic to UPSTREAM (a service's origin), until Ctrl-C.

    Clients talk to the proxy's port instead of the service's.

    \b
    Examples:
      streamid proxy http://localhost:3002
      streamid proxy http://localhost:3002 --faults nginx-buffering
      streamid proxy localhost:3000 localhost:3001 localhost:3002 --port 8000
    """
    if port + len(upstream) - 1 > 65535:
        raise click.UsageError(f"--port {port} leaves no room for {len(upstream)} listeners")
    arguments = ["-s", str(addon_script()), "--listen-host", host]
    for number, origin in enumerate(upstream):
        arguments += ["--mode", f"reverse:{origin}@{port + number}"]
    headers = "true" if log_headers else None
    given = {"record": record, "profile": profile, "faults": faults, "seed": seed, "log": log}
    given |= {"log_headers": headers, "metrics": metrics}
    for name, value in given.items():
        if value is not None:
            arguments += ["--set", f"streamid_{name}={value}"]
    for option in options:
        arguments += ["--set", option]
    run_mitmdump(arguments)


def run_mitmdump(arguments: list[str]) -> None:
    """Become mitmdump with these arguments."""
    from mitmproxy.tools.main import mitmdump

    sys.argv = ["mitmdump", *arguments]  # as the add-on would see it from mitmdump itself
    mitmdump(arguments)
