"""A playback is verified, broken on purpose and recorded as a service is."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.events import Deed, ResponseHead, Side
from recordings.reader import Recording
from tests.cli.recorded import record
from tests.cli.streamid import streamid
from tests.contract.build import FIRST, ID_HEADER, SECOND, Talk
from tests.support.serving import Serving
from tests.support.verdicts import assert_live_equals_offline

ORIGIN = "http://chat.test:80"
FABRICATED = "stream-1732312345678-ffffffff"
SESSION = "/api/chat/sessions/s1"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two streams, an update with the right ID and one with an invented one."""
    talk = Talk(token="Bearer a-secret-token")
    events = [*talk.stream(FIRST, size=11), *talk.update(FIRST), *talk.stream(SECOND)]
    events += talk.refused(FABRICATED)
    return record(tmp_path_factory.mktemp("chat") / "chat.db", events, redact=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("again")


@pytest.fixture(scope="module")
def faulty(recording: Path, folder: Path) -> Iterator[Serving]:
    """A playback with a hop that takes the ID away, recorded once more."""
    arguments = ("--faults", "strip-streaming-id", "--record", str(folder / "faulty.db"))
    with Serving(recording, arguments=(*arguments, "--map", f"{ORIGIN}=127.0.0.1:0")) as running:
        yield running


def chat(client: httpx.Client) -> list[httpx.Response]:
    """What the recorded client did."""

    def update(id_: str) -> httpx.Response:
        told = {"completeResponse": "Hello", "tokensUsed": 3, "streamingSessionId": id_}
        return client.post(f"{SESSION}/update-stream", json=told)

    def stream() -> httpx.Response:
        fields = {"Origin": "https://app.example"}
        return client.post(f"{SESSION}/stream", json={"message": "Hi", "modelId": "m"}, headers=fields)

    return [stream(), update(FIRST), stream(), update(FABRICATED)]


def client_of(playback: Serving) -> httpx.Client:
    fields = {"Authorization": "Bearer a-secret-token", "Host": "chat.test"}
    return httpx.Client(base_url=playback.url(ORIGIN), headers=fields, trust_env=False, timeout=20)


def codes(recording: Path) -> list[tuple[str, int]]:
    found = json.loads(streamid("validate", recording, "--format", "json").stdout)["findings"]
    return sorted((each["code"], each["exchange"]) for each in found)


def test_the_findings_on_a_playback_are_those_on_the_original(recording: Path, folder: Path) -> None:
    again = folder / "again.db"
    arguments = ("--record", str(again), "--map", f"{ORIGIN}=127.0.0.1:0")
    with Serving(recording, arguments=arguments) as playback, client_of(playback) as client:
        answers = chat(client)
        assert [answer.status_code for answer in answers] == [200, 200, 200, 400]
        assert [answer.headers.get(ID_HEADER) for answer in answers] == [FIRST, None, SECOND, None]
    original = codes(recording)
    assert {code for code, _ in original} == {"EC202", "EC203"}
    assert codes(again) == original
    assert sorted(each["code"] for each in playback.lines if each["streamid"] == "finding") == [
        code for code, _ in original
    ]
    assert_live_equals_offline(again)


def test_faults_strike_a_playback_and_its_recording_has_both_sides_and_the_journal(
    faulty: Serving, folder: Path
) -> None:
    with client_of(faulty) as client:
        answers = chat(client)
    assert [answer.headers.get(ID_HEADER) for answer in answers] == [None] * 4
    assert answers[0].text.startswith("event: chunk\ndata: ")
    faulty.stop()
    with Recording(folder / "faulty.db") as again:
        heads = [each for each in again.exchange(1) if isinstance(each, ResponseHead)]
        names = {each.side: [name.lower() for name, _ in each.headers] for each in heads}
        assert ID_HEADER.lower().encode() in names[Side.SERVER]
        assert ID_HEADER.lower().encode() not in names[Side.CLIENT]
        struck = {each.exchange for each in again.injections() if each.deed is Deed.HIT}
    assert struck == {1, 3}
    journal = streamid("faults", "journal", folder / "faulty.db")
    assert f"{ID_HEADER}: {SECOND} → left out" in journal.stdout
    assert {code for code, _ in codes(folder / "faulty.db")} >= {"HP701", "ID101"}  # as the preset says
