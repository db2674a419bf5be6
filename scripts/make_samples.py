"""Make the recordings in `recordings/samples/` anew: real clients, through a real proxy, to the real lab.

Run from the checkout: `.venv/bin/python scripts/make_samples.py`. Each sample is one story, told by its name.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.lab import Client, logged_in, running_lab  # noqa: E402 -- needs the path above
from tests.support.proxy import Proxy  # noqa: E402

SAMPLES = ROOT / "recordings" / "samples"
ORIGIN = "http://localhost:8080"


def stream(client: Client, scope: str, *, chunks: int = 0) -> str:
    """Start a stream and read it (so many reads of it, or all); its ID."""
    with client.stream(scope, "How does a stream of events work?") as answer:
        for number, _ in enumerate(answer.iter_content(64), 1):
            if number == chunks:
                break
        return str(answer.headers["X-Streaming-Session-Id"])


def healthy(client: Client) -> None:
    """Issued, readable, echoed, accepted."""
    scope = client.new_session()
    client.update(scope, stream(client, scope))
    client.chat("DELETE", f"/chat/sessions/{scope}")


def early_reader(client: Client) -> None:
    """A client that stops reading early and saves: healthy too."""
    scope = client.new_session()
    client.update(scope, stream(client, scope, chunks=3))


def echo_missing(client: Client) -> None:
    """The update carries no ID."""
    scope = client.new_session()
    stream(client, scope)
    client.chat(
        "POST", f"/chat/sessions/{scope}/update-stream", json={"completeResponse": "…", "tokensUsed": 20}
    )


def echo_fabricated(client: Client) -> None:
    """The client invents an ID, in seconds instead of milliseconds."""
    scope = client.new_session()
    stream(client, scope)
    client.update(scope, "stream-1795413900")


def echo_stale(client: Client) -> None:
    """The client saves under the ID of the stream before."""
    scope = client.new_session()
    first = stream(client, scope)
    stream(client, scope)
    client.update(scope, first)


STORIES: tuple[Callable[[Client], None], ...] = (
    healthy,
    early_reader,
    echo_missing,
    echo_fabricated,
    echo_stale,
)


def make(story: Callable[[Client], None]) -> None:
    """Record one story."""
    name = f"{story.__name__.replace('_', '-')}.db"
    path = SAMPLES / name
    path.unlink(missing_ok=True)
    with running_lab(tokens=24, interval=0.03) as lab:
        modes = (f"reverse:{lab.authentication_url}", f"reverse:{lab.chat_url}")
        with Proxy(*modes, cwd=SAMPLES, options={"streamid_record": name}) as proxy:
            lab.ports["authentication"] = proxy.ports[0]
            with logged_in(lab, chat_url=f"http://localhost:{proxy.ports[1]}") as client:
                client.http.headers["Origin"] = ORIGIN
                story(client)
    path.chmod(0o644)
    print(f"{path.relative_to(ROOT)}  {os.path.getsize(path):,} bytes  {story.__doc__}")


if __name__ == "__main__":
    for each in STORIES:
        make(each)
