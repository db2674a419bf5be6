"""Requests to one endpoint have one shape of path, whatever identifiers are in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.playback.path_shapes import shape_of_paths
from tests.replay.playback.scenes import CHAT

shape = shape_of_paths(CHAT)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/api/chat/sessions/abc/stream?x=1", "/api/chat/sessions/{session}/stream"),
        ("http://host:1/api/chat/sessions/abc/stream", "/api/chat/sessions/{session}/stream"),
        ("/api/chat/sessions/abc", "/api/chat/sessions/{session}"),
        ("/api/chat/sessions/a1/messages", "/api/chat/sessions/{}/messages"),
        ("/v1/users/17/carts", "/v1/users/{}/carts"),
        ("/v1.2/v3x/V4", "/v1.2/{}/{}"),
        ("/users/" + "a" * 33, "/users/{}"),
        ("/users/" + "a" * 32, "/users/" + "a" * 32),
        ("/a//b/", "/a//b/"),
        ("", "/"),
        ("*", "*"),
    ],
)
def test_identifiers_are_left_out(target: str, expected: str) -> None:
    assert shape(target) == expected


@given(st.binary(max_size=60))
def test_any_target_has_a_shape_that_is_its_own(target: bytes) -> None:
    found = shape("/" + target.decode("latin-1"))
    assert found.startswith("/")
    assert shape(found) == found
