"""The HAR that Playwright records of a page in Chromium: imported, it has what the page's script saw."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from contract.events import Breaker
from recordings.reader import Recording
from replay.recorded import recorded_exchanges
from tests.cli.streamid import streamid
from tests.support.lab import logged_in, running_lab

# A stream, its update, an update with an invented ID, and a stream that is left after its first piece.
_TALK = """
async ([chat, token, session]) => {
  const path = `${chat}/api/chat/sessions/${session}`;
  const headers = {"Content-Type": "application/json", "Authorization": `Bearer ${token}`};
  const ask = (url, body, more) =>
    fetch(path + url, {method: "POST", headers, credentials: "include", body: JSON.stringify(body), ...more});
  const update = id => ask("/update-stream", {completeResponse: "x", streamingSessionId: id, tokensUsed: 20});
  const streamed = await ask("/stream", {message: "Grüße"});
  const said = [[streamed.status, await streamed.text()]];
  for (const id of [streamed.headers.get("X-Streaming-Session-Id"), "stream-1732312345678-ffffffff"]) {
    const answer = await update(id);
    said.push([answer.status, await answer.text()]);
  }
  const leaving = new AbortController();
  const left = await ask("/stream", {message: "again"}, {signal: leaving.signal});
  await left.body.getReader().read();
  leaving.abort();
  return said;
}
"""


def test_the_recording_has_what_the_script_saw(browser: Browser, tmp_path: Path) -> None:
    har, out = tmp_path / "page.har", tmp_path / "out.db"
    with running_lab() as lab, logged_in(lab) as client:
        token = str(client.http.headers["Authorization"]).removeprefix("Bearer ")
        # Bodies in files beside the HAR: `_file`.
        context = browser.new_context(record_har_path=har, record_har_content="attach")
        page = context.new_page()
        page.goto(f"{lab.authentication_url}/health")
        said: list[list[Any]] = page.evaluate(_TALK, [lab.chat_url, token, client.new_session()])
        context.close()
    result = streamid("import", har, "-o", out, "--redact", "off", "--profile", "chat")
    assert result.exit_code == 0, result.stderr
    with Recording(out) as recording:
        found = sorted(recorded_exchanges(recording.events()), key=lambda each: each.exchange)
    health, *talk, left = (each for each in found if not each.request.target.endswith(b".ico"))
    assert health.request.target == b"/health"
    assert [
        [each.response.status, (each.response_text() or b"").decode()] for each in talk if each.response
    ] == said
    assert talk[0].request_text() == '{"message":"Grüße"}'.encode()
    assert left.abort is not None
    assert left.abort.by is Breaker.CLIENT
    listed = streamid("validate", out).stdout
    assert "EC203" in listed
    assert "1 error, " in listed
