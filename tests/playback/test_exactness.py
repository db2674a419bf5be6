"""A playback gives clients what the services gave, byte for byte; a recording of it is the recording."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from recordings.reader import Recording
from replay.playback.performance import Performance, performance
from replay.recorded import Recorded, recorded_exchanges
from tests.fidelity.corpus import CORPUS
from tests.playback.again import ClientAlone, Got, apart, got
from tests.support.proxy import Proxy

SWITCHES = "after a 101 no HTTP is spoken, and there is nothing to play"
RAW = "a tunnel's raw bytes are not played"
NOT_PLAYED = {
    "PLAIN: answer: WebSocket, frames both ways": SWITCHES,
    "PLAIN: answer: WebSocket, cut": SWITCHES,
    "PLAIN: answer: another upgrade, raw both ways": SWITCHES,
    "TLS: answer: WebSocket, frames both ways": SWITCHES,
    "FORWARD: request: regular: CONNECT with what is not HTTP": RAW,
    "FORWARD: request: regular: CONNECT, and the server speaks first": RAW,
    "PLAIN: request: an empty line before the request": "mitmproxy waits for more where it comes in one read",
}
"""Scripts that a playback cannot or need not repeat, and why."""
SCRIPTS = {str(script): apart(script, n) for n, script in enumerate(CORPUS) if str(script) not in NOT_PLAYED}
OPTIONS = {"ssl_insecure": "true", "streamid_redact": "off"}


@dataclass(frozen=True, slots=True)
class Twice:
    """What clients got from services and from the playback, and the recordings of both."""

    first: dict[str, Got]
    second: dict[str, Got]
    recordings: tuple[Path, Path]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    folder = tmp_path_factory.mktemp("twice")
    with ClientAlone() as stage:
        with Proxy(*stage.modes(), options=OPTIONS, folder=folder / "first") as proxy:
            played = {name: stage.play(script, proxy) for name, script in SCRIPTS.items()}
        playing = {"streamid_playback": str(proxy.recording), "streamid_playback_speed": "max"}
        with Proxy(*stage.modes(), options=OPTIONS | playing, folder=folder / "second") as playback:
            second = {name: stage.ask(script, playback, played[name]) for name, script in SCRIPTS.items()}
    first = {name: got(arrivals) for name, arrivals in played.items()}
    return Twice(first, second, (proxy.recording, playback.recording))


def test_names_of_what_is_not_played_are_names_of_scripts() -> None:
    assert set(NOT_PLAYED) < {str(script) for script in CORPUS}


def test_the_client_gets_the_same_bytes_frames_and_endings(twice: Twice) -> None:
    assert len(twice.first) > 220
    differing = {name: (twice.first[name], twice.second[name]) for name in SCRIPTS}
    assert {name: both for name, both in differing.items() if both[0] != both[1]} == {}


def exchanges(recording: Path) -> Iterator[tuple[str, Recorded]]:
    with Recording(recording) as opened:
        for each in sorted(recorded_exchanges(opened.events()), key=lambda each: each.exchange):
            yield f"{each.request.target!r} on {each.request.version!r}", each


def answers(recording: Path) -> dict[str, list[tuple[object, ...]]]:
    """Answers by request, as they were sent, without their times."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for name, each in exchanges(recording):
        if each.request.kind.value == "http" and each.response is not None:
            found.setdefault(name, []).append(_sent(performance(each)))
    return found


def _sent(answer: Performance) -> tuple[object, ...]:
    pieces = [data for _, data in answer.pieces]
    whole = (answer.is_whole, answer.trailers)
    return answer.status, answer.reason, answer.version, answer.headers, pieces, whole


def test_a_recording_of_the_playback_has_the_same_heads_chunks_and_trailers(twice: Twice) -> None:
    first, second = (answers(recording) for recording in twice.recordings)
    assert len(first) > 150
    assert {name: (said, second.get(name)) for name, said in first.items() if said != second.get(name)} == {}
