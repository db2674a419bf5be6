"""Whose turn it is in a recording, and what belongs to one scope."""

from pathlib import Path

from contract.events import Abort, Breaker, End, Event, Manner, Message, Side
from replay.playback.conversation import Conversation
from replay.playback.library import Library
from replay.playback.order import Order
from tests.replay.playback.scenes import CHAT, Script, head
from tests.support.sequences import chunk, record, response

S1, S2, OTHER = (
    "stream-1732312345671-0000aaaa",
    "stream-1732312345672-0000bbbb",
    "stream-1732312345673-0000cccc",
)


def order(script: Script, folder: Path) -> tuple[Order, Library]:
    library = Library([script.write(folder / "a.db")], CHAT)
    return Order(library.entries), library


def test_the_id_that_was_issued_last_before_counts_in_its_scope_alone(tmp_path: Path) -> None:
    script = Script().update("s1", "x", {}, 400).stream("s1", S1).stream("s2", OTHER).update("s1", S1, {})
    script.stream("s1", S2).update("s1", S2, {}).update("s2", OTHER, {}).add("GET", "/a")
    found, library = order(script, tmp_path)
    with library:
        assert [found.issued_before(number) for number in range(8)] == [
            *(None, None, None, S1, S1, S2, OTHER, None)
        ]


def test_reads_that_follow_in_the_scope_are_read_anew(tmp_path: Path) -> None:
    script = Script().add("GET", "/api/chat/sessions/s1").stream("s1", S1).add("GET", "/api/chat/sessions/s1")
    script.add("GET", "/api/chat/sessions/s2").add("DELETE", "/api/chat/sessions/s1").add(
        "GET", "/api/chat/sessions/s1"
    )
    found, library = order(script, tmp_path)
    with library:
        assert found.later_reads(1) == [2, 5]
        assert found.later_reads(3) == []


def overlapping() -> list[Event]:
    """1 is over before 3 begins, 2 is not, 4 is broken off, 5 never ends."""
    both, events = Side.BOTH, list[Event]()

    def begin(number: int, at: int) -> None:
        events.extend(
            [head("GET", f"/{number}", (), number=number, at=at), End(number, Message.REQUEST, both, at)]
        )
        events.append(response(number, at + 1))

    begin(1, 0)
    begin(2, 10)
    events += [chunk(1, 20, b"x"), End(1, Message.RESPONSE, both, 30)]
    begin(3, 40)
    events += [End(2, Message.RESPONSE, both, 50), End(3, Message.RESPONSE, both, 50)]
    begin(4, 60)
    events.append(Abort(4, both, 70, Breaker.CLIENT, Manner.CLOSED, "left"))
    begin(5, 80)
    begin(6, 90)
    return events


def test_only_what_was_over_has_to_come_before(tmp_path: Path) -> None:
    with Library([record(tmp_path / "a.db", overlapping(), profile=CHAT)], CHAT) as library:
        found, talk = Order(library.entries), Conversation()
        assert [found.before(number, talk) for number in range(6)] == [None, None, 0, 0, 0, 0]
        talk.use(0)
        assert [found.before(number, talk) for number in range(6)] == [None, None, None, 1, 1, 1]
        for number in (1, 2, 3):
            talk.use(number)
        assert found.before(5, talk) is None  # what never ended need not come first


def test_another_origin_and_a_later_recording_wait_only_where_they_have_to(tmp_path: Path) -> None:
    script = Script().add("GET", "/a", host="other").add("GET", "/b")
    script.events.pop()  # it never ended
    first = script.write(tmp_path / "a.db")
    second = Script(now=10_000_000).add("GET", "/c").write(tmp_path / "b.db")
    with Library([second, first], CHAT) as library:
        found, talk = Order(library.entries), Conversation()
        assert [entry.line.target for entry in library.entries] == ["/a", "/b", "/c"]
        assert [found.before(number, talk) for number in range(3)] == [None, None, 1]
