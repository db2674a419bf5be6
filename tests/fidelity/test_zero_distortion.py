"""With no fault armed, streamid changes nothing that bare mitmdump with `stream=True` does not."""

from collections.abc import Iterator

import pytest

from tests.fidelity.comparison import difference
from tests.fidelity.conftest import OPTIONS, Played
from tests.fidelity.corpus import CORPUS
from tests.fidelity.http1_responses import STREAM
from tests.fidelity.stage import Script, Stage
from tests.fidelity.wire import answered, chunk, request
from tests.support.proxy import BARE, Proxy


@pytest.mark.parametrize("script", CORPUS, ids=str)
def test_both_ends_get_the_same_through_streamid(
    script: Script, stage: Stage, by_bare: Played, streamid: Proxy
) -> None:
    assert not difference(by_bare(script), stage.play(script, streamid))


def test_names_of_scripts_are_unique() -> None:
    assert len({str(script) for script in CORPUS}) == len(CORPUS)


def test_streamid_prints_no_error_that_bare_mitmdump_does_not(
    stage: Stage, bare: Proxy, streamid: Proxy
) -> None:
    for script in CORPUS:
        stage.play(script, bare)
        stage.play(script, streamid)
    assert streamid.log().count("Traceback") == bare.log().count("Traceback")


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
