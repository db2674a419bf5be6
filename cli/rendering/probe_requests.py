"""The requests that a probe would send, for `streamid probe --dry-run`."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from cli.rendering.styling import bold

if TYPE_CHECKING:
    from replay.probing.requests import Request
    from replay.probing.steps import Action, Step


def request_lines(requests: "list[tuple[Step, Action, Request]]") -> Iterator[str]:
    """Method, URL, header fields and body of each, those of one step together."""
    before = None
    for number, (step, action, request) in enumerate(requests, 1):
        if step is not before:
            yield bold(f"{step.name}: {step.says}")
        before = step
        yield f"  {number}. {printable(action.says)}{_extent(action)}"
        yield f"     {request.method} {printable(request.url)}"
        for name, text in request.headers:
            yield f"     {name}: {printable(text)}"
        if request.body is not None:
            yield f"     {printable(request.body.decode('utf-8', 'replace'))}"
    yield f"{len(requests)} requests; none was sent"


def requests_json(requests: "list[tuple[Step, Action, Request]]") -> str:
    """The same as a list; `headers` are pairs, `body` is text or null."""
    listed = [
        {
            "step": step.name,
            "says": action.says,
            "method": request.method,
            "url": request.url,
            "headers": request.headers,
            "body": None if request.body is None else request.body.decode("utf-8", "replace"),
        }
        for step, action, request in requests
    ]
    return json.dumps(listed, indent=2)


def _extent(action: "Action") -> str:
    return " (its connection is reset)" if action.resets else ""
