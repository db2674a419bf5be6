"""Steps of a client: those that plant a value to be bound, and those that only look so."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from replay.values import Place
from tests.support.planting import FORMATS, NOW_MS, Call, Issue, Scope, echoing

# ---- places where a value is issued, and where it is sent back


def _issue_json(value: str, noun: str) -> Call:
    said = {"data": {f"{noun}Id": value}, "status": "created"}
    place = Place("json", f"data.{noun}Id")
    return Call("POST", f"/api/{noun}s", body={"title": "One"}, said=said, issues=[Issue(value, place)])


def _issue_in_list(value: str, noun: str) -> Call:
    said = {"items": [{"name": "first"}, {"name": "second", "id": value}]}
    return Call("GET", f"/api/{noun}s", said=said, issues=[Issue(value, Place("json", "items.1.id"))])


def _issue_header(value: str, noun: str) -> Call:
    name = f"X-{noun.title()}-Id"
    issue = Issue(value, Place("header", name.lower()))
    return Call("POST", f"/api/{noun}s", said_headers={name: value}, said={"ok": True}, issues=[issue])


def _issue_cookie(value: str, noun: str) -> Call:
    cookie = {"Set-Cookie": f"{noun}={value}; Path=/; HttpOnly"}
    return Call("POST", f"/api/{noun}s", said_headers=cookie, issues=[Issue(value, Place("cookie", noun))])


def _issue_location(value: str, noun: str) -> Call:
    location = {"Location": f"http://localhost:3000/api/{noun}s/{quote(value)}"}
    issue = Issue(value, Place("header", "location"))
    return Call("POST", f"/api/{noun}s", status=201, said_headers=location, issues=[issue])


def _issue_url(value: str, noun: str) -> Call:
    said = {"links": {"next": f"/api/{noun}s?{urlencode({noun: value})}"}}
    return Call("GET", f"/api/{noun}s", said=said, issues=[Issue(value, Place("json", "links.next"))])


def _issue_event(value: str, noun: str) -> Call:
    events = [("chunk", "", '{"text": " some"}'), ("done", "", json.dumps({"run": {"id": value}}))]
    issue = Issue(value, Place("sse", "done:run.id"))
    return Call("POST", f"/api/{noun}s", events=events, issues=[issue])


def _issue_event_id(value: str, noun: str) -> Call:
    events = [("chunk", value, '{"text": " some"}'), ("chunk", "", '{"text": " text"}')]
    return Call("GET", f"/api/{noun}s", events=events, issues=[Issue(value, Place("sse-id", "chunk"))])


ISSUES = [
    _issue_json,
    _issue_in_list,
    _issue_header,
    _issue_cookie,
    _issue_location,
    _issue_url,
    _issue_event,
    _issue_event_id,
]


ECHOES: list[Callable[[str], Call]] = [
    lambda value: echoing(
        Call("GET", "/api/me", {"Authorization": f"Bearer {value}"}), value, "header", "authorization"
    ),
    lambda value: echoing(Call("GET", "/api/me", {"X-Handle": value}), value, "header", "x-handle"),
    lambda value: echoing(
        Call("GET", "/api/me", {"Cookie": f"theme=dark; handle={value}"}), value, "cookie", "handle"
    ),
    lambda value: echoing(Call("DELETE", f"/api/things/{quote(value)}/parts"), value, "path", "2"),
    lambda value: echoing(
        Call("GET", f"/api/me?{urlencode({'page': 2, 'of': value})}"), value, "query", "of"
    ),
    lambda value: echoing(
        Call("POST", "/api/me", body={"of": value, "page": "2"}, is_form=True), value, "form", "of"
    ),
    lambda value: echoing(
        Call("POST", "/api/me", body={"deep": [{"of": value}]}), value, "json", "deep.0.of"
    ),
    lambda value: echoing(
        Call("POST", "/api/me", body={"back": f"http://localhost/done/{quote(value)}?ok=1"}),
        value,
        "json",
        "back",
    ),
]

NOUNS = ["cart", "basket", "ticket", "room", "reply"]

# ---- steps that plant a value


def plant_random(scope: Scope) -> Iterator[Call]:
    """A value that a generator made, anywhere, sent back anywhere, once or twice."""
    random = scope.random
    value = FORMATS[random.choice(sorted(FORMATS))](random)
    yield random.choice(ISSUES)(value, random.choice(NOUNS))
    for _ in range(random.choice([1, 1, 2])):
        yield random.choice(ECHOES)(value)


def plant_number(scope: Scope) -> Iterator[Call]:
    """A small number under a name that fits."""
    number, random = scope.count(), scope.random
    noun = random.choice(["cart", "order", "playlist"])
    value = str(number) if random.random() < 0.7 else f"{noun[0]}-{number}"
    shown: Any = number if value.isdigit() else value
    quantity = {"quantity": number, "title": "Mine"}
    if random.random() < 0.5:
        yield Call(
            "POST", f"/{noun}s", body=quantity, status=201, said={"id": shown, "count": number},
            issues=[Issue(value, Place("json", "id"))],
        )  # fmt: skip
    else:
        yield Call(
            "POST", "/checkout", body=quantity, said={noun: {"id": shown}, "size": number},
            issues=[Issue(value, Place("json", f"{noun}.id"))],
        )  # fmt: skip
    echoes = [
        echoing(Call("GET", f"/shop/{noun}s/{value}"), value, "path", "2"),
        echoing(
            Call("POST", "/search", body={f"{noun}Id": shown, "size": number}), value, "json", f"{noun}Id"
        ),
        echoing(Call("GET", f"/search?limit={number}&{noun}_id={value}"), value, "query", f"{noun}_id"),
        echoing(Call("GET", "/search", {f"X-{noun.title()}-Id": value}), value, "header", f"x-{noun}-id"),
    ]
    yield random.choice(echoes)


def plant_cursor(scope: Scope) -> Iterator[Call]:
    value = f"p{scope.count()}"
    path = f"/feed/{scope.number}"
    yield Call(
        "GET", f"{path}?limit=3", said={"entries": [], "nextCursor": value},
        issues=[Issue(value, Place("json", "nextCursor"))],
    )  # fmt: skip
    yield echoing(Call("GET", f"{path}?limit=3&cursor={value}"), value, "query", "cursor")


def plant_csrf(scope: Scope) -> Iterator[Call]:
    value = f"q{scope.count()}z"
    yield Call("GET", "/csrf", said={"csrfToken": value}, issues=[Issue(value, Place("json", "csrfToken"))])
    yield echoing(Call("POST", "/notes", {"X-CSRF-Token": value}), value, "header", "x-csrf-token")


def plant_tag(scope: Scope) -> Iterator[Call]:
    value = f'"v{scope.count()}"'
    yield Call(
        "GET", f"/notes/{scope.number}", said_headers={"ETag": value}, said={"text": "Some words"},
        issues=[Issue(value, Place("header", "etag"))],
    )  # fmt: skip
    yield echoing(Call("PUT", f"/notes/{scope.number}", {"If-Match": value}), value, "header", "if-match")


def plant_event_number(scope: Scope) -> Iterator[Call]:
    value = str(scope.count())
    events = [("tick", value, '{"text": "One"}')]
    yield Call("GET", "/ticks", events=events, issues=[Issue(value, Place("sse-id", "tick"))])
    yield echoing(Call("GET", "/ticks", {"Last-Event-ID": value}), value, "header", "last-event-id")


# ---- steps that plant nothing


def decoy_own_id(scope: Scope) -> Iterator[Call]:
    """The client's own ID, which the service repeats."""
    value = FORMATS["uuid"](scope.random)
    yield Call("POST", "/sessions", body={"sessionId": value}, said={"sessionId": value, "status": "open"})
    yield Call("GET", f"/sessions/{value}", said={"session": {"id": value}})


def decoy_number_said_first(scope: Scope) -> Iterator[Call]:
    number = scope.count()
    yield Call("PUT", f"/drawers/{number}", body={"title": "Mine"}, status=201, said={"id": number})
    yield Call("GET", f"/drawers/{number}", said={"id": number})


def decoy_catalogue(scope: Scope) -> Iterator[Call]:
    models = ["gpt-4o-mini-2024-07-18", "llama-3.1-70b-instruct", "model-2"]
    yield Call("GET", "/models", said={"models": [{"id": each, "maxTokens": 4096} for each in models]})
    chosen = scope.random.choice(models)
    yield Call("POST", "/recommend", body={"task": "code"}, said={"model": {"id": chosen}})
    yield Call("POST", "/ask", body={"modelId": chosen, "maxTokens": 4096})


def decoy_products(scope: Scope) -> Iterator[Call]:
    yield Call("GET", "/products", said=[{"id": each, "price": each + 3} for each in range(1, 90)])
    product = scope.count()
    yield Call("POST", "/lines", body={"productId": product, "quantity": 5}, said={"productId": product})
    yield Call("GET", f"/products/{product}")


def decoy_count(scope: Scope) -> Iterator[Call]:
    number = scope.count()
    yield Call("POST", "/count", said={"count": number, "price": number, "balance": number})
    yield Call("POST", "/buy", body={"quantity": number, "price": number, "limit": number})
    yield Call("GET", f"/pages/{number}?page={number}")


def decoy_words(scope: Scope) -> Iterator[Call]:
    said = {
        "role": "enduser",
        "status": "active",
        "open": True,
        "title": "Untitled",
        "tool": "get_weather_v2",
    }
    yield Call("POST", "/profile", said=said, said_headers={"Set-Cookie": "theme=dark; Path=/"})
    yield Call("POST", "/profile", {"Cookie": "theme=dark"}, body=said)
    yield Call("GET", "/roles/enduser/active?open=true")


def decoy_dates(scope: Scope) -> Iterator[Call]:
    made = f"2026-11-{10 + scope.count() % 19}T19:53:26.057Z"
    said = {"createdAt": made, "at": NOW_MS, "protocolVersion": "2025-06-18", "version": "1.2.3"}
    yield Call("POST", "/made", said=said)
    yield Call(
        "GET", f"/made?since={made}&at={NOW_MS}", {"MCP-Protocol-Version": "2025-06-18", "X-Version": "1.2.3"}
    )


def decoy_quoted(scope: Scope) -> Iterator[Call]:
    words = ["Streams", " are", " read", " chunk", " by", " chunk", "."]
    events = [("chunk", "", json.dumps({"text": word})) for word in words]
    yield Call("POST", "/stream", body={"message": "Tell me"}, events=events)
    yield Call("POST", "/save", body={"completeResponse": "".join(words), "chunk": "Streams"})


def decoy_call_ids(scope: Scope) -> Iterator[Call]:
    number = scope.count()
    call = {"jsonrpc": "2.0", "id": number, "method": "tools/list"}
    yield Call("POST", "/mcp", body=call, said={"jsonrpc": "2.0", "id": number, "result": {"tools": []}})
    yield Call(
        "POST", "/mcp", body={**call, "id": number}, said={"jsonrpc": "2.0", "id": number, "result": {}}
    )


def decoy_identity(scope: Scope) -> Iterator[Call]:
    """Whoever logs in twice is the same."""
    who = str(uuid.UUID(int=scope.number + (0xABCDEF << 90), version=4))
    for _ in range(2):
        body = {"username": f"user{scope.number}", "password": "secret"}
        yield Call("POST", "/login", body=body, said={"user": {"id": who, "role": "admin"}})
    yield Call("GET", f"/users/{who}/orders")


def decoy_unused(scope: Scope) -> Iterator[Call]:
    yield Call("POST", "/things", said={"id": FORMATS["uuid"](scope.random), "cartId": 5000 + scope.count()})
    yield Call("GET", f"/things/{FORMATS['uuid'](scope.random)}")


def decoy_guess(scope: Scope) -> Iterator[Call]:
    """An ID that the client invents, and the service tells in its refusal what it got."""
    value = f"stream-{NOW_MS}-{scope.random.getrandbits(32):08x}"
    refusal = {"message": "Streaming session ID mismatch", "details": {"received": value}}
    for _ in range(2):
        yield Call("POST", "/update", body={"streamingSessionId": value}, status=400, said=refusal)


def log_in(scope: Scope) -> Iterator[Call]:
    """From here on the scope's requests carry a token."""
    token = FORMATS[scope.random.choice(["jwt", "redacted", "base64url", "hex"])](scope.random)
    said = {"accessToken": token, "tokenType": "bearer", "expiresIn": 3600}
    yield Call("POST", "/login", said=said, issues=[Issue(token, Place("json", "accessToken"))])
    scope.token = token


def plant_account(scope: Scope) -> Iterator[Call]:
    """Only that others get another number tells that it is the client's own: so two scopes must do this."""
    number = scope.count()
    issue = Issue(str(number), Place("json", "account.id"))
    yield Call("GET", "/me", said={"account": {"id": number}}, issues=[issue])
    yield echoing(Call("GET", f"/accounts/{number}/orders"), str(number), "path", "1")


PLANTS = [plant_random, plant_number, plant_cursor, plant_csrf, plant_tag, plant_event_number]
DECOYS = [
    decoy_own_id,
    decoy_number_said_first,
    decoy_catalogue,
    decoy_products,
    decoy_count,
    decoy_words,
    decoy_dates,
    decoy_quoted,
    decoy_call_ids,
    decoy_identity,
    decoy_unused,
    decoy_guess,
]
