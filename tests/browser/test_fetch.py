"""What a script in Chromium can read equals what `contract.cors` predicts, header by header.

The prediction is made of the request that arrived and the bytes that were sent, so it would not notice
what the page asked for otherwise; only the credentials mode is told.
"""

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Frame, Page

from contract.cors import Credentials, origin_of
from tests.browser.cases import (
    ALLOW,
    ALLOW_NULL,
    ANY,
    CARRIED,
    CREDENTIALS,
    DEVIATIONS,
    EXPOSED,
    LISTED,
    NAMES,
    ORIGINS,
    PREFLIGHTS,
    STAR,
    STATUSES,
    TRUE,
    Case,
)
from tests.browser.fetching import (
    PAGE,
    Seen,
    assert_never_wrong_where_the_mode_is_unknown,
    fetched,
    observed,
    predicted,
)
from tests.browser.scripted import Answer, ScriptedServer

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def home() -> Iterator[ScriptedServer]:
    """The server of the page."""
    with ScriptedServer({(b"GET", b"/"): Answer(200, (b"Content-Type: text/html",), PAGE)}) as server:
        yield server


@pytest.fixture(scope="module")
def away() -> Iterator[ScriptedServer]:
    """A server of another origin."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def page(browser: Browser, home: ScriptedServer) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(home.origin)
    yield page
    context.close()


@pytest.fixture(scope="module")
def sandboxed(page: Page) -> Frame:
    """A frame whose origin is opaque."""
    page.evaluate(
        """() => new Promise(loaded => {
             const frame = document.createElement("iframe");
             frame.sandbox = "allow-scripts";
             frame.srcdoc = "<title>An opaque origin</title>";
             frame.onload = loaded;
             document.body.append(frame);
           }).then(() => null)"""
    )
    return page.frames[1]


def _new_path() -> bytes:
    return b"/%d" % next(_numbers)


def _told(answer: Answer, home: ScriptedServer) -> Answer:
    """With the page's origin in its place."""
    origin = home.origin.encode()
    marks = {b"{origin}": origin, b"{ORIGIN}": origin.upper(), b"{rest}": origin.removeprefix(b"http")}
    lines = list(answer.lines)
    for mark, value in marks.items():
        lines = [line.replace(mark, value) for line in lines]
    return Answer(answer.status, tuple(lines), answer.body)


def _script(case: Case, server: ScriptedServer, home: ScriptedServer) -> bytes:
    path = _new_path()
    if case.preflight:
        server.answers[b"OPTIONS", path] = _told(case.preflight, home)
    method = case.method.upper() if case.method == "put" else case.method
    body = b"" if method == "HEAD" else b"read"
    answer = Answer(case.status, (*CARRIED, *case.lines), body)
    server.answers[method.encode(), path] = _told(answer, home)
    return path


def _mode(credentials: str) -> Credentials:
    return Credentials.INCLUDED if credentials == "include" else Credentials.OMITTED


def _judge(name: str, case: Case, page: Page | Frame, server: ScriptedServer, home: ScriptedServer) -> Seen:
    path = _script(case, server, home)
    init = {"method": case.method, "headers": case.headers, "credentials": case.credentials}
    found = fetched(page, server.origin + path.decode(), init, NAMES)
    exchanges = server.arrived([path])
    seen = observed(found, exchanges)
    expected = predicted(exchanges, _mode(case.credentials), NAMES)
    if name in DEVIATIONS:
        assert seen != expected, f"Chromium has come to follow the standard: {name}"
    else:
        assert seen == expected
        assert_never_wrong_where_the_mode_is_unknown(exchanges, seen, NAMES)
    return seen


@pytest.fixture
def cookie(request: pytest.FixtureRequest, page: Page, away: ScriptedServer) -> Iterator[None]:
    page.context.add_cookies([{"name": "known", "value": "1", "url": away.origin}])
    yield
    page.context.clear_cookies()


CASES = {
    f"{family}: {name}": case
    for family, cases in (
        ("origin", ORIGINS),
        ("credentials", CREDENTIALS),
        ("expose", EXPOSED),
        ("status", STATUSES),
        ("preflight", PREFLIGHTS),
    )
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.cookie])
def test_a_script_reads_what_is_predicted(
    name: str, page: Page, home: ScriptedServer, away: ScriptedServer
) -> None:
    _judge(name, CASES[name], page, away, home)


@pytest.mark.usefixtures("cookie")
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.cookie])
def test_a_script_with_a_cookie_reads_what_is_predicted(
    name: str, page: Page, home: ScriptedServer, away: ScriptedServer
) -> None:
    _judge(name, CASES[name], page, away, home)
    request = away.seen[-1].request
    assert any(key.lower() == b"cookie" for key, _ in request.headers) == (
        CASES[name].credentials == "include"
    )


OPAQUE = {
    "null": (ALLOW_NULL, LISTED),
    "null, and the credentials that a script there asks for": (ALLOW_NULL, TRUE, LISTED),
    "any origin": (ANY, LISTED),
    "the page's origin": (ALLOW, LISTED),
    "null in upper case": (b"Access-Control-Allow-Origin: NULL", LISTED),
    "no line": (LISTED,),
}


@pytest.mark.parametrize("credentials", ["omit", "include"])
@pytest.mark.parametrize("name", OPAQUE)
def test_a_sandboxed_frame_reads_what_is_predicted_for_null(
    name: str, credentials: str, sandboxed: Frame, home: ScriptedServer, away: ScriptedServer
) -> None:
    for server in (away, home):
        _judge(name, Case(OPAQUE[name], credentials), sandboxed, server, home)
        assert origin_of(server.seen[-1].request) == b"null"


@pytest.mark.parametrize("credentials", ["omit", "same-origin", "include"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_script_reads_all_but_cookies_of_its_own_origin(
    method: str, credentials: str, page: Page, home: ScriptedServer
) -> None:
    for lines in ((), (STAR,), (b"Access-Control-Allow-Origin: https://a.example",)):
        case = Case(lines, credentials, method=method, headers={"X-A": "1"})
        seen = _judge("", case, page, home, home)
        assert "X-Id" in seen.headers
        assert not seen.headers & {"Set-Cookie", "Set-Cookie2"}


def _redirect(to: str, *lines: bytes) -> Answer:
    return Answer(307, (b"Location: " + to.encode(), *CARRIED, *lines), b"")


HOPS = {
    "away, both allow": ("home away", [(), (ALLOW, LISTED)]),
    "away, the end does not allow": ("home away", [(), (LISTED,)]),
    "away and on, all allow": ("away away", [(ALLOW,), (ALLOW, LISTED)]),
    "away and on, the redirect does not allow": ("away away", [(), (ALLOW, LISTED)]),
    "away to a third origin, which allows null": ("away third", [(ALLOW,), (ALLOW_NULL, LISTED)]),
    "away to a third origin, which allows the page": ("away third", [(ALLOW,), (ALLOW, LISTED)]),
    "away to a third origin, which allows any": ("away third", [(ANY,), (ANY, LISTED)]),
    "home, away, and home again": ("home away home", [(), (ALLOW,), (LISTED,)]),
    "away and home, which allows null": ("away home", [(ALLOW,), (ALLOW_NULL, LISTED)]),
    "away and home, which does not allow": ("away home", [(ALLOW,), ()]),
    "away and home, which allows the page": ("away home", [(ALLOW,), (ALLOW, LISTED)]),
}


@pytest.fixture(scope="module")
def third() -> Iterator[ScriptedServer]:
    """A server of one more origin."""
    with ScriptedServer() as server:
        yield server


@pytest.mark.parametrize("name", HOPS)
def test_a_script_that_is_redirected_reads_what_is_predicted(
    name: str, page: Page, home: ScriptedServer, away: ScriptedServer, third: ScriptedServer
) -> None:
    route, lines = HOPS[name]
    servers = [{"home": home, "away": away, "third": third}[place] for place in route.split()]
    paths = [_new_path() for _ in servers]
    for number, (server, path) in enumerate(zip(servers, paths, strict=True)):
        if server is servers[-1] and path is paths[-1]:
            answer = Answer(200, (*CARRIED, *lines[number]))
        else:
            answer = _redirect(servers[number + 1].origin + paths[number + 1].decode(), *lines[number])
        server.answers[b"GET", path] = _told(answer, home)

    found = fetched(page, servers[0].origin + paths[0].decode(), {"credentials": "omit"}, NAMES)
    exchanges = [each for server, path in zip(servers, paths, strict=True) for each in server.arrived([path])]
    seen = observed(found, exchanges)
    assert seen == predicted(exchanges, Credentials.OMITTED, NAMES)
    assert_never_wrong_where_the_mode_is_unknown(exchanges, seen, NAMES)


def test_a_script_that_follows_redirects_by_hand_reads_nothing_of_them(
    page: Page, home: ScriptedServer, away: ScriptedServer
) -> None:
    path = _new_path()
    away.answers[b"GET", path] = _told(_redirect("/", ALLOW, LISTED), home)
    found = fetched(page, away.origin + path.decode(), {"redirect": "manual"}, NAMES)
    assert found["type"] == "opaqueredirect"
    exchanges = away.arrived([path])
    assert observed(found, exchanges) == predicted(exchanges, Credentials.OMITTED, NAMES)


def test_there_are_enough_cases_and_each_deviation_is_one() -> None:
    assert len(CASES) + len(OPAQUE) + len(HOPS) >= 130
    assert set(DEVIATIONS) <= set(CASES)
