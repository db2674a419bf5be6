"""pytest-streamid as its users run it: pytest in a process of its own, with the lab and the command."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from recordings.reader import Recording
from tests.cli.streamid import ROOT
from tests.support.lab import running_lab

pytest_plugins = ["pytester"]

COMMAND = shlex.join([sys.executable, "-m", "cli"])

# A client of the two services; `invents` makes it send an ID that nobody issued.
CHAT = """
    import os
    import pytest
    import requests

    AUTH, CHAT, INVENTED = os.environ["AUTH"], os.environ["CHAT"], "stream-1732312345678-ffffffff"

    def talk(services, invents=False):
        auth, chat = services.url_of(AUTH), services.url_of(CHAT)
        http = requests.Session()
        http.trust_env = False
        login = {"username": "user1", "password": "User1@123"}
        token = http.post(auth + "/api/auth/login", json=login).json()["accessToken"]
        http.headers["Authorization"] = "Bearer " + token
        new = http.post(chat + "/api/chat/sessions", json={"title": "A", "initialMessage": "B"}).json()
        session = chat + "/api/chat/sessions/" + new["sessionId"]
        stream = http.post(session + "/stream", json={"message": "Tell me"})
        issued = stream.headers["X-Streaming-Session-Id"]
        sent = INVENTED if invents else issued
        body = {"completeResponse": "x", "tokensUsed": 20, "streamingSessionId": sent}
        return stream.text, http.post(session + "/update-stream", json=body).status_code
"""


@pytest.fixture
def users(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of a user's, with the plugin on its path as if it were installed."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'pytest-streamid'}{os.pathsep}{ROOT}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(pytester.path / "config"))
    monkeypatch.setenv("STREAMID", COMMAND)
    monkeypatch.setenv("AUTH", "http://127.0.0.1:1")
    monkeypatch.setenv("CHAT", "http://127.0.0.1:2")
    return pytester


def run(users: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    plain = ("-p", "no:cacheprovider", "-p", "no:anyio", "-W", "error")
    return users.runpytest_subprocess("-p", "pytest_streamid", *plain, *arguments, timeout=90)


def exchanges(path: Path) -> list[tuple[str, int | None]]:
    with Recording(path) as recording:
        return [(row.method, row.status) for row in recording.exchanges()]


def test_what_is_recorded_is_played_once_the_services_are_gone(
    users: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.makepyfile(
        test_chat=CHAT
        + """
    def test_talks(streamid_recorder):
        services = streamid_recorder(AUTH, CHAT)
        text, status = talk(services)
        assert "Stream complete" in text
        assert status == 200
        assert services.is_playback is ("PLAYED" in os.environ)

    @pytest.mark.streamid(record="once")
    @pytest.mark.parametrize("how", ["a/b"])
    def test_invents(streamid_recorder, how):
        assert talk(streamid_recorder(AUTH, CHAT), True)[1] == 400

    # What the client does now is judged, not what it did when the services were recorded.
    def test_played_invents(streamid_recorder):
        talk(streamid_recorder(AUTH, CHAT, name="test_talks.db"), True)

    @pytest.mark.streamid(fail_on="never")
    def test_played_may_invent(streamid_recorder):
        talk(streamid_recorder(AUTH, CHAT, name="test_talks.db"), True)
    """
    )
    recording = users.path / "recordings" / "test_talks.db"
    recording.parent.mkdir()
    recording.write_bytes(b"an old one")
    with running_lab() as lab:
        monkeypatch.setenv("AUTH", lab.authentication_url)
        monkeypatch.setenv("CHAT", lab.chat_url)
        made = run(users, "--streamid-record=all", "-k", "not played")
        made.assert_outcomes(passed=1, failed=1)
        made.stdout.fnmatch_lines(
            [
                "The traffic breaks its contract (*1.db):",
                "EC203 echo-fabricated error: The client invented the ID 'stream-1732312345678-ffffffff'; *",
                f"    exchange 4: POST {lab.chat_url}/api/chat/sessions/*/update-stream → 400",
                "FAILED test_chat.py::test_invents*",
            ]
        )
    # What breaks the contract is not kept, so that it is recorded again.
    assert list(recording.parent.iterdir()) == [recording]
    assert exchanges(recording) == [("POST", 200), ("POST", 201), ("POST", 200), ("POST", 200)]
    before = recording.read_bytes()
    monkeypatch.setenv("PLAYED", "1")
    played = run(users, "-k", "talks or played")
    played.assert_outcomes(passed=2, failed=1)
    played.stdout.fnmatch_lines(
        ["EC203 echo-fabricated error: *", "FAILED test_chat.py::test_played_invents*"]
    )
    assert recording.read_bytes() == before


SAMPLE = ROOT / "recordings" / "samples" / "healthy.db"


def test_a_recording_is_played_and_its_log_is_there(users: pytest.Pytester) -> None:
    (users.path / "recordings").mkdir()
    (users.path / "recordings" / "x.db").write_bytes(SAMPLE.read_bytes())
    users.makeini("[pytest]\nstreamid_fail_on = warning\nstreamid_recordings = recordings\n")
    users.makepyfile(
        """
    import pytest
    import requests

    def test_plays(streamid_playback):
        playback = streamid_playback("x.db", "--explain-misses", speed=2)
        first, second = playback.origins
        with pytest.raises(Exception, match="there are several origins; say url_of.*: " + first):
            playback.url
        with pytest.raises(Exception, match="there is nothing of http://elsewhere; there is " + first):
            playback.url_of("http://elsewhere")
        assert "listening" in playback.log
        assert requests.get(playback.url_of(second) + "/nothing", timeout=10).status_code == 404
        assert requests.get(playback.url_of(second) + "/nothing", timeout=10).status_code == 200
    """
    )
    result = run(users)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E   *assert 404 == 200", "*- Captured streamid call -*", "The traffic keeps its contract."]
    )


def test_what_is_asked_wrongly_is_said(users: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    users.makepyfile(
        """
    import pytest

    def test_missing(streamid_playback):
        streamid_playback("gone.db")

    def test_no_upstream(streamid_recorder):
        streamid_recorder()

    @pytest.mark.streamid(record="none")
    def test_never_recorded(streamid_recorder):
        streamid_recorder("localhost:1")

    @pytest.mark.streamid(fail_on="sometimes")
    def test_marker(streamid_recorder):
        pass

    @pytest.mark.streamid(speeed=1)
    def test_unknown(streamid_recorder):
        pass
    """
    )
    result = run(users, "--strict-markers")
    result.assert_outcomes(failed=3, errors=2)
    result.stdout.fnmatch_lines_random(
        [
            "*recordings/gone.db: there is no such recording",
            "*test_never_recorded.db: there is no such recording, and --streamid-record=none makes none",
            "*streamid_recorder: name the service's origin, such as http://localhost:3002",
            "*fail_on='sometimes' is none of error, warning, never",
            "*takes fail_on, record, profile, select, ignore, speed, by name",
        ]
    )
    monkeypatch.setenv("STREAMID", "no-such-command")
    result = run(users, "-k", "missing")
    result.stdout.fnmatch_lines(["*there is no command 'no-such-command': install streamid *"])
    users.makeini("[pytest]\nstreamid_record = twice\n")
    assert "streamid_record: 'twice' is none of once, none, all" in run(users).stderr.str()
