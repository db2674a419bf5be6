"""Recordings to make reports of, and incidents as a diagnosis would give them."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.exchanges import saved_answer
from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Headers,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.incidents import Confidence, Fact, Incident, RuledOut
from postmortem.diagnosing import Diagnosed
from tests.cli.recorded import record

RTL = "\u202e"
ATTACKS = (
    "<script>document.title='owned'</script>",
    "</script><script>alert(1)</script>",
    '"><img src=http://127.0.0.1:9/x onerror=alert(2)>',
    "javascript:alert(3)",
    "--><!--<svg onload=alert(4)>",
    "' onmouseover='alert(5)",
    "{{ 7*7 }}{% raw %}",
    "\u2028\u2029",
    f"{RTL}gnp.exe\u2066",
    "\x00\x01\x1b[31mred",
    "]]>&lt;b&gt;&amp;#x3c;",
    "𝒳\U000e0041\u200d\ufeff",
)
"""What a peer may send to take over the page, or to lie on it."""

LONG = "A" * 20_000


def hostile_events() -> list[Event]:
    """A stream and an update whose path, headers, ID, events and bodies are all `ATTACKS`."""
    joined = " ".join(ATTACKS)
    id_ = b"stream-1-\"><script>alert(6)</script>'"
    path = b"/api/chat/sessions/<img src=x onerror=alert(7)>'\"/stream?q=</title><script>alert(8)</script>"
    strange: Headers = (
        (b"Host", b"chat.test"),
        (b'X-"><script>alert(9)</script>', b"name"),
        *((b"X-Attack-%d" % n, attack.encode()) for n, attack in enumerate(ATTACKS)),
        (b"X-Long", LONG.encode()),
        (b"X-Bytes", bytes(range(0x80, 0x100))),
        (b"Origin", b"javascript:alert(10)"),
    )
    answered: Headers = (
        (b"Content-Type", b"text/event-stream"),
        (b"X-Streaming-Session-Id", id_),
        (b"X-Gone", b"<script>alert(11)</script>"),
    )
    data = "".join(
        f"event: {n} <b onclick=alert(12)>\ndata: {attack}\n\n" for n, attack in enumerate(ATTACKS)
    )
    bad = b"data: \xff\xfe\xc3(\n\ndata: " + LONG.encode() + b"\n\n"
    update = f'{{"streamingSessionId":"stream-2-<script>alert(13)</script>","completeResponse":"{joined}"}}'
    broken = Abort(3, Side.BOTH, 9_000, Breaker.SERVER, Manner.RESET, "</script><script>alert(14)</script>")
    return [
        *_asked(1, 1_000, path, strange, joined.encode()),
        ResponseHead(1, Side.SERVER, 2_000, 200, b"<b>OK</b>", b"HTTP/1.1", answered),
        ResponseHead(1, Side.CLIENT, 2_100, 200, b"<b>OK</b>", b"HTTP/1.1", answered[:2]),
        Chunk(1, Message.RESPONSE, Side.BOTH, 3_000, data.encode(), len(data.encode())),
        Chunk(1, Message.RESPONSE, Side.BOTH, 4_000, bad, len(bad)),
        End(1, Message.RESPONSE, Side.BOTH, 5_000),
        *_asked(2, 6_000, path.replace(b"/stream?", b"/update-stream?"), strange, update.encode()),
        ResponseHead(2, Side.BOTH, 7_000, 400, b"", b"HTTP/1.1", ((b"Content-Type", b"text/html"),)),
        Chunk(2, Message.RESPONSE, Side.BOTH, 7_500, joined.encode(), len(joined.encode())),
        End(2, Message.RESPONSE, Side.BOTH, 7_600),
        *_asked(3, 8_000, b"/\x00\xff<script>", strange, b"\x00\x01"),
        broken,
    ]


def _asked(number: int, at: int, path: bytes, fields: Headers, body: bytes) -> list[Event]:
    head = (b"POST", "http", "chat.test", 80, path, b"HTTP/1.1")
    return [
        RequestHead(number, Side.BOTH, at, *head, fields),
        Chunk(number, Message.REQUEST, Side.BOTH, at + 10, body, len(body)),
        End(number, Message.REQUEST, Side.BOTH, at + 20),
    ]


def hostile_incident() -> Incident:
    """An incident all of whose texts are `ATTACKS`."""
    joined = " ".join(ATTACKS)
    return Incident(
        exchange=2,
        stream=joined,
        scope=joined,
        at=6_000,
        status=400,
        cause="client-altered-id",
        confidence=Confidence.LIKELY,
        summary=f"An ID like {joined} was refused.",
        evidence=(Fact(joined, 1, Side.SERVER), Fact(joined, 2, Side.CLIENT)),
        ruled_out=(RuledOut("server-race", joined),),
        advice=joined,
        exchanges=(1, 2),
        injected=joined,
    )


def hostile(path: Path) -> Path:
    """A recording of `hostile_events`."""
    return record(path, hostile_events())


def large_events(count: int) -> Iterator[Event]:
    """Sessions, streams and updates, by turns; in every twentieth turn the client invents the ID."""
    for number in range(1, count + 1):
        for event in saved_answer(number):
            if number % 60 == 0 and isinstance(event, Chunk) and event.message is Message.REQUEST:
                data = event.data.replace(b'"stream-', b'"stream-9')
                event = Chunk(number, event.message, event.side, event.at, data, len(data))
            yield event


def large(path: Path, count: int = 10_000) -> Path:
    """A recording of so many exchanges."""
    return record(path, large_events(count), bound=1 << 30)


def fabricated(exchange: int = 4, issued: int = 3, **changes: object) -> Incident:
    """The incident of the sample `echo-fabricated.db`."""
    said: dict[str, object] = {
        "exchange": exchange,
        "stream": "stream-1795413900",
        "scope": "126ad840-e70b-43c6-bbb4-6a344cb1b65f",
        "at": 985_000,
        "status": 400,
        "cause": "client-fabricated-id",
        "confidence": Confidence.CERTAIN,
        "summary": "The client sent 'stream-1795413900', which nobody issued,"
        " instead of 'stream-1795550012431-a697f43b'.",
        "evidence": (
            Fact("The answer has X-Streaming-Session-Id, and a script can read it.", issued, Side.CLIENT),
            Fact("The update sends ten digits, seconds; the service issues thirteen.", exchange, Side.BOTH),
        ),
        "ruled_out": (
            RuledOut("server-not-stored", "what was refused is not what was issued"),
            RuledOut("network-request-rewritten", "the update left the proxy as it had come in"),
        ),
        "advice": "Take the ID from X-Streaming-Session-Id of the stream's answer, and make none up.",
        "exchanges": (issued, exchange),
        "last_at": 985_000,
    }
    return Incident(**(said | changes))  # type: ignore[arg-type]


def undecided(exchange: int = 4, issued: int = 3, **changes: object) -> Incident:
    """An incident that one capture cannot decide."""
    said: dict[str, object] = {
        "cause": "inconclusive",
        "confidence": Confidence.POSSIBLE,
        "summary": "An update was refused, and this side cannot tell why.",
        "advice": "",
        "possible": ("server-race", "network-request-rewritten"),
        "decides": "A recording between the gateway and the service.",
    }
    return fabricated(exchange, issued, **(said | changes))


def diagnosed(name: str, *incidents: Incident) -> Diagnosed:
    """What a diagnosis hands out."""
    return Diagnosed(name, "chat", list(incidents))
