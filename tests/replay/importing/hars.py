"""HARs as tools write them, small."""

import base64
import gzip
import json
from typing import Any

ID = "stream-1732312345678-1a2b3c4d"
INVENTED = "stream-1732312345678-ffffffff"
CHUNKS = ['{"text":"Grüß"}', '{"text":"Gott"}']
DONE = '{"message":"Stream complete","tokensUsed":2}'
STREAM = "".join(f"event: chunk\ndata: {data}\n\n" for data in CHUNKS) + f"event: done\ndata: {DONE}\n\n"
SESSION = "https://chat.example/api/chat/sessions/s1"
BEGUN = 1738324800.0  # 2025-01-31T12:00:00Z


def pairs(**fields: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in fields.items()]


def har(*entries: dict[str, Any], creator: str = "WebInspector") -> bytes:
    log = {"version": "1.2", "creator": {"name": creator, "version": "1"}, "pages": [], "entries": entries}
    return json.dumps({"log": log}).encode()


def chrome() -> list[dict[str, Any]]:
    """A stream over HTTP/2 with the times of its events, an update that is refused, and no connection."""
    vendor = {
        "_connectionId": "17",
        "_initiator": {"type": "script", "stack": {"callFrames": []}},
        "_priority": "High",
        "connection": "443",
        "pageref": "page_1",
        "cache": {},
    }
    pseudo = [
        {"name": ":method", "value": "POST"},
        {"name": ":path", "value": "/api/chat/sessions/s1/stream?x=%20"},
        {"name": ":scheme", "value": "https"},
        {"name": ":authority", "value": "chat.example"},
    ]
    asked = pairs(authorization="Bearer a.b.c", content_type="application/json", origin="https://app.example")
    cors = pairs(
        access_control_allow_origin="https://app.example",
        access_control_allow_credentials="true",
        access_control_expose_headers="X-Streaming-Session-Id",
        vary="Origin",
    )
    refusal = '{"message":"Streaming session ID mismatch"}'
    timings = {"blocked": 2, "dns": 1, "ssl": 3, "connect": 5, "send": 0.5, "wait": 20, "receive": 471.5}
    stream = vendor | {
        "startedDateTime": "2025-01-31T12:00:00.000Z",
        "time": 500,
        "timings": timings | {"_blocked_queueing": 1.5},
        "serverIPAddress": "192.0.2.7",
        "_resourceType": "fetch",
        "request": {
            "method": "POST",
            "url": f"{SESSION}/stream?x=%20",
            "httpVersion": "http/2.0",
            "headers": [*pseudo, *asked],
            "queryString": [{"name": "x", "value": "%20"}],
            "cookies": [{"name": "seen", "value": "1"}],
            "headersSize": -1,
            "bodySize": 13,
            "postData": {"mimeType": "application/json", "text": '{"message":1}'},
        },
        "response": {
            "status": 200,
            "statusText": "",
            "httpVersion": "http/2.0",
            "headers": [
                {"name": ":status", "value": "200"},
                *cors,
                *pairs(content_type="text/event-stream", content_encoding="gzip"),
                *pairs(x_streaming_session_id=ID, set_cookie="a=1; Path=/\nb=2; Secure"),
            ],
            "cookies": [],
            "content": {
                "size": len(STREAM.encode()),
                "mimeType": "text/event-stream",
                "text": base64.b64encode(STREAM.encode()).decode(),
                "encoding": "base64",
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(gzip.compress(STREAM.encode())),
            "_transferSize": 300,
            "_error": None,
        },
        "_eventSourceMessages": [
            {"time": BEGUN + 0.1, "eventName": "chunk", "eventId": "", "data": CHUNKS[0]},
            {"time": BEGUN + 0.3, "eventName": "chunk", "eventId": "", "data": CHUNKS[1]},
            {"time": BEGUN + 0.45, "eventName": "done", "eventId": "", "data": DONE},
        ],
    }
    update = vendor | {
        "startedDateTime": "2025-01-31T12:00:01.000Z",
        "time": 12,
        "timings": {"blocked": 1, "dns": -1, "connect": -1, "ssl": -1, "send": 1, "wait": 9, "receive": 1},
        "request": {
            "method": "POST",
            "url": f"{SESSION}/update-stream",
            "httpVersion": "h2",
            "headers": [{"name": ":authority", "value": "chat.example"}, *asked],
            "bodySize": -1,
            "postData": {
                "mimeType": "application/json",
                "text": json.dumps(
                    {"completeResponse": "x", "streamingSessionId": INVENTED, "tokensUsed": 2}
                ),
            },
        },
        "response": {
            "status": 400,
            "statusText": "",
            "httpVersion": "h2",
            "headers": [*cors, *pairs(content_type="application/json")],
            "content": {"size": len(refusal), "mimeType": "application/json", "text": refusal},
            "bodySize": -1,
        },
    }
    refused = vendor | {
        "startedDateTime": "2025-01-31T12:00:02.000Z",
        "time": 4,
        "timings": {"blocked": 4, "dns": -1, "connect": -1, "send": 0, "wait": 0, "receive": 0},
        "request": {"method": "GET", "url": f"{SESSION}#top", "httpVersion": "", "headers": []},
        "response": {
            "status": 0,
            "headers": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "_error": "net::ERR_CONNECTION_REFUSED",
        },
    }
    return [stream, update, refused]


def firefox() -> list[dict[str, Any]]:
    """Local times with their zone, a body in base64, one that was left out, and a cancelled request."""
    picture = {
        "startedDateTime": "2025-01-31T13:00:00.250+01:00",
        "time": 30,
        "timings": {"blocked": 10, "dns": 0, "connect": 0, "ssl": 0, "send": 0, "wait": 15, "receive": 5},
        "request": {
            "bodySize": 0,
            "method": "GET",
            "url": "http://chat.example:3002/logo.png",
            "httpVersion": "HTTP/1.1",
            "headers": pairs(Host="chat.example:3002", Accept="image/*"),
            "cookies": [],
            "queryString": [],
            "headersSize": 300,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "headers": pairs(Content_Type="image/png", Content_Length="4"),
            "cookies": [],
            "content": {"mimeType": "image/png", "size": 4, "encoding": "base64", "text": "iVBORw=="},
            "redirectURL": "",
            "headersSize": 200,
            "bodySize": 204,
        },
        "cache": {},
        "_securityState": "insecure",
    }
    left_out = picture | {
        "startedDateTime": "2025-01-31T13:00:01.000+01:00",
        "response": dict(
            picture["response"], content={"mimeType": "image/png", "size": 4, "comment": "too big"}
        ),  # type: ignore[call-overload]
    }
    cancelled = picture | {
        "startedDateTime": "2025-01-31T13:00:02.000+01:00",
        "timings": {},
        "response": {
            "status": 0,
            "statusText": "",
            "httpVersion": "",
            "headers": [],
            "cookies": [],
            "content": {"mimeType": "text/plain", "size": 0, "text": ""},
            "bodySize": 0,
        },
    }
    return [picture, left_out, cancelled]
