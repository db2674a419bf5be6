"""Clients that run against a playback of a recording of themselves cannot tell it from the services."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.playback import clients
from tests.playback.clients import Client, Urls
from tests.support.lab import running_lab
from tests.support.proxy import Proxy
from tests.support.serving import Serving

CLIENTS: dict[str, Client] = {
    "tester": clients.tester,
    "curl": clients.curl,
    "httpx": partial(clients.by_httpx, http2=False),
    "httpx-http2": partial(clients.by_httpx, http2=True),
}


@dataclass(frozen=True, slots=True)
class Original:
    """What was recorded, where the clients asked, and what each of them wrote down."""

    recording: Path
    places: tuple[str, ...]
    origins: tuple[str, ...]
    page: str
    said: dict[str, str]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Original:
    folder = tmp_path_factory.mktemp("original")
    with running_lab() as lab:
        origins = (lab.authentication_url, lab.accounting_url, lab.chat_url)
        modes = [f"reverse:{url}" for url in origins]
        with Proxy(*modes, folder=folder, options={"streamid_redact": "off"}) as proxy:
            urls = urls_at([f"http://127.0.0.1:{port}" for port in proxy.ports], proxy.authority)
            said = {name: run(urls) for name, run in CLIENTS.items()}
            with clients.page_server() as page:
                said["page"] = clients.page(urls, browser, page)
    return Original(proxy.recording, urls.all, origins, page, said)


def serving(original: Original, *arguments: str, same_ports: bool = True) -> Serving:
    for origin, place in zip(original.origins, original.places, strict=True):
        if same_ports:
            arguments += ("--map", f"{origin}={place.removeprefix('http://')}")
    return Serving(original.recording, arguments=arguments)


def urls_of(original: Original, playback: Serving) -> Urls:
    return urls_at([playback.url(origin) for origin in original.origins], playback.authority)


def urls_at(places: Sequence[str], authority: Path) -> Urls:
    authentication, accounting, chat = places
    return Urls(authentication, accounting, chat, authority)


@pytest.fixture(scope="module")
def playback(original: Original) -> Iterator[Serving]:
    with serving(original) as running:
        yield running


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_is_told_the_same_to_the_last_byte(
    client: str, original: Original, playback: Serving
) -> None:
    assert CLIENTS[client](urls_of(original, playback)) == original.said[client]
    assert "no recorded answer" not in playback.text


def test_a_page_reads_the_same(original: Original, playback: Serving, browser: Browser) -> None:
    with clients.page_server(int(original.page.rpartition(":")[2])) as page:
        assert clients.page(urls_of(original, playback), browser, page) == original.said["page"]


def test_a_second_run_is_told_the_same_again(original: Original, playback: Serving) -> None:
    for _ in range(2):
        assert clients.curl(urls_of(original, playback)) == original.said["curl"]


def test_a_page_on_an_origin_that_was_not_recorded_can_read_as_much(
    original: Original, browser: Browser
) -> None:
    with serving(original, same_ports=False) as running, clients.page_server() as elsewhere:
        urls = urls_of(original, running)
        said, before = clients.page(urls, browser, elsewhere), original.said["page"]
        for here, there in zip(urls.all, original.places, strict=True):
            said, before = said.replace(here, "<origin>"), before.replace(there, "<origin>")
    assert said == before


def test_eight_at_once_get_ids_of_their_own_and_each_is_held_to_them(original: Original) -> None:
    """Every one of eight testers passes all its checks, and no ID is told twice."""
    with serving(original, "--fresh-ids", same_ports=False) as running:
        urls = urls_of(original, running)
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda _: clients.tester(urls), range(8)))
        issued = re.compile(r"streaming session ID (stream-[0-9]{13}-[0-9a-f]{8}) \(")
        ids = [each for text in said for each in issued.findall(text)]
        known = issued.findall(original.said["tester"])
    assert len(ids) == 8 * len(known) == len(set(ids))
    assert not set(ids) & set(known)
    assert "no recorded answer" not in running.text
