"""The page of a stream in Datasette, in a picture: `python -m tests.browser.datasette_picture [FILE]`."""

import shutil
import signal
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.cli.streamid import process
from tests.support.chromium import QUIET, executable

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "datasette.png"
SAMPLE = ROOT / "recordings" / "samples" / "echo-stale.db"


def main() -> None:
    """Take the picture."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        copy = shutil.copy(SAMPLE, folder)
        browser = playwright.chromium.launch(executable_path=executable(), args=list(QUIET))
        with process("datasette", copy, "--port", 0) as running:
            try:
                assert running.stdout is not None
                address = running.stdout.readline().strip().rpartition(": ")[2]
                page = browser.new_page(viewport={"width": 1120, "height": 760})
                page.goto(f"{address}/refused_updates")
                page.locator("td a", has_text="stream-").first.click()
                page.get_by_role("heading", name="events").wait_for()
                page.screenshot(path=path)
            finally:
                running.send_signal(signal.SIGINT)
                running.communicate(timeout=20)
        browser.close()
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
