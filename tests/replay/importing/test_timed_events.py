from hypothesis import given
from hypothesis import strategies as st

from contract.events import Form
from contract.sse import SseParser
from replay.importing.timed_events import TimedEvent, pieces, written_anew

WORDS = st.text(alphabet="ab :é\N{SNOWMAN}", max_size=6)
EVENTS = st.lists(
    st.builds(
        TimedEvent,
        at=st.integers(0, 200),
        event=st.sampled_from(["", "message", "chunk", "done"]),
        id=st.sampled_from(["", "1", "2"]),
        data=st.lists(WORDS, min_size=1, max_size=3).map("\n".join).filter(lambda text: text != ""),
    ),
    max_size=6,
)


@given(EVENTS)
def test_a_stream_written_anew_gives_the_same_events(events: list[TimedEvent]) -> None:
    found = SseParser().feed(written_anew(events))
    told = [(each.event or "message", each.id, each.data) for each in events]
    assert [(each.event or "message", each.id, each.data) for each in found] == told


@given(EVENTS, st.binary(max_size=10), st.integers(0, 5000), st.booleans())
def test_pieces_are_the_whole_in_order_within_the_time_of_the_answer(
    events: list[TimedEvent], tail: bytes, size: int, known: bool
) -> None:
    data = written_anew(events) + tail
    parts = pieces(data, size, Form.DECODED, events if known else (), 50, 150)
    assert b"".join(part.data for part in parts) == data
    assert sum(part.size for part in parts) == size
    assert all(50 <= part.at <= 150 for part in parts)


def test_without_times_the_first_event_is_there_with_the_head_and_all_at_the_end() -> None:
    data = b"data: 1\n\ndata: 2\n\ndata: 3\n\n"
    parts = pieces(data, len(data), Form.WIRE, (), 50, 150)
    assert [(part.at, part.data) for part in parts] == [
        (50, b"data: 1\n\n"),
        (150, b"data: 2\n\ndata: 3\n\n"),
    ]
