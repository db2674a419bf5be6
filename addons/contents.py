"""Bodies that passed, given back to mitmproxy's flows where somebody may look at them.

mitmproxy keeps nothing of a streamed body, and here every body is streamed. So what an interface shows,
or `-w` saves, would be heads alone. Where there is such a reader, the bytes are kept beside the stream as
they pass, and put onto the flow when the message is over: mitmproxy has sent them by then, and does not
ask the flow for them any more. Memory is bounded, for each body and in all.

All of it is on the event loop's thread.
"""

import weakref
from array import array
from collections.abc import Iterator

from mitmproxy import http

TOTAL = 64 * 1024 * 1024
"""Bytes that are kept in all; beyond that the messages that ended first lose their bodies again."""

_MARK = 16


class Body:
    """One message's bytes as the client sent or got them, and when each chunk passed.

    Times are µs since the run began; `head_at` is that of the message's head.
    """

    __slots__ = ("_marks", "_passing", "content", "head_at")

    def __init__(self, head_at: int) -> None:
        self.head_at = head_at
        self._passing = bytearray()
        self._marks = array("q")
        self.content: bytes | None = None
        """The whole of it, once it is over: the same object as the message's."""

    def add(self, at: int, data: bytes) -> None:
        """Note that `data` passed at `at`."""
        self._passing += data
        self._marks.append(len(self._passing))
        self._marks.append(at)

    def size(self) -> int:
        """Its bytes so far."""
        return len(self._passing) if self.content is None else len(self.content)

    def cost(self) -> int:
        """Bytes of memory that it takes, about."""
        return self.size() + 8 * len(self._marks)

    def end(self, given: bytes | None) -> bool:
        """Nothing more passes. False where the message has something else already: an add-on's body."""
        whole = bytes(self._passing)
        self.content = whole if given is None or given != whole else given
        self._passing.clear()
        return given is None or given == whole

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """When each chunk passed, and its bytes; once it is over."""
        start, content = 0, self.content or b""
        for place in range(0, len(self._marks), 2):
            stop = self._marks[place]
            yield self._marks[place + 1], content[start:stop]
            start = stop


class Contents:
    """All that is kept. `limit`: bytes of one body; a longer one is not kept at all."""

    def __init__(self, limit: int, total: int = TOTAL) -> None:
        self.limit = limit
        self.held = 0
        """Bytes of memory that bodies take, those that still pass included."""
        self._total = total
        self._given: dict[weakref.ref[http.Message], Body] = {}

    def of(self, message: http.Message) -> Body | None:
        """What passed of a message that is over, where it is what the message has now."""
        body = self._given.get(weakref.ref(message))
        return body if body is not None and message.raw_content is body.content else None

    def add(self, body: Body, at: int, data: bytes) -> bool:
        """Add to `body`; False where there is no room for it: it is not kept then."""
        body.add(at, data)
        self.held += len(data) + _MARK
        if body.size() <= self.limit and self._has_room():
            return True
        self.drop(body)
        return False

    def drop(self, body: Body) -> None:
        """`body` is not kept any more."""
        self.held -= body.cost()

    def give(self, body: Body, message: http.Message | None) -> None:
        """`message`, if there is one, is over and gets `body`, unless an add-on gave it another one."""
        if message is None or not body.end(message.raw_content):
            self.drop(body)
            return
        # Not `raw_content`: that would be the same today, but this is what mitmproxy's own code sets.
        message.data.content = body.content
        if not body.content:
            self.drop(body)
            return
        key = weakref.ref(message, self._forget)
        self._forget(key)  # a request that is replayed
        self._given[key] = body

    def _has_room(self) -> bool:
        while self.held > self._total and self._given:
            oldest = next(iter(self._given))
            message, body = oldest(), self._given[oldest]
            if message is not None and message.raw_content is body.content:
                message.data.content = None
            self._forget(oldest)
        return self.held <= self._total

    def _forget(self, message: "weakref.ref[http.Message]") -> None:
        body = self._given.pop(message, None)
        if body is not None:
            self.drop(body)


class Keeping:
    """What is kept of the two bodies of an exchange under way."""

    __slots__ = ("_contents", "_flow", "_request", "_response")

    def __init__(self, contents: Contents, flow: http.HTTPFlow, at: int) -> None:
        self._contents = contents
        self._flow = flow
        self._request: Body | None = Body(at)
        self._response: Body | None = None

    def answer(self, at: int) -> None:
        """The answer's head has come."""
        self._response = Body(at)

    def sent(self, at: int, data: bytes) -> None:
        """The client sent `data`."""
        if self._request is not None and not self._contents.add(self._request, at, data):
            self._request = None

    def got(self, at: int, data: bytes) -> None:
        """The client got `data`."""
        if self._response is not None and not self._contents.add(self._response, at, data):
            self._response = None

    def broken(self) -> None:
        """The exchange is over, whatever is missing."""
        self.request_over()
        self.response_over()

    def request_over(self) -> None:
        """Nothing more of the request comes."""
        body, self._request = self._request, None
        if body is not None:
            self._contents.give(body, self._flow.request)

    def response_over(self) -> None:
        """Nothing more of the answer comes."""
        body, self._response = self._response, None
        if body is not None:
            self._contents.give(body, self._flow.response)
