"""What mitmproxy itself changes of HTTP/1.1: a test for each row of docs/fidelity.md."""

from tests.fidelity.comparison import content
from tests.fidelity.conftest import Played
from tests.fidelity.http1_responses import HEAD, UPGRADE, UPGRADED
from tests.fidelity.stage import Arrival, Do, Route, Stage, client, server
from tests.fidelity.websocket import frame
from tests.fidelity.wire import CHUNKED, GET, OK, answered, broken_up, chunk, post, request, response, sent


def text(arrivals: list[Arrival], end: str) -> bytes:
    got = content(arrivals)[end]
    assert isinstance(got, bytes)
    return got


def test_a_chunk_read_in_two_leaves_as_two(by_bare: Played) -> None:
    script = answered("a chunk in two", response(CHUNKED), b"6\r\nabc", b"def\r\n", b"0\r\n\r\n")
    assert text(by_bare(script), "client") == response(CHUNKED) + chunk(b"abc") + chunk(b"def") + b"0\r\n\r\n"


def test_chunk_extensions_and_the_spelling_of_sizes_are_lost(by_bare: Played) -> None:
    script = answered("spelling", response(CHUNKED), b"00A;a=1\r\n0123456789\r\n", b"00;b\r\n\r\n")
    assert text(by_bare(script), "client") == response(CHUNKED) + b"a\r\n0123456789\r\n0\r\n\r\n"


def test_a_chunk_cut_short_leaves_as_a_shorter_one(by_bare: Played) -> None:
    script = answered("cut short", response(CHUNKED), b"9\r\ndata", Do.CLOSE)
    arrivals = by_bare(script)
    assert text(arrivals, "client") == response(CHUNKED) + b"4\r\ndata\r\n"
    assert ("client", "closed") in [(arrival.end, arrival.ending) for arrival in arrivals]


def test_trailers_of_http1_stall_the_exchange(by_bare: Played) -> None:
    script = answered("trailed", response(CHUNKED), chunk(b"a"), server(b"0\r\nX-T: 1\r\n\r\n", quiet=True))
    arrivals = by_bare(script)
    assert text(arrivals, "client") == response(CHUNKED) + chunk(b"a")
    assert not [arrival for arrival in arrivals if arrival.end == "client" and arrival.ending]


def test_a_malformed_chunk_ends_both_connections(by_bare: Played) -> None:
    arrivals = by_bare(answered("malformed", response(CHUNKED), chunk(b"a"), b"zz\r\n"))
    assert text(arrivals, "client") == response(CHUNKED) + chunk(b"a")
    assert {arrival.end for arrival in arrivals if arrival.ending} == {"client", "server 1"}


def test_bytes_after_the_end_of_an_answer_are_dropped(by_bare: Played) -> None:
    script = answered("more than said", response(b"Content-Length: 2") + b"ok", server(b"more", quiet=True))
    assert text(by_bare(script), "client") == response(b"Content-Length: 2") + b"ok"


def test_white_space_around_header_values_is_normalised(by_bare: Played) -> None:
    got = text(by_bare(sent("padded", request(b"X-A:1", b"X-B: \t b  c \t", b"X-C:"))), "server 1")
    assert got.endswith(b"\r\nX-A: 1\r\nX-B: b  c\r\nX-C: \r\n\r\n")


def test_folded_header_lines_get_one_space(by_bare: Played) -> None:
    got = text(by_bare(sent("folded", request(b"X-A: a", b"\t  b"))), "server 1")
    assert got.endswith(b"\r\nX-A: a\r\n b\r\n\r\n")


def test_bare_line_feeds_become_crlf(by_bare: Played) -> None:
    script = sent("line feeds", request(b"X-A: 1").replace(b"\r\n", b"\n"))
    got = text(by_bare(script), "server 1")
    assert got.endswith(b"\r\nX-A: 1\r\n\r\n")


def test_a_missing_reason_becomes_an_empty_one(by_bare: Played) -> None:
    script = answered("no reason", response(b"Content-Length: 0", line=b"HTTP/1.1 200"))
    got = text(by_bare(script), "client")
    assert got == response(b"Content-Length: 0", line=b"HTTP/1.1 200 ")


def test_a_head_leaves_when_it_is_complete(by_bare: Played) -> None:
    script = sent("in pieces", *broken_up(request(b"X-A: 1"), 20))
    *_, last = (number for number, step in enumerate(script.steps, 1) if step.end == "client")
    assert [arrival.step for arrival in by_bare(script) if arrival.end == "server 1" and arrival.data] == [
        last
    ]


def test_an_empty_line_before_a_request_is_dropped(by_bare: Played) -> None:
    got = text(by_bare(sent("a line first", client(b"\r\n", quiet=True), GET)), "server 1")
    assert got.startswith(b"GET /a HTTP/1.1\r\n")


def test_a_request_read_with_an_empty_line_waits_for_more(by_bare: Played) -> None:
    script = sent("a line with it", client(b"\r\n" + GET, quiet=True), answer=[])
    assert "server 1" not in content(by_bare(script))


def test_pipelined_requests_wait_for_the_answer_before(by_bare: Played) -> None:
    arrivals = by_bare(sent("pipelined", GET + GET, server(OK), server(OK), answer=[]))
    assert [arrival.step for arrival in arrivals if arrival.end == "server 1" and arrival.data] == [1, 2]


def test_reverse_mode_rewrites_host(by_bare: Played, stage: Stage) -> None:
    script = sent("another host", request(b"X-A: 1", host=b"HOST: chat.example"))
    to = b"127.0.0.1:%d" % stage.port(Route.PLAIN)
    assert text(by_bare(script), "server 1") == request(b"X-A: 1", host=b"HOST: " + to)


def test_reverse_mode_rewrites_alt_svc(by_bare: Played) -> None:
    script = answered("alt-svc", response(b'Alt-Svc: h3="chat.example:443"', b"Content-Length: 0"))
    got = text(by_bare(script), "client")
    assert b"chat.example" not in got


def test_regular_mode_makes_the_target_a_path(by_bare: Played, stage: Stage) -> None:
    asked = request(b"X-A: 1", line=b"GET http://127.0.0.1:PORT/a?b HTTP/1.1")
    got = text(by_bare(sent("a full target", asked, route=Route.FORWARD)), "server 1")
    host = b"Host: 127.0.0.1:%d" % stage.port(Route.FORWARD)
    assert got == request(b"X-A: 1", line=b"GET /a?b HTTP/1.1", host=host)


def test_expect_is_answered_by_mitmproxy(by_bare: Played) -> None:
    arrivals = by_bare(sent("expecting", post(b"Content-Length: 3", b"Expect: 100-continue"), b"abc"))
    assert text(arrivals, "client") == b"HTTP/1.1 100 Continue\r\n\r\n" + OK
    assert b"Expect" not in text(arrivals, "server 1")


def test_an_informational_answer_is_taken_for_the_answer(by_bare: Played) -> None:
    hints = response(b"Link: </a>", line=b"HTTP/1.1 103 Early Hints")
    assert text(by_bare(answered("hints", hints, server(OK, quiet=True))), "client") == hints


def test_the_end_of_an_answer_waits_for_the_upload(by_bare: Played) -> None:
    answer = [server(response(CHUNKED) + chunk(b"a")), server(b"0\r\n\r\n", quiet=True)]
    arrivals = by_bare(sent("answered early", post(CHUNKED), *answer, chunk(b"b"), b"0\r\n\r\n", answer=[]))
    ends = [arrival.step for arrival in arrivals if arrival.data.endswith(b"0\r\n\r\n")]
    assert [arrival.step for arrival in arrivals if arrival.end == "client" and arrival.data] == [2, 5]
    assert ends == [5, 5]


def test_http10_and_close_end_the_connection_at_once(by_bare: Played) -> None:
    arrivals = by_bare(sent("to be closed", request(b"Connection: close")))
    assert {(arrival.end, arrival.step) for arrival in arrivals if arrival.ending} == {
        ("client", 2),
        ("server 1", 2),
    }


def test_ambiguous_requests_are_refused(by_bare: Played) -> None:
    for number, refused in enumerate(
        [
            post(CHUNKED, b"Content-Length: 3"),
            post(b"Content-Length: -1"),
            request(b"X A: 1"),
            b"nonsense\r\n\r\n",
        ]
    ):
        arrivals = by_bare(sent(f"refused {number}", client(refused, quiet=True), answer=[]))
        assert text(arrivals, "client").startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert "server 1" not in content(arrivals)


def test_an_answer_that_is_none_becomes_a_502(by_bare: Played) -> None:
    ambiguous = response(CHUNKED, b"Content-Length: 3")
    steps: list[bytes | Do] = [b"SSH-2.0-x\r\n\r\n", ambiguous, Do.CLOSE, Do.RESET]
    for number, step in enumerate(steps):
        got = text(by_bare(answered(f"no answer {number}", step)), "client")
        assert got.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


def test_a_reset_becomes_a_close(by_bare: Played) -> None:
    to_client = by_bare(answered("reset by the server", response(CHUNKED), chunk(b"a"), Do.RESET))
    assert ("client", "closed") in [(arrival.end, arrival.ending) for arrival in to_client]
    to_server = by_bare(sent("reset by the client", post(CHUNKED), chunk(b"a"), client(Do.RESET), answer=[]))
    assert ("server 1", "closed") in [(arrival.end, arrival.ending) for arrival in to_server]


def test_a_client_that_half_closes_is_taken_as_gone(by_bare: Played) -> None:
    arrivals = by_bare(sent("half-closed", GET, client(Do.FINISH), answer=[]))
    assert {(arrival.end, arrival.step) for arrival in arrivals if arrival.ending} == {
        ("client", 2),
        ("server 1", 2),
    }


def test_tls_connections_end_without_a_closing_alert(by_bare: Played) -> None:
    arrivals = by_bare(answered("over TLS", response(), b"abc", Do.CLOSE, route=Route.TLS))
    assert ("client", "cut") in [(arrival.end, arrival.ending) for arrival in arrivals]


def test_an_http1_client_is_served_over_http1(by_bare: Played) -> None:
    got = text(by_bare(sent("HTTP/1.1 all the way", GET, route=Route.TLS)), "server 1")
    assert got.startswith(b"GET /a HTTP/1.1\r\n")


def test_websocket_messages_get_new_masks_and_leave_whole(by_bare: Played) -> None:
    first, last = frame(1, b"frag", end=False), frame(0, b"ment")
    fragments = [server(first, quiet=True), server(last)]
    masked = client(frame(1, b"hello", mask=b"abcd"))
    arrivals = by_bare(answered("websocket", UPGRADED, masked, *fragments, to=[UPGRADE]))
    _, _, to_server, whole, *_ = arrivals
    assert to_server.end == "server 1"
    assert len(to_server.data) == len(frame(1, b"hello", mask=b"abcd"))
    assert to_server.data != frame(1, b"hello", mask=b"abcd")
    assert (whole.step, whole.data) == (5, first + last)


def test_a_websocket_close_is_answered_by_mitmproxy(by_bare: Played) -> None:
    close = frame(8, b"\x03\xe8", mask=b"abcd")
    arrivals = by_bare(answered("websocket closed", UPGRADED, client(close), to=[UPGRADE]))
    assert ("client", frame(8, b"\x03\xe8"), "closed") in [(a.end, a.data, a.ending) for a in arrivals]


def test_a_head_request_gets_no_chunks(by_bare: Played) -> None:
    assert text(by_bare(answered("a HEAD", response(CHUNKED), to=[HEAD])), "client") == response(CHUNKED)
