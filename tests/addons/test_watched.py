"""The verifier sees each head that leaves the redactor, also one that had to wait for a run of chunks."""

from typing import cast

from addons.recorder import _Watched
from addons.verifier import StreamidVerifier
from contract.events import Chunk, Event, Message, ResponseHead
from recordings.redaction import Redactor
from tests.support.sequences import chunk, request, response

KEY = b"k" * 32
LINES = ((b"Content-Type", b"application/x-ndjson"),)


class Watching:
    """Keeps what it is shown."""

    def __init__(self, log_headers: bool) -> None:
        self.log_headers = log_headers
        self.seen: list[Event] = []

    def watch(self, event: Event) -> None:
        self.seen.append(event)


def test_a_head_that_waited_behind_chunks_is_seen_when_a_run_lets_it_go() -> None:
    for log_headers in (True, False):
        watching = Watching(log_headers)
        watched = _Watched(Redactor(KEY), cast("StreamidVerifier", watching))
        sent = [b'{"a": ', b"1}\n", *[b'{"b": 2}\n'] * 3]
        first, *rest = [chunk(1, at, data, message=Message.REQUEST) for at, data in enumerate(sent, 2)]
        released = [
            *watched.feed(request(1, 1, headers=LINES)),
            *watched.feed(first),
            *watched.feed(response(1, 9)),
        ]
        assert not any(isinstance(each, ResponseHead) for each in released), "nothing waits"
        released = watched.feed_run([each for each in rest if isinstance(each, Chunk)])
        assert any(isinstance(each, ResponseHead) for each in released)
        assert any(isinstance(each, ResponseHead) for each in watching.seen) is log_headers
