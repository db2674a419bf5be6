"""recompress and replay-cached."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.fault import Fault
from faults.parts import Cut, Data, End, Instead, RequestStart, ResponseStart
from faults.scene import What
from faults.streams.recompress import Recompress, accepts_gzip
from faults.streams.replay_cached import ReplayCached
from tests.faults.streams.driving import (
    BODY,
    CHUNK,
    FIELDS,
    HEAD,
    MS,
    REQUEST,
    Run,
    applied,
    begun,
    drive,
    head,
)

ONE, TWO = CHUNK % 1, CHUNK % 2
PLAIN = RequestStart(b"POST", b"/stream", ())


def recompress(**settings: object) -> Recompress:
    return Recompress.model_validate({name.replace("_", "-"): value for name, value in settings.items()})


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=8), st.booleans())
def test_the_compressed_body_is_the_body(chunks: list[bytes], flush: bool) -> None:
    run = drive(recompress(flush=flush), chunks)
    assert gzip.decompress(run.body) == b"".join(chunks)
    assert applied(b"".join(chunks), run.journal) == run.body
    assert run.last == End()


def test_with_a_flush_each_chunk_leaves_as_it_comes() -> None:
    run = begun(recompress())
    run.feed(HEAD, 0)
    undone = zlib.decompressobj(wbits=31)
    for number, chunk in enumerate((ONE, TWO), start=1):
        run.feed(Data(chunk), number * MS)
        assert run.pipeline.held == 0
        assert undone.decompress(run.chunks[-1]) == chunk
        assert run.times[-1][0] == number


def test_without_a_flush_nearly_all_comes_at_the_end() -> None:
    run = begun(recompress(flush=False))
    run.feed(HEAD, 0)
    run.feed(Data(ONE), 1 * MS)
    run.feed(Data(TWO), 2 * MS)
    assert run.pipeline.held > 0
    assert len(run.body) <= 10
    run.feed(End(), 3 * MS)
    assert gzip.decompress(run.body) == ONE + TWO
    assert run.pipeline.held == 0


def test_the_head_says_gzip() -> None:
    start = ResponseStart(200, b"OK", ((b"content-length", b"9"), (b"X-A", b"1"), (b"Vary", b"Origin")))
    assert drive(recompress(), [b"012345678"], start=start).head.headers == (
        (b"X-A", b"1"),
        (b"Vary", b"Origin"),
        (b"Content-Encoding", b"gzip"),
        (b"Vary", b"Accept-Encoding"),
        (b"Transfer-Encoding", b"chunked"),
    )
    for vary in (b"*", b"Origin, accept-encoding"):
        run = drive(recompress(), [BODY], start=head((b"Vary", vary), (b"Content-Encoding", b"identity")))
        assert run.head.headers == (*FIELDS, (b"Vary", vary), (b"Content-Encoding", b"gzip"))


@pytest.mark.parametrize(
    ("start", "asked", "why"),
    [
        (head((b"Content-Encoding", b"br")), REQUEST, "the body is compressed already (br)"),
        (head((b"Cache-Control", b"no-cache, No-Transform")), REQUEST, "Cache-Control says no-transform"),
        (HEAD, PLAIN, "the request does not accept gzip"),
    ],
)
def test_what_should_not_be_compressed_passes(start: ResponseStart, asked: RequestStart, why: str) -> None:
    run = drive(recompress(), [ONE, TWO], start=start, request=asked)
    assert run.head == start
    assert run.chunks == [ONE, TWO]
    assert [(change.what, change.name) for change in run.journal] == [(What.PASSED, why)]


def test_it_may_be_told_not_to_care() -> None:
    start = head((b"Cache-Control", b"no-transform"))
    run = drive(recompress(always=True, honour_no_transform=False), [ONE], start=start, request=PLAIN)
    assert gzip.decompress(run.body) == ONE


@pytest.mark.parametrize(
    ("value", "accepts"),
    [
        (b"gzip", True),
        (b"br, GZIP;q=0.5", True),
        (b"x-gzip", True),
        (b"gzip; q=0.0, *", False),
        (b"*", True),
        (b"*;q=0", False),
        (b"br", False),
        (b"", False),
    ],
)
def test_what_a_request_accepts(value: bytes, accepts: bool) -> None:
    assert accepts_gzip(((b"accept-encoding", value),)) is accepts


def test_bodies_that_there_are_none_of_do_not_count() -> None:
    scene = begun(recompress()).scene
    assert [recompress().applies(scene, ResponseStart(status, b"", ())) for status in (200, 204, 304)] == [
        True,
        False,
        False,
    ]
    scene = begun(recompress(), request=RequestStart(b"HEAD", b"/", ())).scene
    assert not recompress().applies(scene, HEAD)


def test_a_cut_drops_what_the_compressor_has() -> None:
    run = drive(recompress(flush=False), [ONE], last=Cut(by_peer=True))
    assert run.last == Cut(by_peer=True)
    assert run.pipeline.held == 0


# The cache.


def learn(
    memory: dict[str, object], chunks: list[bytes], start: ResponseStart = HEAD, cut: bool = False
) -> Run:
    return drive(ReplayCached(), chunks, start=start, memory=memory, last=Cut(by_peer=True) if cut else None)


def ask(memory: dict[str, object], now: int, target: bytes = b"/stream") -> Instead | None:
    scene = begun(ReplayCached(), memory=memory, request=RequestStart(b"POST", target, ())).scene
    return ReplayCached().answer(scene, now)


def test_the_first_answer_passes_and_later_ones_are_it() -> None:
    memory: dict[str, object] = {}
    assert ask(memory, 0) is None
    start = head((b"X-Id", b"1"), (b"Connection", b"keep-alive"))
    run = learn(memory, [ONE, TWO], start)
    assert run.times == [(0, start), (10, ONE), (20, TWO), (20, End())]
    assert run.journal == []
    learn(memory, [b"another"])
    expected = (FIELDS[0], (b"X-Id", b"1"), (b"Age", b"2"), (b"Content-Length", b"%d" % len(ONE + TWO)))
    assert ask(memory, 3_019_999) == Instead(ResponseStart(200, b"OK", expected), ONE + TWO)
    assert ask(memory, 0, b"/other") is None


def test_the_age_of_an_answer_is_added_to() -> None:
    memory: dict[str, object] = {}
    learn(memory, [ONE], head((b"age", b"10")))
    found = ask(memory, 5_010_000)
    assert found is not None
    assert [value for name, value in found.start.headers if name == b"Age"] == [b"15"]
    assert b"age" not in [name for name, _ in found.start.headers]


def test_it_is_told_in_the_journal() -> None:
    run = begun(ReplayCached(), memory={})
    learn(run.scene.memory, [ONE])
    ReplayCached().answer(run.scene, 1_010_000)
    assert run.notes(What.START) == ["answered with an answer of 1 s ago, without the service"]


def test_what_is_not_complete_or_too_long_is_not_kept() -> None:
    memory: dict[str, object] = {}
    learn(memory, [ONE], cut=True)
    assert ask(memory, 0) is None
    run = learn(memory, [b"x" * (1 << 20), b"x"])
    assert run.notes(What.PASSED) == ["the answer is longer than 1 MiB, and is not kept"]
    assert len(run.body) == (1 << 20) + 1
    assert ask(memory, 0) is None
    learn(memory, [b"x" * (1 << 20)])
    assert ask(memory, 0) is not None


def test_no_more_than_100_targets_are_kept() -> None:
    memory: dict[str, object] = {str(number): "" for number in range(100)}
    learn(memory, [ONE])
    assert len(memory) == 100


def test_an_answer_without_a_body_gets_no_length() -> None:
    memory: dict[str, object] = {}
    learn(memory, [], ResponseStart(204, b"No Content", ((b"X-A", b"1"),)))
    found = ask(memory, 0)
    assert found == Instead(ResponseStart(204, b"No Content", ((b"X-A", b"1"), (b"Age", b"0"))), b"")


def test_only_successes_count() -> None:
    fault: Fault = ReplayCached()
    scene = begun(fault).scene
    assert [fault.applies(scene, ResponseStart(status, b"", ())) for status in (200, 404, 302)] == [
        True,
        False,
        False,
    ]


def test_other_kinds_answer_nothing() -> None:
    assert recompress().answer(begun(recompress()).scene, 0) is None
