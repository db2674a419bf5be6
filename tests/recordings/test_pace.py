"""The times of an answer's chunks, from what is packed, are those of its events."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import Chunk, Event, Message, Side
from recordings.reader import Recording
from tests.cli.recorded import record, run_info, writer
from tests.contract.build import CHUNK, Talk


def stream(answer: bytes = CHUNK * 40, size: int = 38) -> list[Event]:
    head = (("Content-Type", "text/event-stream"),)
    return Talk().exchange("GET", "/s", response=head, answer=answer, size=size)


def seen_by_client(recording: Recording, number: int) -> list[int]:
    return [
        event.at
        for event in recording.exchange(number)
        if isinstance(event, Chunk) and event.message is Message.RESPONSE and event.side & Side.CLIENT
    ]


def late(events: list[Event]) -> list[Event]:
    """Every third chunk of the answer is seen later on the client's side."""
    found: list[Event] = []
    for number, event in enumerate(events):
        if isinstance(event, Chunk) and event.message is Message.RESPONSE and number % 3 == 0:
            found += [replace(event, side=Side.SERVER), replace(event, side=Side.CLIENT, at=event.at + 400)]
        else:
            found.append(event)
    return found


@pytest.mark.parametrize(
    "events",
    [stream(), late(stream()), stream(CHUNK), stream(b""), stream()[:-1]],
    ids=["a stream", "sides that differ", "one chunk", "nothing", "a stream without an end"],
)
def test_the_pace_is_that_of_the_chunks_that_the_client_saw(events: list[Event], tmp_path: Path) -> None:
    path = record(tmp_path / "paced.db", events)
    with Recording(path) as recording:
        expected = seen_by_client(recording, 1)
        assert len(expected) in (0, 1, 40)
        assert recording.pace(1) == expected
        assert recording.pace(2) == []


def test_a_stream_that_is_being_written_has_the_pace_of_what_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    writing = writer(path, run_info())
    events = stream()[:-1]
    for event in events:
        writing.put(event)
    try:
        with Recording(path) as recording:
            deadline = time.monotonic() + 10
            while recording.run.settled < len(events):
                assert time.monotonic() < deadline, "the writer has not written them"
                time.sleep(0.01)
            assert recording.pace(1) == seen_by_client(recording, 1)
            assert len(recording.pace(1)) == 40
    finally:
        writing.close()
