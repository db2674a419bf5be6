"""What recordings hold: an index of their exchanges, and messages on demand."""

from pathlib import Path

import pytest

from contract.events import End, Event, Message, RequestHead, Side
from recordings.errors import RecordingError
from replay.playback.errors import NeedsDiskError
from replay.playback.library import Library
from replay.recorded import origin
from tests.cli import recorded
from tests.replay.playback.scenes import CHAT, Script, head
from tests.support.sequences import record, response


def test_an_origin_has_its_port_and_brackets() -> None:
    assert origin("http", "localhost", 80) == "http://localhost:80"
    assert origin("https", "::1", 443) == "https://[::1]:443"


def test_requests_are_grouped_by_origin_method_and_shape(tmp_path: Path) -> None:
    script = Script().add("GET", "/a/1").add("GET", "/a/2?x").add("POST", "/a/1").add("GET", "/a/1", host="b")
    with Library([script.write(tmp_path / "a.db")], CHAT) as library:
        assert library.origins == ["http://localhost:3002", "http://b:3002"]
        groups = {key: group.numbers for key, group in library.groups.items()}
        assert groups == {
            ("http://localhost:3002", "GET", "/a/{}"): [0, 1],
            ("http://localhost:3002", "POST", "/a/{}"): [2],
            ("http://b:3002", "GET", "/a/{}"): [3],
        }
        group = library.groups["http://localhost:3002", "GET", "/a/{}"]
        assert (group.to("/a/1"), group.to("/a/2?x"), group.to("/a/2")) == ([0], [1], [])


def test_a_request_that_the_proxy_changed_is_as_the_service_got_it(tmp_path: Path) -> None:
    sent, got = (
        RequestHead(1, side, 0, b"GET", "http", "localhost", 3002, target, b"HTTP/1.1", ())
        for side, target in ((Side.CLIENT, b"/sent"), (Side.SERVER, b"/got"))
    )
    path = record(tmp_path / "a.db", [sent, got, End(1, Message.REQUEST, Side.BOTH, 1), response(1, 2)])
    with Library([path], CHAT) as library:
        assert [entry.line.target for entry in library.entries] == ["/got"]


def test_what_switched_to_another_protocol_is_not_played(tmp_path: Path) -> None:
    script = Script().add("GET", "/ws", status=101).add("GET", "/a")
    with Library([script.write(tmp_path / "a.db")], CHAT) as library:
        assert [entry.line.target for entry in library.entries] == ["/a"]


def test_a_recording_without_exchanges_cannot_be_played(tmp_path: Path) -> None:
    path = record(tmp_path / "a.db", [])
    with pytest.raises(RecordingError, match=r"a\.db: holds no HTTP exchange"):
        Library([path], CHAT)
    with pytest.raises(RecordingError, match=r"nothing\.db"):
        Library([path, tmp_path / "nothing.db"], CHAT)


def test_an_early_answer_is_known_as_one(tmp_path: Path) -> None:
    both = Side.BOTH
    events: list[Event] = [head("POST", "/a", number=1), response(1, 5), End(1, Message.REQUEST, both, 9)]
    events += [End(1, Message.RESPONSE, both, 10), *Script(number=1, now=20).add("POST", "/b", b"x").events]
    with Library([record(tmp_path / "a.db", events)], CHAT) as library:
        assert library.answers_early
        assert [library.is_early(number) for number in range(2)] == [True, False]
    with Library([Script().add("POST", "/b", b"x").write(tmp_path / "b.db")], CHAT) as library:
        assert not library.answers_early


def test_messages_are_read_from_the_disk_once(tmp_path: Path) -> None:
    with Library([Script().add("GET", "/a", None, b"x").write(tmp_path / "a.db")], CHAT) as library:
        library.reads_disk = False
        with pytest.raises(NeedsDiskError):
            library.load(0)
        library.reads_disk = True
        kept = library.load(0)
        library.reads_disk = False
        assert library.load(0) is kept


def test_least_recently_played_messages_go_first(tmp_path: Path) -> None:
    script = Script()
    for number in range(4):
        script.add("GET", f"/{number}", None, b"x" * 1000)
    with Library([script.write(tmp_path / "a.db")], CHAT, most_kept=10_000) as library:
        for number in (0, 1, 2, 0, 3):
            library.load(number)
        library.reads_disk = False
        for number in (0, 2, 3):
            library.load(number)
        with pytest.raises(NeedsDiskError):
            library.load(1)


def test_one_that_is_larger_than_all_that_may_be_kept_is_still_given(tmp_path: Path) -> None:
    with Library(
        [Script().add("GET", "/a", None, b"x" * 9000).write(tmp_path / "a.db")], CHAT, 100
    ) as library:
        kept = library.load(0)
        assert len(kept.recorded.response_body.data) == 9000
        assert library.load(0) is kept


def test_tokens_in_answers_are_known_and_short_ones_left(tmp_path: Path) -> None:
    secret = {"accessToken": "a-very-secret-token-0123456789", "pin": "12", "password": "hunter2"}
    script = (
        Script().add("POST", "/in", {"password": "another-secret-9"}, secret).add("GET", "/a", None, b"{}")
    )
    path = recorded.record(tmp_path / "a.db", script.events, redact=True)
    with Library([path], CHAT) as library:
        (token,) = library.load(0).tokens
        assert token.startswith("redacted~")
        assert len(token) == len(secret["accessToken"])
        assert library.load(1).tokens == ()
