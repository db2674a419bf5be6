import base64
import hashlib
import re

from hypothesis import example, given
from hypothesis import strategies as st

from contract.events import Message, Side
from contract.incidents import Incident
from postmortem.report.choosing import choose
from postmortem.report.comparing import header_rows
from postmortem.report.html import policy
from postmortem.report.lanes import WIDTH, Trace, timeline
from postmortem.report.model import Mark
from postmortem.report.prose import inline
from postmortem.report.visible import shortened, visible
from postmortem.report.wording import duration, path_of
from recordings.rows import ExchangeRow
from tests.support.reports import fabricated


def row(
    number: int, at: int = 0, *, role: str = "issue", stream: str = "", ended: int | None = None
) -> ExchangeRow:
    line = (
        "http",
        "POST",
        "http://chat.test/api/stream",
        200,
        role,
        stream or f"s{number}",
        "scope",
        "complete",
    )
    return ExchangeRow(number, number, at, *line, 0, ended, 10, None, None, 0, 0)


@given(st.text(st.characters()))
@example("a\u202eb\x00\ud800")
def test_nothing_that_does_not_print_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)
    assert visible(shown) == shown
    kept = "".join(character for character in text if character.isprintable() or character in "\n\t")
    assert [c for c in shown if c in kept or c in "\\xuU0123456789abcdef"] == list(shown)


def test_a_long_text_says_how_much_longer_it_is() -> None:
    assert shortened("x" * 1_300, 100) == "x" * 100 + "… (+1,200 characters)"
    assert shortened("x" * 100, 100) == "x" * 100


def test_the_policy_has_the_hashes_of_what_is_in_the_file() -> None:
    for text, directive in (("body {}", "style-src"), ("alert(1)", "script-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy("body {}", "alert(1)")
    assert "unsafe" not in policy("", "")


def test_explanations_are_text_but_for_their_code_spans() -> None:
    assert inline("send `<id>` & <b>") == "send <code>&lt;id&gt;</code> &amp; &lt;b&gt;"


def test_headers_are_compared_by_name_and_by_value() -> None:
    entered = (
        (b"Host", b"a"),
        (b"X-One", b"1"),
        (b"X-Two", b"2"),
        (b"X-Three", b"3"),
        (b"X-Same", b"s"),
        (b"x-same", b"t"),
    )
    left = (
        (b"Host", b"b"),
        (b"x-new", b"1"),
        (b"X-Two", b"22"),
        (b"X-SAME", b"s"),
        (b"X-Same", b"t"),
        (b"X-More", b"m"),
    )
    rows = header_rows(Message.REQUEST, entered, left)
    assert [(each.name, each.entered, each.left, each.mark) for each in rows] == [
        ("Host", "a", "b", Mark.HOP),
        ("X-One", "1", "x-new: 1", Mark.RENAMED),
        ("X-Two", "2", "22", Mark.CHANGED),
        ("X-Three", "3", None, Mark.DROPPED),
        ("X-Same", "s\nt", "s\nt", Mark.SAME),
        ("X-More", None, "m", Mark.ADDED),
    ]


def test_no_exchange_is_in_two_stories_and_incidents_come_first() -> None:
    rows = [
        row(1),
        row(2, role="echo", stream="s1"),
        row(3),
        row(4, role="echo", stream="s3"),
        row(5),
        row(6),
    ]
    found = choose(rows, [fabricated(4, 3)], {1: ("EC201",), 2: ("EC202",), 6: ("SS501",)}, [6], limit=3)
    assert found.stories == [(3, 4), (6,), (1, 2)]
    assert found.left_out == 0
    assert choose(rows, [fabricated(4, 3)], {1: ("EC201",)}, [6], limit=1).left_out == 2
    assert sorted(sum(choose(rows, [], {}, [], limit=None).stories, ())) == [1, 2, 3, 4, 5, 6]
    assert choose(rows, [], {}, [], limit=3).stories == []


def test_a_frequent_cause_leaves_room_for_a_rare_one() -> None:
    rows = [row(number) for number in range(1, 31)]
    many = [fabricated(number, number) for number in range(1, 30)]
    rare = fabricated(30, 30, cause="server-race")
    assert choose(rows, [*many, rare], {}, [], limit=3).stories == [(1,), (30,), (2,)]


def test_an_incident_of_exchanges_that_are_not_there_chooses_nothing() -> None:
    incidents: list[Incident] = [fabricated(40, 30)]
    assert choose([row(1)], incidents, {}, [], limit=0).stories == []


def test_a_timeline_has_two_lanes_and_what_is_late_slopes() -> None:
    trace = Trace(
        sent=[100, 200, 1000],
        got=[1000, 1000, 1000],
        pairs=[(100, 1000), (200, 1000), (1000, 1000)],
        sent_head=50,
        got_head=60,
        sent_end=1000,
        got_end=1000,
    )
    drawn = timeline(row(1, ended=1000), trace, [row(2, 400, role="echo", ended=900)], [])
    sent, got = drawn.lanes
    assert sent.title == "service sent 3 events"
    assert [int(x) for x in re.findall(r"M(\d+) ", sent.path)] == [100, 200, WIDTH - 1]
    assert [int(x) for x in re.findall(r"M(\d+) ", got.path)] == [WIDTH - 1]
    assert re.findall(r"M(\d+) 0L(\d+) 1", drawn.slopes) == [("100", "999"), ("200", "999"), ("999", "999")]
    (bar,) = drawn.bars
    assert (bar.x, bar.width, bar.exchange) == (40.0, 50.0, 2)
    assert drawn.height > bar.y


def test_a_long_silence_is_cut_short_and_says_how_long_it_was() -> None:
    trace = Trace(
        sent=[1000, 2000], got=[1000, 2000], sent_head=500, got_head=500, sent_end=2100, got_end=2100
    )
    drawn = timeline(row(1, ended=2100), trace, [row(2, 65_000_000, role="echo", ended=65_000_900)], [])
    (silence,) = drawn.silences
    assert silence.label == "⋯ 1 min 5 s"
    assert silence.width < 10


def test_a_lane_has_no_more_strokes_than_positions() -> None:
    times = list(range(0, 1_000_000, 7))
    trace = Trace(sent=times, got=times, pairs=[(at, at) for at in times], sent_head=0, got_head=0)
    drawn = timeline(row(1, ended=1_000_000), trace, [], [])
    assert drawn.lanes[0].path.count("M") <= WIDTH
    assert drawn.slopes.count("M") <= WIDTH // 2
    assert drawn.lanes[0].end == "open"


def test_durations_and_paths_are_said_as_people_say_them() -> None:
    assert [duration(at) for at in (12_400, 3_400_000, 125_000_000, 3_780_000_000)] == [
        "12 ms",
        "3.4 s",
        "2 min 5 s",
        "1 h 3 min",
    ]
    assert path_of("http://[::1]:80/a/b?c") == "/a/b?c"
    assert path_of("chat.test:443") == "chat.test:443"


def test_sides_are_what_templates_think_they_are() -> None:
    assert [side.value for side in (Side.CLIENT, Side.SERVER, Side.BOTH)] == [1, 2, 3]
