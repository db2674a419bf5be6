"""Entries of the journal of faults: what they quote of heads and bodies."""

import gzip
import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Deed, Injection, Message, RequestHead
from recordings.redaction import Redactor
from tests.recordings.redaction.exchanges import JSON, KEY, REQUEST, chunk, cut, end, redact, request

JWT = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyMSJ9.c2lnbmF0dXJlIHRoYXQgaXMgbG9uZw"
LOGIN = b'{"username": "user1", "password": "hunter22-and-more", "remember": true}'


def entry(
    deed: Deed,
    name: str = "",
    before: bytes | None = None,
    after: bytes | None = None,
    offset: int | None = None,
    *,
    key: str = "",
    fault: str = "f",
) -> Injection:
    return Injection(1, 0, fault, "kind", Message.REQUEST, deed, key, 1, name, before, after, offset)


def redacted(*entries: Injection, redactor: Redactor | None = None) -> list[Injection]:
    events = redact([request(JSON), *entries], redactor)
    return [event for event in events if isinstance(event, Injection)]


def quoted(pieces: Iterable[bytes]) -> list[Injection]:
    """A body that a fault left out, in pieces."""
    offset, entries = 0, []
    for piece in pieces:
        entries.append(entry(Deed.BODY, "swallowed", piece, b"", offset))
        offset += len(piece)
    return redacted(*entries)


def body(entries: Iterable[Injection]) -> bytes:
    return b"".join(each.before or b"" for each in entries)


@pytest.mark.parametrize(
    "clean",
    [
        entry(Deed.HIT, "each is struck", key="s1"),
        entry(Deed.MISS, "drew 0.5000; below 0.5 is struck"),
        entry(Deed.HEADER, "X-Streaming-Session-Id", b"stream-1700000000000-1a2b3c4d", None),
        entry(Deed.START, "", b"POST /api/chat?page=2", b"POST /api/chat/"),
        entry(Deed.BODY, "event 2 (token) left out", b'data: {"text":"Hi","tokensUsed":1}\n\n', b"", 9),
        entry(Deed.BODY, "streamingSessionId", b'"stream-1"', b"null", 30),
        entry(Deed.BODY, "event 1 (chunk) broken: utf8", b"", b"\xff", 30),
        entry(Deed.BODY, "swallowed", "wörd".encode()[:2], b"", 0),
        entry(Deed.TIME, "each chunk leaves 5 ms later"),
        entry(Deed.END, "closed", None, None, 12),
        entry(Deed.PASSED, "the body is no JSON"),
    ],
    ids=lambda each: f"{each.deed}-{each.name[:20]}",
)
def test_what_is_no_secret_stays(clean: Injection) -> None:
    assert redacted(clean)[0] is clean


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Authorization", b"Bearer " + JWT, None),
        ("authorization", None, b"Bearer " + JWT),
        ("Set-Cookie", b"accessToken=" + JWT + b"; Path=/", b"accessToken=" + JWT),
        ("X-Api-Key", b"0123456789ab", b""),
        ("Location", b"/cb?code=1&access_token=" + JWT, b"/cb/?code=1&access_token=" + JWT),
    ],
)
def test_header_fields_are_redacted_as_in_heads(name: str, before: bytes | None, after: bytes | None) -> None:
    (found,) = redacted(entry(Deed.HEADER, name, before, after))
    for was, now in ((before, found.before), (after, found.after)):
        head = redact([request(((name.encode(), was or b""),))])[0]
        assert isinstance(head, RequestHead)
        assert now == (None if was is None else head.headers[0][1])
        assert now is None or now == b"" or now != was
    assert JWT not in (found.before or b"") + (found.after or b"")
    assert found.name == name


def test_targets_are_redacted_as_in_heads() -> None:
    before, after = b"POST /a?x=1&token=" + JWT, b"POST /a/?x=1&token=" + JWT
    (found,) = redacted(entry(Deed.START, "", before, after))
    head = redact([request(target=before.partition(b" ")[2])])[0]
    assert isinstance(head, RequestHead)
    assert found.before == b"POST " + head.target
    assert found.after is not None
    assert found.after.startswith(b"POST /a/?x=1&token=")
    assert JWT not in found.after


def test_a_piece_of_a_body_in_which_a_secret_may_be_becomes_stars() -> None:
    (found,) = redacted(entry(Deed.BODY, "swallowed", LOGIN, b"", 0))
    assert (found.before, found.after) == (b"*" * len(LOGIN), b"")
    (found,) = redacted(entry(Deed.BODY, "the hop's own", b"", b'{"error":"x","token":"abc"}', 0))
    assert (found.before, found.after) == (b"", b"*" * 27)


def test_a_form_may_begin_with_its_secret() -> None:
    (found,) = redacted(entry(Deed.BODY, "swallowed", b"password=hunter22&a=1", b"", 0))
    assert found.before == b"*" * 21


@given(st.lists(st.integers(0, len(LOGIN)), max_size=6))
def test_no_secret_is_quoted_however_a_body_is_cut(bounds: list[int]) -> None:
    pieces = cut(LOGIN, bounds)
    found = quoted(pieces)
    assert [len(each.before or b"") for each in found] == [len(piece) for piece in pieces]
    secret = LOGIN.index(b"hunter22-and-more")
    assert set(body(found)[secret : secret + 17]) == {ord("*")}


@pytest.mark.parametrize("path", ["password", "user.password", "tokens[0].access_token", "credentials.value"])
def test_the_value_at_a_secrets_name_becomes_stars(path: str) -> None:
    (found,) = redacted(entry(Deed.BODY, path, b'"hunter22"', b'"x"', 14))
    assert (found.before, found.after) == (b"*" * 10, b"***")


def test_what_is_compressed_hides_nothing_from_us() -> None:
    packer = zlib.compressobj()
    first = packer.compress(LOGIN)
    rest = packer.flush()
    entries = redacted(
        entry(Deed.BODY, "compressed", LOGIN, first, 0),
        entry(Deed.BODY, "compressed: the rest", b"", rest, len(LOGIN)),
    )
    assert [each.after for each in entries] == [b"*" * len(first), b"*" * len(rest)]
    packed = gzip.compress(LOGIN)
    assert body(quoted([packed[:30], packed[30:40], packed[40:]])) == b"*" * len(packed)


def test_pieces_elsewhere_and_other_faults_are_looked_at_by_themselves() -> None:
    entries = redacted(
        entry(Deed.BODY, "event 1 (a) left out", LOGIN, b"", 0),
        entry(Deed.BODY, "event 2 (a) left out", b"data: 1\n\n", b"", 500),
        entry(Deed.BODY, "event 1 (a) broken", b"data: 1\n\n", b"", len(LOGIN), fault="g"),
    )
    assert [each.before for each in entries] == [b"*" * len(LOGIN), b"data: 1\n\n", b"data: 1\n\n"]


def test_known_secrets_are_redacted_in_keys_names_fields_and_bodies() -> None:
    secret = "S3cret/of-user1"
    raw = secret.encode()
    redactor = Redactor(KEY)
    redact([request(((b"X-Api-Key", raw),)), chunk(b"{}", REQUEST), end(REQUEST)], redactor)
    entries = redacted(
        entry(Deed.HIT, f"because of {secret}.", key=secret),
        entry(Deed.HEADER, "X-Other", b"<" + raw + b">", None),
        entry(Deed.START, "", b"POST /" + raw, None),
        entry(Deed.BODY, "swallowed", b"a " + raw + b" b", b"", 0),
        entry(Deed.BODY, "swallowed", b"it is S3cret/", b"", 100),
        entry(Deed.BODY, "swallowed", b"of-user1.", b"", 113),
        redactor=redactor,
    )
    token = entries[0].key
    assert token != secret
    assert entries[0].name == f"because of {token}."
    assert entries[1].before == b"<" + token.encode() + b">"
    assert entries[2].before == b"POST /" + token.encode()
    assert [each.before for each in entries[3:]] == [b"*" * 19, b"*" * 13, b"*" * 9]


def test_a_quote_learns_as_a_head_does() -> None:
    value = b"a-key-of-1234567"
    entries = redacted(
        entry(Deed.HEADER, "X-Api-Key", None, value), entry(Deed.BODY, "swallowed", value, b"", 0)
    )
    assert entries[1].before == b"*" * len(value)


def test_entries_keep_their_place_behind_what_waits() -> None:
    piece = chunk(b'{"password": "hun', REQUEST)
    change = entry(Deed.BODY, "password", b'"hunter22"', b'"x"', 13)
    rest = chunk(b'ter22"}', REQUEST)
    assert redact([request(JSON), piece, change])[1:] == []
    events = redact([request(JSON), piece, change, rest, end(REQUEST)])
    assert [type(event).__name__ for event in events] == ["RequestHead", "Chunk", "Injection", "Chunk", "End"]


def test_nothing_is_changed_where_redaction_is_off() -> None:
    change = entry(Deed.BODY, "password", LOGIN, b"", 0)
    assert redacted(change, redactor=Redactor(KEY, enabled=False)) == [change]


@given(st.builds(entry, st.sampled_from(Deed), st.text(max_size=9), *[st.none() | st.binary(max_size=9)] * 2))
def test_any_entry_comes_out_with_the_same_lengths(any_entry: Injection) -> None:
    (found,) = redacted(any_entry)
    for was, now in ((any_entry.before, found.before), (any_entry.after, found.after)):
        assert (now is None, len(now or b"")) == (was is None, len(was or b""))
