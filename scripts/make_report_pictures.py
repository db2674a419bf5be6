"""Make the pictures of `docs/report.md` anew: the report of a sample recording in headless Chromium.

Run from the checkout: `.venv/bin/python scripts/make_report_pictures.py`. `CHROMIUM` names another browser.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from postmortem.diagnosing import diagnose  # noqa: E402 -- needs the path above
from postmortem.report.building import build  # noqa: E402
from postmortem.report.html import page  # noqa: E402
from postmortem.report.model import Source  # noqa: E402
from recordings.reader import Recording  # noqa: E402
from replay.judging import own_profile  # noqa: E402

RECORDING = ROOT / "recordings" / "samples" / "echo-fabricated.db"
IMAGES = ROOT / "docs" / "images"
PICTURES: tuple[tuple[str, tuple[int, int], Any, str], ...] = (
    ("report-desktop.png", (1000, 960), "light", ""),
    ("report-stream.png", (1000, 960), "light", ".story"),
    ("report-phone.png", (360, 1100), "dark", ""),
)
"""File, window in pixels, colour scheme, and the part of the page; empty for what the window shows."""


def text() -> str:
    """The page, made on a fixed day."""
    with Recording(RECORDING) as recording:
        diagnosed = diagnose(RECORDING.name, recording, own_profile(recording))
        source = Source(RECORDING.name, recording, diagnosed)
        return page(
            build([source], version=recording.run.info.streamid, made=datetime(2026, 11, 25, tzinfo=UTC))
        )


def main() -> None:
    """Take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(text(), encoding="utf-8")
        executable = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (width, height), scheme, part in PICTURES:
            window = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            window.goto(file.as_uri())
            (window.locator(part) if part else window).screenshot(path=IMAGES / name)
            print(f"{IMAGES / name}: {(IMAGES / name).stat().st_size:,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
