from pathlib import Path

from contract.events import Message
from contract.findings import Finding, StreamVerdict
from recordings.reader import Recording
from replay.following import Began, Ended, Follower
from replay.outline import SIDES, body, outline
from tests.cli.recorded import record
from tests.contract.build import ID_HEADER, SECOND, SSE, Talk, cut


def test_each_piece_of_news_comes_once_and_in_order_of_time(tmp_path: Path) -> None:
    talk = Talk()
    path = record(tmp_path / "a.db", [*talk.stream(), *cut(talk.stream(SECOND, size=9), 8)])
    with Recording(path) as recording:
        follower = Follower(recording)
        news = list(follower.news())
        assert list(follower.news()) == []
    assert [each.at for each in news] == sorted(each.at for each in news)
    assert [each.exchange for each in news if isinstance(each, Began)] == [1, 2]
    ended = [each for each in news if isinstance(each, Ended)]
    assert [(each.exchange, each.row.outcome) for each in ended] == [(1, "complete"), (2, "client-abort")]
    assert len([each for each in news if isinstance(each, StreamVerdict)]) == 2
    assert [each.code for each in news if isinstance(each, Finding)] == ["HT602"]


def test_an_outline_counts_each_side_without_keeping_bodies() -> None:
    events = Talk().stream(SECOND, server=((ID_HEADER, SECOND), ("X-Up", "1")), size=10)
    found = outline(events)
    assert [found.response[side].size for side in SIDES] == [len(SSE), len(SSE)]
    heads = [found.response[side].head for side in SIDES]
    assert [head and (b"X-Up", b"1") in head.headers for head in heads] == [False, True]
    assert all(found.response[side].end for side in SIDES)
    assert found.request[SIDES[0]].chunks == 3
    assert b"".join(body(events, Message.RESPONSE, SIDES[1])) == SSE
