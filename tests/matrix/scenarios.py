"""Clients that do what the tester never does, to show what it never meets."""

import time
from collections.abc import Callable
from uuid import uuid4

from lab.client import Account, StreamingOptions, Transcript, read
from lab.headers import NAME
from lab.users import find_user


def two_chats(options: StreamingOptions) -> None:
    """Two chats of one user: both stream before the first answer is saved; each saves its own."""
    with logged_in(options) as account:
        scopes = [chat(account) for _ in range(2)]
        streams = [stream(account, scope) for scope in scopes]
        for scope, (issued, transcript) in zip(scopes, streams, strict=True):
            account.update(scope, transcript, streamingSessionId=issued)


def early_update(options: StreamingOptions) -> None:
    """An update in a new chat before any stream, with an ID that looks like one."""
    with logged_in(options) as account:
        made_up = f"stream-{time.time_ns() // 1_000_000}-{uuid4().hex[:8]}"
        account.update(chat(account), Transcript(pieces=["Hello"]), streamingSessionId=made_up)


def one_stream(options: StreamingOptions) -> None:
    """A stream, read as far as it goes, and its update."""
    with logged_in(options) as account:
        scope = chat(account)
        issued, transcript = stream(account, scope)
        account.update(scope, transcript, streamingSessionId=issued)


def logged_in(options: StreamingOptions) -> Account:
    account = Account(options)
    account.log_in(options.username, options.password)
    user = find_user(options.username)
    assert user is not None
    with Account(options) as admin:
        admin.log_in(options.admin_username, options.admin_password)
        grant = {"userId": user.id, "credits": 1000, "expiryDays": 1, "notes": "for the matrix"}
        admin.request("POST", "accounting", "/api/credits/allocate", json=grant)
    return account


def chat(account: Account) -> str:
    answer = account.request(
        "POST", "chat", "/api/chat/sessions", json={"title": "x", "initialMessage": "Hi"}
    )
    return str(answer.json()["sessionId"])


def stream(account: Account, scope: str) -> tuple[str, Transcript]:
    with account.stream(scope, "Tell me", "") as answer:
        return answer.headers.get(NAME, ""), read(answer, 0)


def quick_and_slow(options: StreamingOptions) -> None:
    """Four chats: two whose answers are saved at once, and two who take their time."""
    with logged_in(options) as account:
        for wait in (0.0, 0.0, 0.4, 0.5):
            scope = chat(account)
            issued, transcript = stream(account, scope)
            time.sleep(wait)
            account.update(scope, transcript, streamingSessionId=issued)


SCENARIOS: dict[str, Callable[[StreamingOptions], None]] = {
    "two chats": two_chats,
    "early update": early_update,
    "one stream": one_stream,
    "quick and slow": quick_and_slow,
}
