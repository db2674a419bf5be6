"""mitmweb as it is with streamid, in a picture: `python -m tests.browser.mitmweb_picture [FILE]`.

It shows one stream of the lab through a real mitmweb: its events in the content view, and the comments.
The document's picture is taken anew with it (the default file).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.chromium import QUIET, executable
from tests.support.lab import logged_in, running_lab
from tests.support.mitmweb import Mitmweb

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "mitmweb.png"
SIZE = (1280, 850)
COLUMNS = ("index", "method", "status", "time", "comment")
"""Of the list of flows: `comment` is not among mitmweb's defaults."""
INVENTED = "stream-1732312345-1a2b3c4d"


@contextmanager
def traffic() -> Iterator[Mitmweb]:
    """mitmweb after a stream, a save under an invented ID, which is refused, and a right one."""
    columns = [part for name in COLUMNS for part in ("--set", f"web_columns={name}")]
    with (
        running_lab(tokens=7, interval=0.02) as lab,
        Mitmweb(f"reverse:{lab.chat_url}", arguments=columns) as proxy,
        logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client,
    ):
        session = client.new_session()
        with client.stream(session, headers={"Origin": "http://localhost:5173"}) as answer:
            issued = answer.headers["X-Streaming-Session-Id"]
            assert answer.content
        assert client.update(session, INVENTED).status_code == 400
        assert client.update(session, issued).status_code == 200
        proxy.wait_for(f"{issued}: issued (#2), readable by scripts, echoed (#4), accepted (200)")
        proxy.wait_for("CAUSE client-fabricated-id")
        yield proxy


def open_stream(browser: Browser, proxy: Mitmweb) -> Page:
    """The page of mitmweb with the answer of the stream, whose flow has been updated for the last time."""
    page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    page.goto(proxy.url)
    page.locator("tr", has_text="accepted (200)").first.click()
    page.get_by_role("link", name="Response", exact=True).click()
    page.get_by_text("Event Stream", exact=True).first.wait_for()
    page.get_by_text("CAUSE client-fabricated-id").first.wait_for()
    page.get_by_text("Stream complete").wait_for()
    return page


def main() -> None:
    """Take the picture."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    path.parent.mkdir(parents=True, exist_ok=True)
    with traffic() as proxy, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(QUIET))
        open_stream(browser, proxy).screenshot(path=path)
        browser.close()
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
