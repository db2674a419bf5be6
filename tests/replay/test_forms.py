"""What generators make is told from what people write, and a fresh value is one in the same format."""

import base64
import json
import re
import uuid
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.redaction.tokens import Tokens
from replay.forms import fresh, is_random, masked
from tests.support.planting import FORMATS

NOW_MS = 1_900_000_123_456

# Written for the tests, so that they do not trust the module's own.
GRAMMARS = {
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "uuid in capitals": r"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}",
    "hex": r"[0-9a-f]{32}",
    "jwt": r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}",
    "base64url": r"[A-Za-z0-9_-]{43}",
    "prefixed": r"cus_[A-Za-z0-9]{24}",
    "streaming": r"stream-[0-9]{13}-[0-9a-f]{8}",
    "ulid": r"[0-7][0-9A-HJKMNP-TV-Z]{25}",
    "redacted": r"[A-Za-z0-9]{49}",
    "snowflake": r"[1-9][0-9]{17,18}",
}

values = st.builds(
    lambda make, seed: make(Random(seed)), st.sampled_from(list(FORMATS.values())), st.integers(0)
)
seeds = st.integers(0, 2**32)


@given(st.sampled_from(sorted(FORMATS)), seeds, seeds)
def test_a_fresh_value_has_format_and_length_of_the_old_one(kind: str, made: int, seed: int) -> None:
    value = FORMATS[kind](Random(made))
    new = fresh(value, Random(seed), NOW_MS)
    assert re.fullmatch(GRAMMARS[kind], new), (kind, value, new)
    assert len(new) == len(value)
    assert new != value
    assert is_random(value)
    assert is_random(new)


@given(values, st.lists(seeds, min_size=2, max_size=4, unique=True))
def test_two_states_of_chance_give_two_values_and_one_gives_one(value: str, several: list[int]) -> None:
    made = [fresh(value, Random(seed), NOW_MS) for seed in several]
    assert len(set(made)) == len(made)
    assert made[0] == fresh(value, Random(several[0]), NOW_MS)


# In base64url chance may begin a value as a prefix would (`abc-`): one in 300 does.
@given(st.sampled_from(sorted(set(FORMATS) - {"redacted", "base64url"})), seeds, seeds)
def test_values_of_two_runs_are_one_when_masked(kind: str, one: int, other: int) -> None:
    first, second = FORMATS[kind](Random(one)), FORMATS[kind](Random(other))
    if len(first) == len(second):
        assert masked(first) == masked(second)
        assert masked(f"Session {first} not found.") == masked(f"Session {second} not found.")
    assert masked(first) == masked(fresh(first, Random(other), NOW_MS))
    assert first not in masked(f"Session {first} not found.")


@given(st.sampled_from([1, 3, 4, 5, 7]), st.integers(0, 2**128 - 1), seeds)
def test_a_uuid_keeps_version_and_variant(version: int, number: int, seed: int) -> None:
    value = uuid.UUID(int=number, version=4)
    digits = value.hex[:12] + str(version) + value.hex[13:]
    new = uuid.UUID(fresh(str(uuid.UUID(digits)), Random(seed), NOW_MS))
    assert (new.version, new.variant) == (version, uuid.RFC_4122)
    if version == 7:
        assert int(new.hex[:12], 16) == NOW_MS


def segment(claims: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def claims_of(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


@given(st.integers(1_000_000_000, 1_890_000_000), st.integers(60, 10**7), st.uuids(version=4), seeds)
def test_a_jwt_is_moved_to_now_and_says_else_what_it_said(
    issued: int, lasts: int, jti: uuid.UUID, seed: int
) -> None:
    header = segment({"alg": "HS256", "typ": "JWT"})
    claims = {"sub": "7", "name": "ä €", "iat": issued, "exp": issued + lasts, "jti": str(jti), "n": 1}
    value = f"{header}.{segment(claims)}.{'x' * 43}"
    new = fresh(value, Random(seed), NOW_MS)
    now = NOW_MS // 1000
    assert new.split(".")[0] == header
    assert len(new) == len(value)
    moved = claims_of(new)
    assert uuid.UUID(str(moved.pop("jti"))) != jti
    del claims["jti"]
    assert moved == claims | {"iat": now, "exp": now + lasts}
    assert len(base64.urlsafe_b64decode(new.split(".")[2] + "=")) == 32


def test_a_jwt_whose_times_would_need_more_digits_keeps_them() -> None:
    header = segment({"alg": "HS256"})
    value = f"{header}.{segment({'iat': 5, 'exp': 4_000_000_000})}.abcd"
    new = fresh(value, Random(1), NOW_MS)
    assert claims_of(new)["iat"] == 5
    assert len(new) == len(value)


def test_a_jwt_that_does_not_say_when_it_was_issued_expires_in_an_hour() -> None:
    value = f"{segment({'alg': 'HS256'})}.{segment({'sub': 'a', 'exp': 1_700_000_000})}.abcd"
    assert claims_of(fresh(value, Random(1), NOW_MS))["exp"] == NOW_MS // 1000 + 3600


@given(st.binary(min_size=16, max_size=60), seeds)
def test_base64_keeps_alphabet_and_padding(content: bytes, seed: int) -> None:
    value = base64.b64encode(content).decode()
    new = fresh(value, Random(seed), NOW_MS)
    assert len(new) == len(value)
    if value.endswith("=") and is_random(value):
        assert len(base64.b64decode(new, validate=True)) == len(content)


@given(st.integers(0, 10**12), seeds)
def test_a_number_keeps_its_digits_and_begins_with_none(number: int, seed: int) -> None:
    new = fresh(str(number), Random(seed), NOW_MS)
    assert re.fullmatch("[1-9][0-9]*", new)
    assert len(new) == len(str(number))
    assert new != str(number)


def test_every_other_digit_can_come() -> None:
    assert {fresh("7", Random(seed), NOW_MS) for seed in range(200)} == set("12345689")


def test_a_streaming_id_gets_the_time_it_is_made() -> None:
    new = fresh("stream-1795550006061-3f216a5f", Random(1), NOW_MS)
    assert new.startswith(f"stream-{NOW_MS}-")
    assert fresh("STREAM-1795550006061-3F216A5F", Random(1), NOW_MS) == new.upper()
    ulids = [fresh("01ARZ3NDEKTSV4RRFFQ69G5FAV", Random(1), NOW_MS + ms) for ms in (0, 1, 40, 10**9)]
    assert all(one < two for one, two in pairwise(ulids))


@given(st.text("abYZ019 -_.~/+=:@ä€\n²", max_size=40), seeds)
def test_whatever_the_text_its_fresh_one_is_as_long_and_keeps_what_is_no_letter(text: str, seed: int) -> None:
    new = fresh(text, Random(seed), NOW_MS)
    assert len(new) == len(text)
    masked(text)
    if re.search("[A-Za-z0-9]", text):
        assert new != text


@given(st.binary(min_size=3, max_size=80), st.integers(4, 100), seeds)
def test_a_token_for_a_secret_is_random_and_gives_an_opaque_one(secret: bytes, size: int, seed: int) -> None:
    token = Tokens(b"a key of the tests").of(secret, size).decode()
    if token[0] not in "r~":
        return  # a secret of digits
    new = fresh(token, Random(seed), NOW_MS)
    assert is_random(token)
    assert re.fullmatch(f"[A-Za-z0-9]{{{size}}}", new)


PLAIN = """
    gpt-4o-mini-2024-07-18 claude-3-5-sonnet-20241022 llama-3.1-70b-instruct mistral-7b-instruct-v0.2 o3
    Qwen2.5-72B-Instruct text-embedding-3-small get_weather_v2 getWeatherReport2 2025-06-18 20241022153000
    2026-11-24T19:53:26.057Z text/event-stream application/json no-cache user1 User1@123 supervisor1
    incorrect-format stream-12345 stream-12345-uuid incorrect-id-1795550006 stream-1795550006 1795550006061
    IMG_20240101_123456.jpg 127.0.0.1:43211 1.28.3-gke.1286000 XMLHttpRequest sha256 x86_64 tools/call
    notifications/initialized 1234567 99999999 en-US Europe/Berlin chat.completion.chunk admin@example.com
    http://localhost:3000/2f01a3ce-6f88-477f-a94a-4995e502e64a true 19.99 end_turn Lighthouse handleMismatch
""".split()  # noqa: SIM905 - a list of sixty words reads worse


@pytest.mark.parametrize("value", PLAIN)
def test_words_names_versions_dates_and_small_numbers_are_not_random(value: str) -> None:
    assert not is_random(value)


def test_text_keeps_its_words_when_masked() -> None:
    text = (
        "Session 2f01a3ce-6f88-477f-a94a-4995e502e64a of user1 not found at 2026-11-24T19:53:26.057Z;"
        " see /api/v1/streams/stream-1795550006061-3f216a5f (7 of 12)."
    )
    assert masked(text) == (
        "Session <uuid> of user1 not found at <time>; see /api/v1/streams/stream-<time>-<hex:8> (7 of 12)."
    )
    assert masked("no ID in it, version 1.2.3") == "no ID in it, version 1.2.3"
