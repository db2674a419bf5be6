"""What belongs to a stream, in recordings that the real writer made."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from contract.events import Event
from postmortem.belonging import MOST, belonging, fewer, stream_of
from recordings.reader import Recording
from recordings.rows import ExchangeRow
from tests.cli.recorded import record
from tests.contract.build import ALLOWS, FIRST, PREFLIGHT, SECOND, Talk

STREAM = "/api/chat/sessions/s1/stream"
UPDATE = "/api/chat/sessions/s1/update-stream"


def preflight(talk: Talk, path: str) -> list[Event]:
    return talk.exchange("OPTIONS", path, request=PREFLIGHT, status=204, response=ALLOWS)


def of(path: Path, number: int) -> list[int]:
    """The numbers of what belongs to the stream that exchange `number` belongs to."""
    with Recording(path) as recording:
        issue = stream_of(recording, next(recording.exchanges(number)))
        return [row.exchange for row in belonging(recording, issue)] if issue else []


@pytest.fixture
def two_streams(tmp_path: Path) -> Path:
    """1 and 3 are preflights, 2 and 7 streams, 4, 5 and 8 updates of the first, 9 one of the second."""
    talk = Talk()
    other = talk.but(session="s2")
    events: Iterable[list[Event]] = (
        preflight(talk, STREAM),
        talk.stream(FIRST),
        preflight(talk, UPDATE),
        talk.refused(FIRST),
        talk.update(FIRST),
        talk.exchange("GET", "/api/models"),
        other.stream("stream-1732312345679-11111111"),
        talk.stream(SECOND),
        talk.refused(FIRST),
        talk.update(SECOND),
        talk.exchange("DELETE", "/api/chat/sessions/s1"),
    )
    return record(tmp_path / "two.db", [event for some in events for event in some])


def test_a_stream_has_its_preflights_its_updates_and_what_began_before_the_last(two_streams: Path) -> None:
    assert of(two_streams, 2) == [1, 2, 3, 4, 5, 7, 8]


def test_the_next_stream_has_the_updates_after_it_and_the_end_of_the_session(two_streams: Path) -> None:
    assert of(two_streams, 7) == [7, 8, 9, 10]


def test_an_update_leads_to_the_stream_whose_id_it_carries(two_streams: Path) -> None:
    assert of(two_streams, 5) == of(two_streams, 2)
    assert of(two_streams, 8) == of(two_streams, 2)
    assert of(two_streams, 9) == of(two_streams, 7)
    assert of(two_streams, 10) == of(two_streams, 7)


def test_other_scopes_and_other_exchanges_belong_to_nothing_here(two_streams: Path) -> None:
    assert of(two_streams, 6) == []
    assert of(two_streams, 1001) == [1001]


def test_an_update_without_an_id_belongs_to_the_latest_stream(tmp_path: Path) -> None:
    talk = Talk()
    events = [*talk.stream(FIRST), *talk.update(None, status=400), *talk.refused("stream-1732312349")]
    path = record(tmp_path / "none.db", events)
    assert of(path, 2) == of(path, 3) == [1, 2, 3]


def row(number: int) -> ExchangeRow:
    nothing = (None,) * 4
    return ExchangeRow(
        *(number, 0, 0, "http", "GET", "/", 200, None, None, None, "complete", 0), *nothing, 0, 0
    )


@pytest.mark.parametrize("shown", [1, 12, 13, 50, 99])
def test_of_many_the_first_the_last_and_the_shown_one_are_kept(shown: int) -> None:
    rows = [row(number) for number in range(1, 100)]
    kept = [each.exchange for each in fewer(rows, shown)]
    assert len(kept) == MOST
    assert kept == sorted(kept)
    assert {1, 99, shown} <= set(kept)
