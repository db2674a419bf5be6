"""The page's script in Chromium: how it reads a stream, and what it says of a faulty one."""

import pytest
from playwright.sync_api import Browser

from tests.support.lab import running_lab

READ = """
async pieces => {
  const body = new ReadableStream({start(control) {
    for (const piece of pieces) control.enqueue(new Uint8Array(piece));
    control.close();
  }});
  const found = [];
  for await (const event of events(new Response(body))) found.push(event);
  return [found, document.getElementById("log").textContent];
}
"""
WHOLE = "\ufeffevent: chunk\r\ndata: ü\r\ndata:2\r\n\r\n:c\ndata: 3\n\n\ndata\r\revent: lost\n\n"
PENDING = "id: 7\ndata: 4"


def test_events_are_read_whatever_ends_their_lines_and_however_they_are_cut(browser: Browser) -> None:
    coded = list(f"{WHOLE}{PENDING}".encode())
    read = [["chunk", "ü\n2"], ["message", "3"], ["message", ""]]
    said = "7 characters after the last line end were dropped\n"
    with running_lab() as lab:
        for size in (1, 2, 3, len(coded)):
            page = browser.new_page()
            page.goto(f"{lab.authentication_url}/demo")
            pieces = [coded[at : at + size] for at in range(0, len(coded), size)]
            assert page.evaluate(READ, pieces) == [read, said], size
            page.close()


@pytest.mark.parametrize(
    ("bug", "logged"),
    [
        (None, "20 chunks read"),
        ("die-mid-stream", "broken off after"),
        ("escaped-newlines", "characters after the last line end were dropped"),
        ("bad-payload", "chunk: {"),
    ],
)
def test_the_page_says_how_a_stream_went_wrong(browser: Browser, bug: str | None, logged: str) -> None:
    with running_lab(bugs=(bug,) if bug else ()) as lab:
        page = browser.new_page()
        query = f"auth={lab.authentication_url}&accounting={lab.accounting_url}&chat={lab.chat_url}"
        page.goto(f"{lab.authentication_url}/demo?{query}")
        page.click("#stream")
        page.wait_for_function("!document.getElementById('stream').disabled")
        assert page.inner_text("#id").startswith("stream-")
        assert logged in page.inner_text("#log")
        assert "let nothing through" not in page.inner_text("#log")
        assert "undefined" not in page.inner_text("#answer")
        page.close()
