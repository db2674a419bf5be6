import json
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import Chunk, Event, Form, Message, ResponseHead, Side
from tests.cli.recorded import record
from tests.cli.streamid import streamid
from tests.contract.build import FIRST, Talk, cut, fields

HOSTILE = "\x1b[31mred\x1b[0m\x07 \x9b2J \u202ebackwards [bold]markup[/bold] :smile:"


def as_json(path: Path, exchange: int, *options: str) -> dict[str, object]:
    shown: dict[str, object] = json.loads(
        streamid("show", path, exchange, "--format", "json", *options).stdout
    )
    return shown


def test_json_has_the_documented_keys(chat: Path) -> None:
    shown = as_json(chat, 1)
    assert list(shown) == ["exchange", "request", "response", "events", "chunks", "findings"]
    assert shown["exchange"] == 1
    assert shown["events"] == [
        {"offset": 0, "at": 10000, "event": "chunk", "data": '{"text": "Hello"}', "id": ""},
        {
            "offset": 38,
            "at": 16000,
            "event": "done",
            "data": '{"message":"Stream complete","tokensUsed":1}',
            "id": "",
        },
    ]
    assert shown["chunks"] == [
        {"side": "both", "at": 7000 + 1000 * n, "size": 11 if n < 9 else 3} for n in range(10)
    ]
    assert shown["findings"] == []


def test_json_has_both_sides_of_both_messages(chat: Path) -> None:
    shown = as_json(chat, 3)
    request, response = shown["request"], shown["response"]
    assert isinstance(request, dict)
    assert isinstance(response, dict)
    assert request["method"] == "POST"
    assert request["url"] == "http://chat.test/api/chat/sessions/s1/stream"
    assert request["body"] == '{"message":"Hi","modelId":"m"}'
    assert response["status"] == 200
    assert ["Keep-Alive", "timeout=5"] in response["sides"]["server"]["headers"]
    assert ["Keep-Alive", "timeout=5"] not in response["headers"]
    assert response["headers"] == response["sides"]["client"]["headers"]


def test_json_of_one_side_has_that_side_alone(chat: Path) -> None:
    response = as_json(chat, 3, "--side", "server")["response"]
    assert isinstance(response, dict)
    assert list(response["sides"]) == ["server"]
    assert ["Keep-Alive", "timeout=5"] in response["headers"]


def test_json_has_the_findings_and_the_body_of_an_answer_that_is_no_stream(chat: Path) -> None:
    shown = as_json(chat, 4)
    findings, response = shown["findings"], shown["response"]
    assert isinstance(findings, list)
    assert isinstance(response, dict)
    assert [finding["code"] for finding in findings] == ["EC202", "EC203"]
    assert "mismatch" in json.loads(response["body"])["message"]
    assert shown["events"] == []


def test_text_marks_what_differs_between_the_sides(chat: Path) -> None:
    lines = streamid("show", chat, 3).stdout.splitlines()
    assert "Response  (< client side, > server side)" in lines
    assert "  > Keep-Alive: timeout=5" in lines
    assert "    Content-Type: text/event-stream" in lines
    assert "Request" in lines
    only = streamid("show", chat, 3, "--side", "client").stdout
    assert "Keep-Alive" not in only


def test_text_has_the_timeline_with_times_from_the_request(chat: Path) -> None:
    lines = streamid("show", chat, 1).stdout.splitlines()
    timeline = lines[lines.index("Timeline  (client side)") + 1 :]
    assert [line.split() for line in timeline[:4]] == [
        ["+0.000s", "→", "POST", "/api/chat/sessions/s1/stream"],
        ["+0.004s", "→", "request", "complete,", "30", "B", "in", "3", "chunks"],
        ["+0.005s", "←", "200"],
        ["+0.006s", "11", "B", "·"],
    ]
    assert timeline[6].split(maxsplit=4) == ["+0.009s", "11", "B", "chunk", '{"text": "Hello"}']
    assert timeline[-1].split() == ["+0.016s", "←", "response", "complete"]


def test_events_of_one_chunk_are_one_group(healthy: Path) -> None:
    out = streamid("show", healthy, 1).stdout
    first, second = (line for line in out.splitlines() if '"text"' in line or "Stream complete" in line)
    assert first.split()[:3] == ["+0.004s", "102", "B"]
    assert second.split()[0] == "done"
    assert first.index("chunk ") == second.index("done ")


def test_a_finding_stands_where_it_happened(chat: Path) -> None:
    lines = streamid("show", chat, 4).stdout.partition("Timeline")[2].splitlines()
    found = [number for number, line in enumerate(lines) if "▲" in line]
    end = next(number for number, line in enumerate(lines) if "← response complete" in line)
    assert found == [end + 1, end + 2]
    assert "EC203 echo-fabricated error: " in lines[end + 2]


def test_json_bodies_are_indented(chat: Path) -> None:
    assert '      "modelId": "m"' in streamid("show", chat, 1).stdout.splitlines()


def test_without_a_number_the_first_exchange_with_a_finding_is_shown(chat: Path, healthy: Path) -> None:
    result = streamid("show", chat)
    assert result.stdout.startswith(f"exchange 4 of {chat}\n")
    assert "note: showing exchange 4, the first that has a finding" in result.stderr
    result = streamid("show", healthy)
    assert result.stdout.startswith("exchange 1 of")
    assert "the first that issues a stream's ID" in result.stderr


def test_an_abort_and_a_silence_are_in_the_timeline(tmp_path: Path) -> None:
    events = cut(Talk().stream(size=20), 7)
    chunk, abort = replace(events[-2], at=2_500_000), replace(events[-1], at=2_600_000)
    path = record(tmp_path / "cut.db", [*events[:-2], chunk, abort])
    out = streamid("show", path, 1).stdout
    assert "⋯ 2.5 s of silence" in out
    assert "✗ broken off by the client (closed): peer closed connection" in out


def test_an_answer_that_only_the_server_side_saw_is_shown_from_there(tmp_path: Path) -> None:
    talk = Talk()
    events = [
        replace(event, side=Side.SERVER)
        if isinstance(event, ResponseHead) or (isinstance(event, Chunk) and event.message is Message.RESPONSE)
        else event
        for event in cut(talk.stream(), 5)
    ]
    path = record(tmp_path / "server.db", events)
    out = streamid("show", path, 1).stdout
    assert "Timeline  (server side)" in out
    assert "Response  (seen on the server side only)" in out


def test_the_other_sides_body_is_mentioned_where_it_differs(tmp_path: Path) -> None:
    talk = Talk()
    events: list[Event] = []
    for event in talk.stream(size=30):
        if isinstance(event, Chunk) and event.message is Message.RESPONSE:
            late = replace(event, side=Side.CLIENT, at=event.at + 300_000)
            events += [replace(event, side=Side.SERVER), late]
        else:
            events.append(event)
    path = record(tmp_path / "late.db", events)
    out = streamid("show", path, 1).stdout
    assert (
        "On the server side: 102 B in 4 chunks from +0.004s to +0.007s, complete; --side server shows it"
        in out
    )


def hostile(tmp_path: Path) -> Path:
    talk = Talk()
    data = f"event: {HOSTILE}\ndata: {HOSTILE}\n\n".encode()
    head = (("X-Note", "\x1b]0;title\x07[red]x[/red]"), ("Content-Type", "text/event-stream"))
    events = talk.exchange(
        "GET",
        "/a\x1b[2Jb",
        request=(("X-Sent", "\x1b[1A"),),
        body=HOSTILE.encode(),
        response=head,
        answer=data,
    )
    response = talk.stream(f"stream-\x1b[5m{HOSTILE}".encode().decode("latin-1"))
    return record(tmp_path / "hostile.db", [*events, *response, *talk.update("\x1b[7m\u202e\x9b")])


@pytest.mark.parametrize(
    "command", [["ls"], ["show", 1], ["show", 2], ["show", 3], ["tail"], ["validate"]], ids=str
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_recorded_bytes_cannot_drive_the_terminal(command: list[object], form: str, tmp_path: Path) -> None:
    if command[0] == "tail" and form == "json":
        form = "text"
    name, *rest = command
    options = [] if name == "tail" else ["--format", form]
    result = streamid(name, hostile(tmp_path), *rest, *options, color=True, env={"NO_COLOR": "1"})
    out = result.stdout
    assert out
    assert {c for c in out if not c.isprintable()} <= {"\n"}


def test_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    out = streamid("show", hostile(tmp_path), 1).stdout
    assert "[bold]markup[/bold] :smile:" in out
    assert "X-Note: \\x1b]0;title\\x07[red]x[/red]" in out
    assert "\\x1b[31mred\\x1b[0m\\x07 \\x9b2J \\u202ebackwards" in out


def test_invalid_utf8_in_a_body_is_shown_as_escapes(tmp_path: Path) -> None:
    talk = Talk()
    path = record(tmp_path / "odd.db", talk.exchange("POST", "/x", body=b"caf\xe9 {", answer=b"\0\1\2"))
    out = streamid("show", path, 1).stdout
    assert "    caf\\xe9 {" in out
    assert "    (3 bytes, not text)" in out
    shown = as_json(path, 1)
    assert isinstance(shown["request"], dict)
    assert shown["request"]["body"] == "caf\ufffd {"


def test_a_long_body_is_cut_unless_all_is_asked_for(tmp_path: Path) -> None:
    talk = Talk()
    path = record(tmp_path / "long.db", talk.exchange("POST", "/x", body=b"x" * 10_000, size=1000))
    assert "… (+5,904 characters)" in streamid("show", path, 1).stdout
    assert "x" * 10_000 in streamid("show", path, 1, "--full").stdout


def test_bytes_that_were_not_kept_are_told(tmp_path: Path) -> None:
    events = [
        replace(event, data=b"", form=Form.LOST)
        if isinstance(event, Chunk) and event.message is Message.REQUEST
        else event
        for event in Talk().stream()
    ]
    path = record(tmp_path / "lost.db", events)
    assert "(30 bytes were not kept)" in streamid("show", path, 1).stdout


def test_a_stream_in_a_content_coding_is_decoded(tmp_path: Path) -> None:
    import gzip

    packed = gzip.compress(b"data: one\n\ndata: two\n\n")
    head = (("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip"))
    path = record(tmp_path / "gzip.db", Talk().exchange("GET", "/s", response=head, answer=packed, size=7))
    events = as_json(path, 1)["events"]
    assert isinstance(events, list)
    assert [(event["offset"], event["data"]) for event in events] == [(0, "one"), (11, "two")]


def test_a_long_stream_is_limited_in_text_and_complete_in_json(tmp_path: Path) -> None:
    talk = Talk()
    head = fields((("Content-Type", "text/event-stream"),))
    request, end = talk.exchange("GET", "/s")[:2]
    events: list[Event] = [request, end, ResponseHead(1, Side.BOTH, 5000, 200, b"OK", b"HTTP/1.1", head)]
    for number in range(50_000):
        piece = b"data: %d\n\n" % number
        events.append(Chunk(1, Message.RESPONSE, Side.BOTH, 6000 + number * 10, piece, len(piece)))
    path = record(tmp_path / "big.db", events)
    lines = streamid("show", path, 1).stdout.splitlines()
    assert len(lines) < 230
    assert any("49,803 lines left out; --limit 0 shows all" in line for line in lines)
    assert lines[-1].endswith("message  49999")
    shown = as_json(path, 1)
    assert isinstance(shown["events"], list)
    assert isinstance(shown["chunks"], list)
    assert [event["data"] for event in shown["events"][-2:]] == ["49998", "49999"]
    assert len(shown["events"]) == len(shown["chunks"]) == 50_000


def test_an_issued_id_is_in_the_title(healthy: Path) -> None:
    assert f"issue · {FIRST} · scope s1" in streamid("show", healthy, 1).stdout
