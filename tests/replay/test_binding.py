"""Each rule of binding on its own, on the smallest sessions that show it."""

from dataclasses import replace

import pytest

from replay.binding import Binding, Bindings, Site, find
from replay.recorded import Piece, Recorded, RecordedBody
from replay.values import Place
from tests.support.planting import Call, as_recorded

A_UUID = "2f01a3ce-6f88-477f-a94a-4995e502e64a"
ANOTHER = "8c5e9b1a-3d47-4f0e-9a66-0e7d5b2f4c13"


def recorded(*calls: Call) -> list[Recorded]:
    """One after the other, numbered from 1, each 100 µs."""
    return [
        as_recorded(number, number * 100, number * 100 + 50, call) for number, call in enumerate(calls, 1)
    ]


def found_in(*calls: Call) -> Bindings:
    return find(recorded(*calls))


def values_in(*calls: Call) -> list[str]:
    return [each.value for each in found_in(*calls).each]


def echoes(binding: Binding) -> set[tuple[int, str, str]]:
    return {(site.exchange, *site.place) for site in binding.echoed}


def test_a_binding_tells_the_first_issue_what_repeats_it_and_what_carries_it() -> None:
    found = found_in(
        Call("POST", "/carts", said={"id": A_UUID}),
        Call("GET", f"/carts/{A_UUID}", said={"cart": {"id": A_UUID}}),
    )
    (binding,) = found.each
    assert binding.value == A_UUID
    assert binding.issued._replace(at=0) == Site(1, Place("json", "id"), 0)
    assert [site._replace(at=0) for site in binding.again] == [Site(2, Place("json", "cart.id"), 0)]
    assert binding.echoed == (Site(2, Place("path", "1"), 200),)
    assert found.all == {A_UUID: binding}
    assert (found.issued_by(1), found.issued_by(2)) == ([binding], [])
    assert found.echoed_by(2) == [(Place("path", "1"), binding)]
    assert found.answered_by(2) == [(Place("json", "cart.id"), binding)]
    assert (found.echoed_by(7), found.answered_by(7)) == ([], [])


def test_what_was_sent_while_it_was_being_issued_is_no_echo_but_said_first() -> None:
    one, two = recorded(Call("POST", "/carts", said={"id": A_UUID}), Call("POST", "/x", body={"of": A_UUID}))
    early = replace(two, request=replace(two.request, at=120))
    late = replace(early, request_body=RecordedBody((Piece(180, early.request_body.data),), 181))
    assert find([one, two]).each
    assert not find([one, late]).each


def test_at_the_same_microsecond_the_lower_number_was_first() -> None:
    one, two = recorded(Call("POST", "/carts", said={"id": A_UUID}), Call("GET", f"/x/{A_UUID}"))
    at = one.response_body.pieces[-1].at
    same = replace(two, request=replace(two.request, at=at))
    assert find([one, same]).each
    first = replace(same, exchange=0, request=replace(same.request, exchange=0))
    assert not find([one, first]).each


def test_a_number_that_comes_back_under_another_name_only_is_not_sent_back() -> None:
    assert not values_in(
        Call("POST", "/carts", said={"id": 7}),
        Call("POST", "/lines", body={"quantity": 7, "limit": 7}),
        Call("GET", "/pages/7?page=7"),
    )


@pytest.mark.parametrize(
    ("issue", "echo"),
    [
        (Call("POST", "/carts", said={"id": 7}), Call("GET", "/carts/7")),
        (Call("POST", "/api/v1/carts", said={"data": {"id": 7}}), Call("GET", "/api/v1/carts/7")),
        (Call("POST", "/cart/create", said={"id": 7}), Call("GET", "/cart/7")),
        (Call("POST", "/carts", said={"id": 7}), Call("POST", "/cart/remove", body={"id": 7})),
        (Call("POST", "/categories", said={"id": "c7"}), Call("GET", "/x?category=c7")),
        (Call("POST", "/x", said={"cartId": 7}), Call("GET", "/x?cart_id=7")),
        (Call("POST", "/x", said_headers={"X-Cart-Id": "7"}), Call("GET", "/x", {"X-Cart-Id": "7"})),
        (Call("POST", "/x", said_headers={"Set-Cookie": "cart=7"}), Call("GET", "/x", {"Cookie": "cart=7"})),
        (Call("GET", "/x", said={"csrf_token": "ab"}), Call("POST", "/", body={"_csrf": "ab"}, is_form=True)),
        (Call("GET", "/x", said={"nextPageToken": "b"}), Call("GET", "/x?pageToken=b")),
    ],
)  # fmt: skip
def test_a_value_without_entropy_is_bound_where_the_names_fit(issue: Call, echo: Call) -> None:
    (binding,) = found_in(issue, echo).each
    assert [site.exchange for site in binding.echoed] == [2]


@pytest.mark.parametrize(
    ("issue", "echo"),
    [
        (Call("POST", "/x", said={"shippingAddressId": 3}), Call("POST", "/x", body={"billingAddressId": 3})),
        (Call("POST", "/x", status=400, said={"orderId": 5}), Call("GET", "/orders/5")),
        (Call("POST", "/x", said={"orders": [{"id": 5}]}), Call("GET", "/orders/5")),
        (Call("POST", "/x", said={"links": [{"href": "/orders/5"}]}), Call("GET", "/orders/5")),
        (Call("GET", "/x", said={"orderId": 5}), Call("GET", "/orders/5")),
        (Call("GET", "/x", said={"maxTokens": 4096}), Call("POST", "/x", body={"maxTokens": 4096})),
        (Call("POST", "/x", said={"releaseId": "1.2"}), Call("GET", "/releases/1.2")),
        (Call("POST", "/x", said={"dayId": "2026-11-24"}), Call("GET", "/days/2026-11-24")),
        (Call("POST", "/x", said={"cartId": "open"}), Call("GET", "/carts/open")),
        (Call("POST", "/", said_headers={"Set-Cookie": "token=a"}), Call("GET", "/", {"Cookie": "token=a"})),
        (Call("POST", "/x", said_headers={"Set-Cookie": "cart=7"}), Call("POST", "/", body={"cart": 7})),
    ],
)  # fmt: skip
def test_what_only_looks_so_is_not_bound(issue: Call, echo: Call) -> None:
    assert not values_in(issue, echo)


def test_of_two_things_with_one_number_each_gets_its_own_places() -> None:
    cart, item = found_in(
        Call("POST", "/x", said={"cartId": 7}),
        Call("POST", "/y", said={"cartItemId": 7}),
        Call("POST", "/z", body={"cartItemId": 7}),
        Call("POST", "/z", body={"cartId": 7}),
    ).each
    assert (echoes(cart), echoes(item)) == ({(4, "json", "cartId")}, {(3, "json", "cartItemId")})


@pytest.mark.parametrize(
    "repeating",
    [Call("GET", "/y", said={"chatSessionId": 7}), Call("PUT", "/y/7", said={"chatSessionId": 7})],
)
def test_a_longer_name_repeats_it_where_nothing_can_have_been_made(repeating: Call) -> None:
    echo = Call("POST", "/z", body={"chatSessionId": 7})
    (binding,) = found_in(Call("POST", "/sessions", said={"id": 7}), repeating, echo).each
    assert [site.exchange for site in binding.again] == [2]
    assert (3, "json", "chatSessionId") in echoes(binding)


def test_an_answer_that_shows_the_thing_of_its_path_repeats_it() -> None:
    (cart,) = found_in(
        Call("POST", "/carts", said={"id": 7}),
        Call("POST", "/carts/7/items", body={"quantity": 7}, said={"id": 7, "items": [{"quantity": 7}]}),
    ).each
    assert [(site.exchange, site.place.name) for site in cart.again] == [(2, "id")]
    assert echoes(cart) == {(2, "path", "1")}


def test_a_service_s_own_call_is_answered_under_its_id_and_the_client_s_calls_are_not() -> None:
    call = {"jsonrpc": "2.0", "id": 3, "method": "tools/list"}
    ping = '{"jsonrpc": "2.0", "id": 3, "method": "ping"}'
    (binding,) = found_in(
        Call("POST", "/mcp", body=call, said={"jsonrpc": "2.0", "id": 3}),
        Call("GET", "/mcp", events=[("message", "", ping)]),
        Call("POST", "/mcp", body={"jsonrpc": "2.0", "id": 3, "result": {}}),
        Call("POST", "/mcp", body=call, said={"jsonrpc": "2.0", "id": 3}),
    ).each
    assert (binding.issued.exchange, binding.again, echoes(binding)) == (2, (), {(3, "json", "id")})


def test_of_an_address_the_id_in_it_is_bound_and_not_the_whole() -> None:
    url = f"http://localhost/jobs/{A_UUID}?wait=1"
    found = found_in(
        Call("POST", "/jobs", said_headers={"Location": url}, said={"self": f"/jobs/{A_UUID}"}),
        Call("POST", "/x", {"Referer": url}, body={"job": url, "path": f"/jobs/{A_UUID}"}),
    )
    assert list(found.all) == [A_UUID]
    assert len(found.each[0].echoed) == 3


def test_an_id_in_every_event_of_a_stream_is_one_place() -> None:
    events = [("chunk", "", f'{{"id": "{A_UUID}"}}')] * 50
    (binding,) = found_in(Call("POST", "/x", events=events), Call("GET", f"/x/{A_UUID}")).each
    assert binding.again == ()


def log_in(said: str, **body: str) -> Call:
    return Call("POST", "/login", body={"username": "ann", **body}, said={"user": {"id": said}})


def test_who_logs_in_twice_and_is_the_same_is_not_bound() -> None:
    assert values_in(log_in(A_UUID), Call("GET", f"/users/{A_UUID}")) == [A_UUID]
    assert not values_in(log_in(A_UUID), log_in(A_UUID), Call("GET", f"/users/{A_UUID}"))
    assert not values_in(
        log_in(A_UUID, nonce="a3f0c1d2e4b59687"),
        log_in(A_UUID, nonce="78695a4b3c2d1e0f"),
        Call("GET", f"/users/{A_UUID}"),
    )
    rpc = {"jsonrpc": "2.0", "method": "who", "id": 1}
    said = {"jsonrpc": "2.0", "result": {"user": {"id": A_UUID}}}
    again = Call("POST", "/rpc", body={**rpc, "id": 2}, said=said)
    assert not values_in(Call("POST", "/rpc", body=rpc, said=said), again, Call("GET", f"/users/{A_UUID}"))


def test_what_like_requests_were_not_always_answered_is_bound() -> None:
    assert values_in(log_in(A_UUID), log_in(A_UUID), log_in(ANOTHER), Call("GET", f"/users/{A_UUID}")) == [
        A_UUID
    ]


def test_a_state_that_one_token_asks_for_twice_is_bound_and_one_that_all_get_is_not() -> None:
    mine = Call("GET", "/room", {"Authorization": "Bearer a"}, said={"roomId": A_UUID})
    yours = Call("GET", "/room", {"Authorization": "Bearer b"}, said={"roomId": A_UUID})
    echo = Call("GET", f"/rooms/{A_UUID}")
    assert values_in(mine, mine, echo) == [A_UUID]
    assert not values_in(mine, yours, echo)


def test_a_token_that_two_logins_give_alike_is_bound_all_the_same() -> None:
    # Made in the same second, two JWTs of one user are one.
    login = Call("POST", "/login", said={"token": "a3f0c1d2e4b59687"})
    assert values_in(login, login, Call("GET", "/x", {"Authorization": "Bearer a3f0c1d2e4b59687"}))


def test_a_catalogue_s_numbers_are_bound_only_where_each_client_has_its_own() -> None:
    def offers(token: str, *numbers: int) -> Call:
        said = {"orders": [{"id": number} for number in numbers]}
        return Call("GET", "/orders", {"Authorization": token}, said=said)

    looks = [Call("GET", f"/orders/{number}") for number in (4, 9)]
    assert values_in(offers("a", 4), offers("b", 9), *looks) == ["4", "9"]
    assert not values_in(offers("a", 4, 9), offers("b", 4, 9), *looks)
    assert not values_in(offers("a", 4), offers("b", 4, 9), *looks)


def test_what_cannot_be_read_has_no_bindings_and_stops_nothing() -> None:
    huge = {"pad": ["x" * 1000] * 1100, "id": A_UUID}
    deep: object = A_UUID
    for _ in range(200):
        deep = {"a": deep}
    for said in (huge, deep, {"id": "ab12cd34" * 1100}, {"id": "\ud800" + A_UUID}):
        assert not values_in(Call("POST", "/x", said=said), Call("POST", "/y", body={"id": A_UUID}))
    (one, two) = recorded(Call("POST", "/x", said={"id": A_UUID}), Call("GET", f"/x/{A_UUID}"))
    headers = (*(one.response.headers if one.response else ()), (b"Content-Encoding", b"gzip"))
    assert one.response
    assert not find([replace(one, response=replace(one.response, headers=headers)), two]).each
    assert not find([replace(one, response=None), two]).each


def test_hostile_values_take_no_time() -> None:
    hostile = ["a" * 4000 + "!", "a-" * 4000, "1" * 8000, "A1" * 4000, "/" * 8000, "eyJ." * 2000, "~" * 8000]
    calls = [Call("POST", "/x", said={"id": each, "token": each}) for each in hostile]
    calls += [Call("POST", f"/{each.replace('/', '')}", body={"id": each, "token": each}) for each in hostile]
    found_in(*calls)
