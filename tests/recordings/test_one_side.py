"""What was seen on one side alone is over when that side is: a tunnel, or an add-on's own answer."""

from pathlib import Path

from contract.events import End, Event, Kind, Message, RequestHead, ResponseHead, Side
from recordings.reader import Recording
from tests.support.sequences import record

REQUEST = RequestHead(1, Side.CLIENT, 1, b"CONNECT", "", "a", 443, b"a:443", b"HTTP/1.1", (), Kind.CONNECT)
RESPONSE = ResponseHead(1, Side.CLIENT, 3, 200, b"", b"HTTP/1.1", ())


def outcome(path: Path, *events: Event) -> tuple[str, int | None]:
    with Recording(record(path, events)) as recording:
        (row,) = recording.exchanges()
    return row.outcome, row.ended_at


def test_it_is_complete_when_both_messages_have_ended_there(tmp_path: Path) -> None:
    ends = [End(1, Message.REQUEST, Side.CLIENT, 2), End(1, Message.RESPONSE, Side.CLIENT, 4)]
    assert outcome(tmp_path / "run.db", REQUEST, ends[0], RESPONSE, ends[1]) == ("complete", 4)


def test_it_is_open_while_the_other_side_goes_on(tmp_path: Path) -> None:
    ends = [End(1, Message.REQUEST, Side.BOTH, 2), End(1, Message.RESPONSE, Side.SERVER, 4)]
    assert outcome(tmp_path / "run.db", REQUEST, ends[0], RESPONSE, ends[1]) == ("open", None)
