"""Runs: chunks of one message, on one side, that follow each other; a stream in bursts is made of them."""

from collections.abc import Iterator

from contract.events import Chunk, Event, Form

_LEAST = 4
"""Chunks for which a run is worth its list."""
_WIRE = Form.WIRE


def with_runs(events: list[Event]) -> Iterator[Event | list[Chunk]]:
    """`events` in their order, with their runs of whole chunks as lists."""
    place, count = 0, len(events)
    while place < count:
        event = events[place]
        end = place + 1
        if type(event) is Chunk:
            end = _end(events, end, count, event)
        if end - place >= _LEAST:
            yield events[place:end]  # type: ignore[misc] # chunks all of them
        else:
            yield from events[place:end]
        place = end


def _end(events: list[Event], place: int, count: int, first: Chunk) -> int:
    exchange, message, side = first.exchange, first.message, first.side
    if first.form is not _WIRE:
        return place
    while place < count:
        event = events[place]
        if event.exchange != exchange or type(event) is not Chunk or event.form is not _WIRE:
            break
        if event.message is not message or event.side is not side:
            break
        place += 1
    return place
