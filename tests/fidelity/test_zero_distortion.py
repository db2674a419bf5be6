"""With no fault armed, streamid changes nothing that bare mitmdump with `stream=True` does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.events import Chunk, End, Event, Message, Side
from recordings.reader import Recording
from tests.fidelity import http1_responses
from tests.fidelity.comparison import content, difference
from tests.fidelity.conftest import OPTIONS, Played
from tests.fidelity.corpus import CORPUS
from tests.fidelity.explained import CHANGES
from tests.fidelity.http1_responses import STREAM
from tests.fidelity.stage import Arrival, Script, Stage
from tests.fidelity.wire import CHUNKED, answered, chunk, request
from tests.support.proxy import BARE, Proxy

TRAILERS = CHANGES["test_trailers_of_http1_stall_the_exchange"]
"""Where bare mitmdump prints a traceback as well."""


@pytest.mark.parametrize("script", CORPUS, ids=str)
def test_both_ends_get_the_same_through_streamid(
    script: Script, stage: Stage, by_bare: Played, streamid: Proxy
) -> None:
    printed = len(streamid.log())
    assert not difference(by_bare(script), stage.play(script, streamid))
    assert ("Traceback" in streamid.log()[printed:]) is (str(script) in TRAILERS)


@pytest.mark.parametrize("script", CORPUS, ids=str)
def test_both_ends_get_the_same_through_faults_that_match_nothing(
    script: Script, stage: Stage, by_bare: Played, planned: Proxy
) -> None:
    assert not difference(by_bare(script), stage.play(script, planned))


@pytest.mark.parametrize("script", CORPUS[::3], ids=str)
def test_both_ends_get_the_same_where_bodies_are_kept_for_flows(
    script: Script, stage: Stage, by_bare: Played, saving: Proxy
) -> None:
    assert not difference(by_bare(script), stage.play(script, saving))


def test_names_of_scripts_are_unique() -> None:
    assert len({str(script) for script in CORPUS}) == len(CORPUS)


def is_chunked(script: Script) -> bool:
    head = script.steps[1].what
    return isinstance(head, bytes) and CHUNKED in head and b"Content-Length" not in head


CHUNKED_ANSWERS = [
    script
    for script in (*http1_responses.STREAMS, *http1_responses.BODIES)
    if is_chunked(script) and "HEAD" not in script.name and str(script) not in TRAILERS
]


def test_the_recording_has_the_chunks_that_the_client_got(stage: Stage, tmp_path: Path) -> None:
    options = OPTIONS | {"streamid_redact": "off"}
    with Proxy(*stage.modes(), options=options, folder=tmp_path) as proxy:
        got = [_body(stage.play(script, proxy)) for script in CHUNKED_ANSWERS]
        proxy.stop()
        with Recording(proxy.recording) as recording:
            exchanges = [row.exchange for row in recording.exchanges() if row.url.endswith("/a")]
            recorded = [list(recording.exchange(number)) for number in exchanges]
    assert got == [_chunks(events) for events in recorded]


def _body(arrivals: list[Arrival]) -> bytes:
    got = content(arrivals)["client"]
    assert isinstance(got, bytes)
    return got.partition(b"\r\n\r\n")[2]


def _chunks(events: list[Event]) -> bytes:
    """The client's side of an answer, as HTTP/1.1 writes it."""
    mine = [event for event in events if isinstance(event, Chunk | End) and event.message is Message.RESPONSE]
    return b"".join(
        chunk(event.data) if isinstance(event, Chunk) else b"0\r\n\r\n"
        for event in mine
        if Side.CLIENT in event.side
    )


MEDDLING = {
    "a header more": "flow.response.headers['X-Added'] = '1'",
    "another header order": "flow.response.headers.fields = flow.response.headers.fields[::-1]",
    "headers in lower case": "flow.response.headers.fields = "
    "tuple((name.lower(), value) for name, value in flow.response.headers.fields)",
    "another reason": "flow.response.reason = 'Okay'",
    "other bytes": "flow.response.stream = lambda data: data.replace(b'2', b'3')",
    "other chunks": "flow.response.stream = lambda data: [data[:1], data[1:]] if data else data",
    "later chunks": "flow.response.stream = Later()",
}
MEDDLER = """
class Later:
    '''Passes each chunk as it was, but with the next one.'''
    held = b""

    def __call__(self, data):
        ready, self.held = self.held, data
        return [ready] if ready else []

def responseheaders(flow):
    match flow.request.path[1:].replace("-", " "):
"""


@pytest.fixture(scope="module")
def meddler(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    addon = tmp_path_factory.mktemp("meddler") / "meddler.py"
    cases = "".join(f"        case {name!r}:\n            {what}\n" for name, what in MEDDLING.items())
    addon.write_text(MEDDLER + cases)
    with Proxy(*stage.modes(), script=BARE, scripts=[addon], options=OPTIONS) as proxy:
        yield proxy


@pytest.mark.parametrize("meddling", ["nothing", *MEDDLING])
def test_the_comparison_sees_an_addon_that_changes(
    meddling: str, stage: Stage, by_bare: Played, meddler: Proxy
) -> None:
    asked = request(line=b"GET /%s HTTP/1.1" % meddling.replace(" ", "-").encode())
    chunks = [chunk(b"data: 1\n\n"), chunk(b"data: 2\n\n"), b"0\r\n\r\n"]
    script = answered("to meddle with", STREAM, *chunks, to=[asked])
    seen = bool(difference(by_bare(script), stage.play(script, meddler)))
    assert seen is (meddling != "nothing")
