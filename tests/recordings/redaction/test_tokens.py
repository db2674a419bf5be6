import json
import re

from hypothesis import given
from hypothesis import strategies as st

from recordings.redaction.tokens import MARK, Tokens

TOKENS = Tokens(b"one key")
OTHER = Tokens(b"another key")


@given(st.binary(min_size=1, max_size=300), st.integers(1, 400))
def test_a_token_has_the_length_asked_for_and_only_unreserved_characters(secret: bytes, length: int) -> None:
    token = TOKENS.of(secret, length)
    assert re.fullmatch(rb"[A-Za-z0-9._~-]{%d}" % length, token)
    assert token != secret
    assert token == TOKENS.of(secret, length)


@given(st.integers(0, 10**60))
def test_a_number_becomes_a_number_of_the_same_length(number: int) -> None:
    secret = b"%d" % number
    token = TOKENS.of(secret, len(secret), digits=True)
    assert len(token) == len(secret)
    assert len(str(json.loads(token))) == len(secret)
    assert token != secret


def test_digits_give_the_same_digits_as_a_string() -> None:
    assert TOKENS.of(b"12345678", 8) == TOKENS.of(b"12345678", 8, digits=True)


def test_long_tokens_can_be_recognised() -> None:
    assert TOKENS.of(b"hunter2", 16).startswith(MARK)
    assert TOKENS.of(b"hunter2", 7).startswith(b"~")


def test_tokens_differ_by_secret_and_by_key() -> None:
    tokens = {TOKENS.of(b"secret %d" % number, 20) for number in range(1000)}
    assert len(tokens) == 1000
    assert TOKENS.of(b"secret 1", 20) != OTHER.of(b"secret 1", 20)


def test_the_longer_token_of_a_secret_begins_with_the_shorter() -> None:
    assert TOKENS.of(b"a/b c", 60).startswith(TOKENS.of(b"a/b c", 40))
