"""What the page tells of a stream's head, in Chromium: from another origin, and from the service's own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from lab.processes import Lab
from tests.lab.test_page import page_of_its_own
from tests.support.lab import running_lab


@pytest.fixture(scope="module")
def system() -> Iterator[Lab]:
    with running_lab() as lab:
        yield lab


def told(browser: Browser, address: str) -> dict[str, str]:
    """What the page says of each header after a stream, by name."""
    page = browser.new_page()
    page.goto(address)
    page.click("#stream")
    page.wait_for_function("!document.getElementById('stream').disabled")
    rows = page.locator("#headers tr").all()
    said = {row.locator("td").nth(0).inner_text(): row.locator("td").nth(1).inner_text() for row in rows}
    page.close()
    return said


def test_from_an_origin_of_its_own_a_script_reads_what_is_exposed_and_what_is_safelisted(
    browser: Browser, system: Lab
) -> None:
    urls = ("--auth", system.authentication_url, "--accounting", system.accounting_url)
    with page_of_its_own(*urls, "--chat", system.chat_url) as (_, address):
        said = told(browser, address)
    readable = {name for name, verdict in said.items() if verdict == "readable"}
    assert readable == {"X-Streaming-Session-Id", "Content-Type", "Cache-Control"}
    assert {said[name] for name in said.keys() - readable} == {"not readable"}
    assert "Date" in said  # which the service does send


def test_on_the_services_own_origin_every_header_is_readable_and_the_others_are_not_there(
    browser: Browser, system: Lab
) -> None:
    query = f"auth={system.authentication_url}&accounting={system.accounting_url}&chat={system.chat_url}"
    said = told(browser, f"{system.chat_url}/demo?{query}")
    assert said["Date"] == said["X-Streaming-Session-Id"] == "readable"
    assert said["X-Stream-Id"] == said["Age"] == "not there"
