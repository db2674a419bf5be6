"""Whatever the bytes: the CORS functions answer, and lines of a list are one list."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contract.cors import (
    Credentials,
    Readable,
    body_readable,
    cors_refusal,
    exposed_names,
    header_readable,
    is_same_origin,
    judge_preflight,
    malformed_expose,
    origin_of,
)
from contract.events import Headers, RequestHead, ResponseHead, Side

ORIGIN = b"https://app.example"
EXPOSE = b"Access-Control-Expose-Headers"
VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        (
            b"*",
            b"null",
            b"true",
            ORIGIN,
            b"http://h:80",
            b"h",
            b"x-id",
            b"X-Id, a",
            b"a b",
            b",",
            b"same-origin",
        )
    ),
)
NAMES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        (
            *(b"Origin", b"Host", b"Cookie", b"Sec-Fetch-Site", b"Location", EXPOSE),
            *(b"Access-Control-Allow-Origin", b"access-control-allow-credentials"),
            *(b"Access-Control-Allow-Methods", b"Access-Control-Allow-Headers"),
            *(b"Access-Control-Request-Method", b"Access-Control-Request-Headers"),
        )
    ),
)
FIELDS: st.SearchStrategy[Headers] = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(tuple)
REQUESTS = st.builds(
    lambda method, scheme, fields: RequestHead(
        1, Side.BOTH, 0, method, scheme, "h", 80, b"/", b"HTTP/1.1", fields
    ),
    st.sampled_from((b"GET", b"POST", b"OPTIONS", b"\xff")),
    st.sampled_from(("http", "https", "", "ü")),
    FIELDS,
)
RESPONSES = st.builds(
    lambda status, fields: ResponseHead(1, Side.BOTH, 0, status, b"", b"HTTP/1.1", fields),
    st.sampled_from((0, 200, 204, 302, 304, 401, 500, 999)),
    FIELDS,
)
ORIGINS = st.one_of(st.none(), VALUES)


@given(VALUES, REQUESTS, RESPONSES, ORIGINS)
def test_nothing_raises_and_an_unknown_mode_is_never_wrong(
    name: bytes, request: RequestHead, response: ResponseHead, origin: bytes | None
) -> None:
    is_same_origin(request)
    malformed_expose(response.headers)
    cors_refusal(origin_of(request) or b"", request, response)

    def answers(mode: Credentials) -> tuple[Readable, Readable]:
        return (
            header_readable(name, request, response, credentials=mode, origin=origin),
            body_readable(request, response, credentials=mode, origin=origin),
        )

    for unknown, *known in zip(*map(answers, reversed(Credentials)), strict=True):
        readable = {found.readable for found in known}
        assert unknown.readable == (readable.pop() if len(readable) == 1 else None)
        assert unknown.because


@given(REQUESTS, RESPONSES)
def test_a_preflight_that_grants_with_credentials_grants_without(
    request: RequestHead, response: ResponseHead
) -> None:
    granted = {mode: judge_preflight(request, response, mode).is_granted for mode in Credentials}
    assert granted[Credentials.INCLUDED] <= granted[Credentials.OMITTED]
    assert granted[Credentials.UNKNOWN] == granted[Credentials.OMITTED]


@given(st.lists(VALUES, max_size=5))
def test_a_list_on_several_lines_is_the_joined_list(values: list[bytes]) -> None:
    apart = tuple((EXPOSE, value) for value in values)
    assert exposed_names(apart) == exposed_names(((EXPOSE, b", ".join(values)),))
    assert (malformed_expose(apart) is None) is (exposed_names(apart) is not None)


@given(REQUESTS, RESPONSES)
def test_only_the_order_of_lines_of_one_name_matters(request: RequestHead, response: ResponseHead) -> None:
    by_name = sorted(response.headers, key=lambda field: field[0].lower())
    sorted_ = replace(response, headers=tuple(by_name))
    assert body_readable(request, response) == body_readable(request, sorted_)
    assert header_readable(b"x-id", request, response) == header_readable(b"x-id", request, sorted_)
