import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Abort, Breaker, Chunk, Event, Form, Gap, Manner, Side
from recordings.redaction import Redactor
from recordings.redaction.bodies import MOST_HELD
from tests.recordings.redaction.exchanges import (
    KEY,
    RESPONSE,
    SSE,
    answer,
    body,
    chunk,
    chunks,
    cut,
    end,
    forms,
    redact,
    redacted_body,
    request,
    response,
)

CLEAN = b'event: chunk\ndata: {"text": "hello"}\n\n'
STREAM = (
    b"\xef\xbb\xbf: hi\r\n\r\n"
    + CLEAN
    + b'event: auth\r\ndata: {"accessToken":\r\ndata: "s3cret-Value", "n": 1}\r\n\r\n'
    b'data:{"pass\\u0077ord":"hunter2"}\r\r'
    b"data: [DONE]\n\n"
    b"data: got s3cret-Value in prose, password: hunter2\n\n"
    b'id: 7\ndata: {"token": 12345678}\n\ndata: {"a": 1}'
)


def opened(redactor: Redactor) -> None:
    redact([request(), response(SSE)], redactor)


def test_secrets_in_json_payloads_are_replaced_in_place() -> None:
    redacted = redacted_body(SSE, STREAM)
    assert len(redacted) == len(STREAM)
    for secret in (b"s3cret-Value", b"hunter2", b"12345678"):
        assert secret not in redacted
    changed = [at for at in range(len(STREAM)) if STREAM[at] != redacted[at]]
    assert len(changed) <= 2 * len("s3cret-Value") + 2 * len("hunter2") + 8
    assert json.loads(redacted.split(b"id: 7\ndata: ")[1].partition(b"\n")[0])["token"] > 9_999_999


@given(bounds=st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_chunking_gives_the_same(bounds: list[int]) -> None:
    pieces = cut(STREAM, bounds)
    events = redact(answer(SSE, pieces))
    assert body(events) == redacted_body(SSE, STREAM)
    assert [each.size for each in chunks(events)] == [len(piece) for piece in pieces]
    assert set(forms(events)) == {Form.WIRE}


def test_every_split_in_two_gives_the_same() -> None:
    whole = redacted_body(SSE, STREAM)
    for at in range(len(STREAM)):
        assert redacted_body(SSE, STREAM[:at], STREAM[at:]) == whole


def test_a_chunk_of_whole_clean_events_passes_at_once_untouched() -> None:
    redactor = Redactor(KEY)
    opened(redactor)
    for _ in range(3):
        clean = chunk(CLEAN * 2)
        [passed] = redactor.feed(clean)
        assert passed is clean or passed == clean


def test_only_an_incomplete_event_is_held() -> None:
    redactor = Redactor(KEY)
    opened(redactor)
    assert len(redactor.feed(chunk(CLEAN))) == 1
    assert redactor.feed(chunk(CLEAN + CLEAN[:20])) == []
    assert redactor.feed(chunk(CLEAN[20:30])) == []
    assert [each.size for each in chunks(redactor.feed(chunk(CLEAN[30:])))] == [
        len(CLEAN) + 20,
        10,
        len(CLEAN) - 30,
    ]


def test_an_event_that_is_broken_json_with_a_secret_is_lost_alone() -> None:
    events = redact(answer(SSE, [CLEAN, b'data: {"password": "hun\n\n', CLEAN]))
    assert forms(events) == [Form.WIRE, Form.LOST, Form.WIRE]


def test_an_event_cut_off_is_decided_by_what_is_there() -> None:
    gone = Abort(1, Side.BOTH, 0, Breaker.SERVER, Manner.CLOSED, "gone")
    kept = redact([request(), response(SSE), chunk(b'data: {"a": "x'), gone])
    assert [type(event).__name__ for event in kept[2:]] == ["Chunk", "Abort"]
    assert body(kept) == b'data: {"a": "x'
    assert forms(redact([request(), response(SSE), chunk(b'data: {"token": "x'), gone])) == [Form.LOST]


def test_an_event_beyond_the_bound_is_lost_and_the_next_one_kept() -> None:
    pieces = [b'data: {"password": "', *([b"x" * 100_000] * 11), b'"}\n\n', CLEAN]
    events = redact(answer(SSE, pieces))
    assert sum(len(piece) for piece in pieces) > MOST_HELD
    assert forms(events)[:-1] == [Form.LOST] * (len(pieces) - 1)
    assert body(events) == CLEAN


@pytest.mark.parametrize("lost", [True, False])
def test_after_missing_bytes_the_rest_of_the_event_is_lost(lost: bool) -> None:
    missing = Chunk(1, RESPONSE, Side.BOTH, 0, b"", 9, Form.LOST) if lost else Gap(1, 0, 1, 9, "overload")
    events = redact(
        [
            request(),
            response(SSE),
            chunk(CLEAN),
            chunk(b'data: {"tok'),
            missing,
            chunk(b'"hunter2"}\n\n'),
            chunk(CLEAN),
            end(),
        ]
    )
    assert body(events) == CLEAN * 2
    assert events.index(missing) == 4


def test_a_gap_of_unknown_exchanges_concerns_all() -> None:
    events = redact(
        [
            request(),
            response(SSE),
            chunk(b'data: {"tok'),
            Gap(0, 0, 1, 9, "overload"),
            chunk(b'"hunter2"}\n\n'),
        ]
    )
    assert body(events) == b""


def test_a_known_secret_is_replaced_in_any_event() -> None:
    redactor = Redactor(KEY)
    redact([request(((b"Authorization", b"Bearer s3cret-Value"),)), response(SSE)], redactor)
    assert b"s3cret" not in body(redact([chunk(b'data: {"error": "s3cret-Value expired"}\n\n')], redactor))


def test_prose_is_no_broken_json() -> None:
    events = redact(answer(SSE, [b"data: so, password: is a word\n\n"]))
    assert forms(events) == [Form.WIRE]
    assert body(events).startswith(b"data: so, password: ")


def test_an_event_stream_under_another_type_is_recognised() -> None:
    for headers in ((), ((b"content-type", b"text/plain"),)):
        assert b"hunter2" not in redacted_body(headers, b"eve", b'nt: x\ndata: {"password": "hunter2"}\n\n')


def test_memory_is_bounded_by_what_is_open() -> None:
    redactor = Redactor(KEY)
    for number in range(1, 50):
        redact(answer(SSE, [CLEAN, STREAM], number), redactor)
    assert redactor._open == {}


def test_a_secret_over_several_data_lines_is_replaced_on_each() -> None:
    text = b'data: {"token": "one two\ndata: three\ndata: four", "x": 1}\n\n'
    redacted = redacted_body(SSE, text)
    assert len(redacted) == len(text)
    assert [line[:6] for line in redacted.split(b"\n")[:3]] == [b"data: "] * 3
    assert redacted.endswith(b'", "x": 1}\n\n')
    for word in (b"one", b"two", b"three", b"four"):
        assert word not in redacted


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", "text/plain", "image/png", ""])
@given(
    bounds=st.lists(st.integers(0, 5 * len(STREAM)), max_size=60),
    runs=st.lists(st.integers(4, 12), max_size=6),
    clean=st.integers(0, 4),
)
def test_runs_of_chunks_give_the_same_as_one_after_the_other(
    kind: str, bounds: list[int], runs: list[int], clean: int
) -> None:
    text = CLEAN * 40 * (clean > 0) + STREAM * (clean < 4) + CLEAN * 40 * (clean > 1)
    headers = ((b"Content-Type", kind.encode()),) if kind else ()
    events = answer(headers, cut(text, bounds))
    singly = redact(events)
    redactor = Redactor(KEY)
    together: list[Event] = []
    place = 0
    while place < len(events):
        some = events[place : place + (runs.pop() if runs else 50)]
        run = [each for each in some if isinstance(each, Chunk) and each.message is RESPONSE]
        if len(run) == len(some):
            together += redactor.feed_run(run)
            place += len(some)
        else:
            together += redactor.feed(events[place])
            place += 1
    together += redactor.flush()
    assert together == singly
