"""A plug-in of Datasette: links between the rows of a recording, and a page for each stream.

It is a module because Datasette wants one: it looks for `templates` and `static` beside it.
"""

import asyncio
import importlib
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from pluggy import HookimplMarker

from recordings.stream_page import MOST, stream_page

hookimpl = HookimplMarker("datasette")

_EXCHANGES = frozenset({"exchange", "issued", "echoed"})
_SIDES = {"client": "client side", "server": "server side", "both": "both sides"}
_TEMPLATE = "streamid_stream.html"

type Scope = dict[str, Any]
type App = Callable[[Scope, Any, Any], Awaitable[None]]


@hookimpl
def render_cell(value: object, column: str, table: str | None, database: str, datasette: Any) -> Any:
    """Numbers of exchanges and IDs of streams are links; URLs of recorded services are none."""
    if column in _EXCHANGES and isinstance(value, int) and value > 0:
        return _link(_exchange(datasette, database, value), str(value))
    if column == "stream" and isinstance(value, str) and value:
        return _link(stream_address(datasette, database, value), value)
    if column == "url" and isinstance(value, str):
        return value  # a click would send it to the service
    if column in ("evidence", "ruled_out", "exchanges", "possible") and isinstance(value, str):
        return _listed(datasette, database, value)
    return None


def _link(address: str, text: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, text)


def _exchange(datasette: Any, database: str, number: int) -> str:
    return str(datasette.urls.row(database, "exchange", str(number)))


def stream_address(datasette: Any, database: str, stream: str) -> str:
    """Where the page of a stream is."""
    encode = importlib.import_module("datasette.utils").tilde_encode
    return f"{datasette.urls.database(database)}/-/stream/{encode(stream)}"


def _listed(datasette: Any, database: str, text: str) -> Markup | None:
    """A JSON array as lines; None where it is none."""
    try:
        items = json.loads(text)
    except ValueError:
        return None
    if not isinstance(items, list) or not items:
        return None
    return Markup("<br>").join(_item(datasette, database, item) for item in items)


def _item(datasette: Any, database: str, item: object) -> Markup:
    match item:
        case int():
            return _link(_exchange(datasette, database, item), str(item))
        case [str(name), str(value)]:
            return Markup("{}: {}").format(name, value)
        case {"fact": fact, "exchange": int(number), "side": side}:
            where = _link(_exchange(datasette, database, number), f"#{number}")
            return Markup("{} ({}, {})").format(fact, where, _SIDES.get(side, side))
        case {"cause": cause, "because": because}:
            return Markup("not {}: {}").format(cause, because)
    return escape(item if isinstance(item, str) else json.dumps(item))


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    """Our style, on every page."""
    return [str(datasette.urls.static_plugins(__name__, "streamid.css"))]


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page of a stream."""
    return [(r"^/(?P<database>[^/]+)/-/stream/(?P<stream>[^/]+)$", _stream)]


async def _stream(datasette: Any, request: Any) -> Any:
    utils = importlib.import_module("datasette.utils")
    asgi = importlib.import_module("datasette.utils.asgi")
    name, stream = (utils.tilde_decode(request.url_vars[part]) for part in ("database", "stream"))
    database = datasette.databases.get(name)
    page = None
    if database is not None and database.path is not None:
        page = await asyncio.to_thread(stream_page, Path(database.path), stream)
    if page is None:
        message = f"There is no stream {stream} in {name}."
        shown = {"status": 404, "error": message, "message": message, "title": "Not found"}
        text = await datasette.render_template("error.html", shown, request=request)
        return asgi.Response.html(text, status=404)  # NotFound would print a traceback
    shown = {
        "stream": stream,
        "database": name,
        "page": page,
        "most": MOST,
        "end": max((events[-1].ms for events in page.events.values() if events), default=0.0),
        "exchange_link": lambda number: _exchange(datasette, name, number),
        "listed": lambda text: _listed(datasette, name, text) or "",
    }
    return asgi.Response.html(await datasette.render_template(_TEMPLATE, shown, request=request))


def only_for(hosts: Iterable[str], app: App) -> App:
    """`app`, for requests that name one of `hosts` alone.

    A page elsewhere can have its own name lead to this machine, and would then be let in.
    """
    known = frozenset(hosts)

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _host(scope) not in known:
            start = {"type": "http.response.start", "status": 403}
            await send(start | {"headers": [(b"content-type", b"text/plain; charset=utf-8")]})
            await send({"type": "http.response.body", "body": b"Ask for this by the name of this machine.\n"})
            return
        await app(scope, receive, send)

    return guarded


def _host(scope: Scope) -> str:
    named = [value for name, value in scope["headers"] if name == b"host"]
    text = named[0].decode("latin-1") if len(named) == 1 else ""
    return text[: text.index("]") + 1] if text.startswith("[") and "]" in text else text.partition(":")[0]
