"""On real recordings of services that nothing was configured for, every binding is found, and no other."""

import contextlib
import io
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.client import StreamingOptions
from lab.logger import Logger
from lab.tester import StreamingTester
from recordings.reader import Recording
from replay.binding import Binding, Bindings, find
from replay.recorded import Recorded, recorded_exchanges
from tests.support.foreign import Mcp, Shop, serving
from tests.support.lab import running_lab, user
from tests.support.proxy import Proxy

CLIENT_SESSION = "0d4f6a52-1b8e-4c55-9f0e-0a52cbb1a9d3"

type Sites = set[tuple[int, str, str]]
"""(exchange, kind of place, name)"""


def sites(binding: Binding) -> tuple[tuple[int, str, str], Sites]:
    issued = binding.issued
    return (issued.exchange, *issued.place), {(each.exchange, *each.place) for each in binding.echoed}


def read(recording: Path) -> list[Recorded]:
    with Recording(recording) as opened:
        return list(recorded_exchanges(opened.events()))


class Played:
    """What was recorded of clients and services; with redaction also of the lab and its tester."""

    def __init__(self, redact: str, folder: Path) -> None:
        with contextlib.ExitStack() as running:
            shop, self.shop_issued = running.enter_context(serving(Shop))
            mcp, self.mcp_issued = running.enter_context(serving(Mcp))
            services = [shop, mcp]
            if redact == "on":
                lab = running.enter_context(running_lab(interval=0.001, detailed=0.5))
                services += [lab.authentication_url, lab.accounting_url, lab.chat_url]
            modes = [f"reverse:{service}" for service in services]
            proxy = Proxy(*modes, folder=folder, options={"streamid_redact": redact})
            with proxy:
                urls = [f"http://127.0.0.1:{port}" for port in proxy.ports]
                with httpx.Client(trust_env=False, timeout=20) as client:
                    shopping(client, urls[0])
                with httpx.Client(trust_env=False, timeout=20) as client:
                    calling(client, urls[1])
                if redact == "on":
                    run_the_tester(*urls[2:])
        exchanges = read(proxy.recording)
        self.shop = [each for each in exchanges if each.request.port == int(shop.rpartition(":")[2])]
        self.mcp = [each for each in exchanges if each.request.port == int(mcp.rpartition(":")[2])]
        self.lab = exchanges[len(self.shop) + len(self.mcp) :]
        self.first_of_mcp = self.mcp[0].exchange


@pytest.fixture(scope="module", params=["on", "off"])
def redact(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def played(redact: str, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(redact, tmp_path_factory.mktemp("played"))


def run_the_tester(authentication: str, accounting: str, chat: str) -> None:
    options = StreamingOptions(authentication, accounting, chat, update_delay=0.01, message="Tell me")
    with StreamingTester(options, Logger(io.StringIO())) as tester:
        assert tester.run()


def shopping(client: httpx.Client, url: str) -> None:
    """Exchanges 1 to 16."""

    def ask(method: str, path: str, **more: Any) -> Any:
        answer = client.request(method, f"{url}/api{path}", **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    login = {"username": "ann", "password": "correct horse"}
    client.headers["X-Client-Session"] = CLIENT_SESSION
    for _ in range(2):  # 1, 2
        client.headers["Authorization"] = f"Bearer {ask('POST', '/login', json=login)['accessToken']}"
    ask("GET", "/users/12/orders")  # 3
    ask("GET", "/products")  # 4
    csrf = {"X-CSRF-Token": ask("GET", "/csrf")["csrfToken"]}  # 5
    cart = ask("POST", "/carts", json={"title": "Mine"}, headers=csrf)["id"]  # 6
    item = ask("POST", f"/carts/{cart}/items", json={"productId": 2, "quantity": 3})["id"]  # 7
    ask("DELETE", f"/carts/{cart}/items/{item}")  # 8
    tag = client.get(f"{url}/api/carts/{cart}").headers["ETag"]  # 9
    ask("PUT", f"/carts/{cart}", json={"currency": "EUR", "limit": 7}, headers={"If-Match": tag})  # 10
    order = ask("POST", "/orders", json={"cartId": cart})["id"]  # 11
    ask("PUT", f"/orders/{order}", json={"priority": 7})  # 12
    cursor = ask("GET", "/orders?limit=2")["next_cursor"]  # 13
    ask("GET", f"/orders?limit=2&cursor={cursor}")  # 14
    upload = ask("POST", "/uploads", json={"name": "Picture"})["url"]  # 15
    client.put(f"{url}{upload}", json={"session": CLIENT_SESSION})  # 16


def calling(client: httpx.Client, url: str) -> None:
    """Nine exchanges; the client's own IDs count from 0, too."""

    def ask(body: dict[str, Any]) -> httpx.Response:
        answer = client.post(f"{url}/mcp", json={"jsonrpc": "2.0", **body})
        assert answer.is_success, answer.text
        return answer

    client.headers["Accept"] = "application/json, text/event-stream"
    hello = {"protocolVersion": "2025-06-18", "clientInfo": {"name": "test", "version": "1.2.0"}}
    answer = ask({"id": 0, "method": "initialize", "params": hello})  # 0
    client.headers["Mcp-Session-Id"] = answer.headers["Mcp-Session-Id"]
    client.headers["MCP-Protocol-Version"] = answer.json()["result"]["protocolVersion"]
    ask({"method": "notifications/initialized"})  # 1
    cursor = ask({"id": 1, "method": "tools/list"}).json()["result"]["nextCursor"]  # 2
    ask({"id": 2, "method": "tools/list", "params": {"cursor": cursor}})  # 3
    call = {"name": "create_cart", "arguments": {"quantity": 3}, "_meta": {"progressToken": 3}}
    text = ask({"id": 3, "method": "tools/call", "params": call}).text  # 4
    event = text.partition("id: ")[2].partition("\n")[0]
    client.get(f"{url}/mcp", headers={"Last-Event-ID": event})  # 5
    ask({"id": 0, "result": {}})  # 6
    call = {"name": "add_item", "arguments": {"cartId": "c-81", "quantity": 3}}
    ask({"id": 4, "method": "tools/call", "params": call})  # 7
    client.delete(f"{url}/mcp")  # 8


def test_a_shop_s_tokens_numbers_and_cursors_are_bound_and_nothing_else(played: Played, redact: str) -> None:
    found = find(played.shop)
    first, second = range(2, 3), range(3, 17)
    authorization = ("header", "authorization")
    expected: list[tuple[tuple[int, str, str], Sites]] = [
        ((1, "json", "accessToken"), {(n, *authorization) for n in first}),
        ((1, "cookie", "sid"), {(n, "cookie", "sid") for n in first}),
        ((2, "json", "accessToken"), {(n, *authorization) for n in second}),
        ((2, "cookie", "sid"), {(n, "cookie", "sid") for n in second}),
        ((5, "json", "csrfToken"), {(6, "header", "x-csrf-token")}),
        (
            (6, "header", "location"),
            {*((n, "path", "2") for n in (7, 8, 9, 10)), (11, "json", "cartId")},
        ),
        ((7, "json", "id"), {(8, "path", "4")}),
        ((9, "header", "etag"), {(10, "header", "if-match")}),
        ((11, "json", "id"), {(12, "path", "2")}),
        ((13, "json", "next_cursor"), {(14, "query", "cursor")}),
        ((15, "json", "url"), {(16, "path", "2")}),
    ]
    assert sorted(map(sites, found.each)) == sorted(expected)
    if redact == "off":
        values = {each.value for each in found.each}
        assert values == {*played.shop_issued.values(), "7", "31", '"v5"'}


def test_the_cart_and_the_order_of_one_number_are_two(played: Played) -> None:
    found = find(played.shop)
    cart, order = (each for each in found.each if each.value == "7")
    assert found.all["7"] == cart
    assert {(site.exchange, site.place.name) for site in cart.again} == {
        (6, "id"),
        (7, "cart"),
        (9, "id"),
        (11, "cartId"),
    }
    assert order.again == ()
    assert [(place.name, each) for place, each in found.echoed_by(12) if each.value == "7"] == [("2", order)]
    assert found.issued_by(11) == [order]
    assert [place.name for place, each in found.answered_by(11) if each == cart] == ["cartId"]


def test_an_mcp_server_s_session_events_cursors_and_calls_are_bound_and_nothing_else(
    played: Played, redact: str
) -> None:
    found = find(played.mcp)
    start = played.first_of_mcp
    expected: list[tuple[tuple[int, str, str], Sites]] = [
        ((0, "header", "mcp-session-id"), {(n, "header", "mcp-session-id") for n in range(1, 9)}),
        ((2, "json", "result.nextCursor"), {(3, "json", "params.cursor")}),
        ((4, "sse-id", "message"), {(5, "header", "last-event-id")}),
        ((4, "sse", "message:result.content.0.text"), {(7, "json", "params.arguments.cartId")}),
        ((5, "sse", "message:id"), {(6, "json", "id")}),
    ]

    def shifted(site: tuple[int, str, str]) -> tuple[int, str, str]:
        return site[0] + start, site[1], site[2]

    wanted = [(shifted(issued), set(map(shifted, echoed))) for issued, echoed in expected]
    assert sorted(map(sites, found.each)) == sorted(wanted)
    issued = played.mcp_issued
    values = {each.value for each in found.each}
    assert values >= {issued["cart"], "0"}
    if redact == "off":
        first_event = next(each.value for each in found.each if each.issued.place.kind == "sse-id")
        assert values == {issued["session"], issued["cursor"], issued["cart"], first_event, "0"}


def test_of_both_services_together_the_bindings_are_those_of_each(played: Played) -> None:
    together = find([*reversed(played.mcp), *reversed(played.shop)])
    apart = [*find(played.shop).each, *find(played.mcp).each]
    assert sorted(map(sites, together.each)) == sorted(map(sites, apart))


@pytest.mark.parametrize("redact", ["on"], indirect=True)
def test_of_the_streaming_tester_users_tokens_sessions_and_streaming_ids_are_bound(played: Played) -> None:
    exchanges = played.lab
    found = find(exchanges)
    streams = {
        value.decode()
        for each in exchanges
        if each.response
        for name, value in each.response.headers
        if name.lower() == b"x-streaming-session-id"
    }
    sessions = {each.value for each in found.each if each.issued.place.name == "sessionId"}
    assert len(sessions) == 1
    echoed_streams = {each for each in streams if _was_sent(each, exchanges)}
    tokens = [each for each in found.each if each.issued.place.name in ("accessToken", "refreshToken")]
    assert len(tokens) == 4
    assert all(each.value.startswith("redacted~") for each in tokens)
    rest = {each.value for each in found.each} - {each.value for each in tokens}
    assert rest == {user("user1").id, *sessions, *echoed_streams}
    assert len(echoed_streams) == 2
    _shows_no_probe(found, exchanges)


def _was_sent(value: str, exchanges: list[Recorded]) -> bool:
    return any(value.encode() in (each.request_text() or b"") for each in exchanges)


def _shows_no_probe(found: Bindings, exchanges: list[Recorded]) -> None:
    refused = [each for each in exchanges if each.response and each.response.status == 400]
    assert len(refused) >= 5
    for each in refused:
        assert not [place for place, _ in found.echoed_by(each.exchange) if place.kind == "json"]
