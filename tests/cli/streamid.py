"""The `streamid` command in tests: in this process, and as a process of its own."""

import signal
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from cli.main import main

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "from cli.main import main; main(prog_name='streamid')")


def streamid(*arguments: object, color: bool = False, env: dict[str, str | None] | None = None) -> Result:
    """Run it here; an exception that is no exit is raised. With `color` escapes stay in what is printed."""
    runner = CliRunner(env=env)
    result = runner.invoke(main, [str(argument) for argument in arguments], color=color)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def process(*arguments: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start it as a process."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heeding_ctrl_c,
    )


def _heeding_ctrl_c() -> None:
    """A shell starts what runs in its background with Ctrl-C ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finished(*arguments: object, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run it as a process: its exit code, standard output and standard error."""
    with process(*arguments, env=env) as running:
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err
