"""A report opened in Chromium: everything that it asks for, says to the console or is refused is noted."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

PHONE, DESKTOP = (360, 740), (1280, 900)
_PATIENCE = 10.0
"""Seconds."""
_NOTING = """
window.refused = [];
document.addEventListener("securitypolicyviolation", event => refused.push(event.violatedDirective));
"""


SECTIONS = ["Incidents", "Exchanges", "Streams, in full", "Findings by rule"]


@dataclass
class Opened:
    """The page, and what happened on it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def value(self, script: str, argument: object = None) -> Any:
        """What the script gives in the page; it is not bound by the page's policy."""
        return self.page.evaluate(script, argument)

    def until(self, script: str) -> Any:
        """Wait until the script gives something; Playwright's own way to wait needs `eval` in the page."""
        deadline = time.monotonic() + _PATIENCE
        while not (found := self.value(script)):
            assert time.monotonic() < deadline, script
            self.page.wait_for_timeout(10)
        return found

    @property
    def refused(self) -> list[str]:
        """The directives of the page's policy that something broke."""
        return list(self.value("refused"))

    @property
    def text(self) -> str:
        """All text, also of what is folded away."""
        return str(self.value("document.body.textContent"))

    @property
    def focused(self) -> str:
        """Name, id and class of the element that has the focus."""
        return str(self.value("(at => `${at.localName}#${at.id}.${at.className}`)(document.activeElement)"))

    def is_quiet(self) -> bool:
        """Nothing was asked for, nothing failed, nothing popped up."""
        return not (self.errors or self.dialogs or self.requests or self.refused)


@contextmanager
def opened(
    browser: Browser, file: Path, size: tuple[int, int] = DESKTOP, scheme: Any = "light"
) -> Iterator[Opened]:
    """The file, in a window of that size, in a context of its own without a network."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    try:
        page = context.new_page()
        found = Opened(page)
        page.add_init_script(_NOTING)
        page.on("console", lambda said: found.errors.append(said.text))
        page.on("pageerror", lambda error: found.errors.append(str(error)))

        def dismissed(dialog: Any) -> None:
            found.dialogs.append(dialog.message)
            dialog.dismiss()

        def own_file_only(route: Route) -> None:
            if route.request.url.partition("#")[0] == file.as_uri():
                route.continue_()
            else:
                found.requests.append(route.request.url)
                route.abort()

        page.on("dialog", dismissed)
        page.route("**/*", own_file_only)
        page.goto(file.as_uri())
        yield found
    finally:
        context.close()


def assert_quiet_and_fits(browser: Browser, file: Path, size: tuple[int, int], scheme: str) -> None:
    """It asks for nothing, complains of nothing, is as wide as the window, and has the colours asked for."""
    with opened(browser, file, size, scheme) as shown:
        shown.value("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert [each.inner_text() for each in shown.page.locator("h2").all()] == SECTIONS
        assert shown.value("document.documentElement.scrollWidth") <= size[0]
        background = shown.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert (max(background) < 60) is (scheme == "dark")
        assert shown.is_quiet()
