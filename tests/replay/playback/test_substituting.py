"""Other values in an answer: the pieces stay cut where they were, and lengths and codings stay right."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Headers
from recordings.decoding import decoder_for
from replay.playback.performance import Performance
from replay.playback.substituting import encoded, substituted
from replay.recorded import Piece

CODINGS = ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate"]
OLD, NEW, SHORT, LONG = (
    "stream-1-0000aaaa",
    "stream-9-9999ffff",
    "s",
    "a-much-longer-stream-id-than-the-old-one",
)


def answer(
    *pieces: bytes, headers: Headers = (), is_whole: bool = True, trailers: Headers = ()
) -> Performance:
    timed = tuple(Piece(10 * number, data) for number, data in enumerate(pieces))
    end = 10 * len(pieces)
    return Performance("a.db", 1, 200, b"OK", b"HTTP/1.1", headers, 0, timed, end, trailers, is_whole)


def cut(text: bytes, bounds: list[int]) -> list[bytes]:
    points = [0, *sorted(bound % (len(text) + 1) for bound in bounds), len(text)]
    return [text[start:end] for start, end in pairwise(points)]


def joined(performance: Performance) -> bytes:
    return b"".join(piece.data for piece in performance.pieces)


def length(performance: Performance) -> int:
    return int(dict(performance.headers)[b"Content-Length"])


def decoded(performance: Performance, coding: str) -> list[bytes]:
    """What a client gets out of each piece as it comes."""
    decoder = decoder_for(coding)
    assert decoder is not None
    found = [decoder.feed(piece.data) for piece in performance.pieces]
    assert decoder.end() == b""
    return found


texts = st.lists(
    st.sampled_from([OLD, OLD[:-1], "b", "~x~", "~x~y~", "data: ", "\n", "é", OLD * 2]), max_size=12
).map(lambda parts: "".join(parts).encode())
bounds = st.lists(st.integers(0, 500), max_size=8)
replacements = st.dictionaries(
    st.sampled_from([OLD, "~x~", "~x~y~", "é"]), st.sampled_from([NEW, SHORT, LONG, "", "~x~"]), min_size=1
)


def plainly(text: bytes, values: Mapping[str, str]) -> bytes:
    """The same with the longest value first at each place."""
    longest = sorted(values, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest))
    return re.sub(pattern, lambda match: values[match[0]], text.decode()).encode()


@given(texts, bounds, replacements)
def test_the_whole_is_the_old_whole_with_each_value_replaced(
    text: bytes, where: list[int], values: dict[str, str]
) -> None:
    before = answer(*cut(text, where), headers=((b"Content-Length", str(len(text)).encode()),))
    after = substituted(before, values)
    assert joined(after) == plainly(text, values)
    assert length(after) == len(joined(after))
    times = [piece.at for piece in after.pieces]
    assert times == sorted(times)
    assert set(times) <= {piece.at for piece in before.pieces}


@given(texts, bounds)
def test_values_of_one_length_leave_every_bound_where_it_was(text: bytes, where: list[int]) -> None:
    before = answer(*cut(text, where))
    after = substituted(before, {OLD: NEW, "~x~": "~y~"})
    assert [len(piece.data) for piece in after.pieces] == [len(piece.data) for piece in before.pieces]
    assert [piece.at for piece in after.pieces] == [piece.at for piece in before.pieces]


@pytest.mark.parametrize(
    ("new", "pieces"),
    [(SHORT, [b"<s", b">tail"]), (LONG, [b"<a-mu", b"ch-longer-stream-id-than-the-old-one>tail"])],
)
def test_a_bound_within_a_value_stays_as_far_into_it(new: str, pieces: list[bytes]) -> None:
    after = substituted(answer(b"<" + OLD[:4].encode(), OLD[4:].encode() + b">tail"), {OLD: new})
    assert [piece.data for piece in after.pieces] == pieces


def test_an_empty_piece_stays_and_an_emptied_one_goes() -> None:
    after = substituted(answer(b"", OLD.encode(), b"", b"x"), {OLD: ""})
    assert [piece.data for piece in after.pieces] == [b"", b"", b"x"]


@pytest.mark.parametrize("values", [{}, {OLD: OLD}, {"": "x"}, {NEW: SHORT}])
def test_with_nothing_to_replace_it_is_the_very_same(values: dict[str, str]) -> None:
    before = answer(OLD.encode())
    assert substituted(before, values) is before


def test_a_body_without_the_value_is_the_very_same() -> None:
    for coding in ("", "gzip"):
        headers = ((b"Content-Encoding", coding.encode()), (b"X", OLD.encode()))
        body = encoded([Piece(0, b"other")], coding) if coding else (Piece(0, b"other"),)
        before = replace(answer(headers=headers), pieces=body)
        after = substituted(before, {OLD: NEW})
        assert after.pieces is before.pieces
        assert after.headers[1] == (b"X", NEW.encode())


def test_fields_and_trailers_change_and_their_names_do_not() -> None:
    fields = ((OLD.encode(), b"a=" + OLD.encode() + b"; b"), (b"Content-Length", b"1"))
    after = substituted(answer(b"x", headers=fields, trailers=((b"T", OLD.encode()),)), {OLD: NEW})
    assert after.headers == ((OLD.encode(), b"a=" + NEW.encode() + b"; b"), (b"Content-Length", b"1"))
    assert after.trailers == ((b"T", NEW.encode()),)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("new", [NEW, SHORT, LONG])
def test_a_coded_body_stays_coded_and_each_piece_can_be_decoded_as_it_comes(coding: str, new: str) -> None:
    plain = [b"data: one\n\n", b"data: " + OLD[:5].encode(), OLD[5:].encode() + b"\n\n", b"data: end\n\n"]
    pieces = encoded([Piece(n, data) for n, data in enumerate(plain)], coding)
    fields = ((b"Content-Encoding", coding.encode()), (b"Content-Length", b"7"))
    after = substituted(replace(answer(headers=fields), pieces=pieces), {OLD: new})
    found = decoded(after, coding)
    assert b"".join(found) == b"".join(plain).replace(OLD.encode(), new.encode())
    assert found[0] == plain[0]
    assert found[1] == b"data: " + new[:5].encode()
    assert found[3] == plain[3]
    assert length(after) == len(joined(after))


@given(texts, bounds, st.sampled_from(CODINGS))
def test_what_was_decoded_to_be_redacted_gets_its_coding_again(
    text: bytes, where: list[int], coding: str
) -> None:
    pieces = [piece for piece in cut(text, where) if piece]
    fields = ((b"Content-Encoding", coding.encode()), (b"Content-Length", b"7"))
    for values in ({}, {OLD: NEW}):
        after = substituted(answer(*pieces, headers=fields), values, is_decoded=True)
        if pieces:
            assert b"".join(decoded(after, coding)) == text.replace(
                OLD.encode(), values.get(OLD, OLD).encode()
            )
            assert length(after) == len(joined(after))


def test_what_is_not_in_its_coding_stays_as_it_is() -> None:
    for coding in (b"gzip", b"lzma"):
        before = answer(b"no gzip: " + OLD.encode(), headers=((b"Content-Encoding", coding),))
        assert substituted(before, {OLD: NEW}).pieces is before.pieces


@pytest.mark.parametrize("new", [NEW, SHORT, LONG])
def test_a_body_that_broke_off_still_has_less_than_its_length(new: str) -> None:
    fields = ((b"Content-Length", b"1000"),)
    after = substituted(answer(b"a" + OLD.encode(), headers=fields, is_whole=False), {OLD: new})
    assert length(after) == 1000 + len(new) - len(OLD)
    just = answer(OLD.encode(), headers=((b"Content-Length", str(len(OLD)).encode()),), is_whole=False)
    assert length(substituted(just, {OLD: new})) == len(new)


def test_a_coded_body_that_broke_off_has_no_end() -> None:
    pieces = encoded([Piece(0, OLD.encode())], "gzip")
    before = replace(answer(headers=((b"Content-Encoding", b"gzip"),), is_whole=False), pieces=pieces)
    decoder = decoder_for("gzip")
    assert decoder is not None
    assert decoder.feed(joined(substituted(before, {OLD: NEW}))) == NEW.encode()
    with pytest.raises(ValueError, match="cut short"):
        decoder.end()


@pytest.mark.parametrize(
    ("new", "sent"), [("\udcff", b"\xff"), ("\ud800", b"\\ud800"), ("\udcff\ud800", b"\\udcff\\ud800")]
)
def test_surrogates_are_bytes_or_else_json(new: str, sent: bytes) -> None:
    assert joined(substituted(answer(OLD.encode()), {OLD: new})) == sent
    assert joined(substituted(answer(sent), {new: OLD})) == OLD.encode()
