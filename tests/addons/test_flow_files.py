"""Flow files: what a flow says is in the exchange; what it does not say is not made up."""

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import flow, http
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from addons import flow_files
from contract.events import Breaker, Form, Manner
from replay.importing.foreign import ForeignExchange, SourceError

STREAM = b"data: 1\n\ndata: 2\n\ndata: 3\n\n"


def written(*flows: flow.Flow) -> bytes:
    file = io.BytesIO()
    for each in flows:
        FlowWriter(file).add(each)
    return file.getvalue()


def exchange(made: http.HTTPFlow, folder: Path) -> ForeignExchange:
    path = folder / "a.flows"
    path.write_bytes(written(made))
    (found,) = flow_files.read(path).exchanges
    return found


def made(headers: dict[str, str] | None = None, content: bytes | None = b"message") -> http.HTTPFlow:
    """A flow whose request began at second 946681200 and whose answer took one second, from 2 on."""
    made = tflow.tflow(resp=True)
    assert made.response is not None
    made.response.headers = http.Headers([(k.encode(), v.encode()) for k, v in (headers or {}).items()])
    made.response.raw_content = content
    return made


def test_times_trailers_and_peers_are_the_flows(tmp_path: Path) -> None:
    one = made({"trailer": "x-sum"})
    assert one.response is not None
    one.response.trailers = http.Headers([(b"X-Sum", b"7")])
    found = exchange(one, tmp_path)
    assert (found.request.at, found.request.body.ended_at) == (946681200_000_000, 946681201_000_000)
    assert found.request.client == "127.0.0.1:22"
    assert found.request.server == "192.168.0.1:22"
    assert found.answer is not None
    assert (found.answer.at, found.answer.body.ended_at) == (946681202_000_000, 946681203_000_000)
    assert found.answer.body.trailers == ((b"X-Sum", b"7"),)
    assert [part.data for part in found.answer.body.parts] == [b"message"]
    assert found.failure is None


@pytest.mark.parametrize(
    ("words", "by", "manner"),
    [
        ("Client disconnected.", Breaker.CLIENT, Manner.CLOSED),
        ("server closed connection", Breaker.SERVER, Manner.CLOSED),
        ("[Errno 111] Connect call failed ('127.0.0.1', 9)", Breaker.SERVER, Manner.UNREACHABLE),
    ],
)
def test_an_error_is_a_failure_at_its_time(words: str, by: Breaker, manner: Manner, tmp_path: Path) -> None:
    one = made()
    one.error = flow.Error(words, 946681205.5)
    found = exchange(one, tmp_path)
    assert found.failure is not None
    assert (found.failure.by, found.failure.manner, found.failure.reason) == (by, manner, words)
    assert found.failure.at == 946681205_500_000
    assert found.answer is not None
    assert found.answer.body.ended_at is None


def test_a_body_that_was_streamed_and_not_kept_says_so(tmp_path: Path) -> None:
    found = exchange(made(content=None), tmp_path)
    assert found.answer is not None
    assert found.answer.body.why_missing == flow_files.NOT_KEPT
    found = exchange(made({"content-length": "7"}, content=None), tmp_path)
    assert found.answer is not None
    assert [(part.form, part.size) for part in found.answer.body.parts] == [(Form.LOST, 7)]


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_stream_is_there_from_its_head_to_its_end(coding: str, tmp_path: Path) -> None:
    fields = {"content-type": "text/event-stream"} | ({"content-encoding": coding} if coding else {})
    content = gzip.compress(STREAM) if coding else STREAM
    found = exchange(made(fields, content), tmp_path)
    assert found.answer is not None
    first, rest = found.answer.body.parts
    assert (first.at, rest.at) == (946681202_000_000, 946681203_000_000)
    assert (first.data, rest.data) == (STREAM[:9], STREAM[9:])
    assert first.size + rest.size == len(content)


def test_http_2_has_its_authority_first(tmp_path: Path) -> None:
    one = made()
    one.request.http_version = "HTTP/2.0"
    one.request.authority = "chat.example"
    assert exchange(one, tmp_path).request.headers[0] == (b":authority", b"chat.example")


GOOD = written(made())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4), st.integers(0, 99)
)
def test_damage_is_told_by_the_flow_or_does_not_matter(
    tmp_path_factory: Any, edits: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(GOOD)
    for place, byte in edits:
        data[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.flows"
    path.write_bytes(bytes(data[: len(data) - cut * len(data) // 400]))
    told = _told(path)
    assert told is None or (told.startswith(f"{path}: ") and "\n" not in told)


def _told(path: Path) -> str | None:
    try:
        flow_files.read(path)
    except SourceError as error:
        return str(error)
    return None
