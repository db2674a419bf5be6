"""mitmweb shows the events of a stream that passed, with times, what became of its ID, and why."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.mitmweb_picture import INVENTED, PICTURE, SIZE, open_stream, traffic

LARGEST = 150_000


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with traffic() as proxy:
        yield open_stream(browser, proxy)


def test_the_content_view_has_the_events_their_times_the_verdict_and_the_diagnosis(page: Page) -> None:
    text = page.inner_text("body")
    assert re.search(r"stream-\d+-\w+: issued \(#2\), readable by scripts, echoed", text)
    assert re.search(r"CAUSE client-fabricated-id \(certain\), exchanges #2, #3: The client sent", text)
    assert re.search(r"8 events, \d+ bytes in \d+ chunks", text)
    assert re.search(r"first after [\d.]+ ms, last after [\d.,]+ ms, longest wait", text)
    assert re.search(r"8 +[\d.,]+ +\d+ +done +\{\"message\": \"Stream complete\"", text)


def test_the_comments_say_what_was_found(page: Page) -> None:
    page.locator("tr", has_text="400").click()
    page.get_by_role("link", name="Comment", exact=True).click()
    said = page.get_by_text(re.compile(f"EC203 echo-fabricated error[\\s\\S]*{INVENTED}[\\s\\S]*CAUSE"))
    said.first.wait_for()


def test_what_the_client_sent_and_small_answers_are_there_too(page: Page) -> None:
    page.get_by_role("link", name="Request", exact=True).click()
    page.get_by_text(f'"streamingSessionId": "{INVENTED}"').wait_for()
    page.get_by_role("link", name="Response", exact=True).click()
    page.get_by_text(f'"received": "{INVENTED}"').wait_for()


def test_the_documents_picture_is_there_and_not_large(page: Page, tmp_path: Path) -> None:
    page.screenshot(path=tmp_path / "now.png")
    for picture in (tmp_path / "now.png", PICTURE):
        content = picture.read_bytes()
        assert len(content) < LARGEST
        assert tuple(int.from_bytes(content[place : place + 4]) for place in (16, 20)) == SIZE
