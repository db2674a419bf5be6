"""The four runs of the demo: what is broken in each, and the client that meets it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lab.client import Account, Transcript

ORIGIN = "http://localhost:8080"
RETRIES = (0.3, 0.6, 1.2)
"""Seconds after which real clients try a refused update again."""

type Urls = tuple[str, str, str]
"""Where authentication, accounting and chat are, as the client sees them."""


@dataclass(frozen=True, slots=True)
class DemoRun:
    """One run: `bugs` are the service's, `faults` a hop's before it; the client says whether all was well."""

    name: str
    title: str
    story: str
    verdict: str
    client: Callable[[Urls], bool]
    bugs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is broken."""
        return not self.bugs and not self.faults


def complete_client(urls: Urls) -> bool:
    """The streaming tester, with all its checks."""
    from lab.client import StreamingOptions
    from lab.logger import Logger
    from lab.tester import StreamingTester

    options = StreamingOptions(*urls, update_delay=0.2, origin=ORIGIN)
    with StreamingTester(options, Logger(quiet=True)) as tester:
        return tester.run()


def page(urls: Urls) -> bool:
    """What the script of a page does: it streams, takes the ID if it can read it, saves, and retries."""
    from lab.client import Account, StreamingOptions
    from lab.headers import fallback_id

    with Account(StreamingOptions(*urls, origin=ORIGIN)) as account:
        account.log_in("user1", "User1@123")
        created = account.request(
            "POST", "chat", "/api/chat/sessions", json={"title": "Demo", "initialMessage": "Hi"}
        )
        scope = created.json()["sessionId"]
        id_, transcript = _stream(account, scope)
        if id_:
            _save(account, scope, id_, transcript, RETRIES)
        else:
            invented = fallback_id()
            click.echo(f"client: going on with an ID of its own, {invented}")
            _save(account, scope, invented, transcript)
    return True


def _stream(account: "Account", scope: str) -> tuple[str, "Transcript"]:
    """The ID as far as a script can read it, and what was said."""
    from lab.client import read
    from lab.headers import NAME, find_streaming_id, why_unreadable

    with account.stream(scope, "Hello?", "") as answer:
        found = find_streaming_id(answer.headers)
        reason = why_unreadable(answer.headers, NAME, ORIGIN) if found else "there is none"
        transcript = read(answer, 0)
    if found and not reason:
        click.echo(f"client: the ID is {found[1]}")
        return found[1], transcript
    click.echo(f"client: no ID to be read: {reason}")
    return "", transcript


def _save(
    account: "Account", scope: str, id_: str, transcript: "Transcript", retries: Sequence[float] = ()
) -> None:
    """The update; after a refusal once more at each of these times (seconds)."""
    for wait in (*retries, None):
        answer = account.update(scope, transcript, streamingSessionId=id_)
        click.echo(f"client: update → {answer.status_code} {answer.json().get('message', '')}")
        if answer.status_code == 200 or wait is None:
            return
        time.sleep(wait)


RUNS = (
    DemoRun(
        "healthy",
        "All is well",
        "Three services, the proxy in front of them, and a complete client.",
        "Nothing is wrong. (Left out: refusals tell the right ID, two streams were not read whole.)",
        complete_client,
    ),
    DemoRun(
        "stripped",
        "A hop strips the ID's header",
        "Behind the proxy a gateway drops a header that it does not know. The client makes an ID up. "
        "A second proxy stands behind the gateway.",
        "ID101: the ID did not even arrive at the proxy, so something behind it drops it, or never sent it. "
        "EC203: the client then made one up. With what the second proxy saw, it is clear who did it:",
        page,
        faults=("strip-id",),
    ),
    DemoRun(
        "race",
        "A storage race",
        "The service answers first, and stores the ID a moment later. Quick clients are refused.",
        "SV301: the right ID was refused, and accepted later: the service stores it too late.",
        page,
        bugs=("race=2200",),
    ),
    DemoRun(
        "unreadable",
        "An ID that no script can read",
        "The service forgets Access-Control-Expose-Headers. curl sees the ID, a script in a browser cannot.",
        "CO402: the ID is there, and the browser keeps it from scripts. streamid cors says why.",
        page,
        bugs=("no-expose",),
    ),
)
