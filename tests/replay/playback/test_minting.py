"""New tokens for redacted ones: as long, of a form that clients can work with."""

import base64
import json
import re
from random import Random

import pytest

from replay.playback.minting import minted

NOW = 1_900_000_123
UNRESERVED = re.compile(r"[A-Za-z0-9._-]+")


def claims(token: str) -> tuple[dict[str, object], dict[str, object]]:
    head, payload, signature = token.split(".")
    assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) > 30
    header, body = (
        json.loads(base64.urlsafe_b64decode(each + "=" * (-len(each) % 4))) for each in (head, payload)
    )
    return header, body


def test_a_token_keeps_its_length_and_is_no_secret_s_token() -> None:
    for length in range(1, 601):
        found = {minted("x" * length, Random(seed), NOW) for seed in range(3)}
        assert {len(token) for token in found} == {length}
        assert all(UNRESERVED.fullmatch(token) for token in found)
        assert len(found) == 3 or length < 4


def test_a_long_token_is_a_jwt_that_is_good_for_a_day() -> None:
    for length in range(180, 601):
        header, body = claims(minted("x" * length, Random(length), NOW))
        assert header == {"alg": "HS256", "typ": "JWT"}
        assert (body["iat"], body["exp"]) == (NOW, NOW + 24 * 3600)


@pytest.mark.parametrize("length", [1, 2, 7, 40, 200])
def test_digits_stay_digits_and_a_number_one(length: int) -> None:
    for seed in range(20):
        assert re.fullmatch(rf"[1-9][0-9]{{{length - 1}}}", minted("7" * length, Random(seed), NOW))


def test_a_token_with_room_says_where_it_is_from() -> None:
    assert minted("x" * 24, Random(1), NOW).startswith("playback-")
    assert not minted("x" * 23, Random(1), NOW).startswith("playback-")
