"""HARs as browsers write them, field by field; and any JSON at all is either exchanges or one sentence."""

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.events import Abort, Breaker, Chunk, End, Event, Form, Gap, Manner, Message, RequestHead, Side
from contract.sse import SseParser
from replay.importing import har as reading
from replay.importing.foreign import ForeignExchange, SourceError, sequence
from replay.recorded import Recorded, recorded_exchanges
from tests.replay.importing.hars import CHUNKS, DONE, ID, STREAM, chrome, firefox, har

SECOND = 1_000_000


def nothing_beside(name: str) -> bytes:
    raise ValueError(f"cannot read {name}")


def read(*entries: dict[str, Any], creator: str = "WebInspector") -> list[ForeignExchange]:
    return reading.read("a.har", har(*entries, creator=creator), nothing_beside).exchanges


def recorded(*entries: dict[str, Any], creator: str = "WebInspector") -> list[Recorded]:
    return sorted(recorded_exchanges(events(*entries, creator=creator)), key=lambda each: each.exchange)


def events(*entries: dict[str, Any], creator: str = "WebInspector") -> list[Event]:
    return sequence(read(*entries, creator=creator))[1]


def changed(entry: dict[str, Any], message: str, **fields: Any) -> dict[str, Any]:
    """`entry` with other fields in one message, or at the top."""
    return entry | {message: entry[message] | fields} if message else entry | fields


def test_the_request_of_a_chrome_har_is_what_was_asked() -> None:
    stream = recorded(*chrome())[0].request
    assert (stream.method, stream.scheme, stream.host, stream.port) == (b"POST", "https", "chat.example", 443)
    assert (stream.target, stream.version) == (b"/api/chat/sessions/s1/stream?x=%20", b"HTTP/2.0")
    assert stream.server == "192.0.2.7:443"
    assert stream.headers == (
        (b":authority", b"chat.example"),
        (b"authorization", b"Bearer a.b.c"),
        (b"content-type", b"application/json"),
        (b"origin", b"https://app.example"),
        (b"cookie", b"seen=1"),
    )


def test_the_answer_of_a_chrome_har_is_what_the_page_got() -> None:
    stream = recorded(*chrome())[0]
    assert stream.response is not None
    assert (b"x-streaming-session-id", ID.encode()) in stream.response.headers
    assert [value for name, value in stream.response.headers if name == b"set-cookie"] == [
        b"a=1; Path=/",
        b"b=2; Secure",
    ]
    assert not [name for name, _ in stream.response.headers if name.startswith(b":")]
    assert stream.response_text() == STREAM.encode()
    assert stream.request_text() == b'{"message":1}'


def test_each_event_has_the_time_that_chrome_noted() -> None:
    body = recorded(*chrome())[0].response_body
    parser = SseParser()
    found = [(event.at, event.data) for piece in body.pieces for event in parser.feed(piece.data, piece.at)]
    # The run begins with the request, 8 ms after the entry (blocked, dns, connect).
    assert found == [(92_000, CHUNKS[0]), (292_000, CHUNKS[1]), (442_000, DONE)]


def test_a_body_that_had_a_coding_says_of_how_many_bytes_it_was() -> None:
    stream = recorded(*chrome())[0]
    chunks = [
        each
        for each in events(*chrome())
        if isinstance(each, Chunk) and each.exchange == 1 and each.message is Message.RESPONSE
    ]
    assert stream.response_body.is_decoded
    assert sum(chunk.size for chunk in chunks) == chrome()[0]["response"]["bodySize"]
    assert {chunk.form for chunk in chunks} == {Form.DECODED}


def test_the_timings_are_those_of_heads_and_ends() -> None:
    first, second, third = recorded(*chrome())
    assert first.request.at == 0
    assert first.request_body.ended_at == 500
    assert first.response is not None
    assert first.response.at == 20_500
    assert first.response_body.ended_at == 492_000
    assert second.request.at == SECOND - 8_000 + 1_000
    assert third.request.at == 2 * SECOND - 8_000 + 4_000


def test_a_request_that_was_refused_is_an_abort() -> None:
    refused = recorded(*chrome())[2]
    assert refused.response is None
    assert refused.request.target == b"/api/chat/sessions/s1"
    assert refused.abort is not None
    assert (refused.abort.by, refused.abort.manner) == (Breaker.SERVER, Manner.UNREACHABLE)
    assert refused.abort.reason == "net::ERR_CONNECTION_REFUSED"


@pytest.mark.parametrize(
    ("field", "words", "by", "manner"),
    [
        ("_error", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", Breaker.SERVER, Manner.CLOSED),
        ("_error", "net::ERR_CONNECTION_RESET", Breaker.SERVER, Manner.RESET),
        ("_failureText", "net::ERR_ABORTED", Breaker.CLIENT, Manner.CLOSED),
        ("_error", "NS_BINDING_ABORTED", Breaker.CLIENT, Manner.CLOSED),
    ],
)
def test_a_stream_that_broke_off_has_what_came_and_no_end(
    field: str, words: str, by: Breaker, manner: Manner
) -> None:
    entry = changed(chrome()[0], "response", **{field: words})
    (stream,) = recorded(entry)
    assert stream.response_text() == STREAM.encode()
    assert stream.response_body.ended_at is None
    assert stream.abort is not None
    assert (stream.abort.by, stream.abort.manner, stream.abort.reason) == (by, manner, words)


def test_a_stream_without_times_is_no_burst_and_no_more_than_is_known() -> None:
    entry = chrome()[0] | {"_eventSourceMessages": None}
    (stream,) = recorded(entry)
    first, rest = stream.response_body.pieces
    assert stream.response is not None
    assert (first.at, rest.at) == (stream.response.at, stream.response_body.ended_at)
    assert first.data == f"event: chunk\ndata: {CHUNKS[0]}\n\n".encode()


@pytest.mark.parametrize("text", [STREAM, "data: “Ünï”\n\n"])
def test_utf_8_that_a_browser_took_for_windows_1252_is_put_right(text: str) -> None:
    bytes_of = {bytes((each,)).decode("cp1252", "ignore") or chr(each): each for each in range(256)}
    taken_for = "".join({byte: char for char, byte in bytes_of.items()}[byte] for byte in text.encode())
    for written in (text, taken_for):
        content = {"size": 1, "mimeType": "text/event-stream", "text": written}
        (stream,) = recorded(changed(chrome()[0], "response", content=content))
        assert stream.response_text() == text.encode()


def test_a_stream_whose_body_was_not_kept_is_written_anew_from_its_events() -> None:
    entry = changed(chrome()[0], "response", content={"size": 0, "mimeType": "text/event-stream"})
    (stream,) = recorded(entry)
    assert stream.response_text() == STREAM.encode()
    assert len(stream.response_body.pieces) == 3


def test_the_exchanges_of_a_firefox_har_are_read() -> None:
    picture, left_out, cancelled = recorded(*firefox(), creator="Firefox")
    assert picture.request.headers[0] == (b"Host", b"chat.example:3002")
    assert picture.response is not None
    assert (picture.response.reason, picture.response.version) == (b"OK", b"HTTP/1.1")
    assert picture.response_text() == b"\x89PNG"
    assert not picture.response_body.is_decoded
    assert left_out.response_text() is None
    assert left_out.request.at - picture.request.at == 750_000
    assert cancelled.response is None
    assert cancelled.abort is not None
    assert (cancelled.abort.by, cancelled.abort.reason) == (Breaker.CLIENT, "no answer was noted")


def test_a_body_that_was_left_out_is_lost_not_empty() -> None:
    (lost,) = [each for each in events(firefox()[1]) if isinstance(each, Chunk)]
    assert (lost.form, lost.size, lost.data) == (Form.LOST, 4, b"")


def test_a_body_of_which_nothing_is_known_is_a_gap() -> None:
    entry = chrome()[1]
    entry["response"]["content"] = {"mimeType": "application/json"}
    assert [each.because for each in events(entry) if isinstance(each, Gap)] == [
        "the HAR does not have this body"
    ]


def test_what_mitmproxy_writes_as_empty_may_not_have_been_kept() -> None:
    entry = changed(
        chrome()[0], "response", content={"size": 0, "text": "", "mimeType": "text/event-stream"}, bodySize=0
    )
    entry["_eventSourceMessages"] = []
    assert any(isinstance(each, Gap) for each in events(entry, creator="mitmproxy"))
    assert not any(isinstance(each, Gap) for each in events(entry))


def test_exchanges_that_overlap_are_told_in_the_order_of_their_times() -> None:
    stream, update, _ = chrome()
    made = events(update | {"startedDateTime": "2025-01-31T12:00:00.200Z"}, stream)
    assert [each.at for each in made] == sorted(each.at for each in made)
    assert [each.exchange for each in made if isinstance(each, RequestHead)] == [1, 2]
    assert [each.exchange for each in made if isinstance(each, End)] == [1, 2, 2, 1]


def test_all_is_seen_from_one_place() -> None:
    heads = [each for each in events(*chrome()) if isinstance(each, RequestHead | Chunk | End | Abort)]
    assert {each.side for each in heads} == {Side.BOTH}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"_fromCache": "disk"}, "answers from the browser's own cache"),
        ({"_resourceType": "websocket", "_webSocketMessages": []}, "WebSocket conversations"),
        ({"request": chrome()[0]["request"] | {"url": "data:text/plain,x"}}, "URLs that are not HTTP's"),
        ({"request": chrome()[0]["request"] | {"method": "CONNECT"}}, "tunnels"),
    ],
)
def test_what_no_service_answered_over_http_is_skipped_and_told(change: dict[str, Any], what: str) -> None:
    imported = reading.read("a.har", har(chrome()[0] | change, chrome()[1]), nothing_beside)
    assert len(imported.exchanges) == 1
    assert [count for name, count in imported.skipped.items() if name.startswith(what)] == [1]


def without(entry: dict[str, Any], *path: str) -> dict[str, Any]:
    entry = copy.deepcopy(entry)
    inner = entry
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return entry


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "a.har:1: not JSON: "),
        (b'{\n"log": {\n"entries" []}}', "a.har:3: not JSON: "),
        (b"\xff\xfe{", "a.har: is no text in UTF-8"),
        (b"[]", "a.har: is no HAR: there is no object log"),
        (b'{"log": []}', "a.har: is no HAR: there is no object log"),
        (b'{"log": {"entries": {}}}', "a.har: is no HAR: log.entries is no list"),
        (har(), "a.har: log.entries is empty: there is nothing to import"),
        (b"[" * 100_000, "a.har: not JSON that can be read"),
        (har(chrome()[0], without(chrome()[1], "request", "url")), "a.har: entry 2: request.url: missing"),
        (har(without(chrome()[0], "response")), "a.har: entry 1: response: missing"),
        (har(without(chrome()[0], "startedDateTime")), "a.har: entry 1: startedDateTime: missing"),
        (har(chrome()[0] | {"startedDateTime": "noon"}), "a.har: entry 1: startedDateTime: "),
        (
            har(chrome()[0] | {"startedDateTime": "0001-01-01"}),
            "a.har: entry 1: startedDateTime: the year 1 ",
        ),
        (har(changed(chrome()[0], "response", status="ok")), "a.har: entry 1: response.status: "),
        (har(changed(chrome()[0], "request", url="http://")), "a.har: entry 1: request.url: 'http://' is no"),
        (
            har(changed(chrome()[0], "request", headers=[{}])),
            "a.har: entry 1: request.headers[0].name: missing",
        ),
        (
            har(changed(chrome()[0], "response", content={"text": "!", "encoding": "base64"})),
            "a.har: entry 1: response.content.text: is no base64",
        ),
        (
            har(changed(chrome()[0], "response", content={"_file": "gone.dat"})),
            "a.har: entry 1: response.content._file: cannot read gone.dat",
        ),
    ],
)
def test_what_is_wrong_is_told_by_file_entry_and_field(text: bytes, said: str) -> None:
    with pytest.raises(SourceError) as error:
        reading.read("a.har", text, nothing_beside)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, each in inner for path in paths(each, (*here, key)))]


MISSING = [(0, "_error"), (0, "response", "content", "_file"), (0, "request", "postData", "params")]
PLACES = [place for place in (*paths(chrome()), *MISSING) if place]


def found_or_told(text: bytes) -> list[ForeignExchange] | str:
    try:
        return reading.read("a.har", text, nothing_beside).exchanges
    except SourceError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), ANY)
@example((0, "time"), float("inf"))
@example((0, "startedDateTime"), 10**30)
@example((0, "timings", "wait"), 10**400)
@example((0, "request", "method"), "\ud800")
def test_any_value_in_any_place_is_read_or_told_in_one_line(place: tuple[Any, ...], value: Any) -> None:
    entries: Any = chrome()
    inner = entries
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    found = found_or_told(har(*entries))
    if isinstance(found, str):
        assert found.startswith("a.har")
        assert "\n" not in found
        return
    started, made = sequence(found)
    assert started.year > 1969
    assert [each.at for each in made] == sorted(each.at for each in made)


@settings(max_examples=150, deadline=None)
@given(ANY)
def test_any_json_is_no_har_and_that_is_told(value: Any) -> None:
    for document in (value, {"log": value}, {"log": {"entries": value}}, {"log": {"entries": [value]}}):
        with pytest.raises(SourceError):
            reading.read("a.har", json.dumps(document).encode(), nothing_beside)
