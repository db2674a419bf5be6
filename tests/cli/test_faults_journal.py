"""`streamid faults journal`, and the lines of faults in `streamid show`."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from contract.events import Deed, Event, Injection, Message
from tests.cli.recorded import STARTED, run_info
from tests.cli.recorded import record as recorded
from tests.cli.streamid import streamid
from tests.support.sequences import record, small, stream

HOSTILE = "\x1b[2J\n\r\u202e\x9b"


def entry(
    deed: Deed,
    name: str = "",
    before: bytes | None = None,
    after: bytes | None = None,
    offset: int | None = None,
    *,
    exchange: int = 1,
    fault: str = "no-id",
    key: str = "",
    ordinal: int = 1,
    at: int = 1_250_000,
) -> Injection:
    kind = "strip-header" if fault == "no-id" else fault
    of = exchange, at, fault, kind, Message.RESPONSE
    return Injection(*of, deed, key, ordinal, name, before, after, offset)


ENTRIES = [
    entry(Deed.HIT, "each is struck"),
    entry(Deed.HEADER, "X-Id", b"stream-1", None),
    entry(Deed.HEADER, "X-Id", None, b""),
    entry(Deed.START, "", b"200 OK", b"502 Bad Gateway"),
    entry(Deed.MISS, "number 2; number 1 is struck", fault="delay", key="s1", ordinal=2),
    entry(Deed.BODY, "event 2 (chunk) left out", b"data: 2\n\n", b"", 9),
    entry(Deed.BODY, "", None, b"\xff" * 70, 12_345),
    entry(Deed.TIME, "each part 500 ms later", exchange=2, fault="delay", at=61_000_000),
    entry(Deed.END, "close after 2 s", None, None, 12_345, exchange=2, fault="delay"),
    entry(Deed.END, "clean after 75 bytes", None, None, 75, exchange=2, fault="delay"),
    entry(Deed.END, "goes nowhere", None, None, 0, exchange=2, fault="delay"),
    entry(Deed.PASSED, "the body is compressed (gzip)", exchange=2, fault="delay"),
]
LINES = """\
    +1.250s  #1     no-id [1]                   strikes the response
    +1.250s  #1     no-id [1]                   X-Id: stream-1 → left out
    +1.250s  #1     no-id [1]                   X-Id: added → (empty)
    +1.250s  #1     no-id [1]                   200 OK → 502 Bad Gateway
    +1.250s  #1     delay [2 s1]                spares the response: number 2; number 1 is struck
    +1.250s  #1     no-id [1]                   event 2 (chunk) left out at 9: data: 2\\n\\n → nothing
    +1.250s  #1     no-id [1]                   body at 12345: nothing → {sixty}…
   +61.000s  #2     delay [1]                   each part 500 ms later
    +1.250s  #2     delay [1]                   ended: close after 2 s, 12,345 bytes in
    +1.250s  #2     delay [1]                   ended: clean after 75 bytes
    +1.250s  #2     delay [1]                   ended: goes nowhere
    +1.250s  #2     delay [1]                   could do nothing: the body is compressed (gzip)
""".format(sixty="ÿ" * 60).splitlines()


@pytest.fixture
def struck(tmp_path: Path) -> Path:
    return record(tmp_path / "struck.db", [*small(1), *small(2), *ENTRIES])


def lines(*arguments: object) -> list[str]:
    result = streamid("faults", "journal", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def objects(*arguments: object) -> list[dict[str, object]]:
    result = streamid("faults", "journal", *arguments, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.isascii()
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_each_deed_has_its_line(struck: Path) -> None:
    assert lines(struck) == LINES


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (("--exchange", 2), [7, 8, 9, 10, 11]),
        (("--fault", "delay"), [4, 7, 8, 9, 10, 11]),
        (("--decisions",), [0, 4]),
        (("--decisions", "--fault", "no-id"), [0]),
        (("--exchange", 1, "--fault", "delay"), [4]),
    ],
)
def test_options_choose_entries_in_text_and_in_json(
    struck: Path, options: tuple[object, ...], chosen: list[int]
) -> None:
    assert lines(struck, *options) == [LINES[number] for number in chosen]
    told = objects(struck, *options)
    assert [(each["fault"], each["deed"], each["name"]) for each in told] == [
        (ENTRIES[number].fault, ENTRIES[number].deed, ENTRIES[number].name) for number in chosen
    ]


def test_json_has_all_of_an_entry(struck: Path) -> None:
    found = objects(struck)
    assert len(found) == len(ENTRIES)
    assert found[1] == {
        "exchange": 1,
        "at": 1_250_000,
        "fault": "no-id",
        "kind": "strip-header",
        "message": "response",
        "deed": "header",
        "key": "",
        "ordinal": 1,
        "name": "X-Id",
        "before": "stream-1",
        "after": None,
        "offset": None,
    }
    assert (found[5]["before"], found[5]["after"], found[5]["offset"]) == ("data: 2\n\n", "", 9)
    assert found[6]["after"] == "ÿ" * 70


def test_bytes_in_json_are_utf8_where_they_can_be(tmp_path: Path) -> None:
    path = record(tmp_path / "a.db", [entry(Deed.BODY, "", "wörd".encode(), b"w\xf6rd", 0)])
    (found,) = objects(path)
    assert (found["before"], found["after"]) == ("wörd", "wörd")


def test_several_recordings_are_told_apart_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    later, earlier = tmp_path / "a.db", tmp_path / "b.db"
    recorded(later, [*small(1), ENTRIES[0]])
    recorded(earlier, [*small(1), ENTRIES[1], ENTRIES[2]], run_info(STARTED.replace(year=2024)))
    assert lines(later, earlier) == [str(earlier), *LINES[1:3], str(later), LINES[0]]
    assert lines(later, earlier, "--decisions") == [str(later), LINES[0]]
    told = objects(later, earlier)
    assert [each["recording"] for each in told] == [str(earlier), str(earlier), str(later)]
    assert next(iter(told[0])) == "recording"


@pytest.mark.parametrize("deed", Deed)
def test_nothing_hostile_reaches_the_terminal(tmp_path: Path, deed: Deed) -> None:
    raw = HOSTILE.encode("utf-8") + b"\x9b\x00"
    events: list[Event] = [*small(1), entry(deed, HOSTILE, raw, raw, 1, fault=HOSTILE, key=HOSTILE)]
    path = record(tmp_path / "hostile.db", events)
    (line,) = lines(path)
    assert line.isprintable()
    assert "\\x1b[2J\\n" in line
    shown = streamid("show", path, 1).stdout
    assert [each.isprintable() for each in shown.splitlines() if "✎" in each] == [True]
    (told,) = objects(path)
    assert (told["fault"], told["key"], told["name"]) == (HOSTILE, HOSTILE, HOSTILE)


def test_a_hostile_name_of_a_file_is_escaped_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2Jb"
    folder.mkdir()
    for name in ("1.db", "2.db"):
        record(folder / name, [ENTRIES[0]])
    assert all(line.isprintable() for line in lines(folder))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "the journal is empty"),
        (("--exchange", 1), "the journal has no such entry"),
        (("--fault", "delay"), "the journal has no such entry"),
    ],
)
def test_nothing_found_is_no_error(healthy: Path, options: tuple[object, ...], told: str) -> None:
    result = streamid("faults", "journal", healthy, *options)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"note: {told}\n")
    assert objects(healthy, *options) == []


def test_more_entries_than_are_read_at_once_come_in_order(tmp_path: Path) -> None:
    many = [entry(Deed.HIT, ordinal=number, exchange=1 + number % 2) for number in range(1, 1202)]
    path = record(tmp_path / "many.db", [*small(1), *small(2), *many])
    assert [each["ordinal"] for each in objects(path)] == list(range(1, 1202))
    assert [each["ordinal"] for each in objects(path, "--exchange", 2)] == list(range(1, 1202, 2))


# streamid show


def timeline(path: Path, *options: object) -> list[str]:
    shown = streamid("show", path, 1, *options).stdout.splitlines()
    return shown[1 + next(number for number, line in enumerate(shown) if line.startswith("Timeline")) :]


def struck_stream(number: int) -> Iterable[Event]:
    events = stream(1, events=number)
    yield from events[:3]
    yield entry(Deed.HEADER, "X-Id", b"stream-1", None, at=950)
    yield from events[3:-1]
    yield entry(Deed.BODY, "event 2 (message) left out", b"data: 2\n\n", b"", 9, at=number * 1000)
    yield events[-1]


@pytest.mark.parametrize("side", ["client", "server"])
def test_show_has_what_was_changed_where_it_happened(tmp_path: Path, side: str) -> None:
    path = record(tmp_path / "a.db", struck_stream(2))
    assert [line.split(maxsplit=1) for line in timeline(path, "--side", side) if "✎" in line] == [
        ["+0.001s", "✎ no-id: X-Id: stream-1 → left out"],
        ["+0.002s", "✎ no-id: event 2 (message) left out at 9: data: 2\\n\\n → nothing"],
    ]
    marks = [line.split()[1] for line in timeline(path, "--side", side)]
    assert marks == ["→", "→", "←", "✎", "9", "9", "✎", "←"]


def test_show_keeps_what_was_changed_where_it_leaves_lines_out(tmp_path: Path) -> None:
    path = record(tmp_path / "long.db", struck_stream(500))
    shown = timeline(path, "--limit", 8)
    assert any("lines left out" in line for line in shown)
    assert len([line for line in shown if "✎" in line]) == 2
