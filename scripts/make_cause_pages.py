"""Make `docs/causes.md` anew: from `contract/causes`, with examples out of the tests' catalogue.

Run from the checkout: `.venv/bin/python scripts/make_cause_pages.py`. With `--check` nothing is written: it
names the file if it is stale, and the exit code is 1 then.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from click import unstyle

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cli.rendering.cause_markdown import Example, page  # noqa: E402 -- needs the path above
from cli.rendering.incident_text import diagnosis_lines  # noqa: E402
from contract.causes import CAUSES  # noqa: E402
from contract.events import RequestHead, ResponseHead, Side  # noqa: E402
from contract.profile import builtin  # noqa: E402
from postmortem.diagnosing import Diagnosed, diagnose_events  # noqa: E402
from tests.contract.causes.catalogue import catalogue, example_of  # noqa: E402
from tests.contract.causes.planted import Planted  # noqa: E402


def example(cause: str) -> Example:
    """The first planted failure of this cause, as `diagnose` prints it, and the neighbours of them all."""
    planted = example_of(cause)
    lines = diagnosis_lines(_diagnosed(planted), where=_where, told=_teller(planted))
    found = (each for other in catalogue() if cause in other.causes for each in _diagnosed(other).incidents)
    neighbours = dict.fromkeys(
        other.cause for each in found if each.cause == cause for other in each.ruled_out
    )
    in_order = tuple(code for code in CAUSES if code in neighbours)
    return Example(planted.name, tuple(unstyle(line).rstrip() for line in lines), in_order)


def _diagnosed(planted: Planted) -> Diagnosed:
    return diagnose_events("example.db", [planted.events], builtin("chat"), is_joined=planted.is_joined)


def _where(exchange: int, side: str) -> str:
    return f"#{exchange} {side}"


def _teller(planted: Planted) -> Callable[[int], str]:
    """The lines of its exchanges."""

    def told(exchange: int) -> str:
        of_it = [each for each in planted.events if each.exchange == exchange]
        asked = next(each for each in of_it if isinstance(each, RequestHead))
        answers = (
            each.status for each in of_it if isinstance(each, ResponseHead) and each.side & Side.CLIENT
        )
        status = next(map(str, answers), "no answer")
        return f"#{exchange} {asked.method.decode()} {asked.target.decode()} → {status}"

    return told


def main() -> int:
    """Make it, or with `--check` compare it."""
    parser = argparse.ArgumentParser(description="Make the page about causes.")
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "docs" / "causes.md")
    parser.add_argument("--check", action="store_true", help="write nothing, and say whether it is stale")
    arguments = parser.parse_args()
    wanted = page({cause: example(cause) for cause in CAUSES})
    if not arguments.check:
        arguments.file.write_text(wanted, encoding="utf-8")
        return 0
    if arguments.file.exists() and arguments.file.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{arguments.file} is stale: run .venv/bin/python scripts/make_cause_pages.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
