"""Make `docs/rules/` anew from the text in `contract/explanations/`.

Run from the checkout: `.venv/bin/python scripts/make_rule_pages.py`. With `--check` nothing is written: it
names the files that are stale, and the exit code is 1 if there are any.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cli.rendering.rule_markdown import files  # noqa: E402 -- needs the path above
from contract.explaining import explanation  # noqa: E402
from contract.rules import RULES  # noqa: E402


def stale(folder: Path, wanted: dict[str, str]) -> list[Path]:
    """The files of `folder` that are missing, differ, or should not be there."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    names = sorted(wanted.keys() | there.keys())
    return [folder / name for name in names if wanted.get(name) != there.get(name)]


def make(folder: Path, wanted: dict[str, str]) -> None:
    """Write all of `wanted`, and remove what is no longer among it."""
    folder.mkdir(exist_ok=True)
    for path in stale(folder, wanted):
        if path.name in wanted:
            path.write_text(wanted[path.name], encoding="utf-8")
        else:
            path.unlink()


def main() -> int:
    """Make them, or with `--check` compare them."""
    parser = argparse.ArgumentParser(description="Make the pages about rules.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "rules")
    parser.add_argument("--check", action="store_true", help="write nothing, and name what is stale")
    arguments = parser.parse_args()
    wanted = files(map(explanation, RULES))
    if not arguments.check:
        make(arguments.folder, wanted)
        return 0
    old = stale(arguments.folder, wanted)
    for path in old:
        print(f"{path} is stale: run .venv/bin/python scripts/make_rule_pages.py")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
