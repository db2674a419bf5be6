"""The content view shows the events of a stream as a browser dispatches them, and what is known of them."""

import gzip
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.contentviews import Metadata
from mitmproxy.test import tflow

from addons.contents import Body, Contents
from addons.event_stream_view import EventStreamContentview

TYPE = http.Headers([(b"Content-Type", b"text/event-stream; charset=utf-8")])


def shown(
    *chunks: tuple[int, bytes], coding: str = "", comment: str = "", wire: Sequence[tuple[int, bytes]] = ()
) -> list[str]:
    """Lines of the view of a stream whose head came at 1 ms; times in µs. `wire`: as it passed, encoded."""
    flow = tflow.tflow(resp=True)
    assert flow.response is not None
    flow.comment = comment
    flow.response.headers = TYPE.copy()
    if coding:
        flow.response.headers["content-encoding"] = coding
    contents, body = Contents(1 << 20), Body(1_000)
    flow.response.data.content = None
    for at, data in wire or chunks:
        assert contents.add(body, 1_000 + at, data)
    contents.give(body, flow.response)
    view = EventStreamContentview(lambda: contents)
    data = b"".join(data for _, data in chunks)
    metadata = Metadata(flow=flow, http_message=flow.response, content_type="text/event-stream")
    assert view.render_priority(data, metadata) > 1
    return view.prettify(data, metadata).splitlines()


def test_a_line_for_each_event_with_its_time_and_size() -> None:
    lines = shown(
        (500, b'event: chunk\ndata: {"text": "You"}\n\n'),
        (30_500, b"data: half"),
        (31_000, b" and half\n\nevent: done\ndata: ok\n\n"),
        comment="EC204 echo-stale error\nstream-1: issued (#2)",
    )
    assert lines == [
        "EC204 echo-stale error",
        "stream-1: issued (#2)",
        " ",
        "3 events, 79 bytes in 3 chunks",
        "first after 0.5 ms, last after 31.0 ms, longest wait 30.5 ms (before 2)",
        " ",
        "     ms  bytes  event    data",
        '1   0.5     36  chunk    {"text": "You"}',
        "2  31.0     21  message  half and half",
        "3  31.0     22  done     ok",
    ]


def test_ids_lines_and_retries_show_where_there_are_any() -> None:
    lines = shown((10, b"id: 7\nretry: 250\ndata: one\ndata: two\n\n"))
    assert lines[-3:] == [
        "1  0.0     38  message  7   one",
        "                            two",
        "                            (retry after 250 ms)",
    ]


def test_what_is_no_event_at_the_end_is_named() -> None:
    assert shown((10, b"data: 1\n\ndata: 2\ndata"))[-1] == (
        "12 bytes at the end are no event, for no blank line follows: 2\\ndata"
    )


def test_what_peers_send_can_move_no_cursor() -> None:
    text = "\n".join(shown((10, "event: \x1b[2J\ndata: \u202eevil\x07\n\n".encode()), comment="\x1b[31mred"))
    assert text.replace("\n", "").isprintable()


def test_a_compressed_stream_has_its_times_too() -> None:
    plain = b"data: 1\n\ndata: 2\n\n"
    packed = gzip.compress(plain)
    lines = shown((0, plain), coding="gzip", wire=[(200, packed[:12]), (5_200, packed[12:])])
    assert lines[0] == "2 events, 18 bytes in 2 chunks"
    assert lines[-1] == "2  5.2      9  message  2"


def test_without_times_the_events_are_shown_all_the_same() -> None:
    flow = tflow.tflow(resp=True)
    assert flow.response is not None
    flow.response.headers, flow.response.content = TYPE.copy(), b"data: 1\n\n"
    view = EventStreamContentview(lambda: None)
    lines = view.prettify(b"data: 1\n\n", Metadata(flow=flow, http_message=flow.response)).splitlines()
    assert lines == [
        "1 event, 9 bytes; when they passed is not known",
        " ",
        "   bytes  event    data",
        "1      9  message  1",
    ]


def test_other_bodies_are_none_of_its_business() -> None:
    view = EventStreamContentview(lambda: None)
    assert view.render_priority(b"{}", Metadata(content_type="application/json")) < 0
    assert view.render_priority(b"{}", Metadata()) < 0


@given(st.binary(max_size=200), st.text(max_size=40))
def test_no_bytes_make_it_fail(data: bytes, comment: str) -> None:
    flow = tflow.tflow(resp=True)
    assert flow.response is not None
    flow.comment, flow.response.headers, flow.response.content = comment, TYPE.copy(), data
    view = EventStreamContentview(lambda: None)
    assert view.prettify(data, Metadata(flow=flow, http_message=flow.response))
