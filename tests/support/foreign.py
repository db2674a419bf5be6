"""Services that the project knows nothing of: a shop with logins, tokens and carts, and an MCP server.

Both keep what they issued in `issued`, by name, so that a test need not trust what a recording says.
"""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PRODUCTS = [{"id": number, "name": f"Product {number}", "price": 3 + number} for number in range(1, 6)]


class Service(BaseHTTPRequestHandler):
    """JSON over HTTP/1.1; `answer` decides."""

    protocol_version = "HTTP/1.1"
    issued: dict[str, str]

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def say(self, status: int, body: Any = None, kind: str = "application/json", **fields: str) -> None:
        text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if text:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def issue(self, name: str, value: str) -> str:
        self.issued[name] = value
        return value

    def asked(self) -> Any:
        size = int(self.headers.get("Content-Length", 0))
        return json.loads(self.rfile.read(size)) if size else {}

    def do_POST(self) -> None:
        self.answer(self.asked())

    def do_GET(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def answer(self, asked: Any) -> None:
        raise NotImplementedError


class Shop(Service):
    """Log in (twice: the user stays the same), fill a cart, order it; order and cart have the same number."""

    def answer(self, asked: Any) -> None:
        path, _, query = self.path.partition("?")
        match self.command, path.split("/")[2:]:
            case "POST", ["login"]:
                self._log_in()
            case "GET", ["products"]:
                self.say(200, {"count": len(PRODUCTS), "products": PRODUCTS})
            case "GET", ["csrf"]:
                self.say(200, {"csrfToken": self.issue("csrf", "q7x2")})
            case "POST", ["carts"]:
                self.say(201, {"id": 7, "count": 3}, Location="/api/carts/7")
            case "POST", ["carts", cart, "items"]:
                self.say(201, {"id": 31, "cart": int(cart), **asked})
            case "GET", ["carts", cart]:
                self.say(200, {"id": int(cart), "count": 3, "currency": "EUR"}, ETag='"v5"')
            case "POST", ["orders"]:
                self.say(201, {"id": 7, "cartId": asked["cartId"], "total": 12})
            case "GET", ["orders"] if "cursor" in query:
                self.say(200, {"orders": [], "clientSession": self.headers["X-Client-Session"]})
            case "GET", ["orders"]:
                self.say(200, {"orders": [{"id": 4}, {"id": 5}], "next_cursor": self.issue("cursor", "p2")})
            case "POST", ["uploads"]:
                self.say(201, {"url": f"/api/uploads/{self.issue('upload', secrets.token_hex(8))}?part=1"})
            case _:
                self.say(200, {"ok": True, "role": "customer"})

    def _log_in(self) -> None:
        turn = len([name for name in self.issued if name.startswith("token")]) + 1
        token = self.issue(f"token {turn}", secrets.token_urlsafe(24))
        sid = self.issue(f"sid {turn}", secrets.token_hex(16))
        user = {"id": 12, "name": "ann", "role": "customer"}
        said = {"accessToken": token, "token_type": "bearer", "expires_in": 3600, "user": user}
        self.say(200, said, Set_Cookie=f"sid={sid}; Path=/; HttpOnly")


class Mcp(Service):
    """Streamable HTTP of the Model Context Protocol, 2025-06-18."""

    def answer(self, asked: Any) -> None:
        if self.command == "DELETE":
            self.say(204)
        elif self.command == "GET":
            self._listen()
        elif asked.get("method") == "initialize":
            info = {"name": "shop", "version": "1.2.0"}
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
            self.say(200, _result(asked, result), Mcp_Session_Id=self.issue("session", secrets.token_hex(16)))
        elif asked.get("method") == "tools/list":
            self._list(asked)
        elif asked.get("method") == "tools/call":
            self._call(asked)
        else:
            self.say(202)

    def _list(self, asked: Any) -> None:
        if "cursor" in asked.get("params", {}):
            self.say(200, _result(asked, {"tools": [{"name": "add_item"}]}))
        else:
            result = {"tools": [{"name": "create_cart"}], "nextCursor": self.issue("cursor", "page-2")}
            self.say(200, _result(asked, result))

    def _call(self, asked: Any) -> None:
        token = asked["params"].get("_meta", {}).get("progressToken")
        progress = {"method": "notifications/progress", "params": {"progressToken": token, "progress": 1}}
        stream = secrets.token_hex(6)
        first = self.issue("event", f"{stream}_1")
        text = json.dumps({"cartId": self.issue("cart", "c-81"), "items": 3})
        result = {"content": [{"type": "text", "text": text}]}
        body = _event(first, {"jsonrpc": "2.0", **progress}) + _event(f"{stream}_2", _result(asked, result))
        self.say(200, body, "text/event-stream")

    def _listen(self) -> None:
        """The service's own calls count from 0, as the client's do."""
        ping = {"jsonrpc": "2.0", "id": 0, "method": "ping"}
        self.say(200, _event("", ping), "text/event-stream")


def _result(asked: Any, result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked["id"], "result": result}


def _event(number: str, message: Any) -> bytes:
    start = f"id: {number}\n" if number else ""
    return f"{start}event: message\ndata: {json.dumps(message)}\n\n".encode()


@contextmanager
def serving(service: type[Service]) -> Iterator[tuple[str, dict[str, str]]]:
    """The service on a free port: its URL, and what it issues."""
    issued: dict[str, str] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Running", (service,), {"issued": issued}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", issued
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
