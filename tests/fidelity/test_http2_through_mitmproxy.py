"""What mitmproxy itself changes of HTTP/2: a test for each row of docs/fidelity.md."""

from tests.fidelity.comparison import content
from tests.fidelity.conftest import Played
from tests.fidelity.frames import Data, Frame, Headers, Raw, Reset, opening
from tests.fidelity.http2_corpus import GOAWAY, OPENED, STATUS, get, h2, mixed, plain, post, told
from tests.fidelity.stage import Arrival, Do, Route, Script, client, server
from tests.fidelity.wire import CHUNKED, OK, chunk, response


def frames(arrivals: list[Arrival], end: str, kind: str = "") -> list[Frame]:
    return [frame for a in arrivals if a.end == end for frame in a.frames if kind in ("", frame.kind)]


def fields(arrivals: list[Arrival], end: str) -> list[tuple[bytes, bytes]]:
    found = frames(arrivals, end, "HEADERS")[0].content
    assert isinstance(found, tuple)
    return list(found)


def text(arrivals: list[Arrival], end: str) -> bytes:
    got = content(arrivals)[end]
    assert isinstance(got, bytes)
    return got


def asked(*pseudo: tuple[bytes, bytes]) -> Script:
    return h2("asked", client(Headers(1, pseudo, end=True)), *plain())


def test_end_stream_leaves_on_a_frame_of_its_own(by_bare: Played) -> None:
    arrivals = by_bare(h2("ended", get(), server(Headers(1, STATUS)), server(Data(1, b"abc", end=True))))
    assert frames(arrivals, "client", "DATA") == [
        Frame("DATA", 1, (), b"abc"),
        Frame("DATA", 1, ("END_STREAM",), b""),
    ]


def test_data_frames_are_split_at_the_limit_of_who_gets_them(by_bare: Played) -> None:
    got = frames(by_bare(h2("big", get(), *told(b"x" * 40_000))), "client", "DATA")
    assert [len(bytes(frame.content)) for frame in got] == [16_384, 16_384, 7_232, 0]  # type: ignore[arg-type]


def test_padding_is_lost(by_bare: Played) -> None:
    padded = server(Data(1, b"abc", pad=9))
    arrivals = by_bare(
        h2("padded", get(), server(Headers(1, STATUS)), padded, server(Data(1, b"", end=True)))
    )
    assert frames(arrivals, "client", "DATA")[0] == Frame("DATA", 1, (), b"abc")


def test_pseudo_fields_come_in_one_order(by_bare: Played) -> None:
    got = fields(by_bare(asked(*OPENED[::-1])), "server 1")
    assert [name for name, _ in got] == [b":method", b":scheme", b":path", b":authority"]


def test_reverse_mode_rewrites_authority_and_scheme(by_bare: Played) -> None:
    script = asked(OPENED[0], (b":scheme", b"http"), OPENED[2], (b":authority", b"chat.example"))
    got = dict(fields(by_bare(script), "server 1"))
    assert got[b":scheme"] == b"https"
    assert got[b":authority"].startswith(b"127.0.0.1:")


def test_authority_is_added_where_only_host_is_sent(by_bare: Played) -> None:
    got = dict(fields(by_bare(asked(*OPENED[:3], (b"host", b"127.0.0.1:PORT"))), "server 1"))
    assert got[b":authority"] == got[b"host"]


def test_streams_are_numbered_anew(by_bare: Played) -> None:
    arrivals = by_bare(h2("numbered", get(stream=7), *plain(stream=1)))
    assert [frame.stream for frame in frames(arrivals, "server 1", "HEADERS")] == [1]
    assert [frame.stream for frame in frames(arrivals, "client", "HEADERS")] == [7]


def test_header_blocks_are_written_anew(by_bare: Played) -> None:
    in_three = client(Headers(1, (*OPENED, (b"x-long", b"x" * 30_000)), end=True, parts=3))
    arrivals = by_bare(h2("in three", in_three, *plain()))
    raw = b"".join(arrival.data for arrival in arrivals if arrival.end == "server 1")
    assert fields(arrivals, "server 1")[-1] == (b"x-long", b"x" * 30_000)
    assert len(raw) < 29_000


def test_a_reset_keeps_no_code_but_cancel(by_bare: Played) -> None:
    for code, passed in ((8, 8), (2, 2), (0, 2), (11, 2)):
        arrivals = by_bare(h2(f"reset {code}", get(), *told(b"a")[:2], server(Reset(1, code))))
        assert frames(arrivals, "client", "RST_STREAM") == [Frame("RST_STREAM", 1, (), passed)]


def test_a_reset_before_the_answer_becomes_a_502(by_bare: Played) -> None:
    assert fields(by_bare(h2("refused", get(), server(Reset(1, 7)))), "client")[0] == (b":status", b"502")


def test_a_lost_upstream_becomes_a_reset_stream(by_bare: Played) -> None:
    for number, step in enumerate((server(Do.CLOSE), server(Do.RESET), server(Raw(GOAWAY)))):
        arrivals = by_bare(h2(f"lost {number}", get(), *told(b"a")[:2], step))
        assert frames(arrivals, "client", "RST_STREAM") == [Frame("RST_STREAM", 1, (), 2)]
        assert not [arrival for arrival in arrivals if arrival.end == "client" and arrival.ending]


def test_a_lost_client_resets_its_streams_upstream(by_bare: Played) -> None:
    arrivals = by_bare(h2("gone", get(), *told(b"a")[:2], client(Do.CLOSE)))
    assert frames(arrivals, "server 1", "RST_STREAM") == [Frame("RST_STREAM", 1, (), 2)]


def test_an_informational_answer_of_http2_is_dropped(by_bare: Played) -> None:
    hints = server(Headers(1, ((b":status", b"103"), (b"link", b"</a>"))), quiet=True)
    got = frames(by_bare(h2("hints", get(), hints, *plain())), "client", "HEADERS")
    assert [frame.content for frame in got] == [STATUS]


def test_frames_about_the_connection_stay_on_it(by_bare: Played) -> None:
    ping = client(Raw(b"\0\0\x08\x06\0\0\0\0\0" + b"12345678"), quiet=True)
    unknown = server(Raw(b"\0\0\x03\xbe\0\0\0\0\1abc"), quiet=True)
    arrivals = by_bare(h2("pinged", get(), ping, unknown, *plain()))
    assert frames(arrivals, "client", "PING")[0].flags == ("ACK",)
    assert {frame.kind for frame in frames(arrivals, "server 1")} == {"SETTINGS", "WINDOWUPDATE", "HEADERS"}
    assert "EXTENSION" not in {frame.kind for frame in frames(arrivals, "client")}


def test_field_names_in_capitals_end_the_connection(by_bare: Played) -> None:
    arrivals = by_bare(h2("capitals", client(Headers(1, (*OPENED, (b"X-A", b"1")), end=True))))
    assert frames(arrivals, "client", "GOAWAY")
    assert [arrival.step for arrival in arrivals if arrival.end == "client" and arrival.ending] == [1]


def test_http2_without_tls_is_refused(by_bare: Played) -> None:
    arrivals = by_bare(Script("in the clear", Route.PLAIN, (client(opening(client=True), quiet=True),)))
    assert "server 1" not in content(arrivals)
    assert [arrival.step for arrival in arrivals if arrival.end == "client" and arrival.ending] == [1]


def test_to_http1_the_host_comes_first_and_cookies_are_joined(by_bare: Played) -> None:
    script = mixed("cookies", get((b"x", b"1"), (b"cookie", b"a=1"), (b"cookie", b"b=2")), server(OK))
    _, host, *rest = text(by_bare(script), "server 1").split(b"\r\n")
    assert host.startswith(b"Host: ")
    assert rest == [b"x: 1", b"cookie: a=1; b=2", b"", b""]


def test_to_http1_an_upload_without_a_length_has_no_framing(by_bare: Played) -> None:
    script = mixed(
        "unframed", post(), client(Data(1, b"abc")), client(Data(1, b"", end=True), quiet=True), server(OK)
    )
    got = text(by_bare(script), "server 1")
    assert got.endswith(b"\r\n\r\nabc")
    assert b"length" not in got.lower()
    assert b"transfer-encoding" not in got.lower()


def test_to_http1_each_request_gets_a_connection(by_bare: Played) -> None:
    arrivals = by_bare(mixed("in turn", get(), server(OK), get(stream=3), server(OK, connection=2)))
    assert {arrival.end for arrival in arrivals} == {"client", "server 1", "server 2"}


def test_from_http1_names_are_in_lower_case_and_reason_and_framing_are_lost(by_bare: Played) -> None:
    answer = response(b"X-Case: A", CHUNKED, b"Connection: keep-alive", line=b"HTTP/1.1 200 Fine")
    arrivals = by_bare(
        mixed("translated", get(), server(answer), server(chunk(b"abc")), server(b"0\r\n\r\n"))
    )
    assert fields(arrivals, "client") == [(b":status", b"200"), (b"x-case", b"A")]


def test_from_http1_an_answer_cut_short_becomes_a_reset_stream(by_bare: Played) -> None:
    arrivals = by_bare(mixed("cut", get(), server(response(CHUNKED) + b"9\r\nabc"), server(Do.CLOSE)))
    assert frames(arrivals, "client", "DATA") == [Frame("DATA", 1, (), b"abc")]
    assert frames(arrivals, "client", "RST_STREAM") == [Frame("RST_STREAM", 1, (), 2)]
