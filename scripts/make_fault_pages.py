"""Make `docs/faults.md` and `docs/presets.md` anew from the kinds of faults and the presets.

Run from the checkout: `.venv/bin/python scripts/make_fault_pages.py`. With `--check` nothing is written: it
names the files that are stale, and the exit code is 1 if there are any.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cli.rendering.fault_markdown import files  # noqa: E402 -- needs the path above


def stale(folder: Path, wanted: dict[str, str]) -> list[Path]:
    """The files of `folder` that are missing or differ."""
    return [folder / name for name, text in sorted(wanted.items()) if _text(folder / name) != text]


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main() -> int:
    """Make them, or with `--check` compare them."""
    parser = argparse.ArgumentParser(description="Make the pages about faults and presets.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs")
    parser.add_argument("--check", action="store_true", help="write nothing, and name what is stale")
    arguments = parser.parse_args()
    wanted = files()
    old = stale(arguments.folder, wanted)
    for path in old:
        if arguments.check:
            print(f"{path} is stale: run .venv/bin/python scripts/make_fault_pages.py")
        else:
            path.write_text(wanted[path.name], encoding="utf-8")
    return 1 if arguments.check and old else 0


if __name__ == "__main__":
    sys.exit(main())
