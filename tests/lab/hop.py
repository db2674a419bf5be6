"""Runs of the tester against a lab, and a hop in front of its chat service."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from lab.carelessness import Habits
from lab.client import StreamingOptions
from lab.logger import Logger
from lab.processes import Lab
from lab.tester import StreamingTester

type Fields = list[tuple[str, str]]
type Changed = tuple[int, Fields, bytes]
type Change = Callable[[str, int, Fields, bytes], Changed]
type Look = Callable[[str, str, dict[str, str]], None]


def options(system: Lab, **more: Any) -> StreamingOptions:
    quick: dict[str, Any] = {"update_delay": 0.0, "backoff": 0.01, "timeout": 10.0}
    return StreamingOptions(
        authentication_url=system.authentication_url,
        accounting_url=f"{system.accounting_url}/api",  # with /api or without
        **{"chat_url": f"{system.chat_url}/api/", **quick, **more},
    )


def run(given: StreamingOptions, habits: Habits | None = None) -> tuple[dict[str, bool], str]:
    """Results by name, and what was said."""
    said = io.StringIO()
    with StreamingTester(given, Logger(said), habits) as tester:
        passed = tester.run()
    assert passed is all(ok for _, ok in tester.results)
    return dict(tester.results), said.getvalue()


def unchanged(path: str, status: int, fields: Fields, body: bytes) -> Changed:
    """What a hop does that only looks."""
    return status, fields, body


@contextmanager
def in_between(system: Lab, change: Change, look: Look | None = None) -> Iterator[str]:
    """A hop in front of the chat service that changes answers: (path, status, fields, body) in and out.

    `look` gets method, path and fields of each request.
    """

    class Hop(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fields = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            if look:
                look(self.command, self.path, fields)
            answer = requests.request(
                self.command, system.chat_url + self.path, headers=fields, data=body, timeout=10
            )
            head = [
                (n, v)
                for n, v in answer.headers.items()
                if n.lower() not in ("transfer-encoding", "content-length", "date")
            ]
            status, head, content = change(self.path, answer.status_code, head, answer.content)
            self.send_response(status)
            for name, value in [*head, ("Content-Length", str(len(content)))]:
                self.send_header(name, value)
            with suppress(ConnectionError):  # the client may have left
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_OPTIONS = pass_on  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hop) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
