"""Requests go where they are told to, and nowhere else; heads are those of the new place."""

import pytest

from replay.resending.targets import Target, TargetError, headed, target_of, targets

ONE, TWO = "http://one.test:80", "https://two.test:8443"


def test_a_url_alone_is_for_the_only_origin() -> None:
    assert targets(["http://localhost:4000"], [ONE]) == {ONE: Target("http", "localhost", 4000)}


def test_several_origins_are_named_one_by_one_with_or_without_their_own_port() -> None:
    found = targets(["http://one.test=http://a.test", f"{TWO}=https://b.test/"], [ONE, TWO])
    assert found == {ONE: Target("http", "a.test", 80), TWO: Target("https", "b.test", 443)}


@pytest.mark.parametrize(
    ("given", "origins", "why"),
    [
        (["http://a.test"], [ONE, TWO], "needs an ORIGIN=URL of its own: http://one.test:80, https://two"),
        (
            [f"{ONE}=http://a.test"],
            [ONE, TWO],
            "no --to says where to send what went to https://two.test:8443",
        ),
        (["http://other.test=http://a.test"], [ONE], "no request of the recording went there"),
        (["ftp://a.test"], [ONE], "must be a URL such as"),
        (["localhost:3002"], [ONE], "must be a URL such as"),
        (["http://a.test/api"], [ONE], "must be scheme, host and port alone"),
        (["http://u:p@a.test"], [ONE], "must be scheme, host and port alone"),
        (["http://a.test:99999"], [ONE], "is no URL"),
    ],
)
def test_what_cannot_be_used_is_said(given: list[str], origins: list[str], why: str) -> None:
    with pytest.raises(TargetError, match=why):
        targets(given, origins)


def test_an_origin_that_nothing_is_sent_to_may_be_named() -> None:
    assert set(targets([f"{ONE}=http://a.test", f"{TWO}=http://b.test"], [ONE], [ONE, TWO])) == {ONE}


def test_host_is_the_new_one_and_origins_of_our_own_move_along() -> None:
    where = {ONE: Target("http", "::1", 4000)}
    fields = (
        (b"hOst", b"one.test"),
        (b"Origin", b"http://one.test"),
        (b"Referer", b"http://one.test/page?x"),
        (b"X-Origin", b"http://one.test"),
    )
    assert headed(fields, ONE, where, sized=None) == (
        (b"hOst", b"[::1]:4000"),
        (b"Origin", b"http://[::1]:4000"),
        (b"Referer", b"http://[::1]:4000/page?x"),
        (b"X-Origin", b"http://one.test"),
    )
    foreign = ((b"Host", b"one.test"), (b"Origin", b"http://one.test.evil.test"))
    assert headed(foreign, ONE, where, sized=None)[1] == foreign[1]


def test_what_came_by_http_2_gets_host_and_length() -> None:
    where = {ONE: target_of("http://a.test")}
    fields = ((b":authority", b"one.test"), (b"accept", b"*/*"))
    assert headed(fields, ONE, where, sized=5) == (
        (b"Host", b"a.test"),
        (b"accept", b"*/*"),
        (b"Content-Length", b"5"),
    )
