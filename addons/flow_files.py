"""Flow files of mitmproxy's (`mitmdump -w`, `save.file`) to exchanges.

mitmproxy stood between both sides, but keeps one flow for both: what it holds of a request is what left,
of an answer what it sent on. Times are those of heads and ends; how a body was cut is not in a flow.
"""

from collections.abc import Iterator
from pathlib import Path

from mitmproxy import exceptions, flow, http
from mitmproxy.io import FlowReader

from addons.taps import fields_with_authority
from contract.events import Form, Headers
from contract.headers import content_coding, first, media_type
from recordings.decoding import decoder_for
from replay.importing.failures import broken_by
from replay.importing.foreign import (
    Failure,
    ForeignAnswer,
    ForeignBody,
    ForeignExchange,
    ForeignRequest,
    Imported,
    Part,
    SourceError,
)
from replay.importing.timed_events import pieces

NOT_KEPT = "mitmproxy streamed this body, and kept nothing of it (its option store_streamed_bodies)"
_NO_ANSWER = "the flow has no answer"
_EVENT_STREAM = "text/event-stream"


def read(path: Path) -> Imported:
    """The HTTP exchanges of a flow file, in its order. Raises `SourceError`, OSError."""
    imported = Imported("flow file of mitmproxy")
    with path.open("rb") as file:
        for number, each in enumerate(_flows(str(path), FlowReader(file)), 1):
            if not isinstance(each, http.HTTPFlow):
                imported.skipped[f"{each.type.upper()} flows"] += 1
            elif each.websocket is not None:
                imported.skipped["WebSocket conversations"] += 1
            elif each.request.method == "CONNECT":
                imported.skipped["tunnels (CONNECT)"] += 1
            else:
                try:
                    imported.exchanges.append(_exchange(each))
                except (TypeError, ValueError, AttributeError, OverflowError) as error:
                    # A flow's state is not checked when it is read; what is in it may be anything.
                    raise SourceError(f"{path}: flow {number}: cannot be used: {error}") from None
    return imported


def _flows(name: str, reader: FlowReader) -> Iterator[flow.Flow]:
    number, flows = 0, iter(reader.stream())
    while True:
        number += 1
        try:
            found = next(flows)
        except StopIteration:
            if number == 1:
                raise SourceError(f"{name}: has no flows: there is nothing to import") from None
            return
        except exceptions.FlowReadException as error:
            raise SourceError(f"{name}: flow {number}: {error}") from None
        except Exception as error:
            # The reader builds objects of what the file says; damage comes out as any error at all.
            raise SourceError(f"{name}: flow {number}: damaged: {error!r}") from None
        yield found


def _exchange(each: http.HTTPFlow) -> ForeignExchange:
    request, response, error = each.request, each.response, each.error
    answer = None if response is None else _answer(response, is_complete=error is None)
    failure = None
    if error is not None:
        failure = Failure(_microseconds(error.timestamp), *broken_by(error.msg), error.msg)
    elif answer is None:
        ended = _microseconds(request.timestamp_end or request.timestamp_start)
        failure = Failure(ended, *broken_by(_NO_ANSWER), _NO_ANSWER)
    return ForeignExchange(_request(each), answer, failure)


def _request(each: http.HTTPFlow) -> ForeignRequest:
    request, raw = each.request, each.request.data
    ended = request.timestamp_end
    at = _microseconds(request.timestamp_start)
    headers = fields_with_authority(request)
    return ForeignRequest(
        at=at,
        method=raw.method,
        scheme=request.scheme,
        host=request.host,
        port=request.port,
        target=raw.path,
        version=raw.http_version,
        headers=headers,
        body=_body(raw.content, headers, at, ended, _trailers(request), is_complete=ended is not None),
        client=_address(each.client_conn.peername),
        server=_address(each.server_conn.peername),
    )


def _answer(response: http.Response, *, is_complete: bool) -> ForeignAnswer:
    raw, at = response.data, _microseconds(response.timestamp_start)
    ended = response.timestamp_end
    body = _body(raw.content, raw.headers.fields, at, ended, _trailers(response), is_complete=is_complete)
    return ForeignAnswer(at, raw.status_code, raw.reason, raw.http_version, raw.headers.fields, body)


def _body(
    content: bytes | None,
    headers: Headers,
    begun: int,
    ended: float | None,
    trailers: Headers,
    *,
    is_complete: bool,
) -> ForeignBody:
    at = begun if ended is None else max(begun, _microseconds(ended))
    over = at if is_complete else None
    if content is None:
        length = first(headers, b"content-length") or b""
        if length.isdigit() and 0 < len(length) < 16 and is_complete:
            size = int(length)
            return ForeignBody((Part(at, b"", size, Form.LOST),) if size else (), over, trailers)
        return ForeignBody((), over, trailers, NOT_KEPT)
    if not content:
        return ForeignBody((), over, trailers)
    parts: tuple[Part, ...] = (Part(at, content, len(content)),)
    if media_type(headers) == _EVENT_STREAM:
        parts = _stream(content, content_coding(headers), begun, at) or parts
    return ForeignBody(parts, over, trailers)


def _stream(content: bytes, coding: str, begun: int, ended: int) -> tuple[Part, ...]:
    """The parts of an event stream; none where its coding cannot be undone, which they are cut without."""
    if not coding:
        return tuple(pieces(content, len(content), Form.WIRE, (), begun, ended))
    decoder = decoder_for(coding)
    try:
        data = decoder.feed(content) if decoder else b""
    except ValueError:
        return ()
    return tuple(pieces(data, len(content), Form.DECODED, (), begun, ended)) if data else ()


def _trailers(message: http.Message) -> Headers:
    trailers = message.data.trailers
    return () if trailers is None else trailers.fields


def _address(peer: tuple[object, ...] | None) -> str:
    return f"{peer[0]}:{peer[1]}" if peer else ""


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
