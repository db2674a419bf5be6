"""Lanes are what a browser and the service would each have seen, one where they agree."""

import gzip
from array import array
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Chunk, End, Event, Gap, Injection, Message, Side
from postmortem.axis import Axis
from postmortem.cells import Mark, cells, pauses
from postmortem.lanes import ALIKE, Lane, lanes
from tests.contract.build import CHUNK, FIRST, Talk, cut


def split(events: list[Event], late: int) -> list[Event]:
    """The same with the answer's body `late` µs later on the client's side than on the server's."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, Chunk | End) and event.message is Message.RESPONSE:
            found.append(replace(event, side=Side.SERVER))
            found.append(replace(event, side=Side.CLIENT, at=event.at + late))
        else:
            found.append(event)
    return found


def test_a_stream_that_passes_as_it_comes_is_one_lane_with_its_events() -> None:
    (lane,) = lanes(Talk().stream(FIRST))
    assert lane.side is Side.BOTH
    assert lane.is_stream
    assert (lane.asked, lane.answered, lane.ended) == (1000, 4000, 6000)
    assert list(lane.moments) == [5000, 5000]
    assert lane.abort is None


def test_an_event_counts_when_its_last_chunk_came() -> None:
    (lane,) = lanes(Talk().stream(FIRST, size=11))
    assert list(lane.moments) == [10_000, 16_000]


@pytest.mark.parametrize(("late", "sides"), [(ALIKE, [Side.BOTH]), (ALIKE + 1, [Side.SERVER, Side.CLIENT])])
def test_the_sides_have_lanes_of_their_own_where_one_is_later(late: int, sides: list[Side]) -> None:
    found = lanes(split(Talk().stream(FIRST), late))
    assert [lane.side for lane in found] == sides
    assert found[0].moments[0] == (5000 if len(sides) == 2 else 5000 + late)
    assert found[-1].moments[0] == 5000 + late


def test_events_that_only_one_side_saw_make_two_lanes() -> None:
    events = [
        replace(event, side=Side.SERVER) if isinstance(event, Chunk) and event.at > 8000 else event
        for event in Talk().stream(FIRST, size=11)
    ]
    server, client = lanes(events)
    assert (len(server.moments), len(client.moments)) == (2, 0)


def test_what_never_reached_the_service_has_the_clients_lane_alone() -> None:
    events = [
        replace(event, side=Side.CLIENT)
        for event in Talk().stream(FIRST)
        if not isinstance(event, Gap | Injection)
    ]
    assert [lane.side for lane in lanes(events)] == [Side.CLIENT]


def test_a_compressed_stream_has_its_events() -> None:
    head = (("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip"))
    events = Talk().exchange("GET", "/s", response=head, answer=gzip.compress(CHUNK * 3))
    assert len(lanes(events)[0].moments) == 3


def test_an_answer_that_is_no_stream_has_no_events() -> None:
    (lane,) = lanes(Talk().exchange("GET", "/s", answer=CHUNK))
    assert not lane.is_stream
    assert not lane.moments


def test_of_nothing_there_are_no_lanes() -> None:
    assert lanes([]) == []
    assert cells(Lane(Side.BOTH), Axis([1, 2], 5))[0].mark is Mark.NOTHING


def drawn(lane: Lane, width: int) -> str:
    """A letter for the mark of each cell."""
    return "".join([cell.mark.name[0] for cell in cells(lane, Axis(lane.times(), width))])


def test_cells_show_the_request_the_wait_the_answer_its_events_and_the_end() -> None:
    (lane,) = lanes(Talk().stream(FIRST, size=11))
    text = drawn(lane, 64)
    assert text[0] == "A"
    assert text.strip("N").endswith("E")
    assert text.index("W") < text.index("Q")
    assert sum(cell.count for cell in cells(lane, Axis(lane.times(), 64))) == 2


def test_a_broken_stream_ends_with_its_break_and_keeps_the_count_of_that_cell() -> None:
    (lane,) = lanes(cut(Talk().stream(FIRST, size=38), 8))
    assert drawn(lane, 30)[-1] == "B"
    narrow = cells(lane, Axis(lane.times(), 1))
    assert narrow[0].mark is Mark.BROKEN
    assert narrow[0].count == len(lane.moments)


def test_a_pause_is_what_lies_between_two_things_that_happened() -> None:
    lane = Lane(Side.BOTH, is_stream=True, asked=0, answered=400_000, ended=1_000_000)
    lane.moments.extend([400_000, 900_000])
    found = list(pauses(lane, Axis(lane.times(), 100)))
    assert [(pause.duration, pause.mark) for pause in found] == [
        (400_000, Mark.WAITING),
        (500_000, Mark.QUIET),
        (100_000, Mark.QUIET),
    ]
    assert [(pause.start, pause.end) for pause in found][:2] == [(1, 40), (41, 90)]


LANES = st.builds(
    lambda asked, steps: Lane(
        Side.BOTH,
        is_stream=True,
        asked=asked,
        answered=asked + steps[0],
        moments=array("q", [asked + sum(steps[: n + 1]) for n in range(len(steps))]),
    ),
    st.integers(0, 10**9),
    st.lists(st.one_of(st.integers(0, 50_000), st.integers(0, 10**8)), min_size=1, max_size=50),
)


@given(LANES, st.integers(1, 200))
def test_every_event_is_counted_in_its_own_cell(lane: Lane, width: int) -> None:
    axis = Axis(lane.times(), width, 2)
    found = cells(lane, axis)
    assert len(found) == width
    assert sum(cell.count for cell in found) == len(lane.moments)
    for at in lane.moments:
        assert found[axis.column(at)].count
        assert found[axis.column(at)].mark is Mark.EVENTS
    assert all((cell.count > 0) == (cell.mark is Mark.EVENTS) for cell in found)
