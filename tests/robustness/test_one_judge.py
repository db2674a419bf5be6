"""Live findings are the offline ones, on runs that have findings (`Proxy` compares all others too)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.processes import Lab
from tests.support.lab import Client, logged_in, running_lab
from tests.support.proxy import Proxy
from tests.support.verdicts import assert_live_equals_offline


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab() as running:
        yield running


def issue(client: Client, scope: str) -> str:
    with client.stream(scope) as answer:
        assert answer.content
        return str(answer.headers["X-Streaming-Session-Id"])


def missing(client: Client) -> None:
    scope = client.new_session()
    issue(client, scope)
    client.chat(
        "POST", f"/chat/sessions/{scope}/update-stream", json={"completeResponse": "x", "tokensUsed": 1}
    )


def fabricated(client: Client) -> None:
    scope = client.new_session()
    issue(client, scope)
    client.update(scope, "stream-1700000000")


def stale(client: Client) -> None:
    scope = client.new_session()
    first = issue(client, scope)
    issue(client, scope)
    client.update(scope, first)


def foreign(client: Client) -> None:
    theirs = issue(client, client.new_session())
    scope = client.new_session()
    issue(client, scope)
    client.update(scope, theirs)


def altered(client: Client) -> None:
    scope = client.new_session()
    client.update(scope, issue(client, scope).upper())


def doubled(client: Client) -> None:
    scope = client.new_session()
    streaming_id = issue(client, scope)
    client.update(scope, streaming_id)
    client.update(scope, streaming_id)


@pytest.mark.parametrize(
    ("careless", "code"),
    [
        (missing, "EC201"),
        (fabricated, "EC203"),
        (stale, "EC204"),
        (foreign, "EC205"),
        (altered, "EC206"),
        (doubled, "EC207"),
    ],
)
def test_live_findings_are_the_offline_findings(
    lab: Lab, tmp_path: Path, careless: object, code: str
) -> None:
    assert callable(careless)
    with Proxy(f"reverse:{lab.chat_url}", folder=tmp_path) as proxy:
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            careless(client)
        proxy.stop()
        findings, verdicts = assert_live_equals_offline(proxy.recording)
    assert code in {finding.code for finding in findings}
    assert verdicts
