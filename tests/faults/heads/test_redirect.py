"""Redirections by the hop, which lead somewhere and not round in a circle."""

from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from pydantic import ValidationError

from contract.events import Message
from faults.heads.redirect import Redirect
from faults.parts import Data, End, Instead, RequestStart, ResponseStart
from faults.scene import What
from tests.faults.support import ORIGIN, REQUEST, drive


def to(target: bytes, host: bytes = b"chat.test") -> RequestStart:
    return RequestStart(b"POST", target, ((b"Host", host),))


def is_struck(fault: Redirect, request: RequestStart) -> bool:
    return fault.applies(drive(fault, request).scene, request)


def test_the_hop_answers_and_nothing_goes_to_the_service() -> None:
    fault = Redirect()
    assert fault.message is Message.REQUEST
    run = drive(fault)
    lines = (
        (b"Location", REQUEST.target + b"/"),
        (b"Access-Control-Allow-Origin", ORIGIN),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Vary", b"Origin"),
        (b"Content-Length", b"0"),
    )
    assert run.feed(REQUEST) == [Instead(ResponseStart(307, b"Temporary Redirect", lines))]
    assert run.feed(Data(b"{}"), End()) == []
    assert run.pipeline.is_over
    assert run.noted == [What.END]


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_request_without_an_origin_gets_no_cors_lines(code: Any) -> None:
    (part,) = drive(Redirect(code=code)).feed(to(b"/a"))
    assert isinstance(part, Instead)
    assert part.start.status == code
    assert part.start.headers == ((b"Location", b"/a/"), (b"Content-Length", b"0"))


@pytest.mark.parametrize(
    ("settings", "target", "location"),
    [
        ({}, b"/a?b=/c?d", b"/a/?b=/c?d"),
        ({"slash": "remove"}, b"/a//?b", b"/a?b"),
        ({"to": "/else"}, b"/a?b", b"/else"),
        ({"to": "/v2{target}"}, b"/a?b", b"/v2/a?b"),
        ({"to": "{path}/again{query}"}, b"/a?b", b"/a/again?b"),
        ({"to": "{path}/again{query}"}, b"/a", b"/a/again"),
        ({"to": "{target}?again=1"}, b"/a", b"/a?again=1"),
        ({"to": "https://other.example{target}"}, b"/a?b", b"https://other.example/a?b"),
        ({"to": "http://chat.test:80/x{path}"}, b"/a?b", b"http://chat.test:80/x/a"),
        ({"to": "https://chat.test?a"}, b"/", b"https://chat.test?a"),
        ({"to": "https://chat.test{query}"}, b"/a?b", b"https://chat.test?b"),
    ],
)
def test_whoever_follows_gets_through(settings: dict[str, str], target: bytes, location: bytes) -> None:
    fault = Redirect.model_validate(settings)
    assert is_struck(fault, to(target))
    assert fault.location(target) == location
    url = urlsplit(urljoin("http://chat.test", location.decode()))
    followed = (url.path or "/") + (f"?{url.query}" if url.query else "")
    assert not is_struck(fault, to(followed.encode(), url.netloc.encode()))


@pytest.mark.parametrize(
    ("settings", "target"),
    [
        ({}, b"/a/?b"),
        ({}, b"*"),
        ({}, b"//other.example"),
        ({}, b"http://chat.test/a"),
        ({"slash": "remove"}, b"/?b"),
        ({"to": "{target}"}, b"/a?b"),
        ({"to": "{path}"}, b"/a"),
        ({"to": "/else#there"}, b"/else"),
        ({"to": "//CHAT.test/else"}, b"/else"),
    ],
)
def test_what_is_where_it_leads_is_passed(settings: dict[str, str], target: bytes) -> None:
    assert not is_struck(Redirect.model_validate(settings), to(target))


def test_a_response_is_none_of_its_messages() -> None:
    assert not Redirect().applies(drive(Redirect()).scene, ResponseStart(200, b"", ()))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"to": "/{host}"}, "{host} is none of {path}, {query} and {target}"),
        ({"to": "again"}, "'again' begins with none of /"),
        ({"to": "/a b"}, "has a character that no URL has"),
        ({"to": "/a{path"}, "has a character that no URL has"),
        ({"to": "/a\r\nb"}, "has a character that no URL has"),
        ({"to": "https://{target}"}, "names no host"),
        ({"code": 303}, "Input should be 301, 302, 307 or 308"),
    ],
)
def test_bad_settings_are_told_in_one_line(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Redirect.model_validate(settings)
    (error,) = caught.value.errors()
    assert says in error["msg"]
    assert "\n" not in error["msg"]
