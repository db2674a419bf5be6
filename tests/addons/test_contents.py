"""Flows get their bodies back when a message is over; the wire gets nothing else, and memory is bounded."""

import gc
from dataclasses import replace

import pytest
from mitmproxy import http
from mitmproxy.proxy import commands

from addons.contents import Contents
from contract.events import Event
from tests.support.sansio import Exchange

ASKED = b"POST /x HTTP/1.1\r\nHost: upstream.test\r\nContent-Length: 6\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Seen:
    """An exchange, its flow, and what the flow had when addons heard of each message."""

    def __init__(self, limit: int | None = 1024, *, contents: Contents | None = None) -> None:
        self.heard: dict[str, bytes | None] = {}
        self.flow: http.HTTPFlow | None = None
        self.exchange = Exchange(self._hear)
        self.contents = contents or (None if limit is None else Contents(limit))
        self.exchange.run.contents = self.contents

    def _hear(self, hook: commands.StartHook) -> None:
        (self.flow,) = hook.args()
        assert isinstance(self.flow, http.HTTPFlow)
        if hook.name in ("request", "response", "error"):
            message = self.flow.request if hook.name == "request" else self.flow.response
            self.heard[hook.name] = None if message is None else message.raw_content

    @property
    def response(self) -> http.Response:
        assert self.flow is not None
        assert self.flow.response is not None
        return self.flow.response

    def pass_all(self, *chunks: bytes) -> "Seen":
        self.exchange.client_sends(ASKED + b"abc")
        self.exchange.client_sends(b"def")
        self.exchange.server_sends(ANSWER)
        for chunk in (*chunks, b""):
            self.exchange.server_sends(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        return self


def wire(seen: Seen) -> tuple[bytes, bytes, list[Event]]:
    """Without times: the clock of an `Exchange` ticks at each look, and keeping takes some more."""
    events = [replace(event, at=0) for event in seen.exchange.events]
    return seen.exchange.to_client, seen.exchange.to_server, events


def test_addons_hear_of_messages_that_have_their_bodies() -> None:
    seen = Seen().pass_all(b"data: 1\n\n", b"data: 2\n\n")
    assert seen.heard == {"request": b"abcdef", "response": b"data: 1\n\ndata: 2\n\n"}
    assert wire(seen) == wire(Seen(None).pass_all(b"data: 1\n\n", b"data: 2\n\n"))


def test_nothing_is_kept_where_nobody_would_look() -> None:
    assert Seen(None).pass_all(b"data: 1\n\n").heard == {"request": None, "response": None}


def test_the_times_of_chunks_are_known_as_long_as_the_body_is_this_one() -> None:
    seen = Seen().pass_all(b"data: 1\n\n", b"data: 2\n\n")
    assert seen.contents is not None
    body = seen.contents.of(seen.response)
    assert body is not None
    (first, one), (second, two) = body.chunks()
    assert (one, two) == (b"data: 1\n\n", b"data: 2\n\n")
    assert body.head_at < first < second
    seen.response.content = b"edited"
    assert seen.contents.of(seen.response) is None


def test_a_body_above_the_limit_is_not_kept_and_those_after_it_are() -> None:
    contents = Contents(18)
    assert Seen(contents=contents).pass_all(b"data: 1\n\n", b"data: 2\n\n").heard["response"] is not None
    assert Seen(contents=contents).pass_all(b"data: 1\n\n", b"data: 2\n\n", b":").heard["response"] is None
    assert Seen(contents=contents).pass_all(b"data: 3\n\n").heard["response"] == b"data: 3\n\n"


def test_beyond_the_total_those_that_ended_first_lose_their_bodies_again() -> None:
    contents = Contents(1024, total=300)
    seen = [Seen(contents=contents).pass_all(b"x" * 60) for _ in range(4)]
    assert [each.response.raw_content is not None for each in seen] == [False, False, True, True]
    assert contents.held <= 300
    assert contents.of(seen[0].response) is None


def test_a_body_that_would_need_more_than_the_total_is_given_up() -> None:
    contents = Contents(1024, total=100)
    assert Seen(contents=contents).pass_all(b"x" * 50, b"x" * 50).heard["response"] is None
    assert contents.held <= 100


def test_bodies_go_with_their_flows() -> None:
    contents = Contents(1024)
    seen = Seen(contents=contents).pass_all(b"data: 1\n\n")
    assert contents.held > 0
    del seen
    gc.collect()
    assert contents.held == 0


def test_what_passed_of_a_broken_stream_is_there_when_addons_hear_of_the_break() -> None:
    seen = Seen()
    seen.exchange.client_sends(ASKED + b"abcdef")
    seen.exchange.server_sends(ANSWER + b"9\r\ndata: 1\n\n\r\n")
    seen.exchange.server_leaves()
    assert seen.heard["error"] == b"data: 1\n\n"


def test_of_a_request_that_outlasts_its_answer_nothing_is_missing() -> None:
    seen = Seen()
    seen.exchange.client_sends(ASKED + b"abc")
    seen.exchange.server_sends(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert seen.heard == {"response": b"ok"}
    seen.exchange.client_sends(b"def")
    assert seen.heard == {"response": b"ok", "request": b"abcdef"}


def test_a_body_that_an_addon_has_replaced_stays() -> None:
    seen = Seen()

    def meddle(hook: commands.StartHook) -> None:
        seen._hear(hook)
        if hook.name == "responseheaders":
            seen.response.stream = False
        if hook.name == "response":
            seen.response.content = b"mine"

    seen.exchange._on_hook = meddle
    seen.pass_all(b"data: 1\n\n")
    assert seen.response.raw_content == b"mine"
    assert seen.exchange.to_client.endswith(b"mine\r\n0\r\n\r\n")


def test_the_flow_has_what_the_client_got_where_an_addon_changes_the_stream() -> None:
    seen = Seen()

    def loud(hook: commands.StartHook) -> None:
        seen._hear(hook)
        if hook.name == "responseheaders":
            seen.response.stream = lambda data: data.upper()

    seen.exchange._on_hook = loud
    assert seen.pass_all(b"data: one\n\n").heard["response"] == b"DATA: ONE\n\n"


@pytest.mark.parametrize("store", [False, True])
def test_mitmproxys_own_keeping_goes_with_ours(store: bool) -> None:
    seen = Seen()
    seen.exchange._options.update(store_streamed_bodies=store)
    seen.pass_all(b"data: 1\n\n")
    assert seen.heard == {"request": b"abcdef", "response": b"data: 1\n\n"}
    assert seen.contents is not None
    assert seen.contents.of(seen.response) is not None


def test_an_empty_body_is_empty_and_not_missing() -> None:
    seen = Seen().pass_all()
    assert seen.heard["response"] == b""
