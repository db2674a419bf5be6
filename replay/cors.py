"""Recorded exchanges as a script saw them: which headers it could read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contract import headers
from contract.cors import (
    Credentials,
    Readable,
    header_readable,
    is_preflight,
    judge_preflight,
    origin_of,
)
from contract.events import Kind, RequestHead, ResponseHead, Side
from recordings.reader import Recording
from recordings.rows import ExchangeRow


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a script on `origin` could read `header` in this exchange (None: cannot be told), and why."""

    exchange: int
    method: str
    url: str
    status: int
    origin: str
    header: str
    readable: bool | None
    because: str


def answers(
    recording: Recording,
    names: Sequence[str],
    origin: bytes | None = None,
    credentials: Credentials | None = None,
) -> Iterator[Answer]:
    """An answer for each name and exchange whose client got a response, in order of exchanges.

    `origin` stands in for the one that asked; without it, exchanges without an `Origin` are left out.
    `credentials` stands in for what the request shows.
    """
    for row in recording.exchanges():
        if row.kind != Kind.HTTP or row.status is None:
            continue
        heads = _heads(recording, row.exchange)
        if heads is None or (asking := origin or origin_of(heads[0])) is None:
            continue
        for name in names:
            found = _judged(name.encode(), *heads, credentials, origin)
            yield _answer(row, heads[1].status, asking, name, found)


def _answer(row: ExchangeRow, status: int, origin: bytes, name: str, found: Readable) -> Answer:
    place = (row.exchange, row.method, row.url, status)
    return Answer(*place, origin.decode("latin-1"), name, found.readable, found.because)


def _heads(recording: Recording, exchange: int) -> tuple[RequestHead, ResponseHead] | None:
    """The heads on the client's side; informational ones (RFC 9110 §15.2) are not the response."""
    request: RequestHead | None = None
    for event in recording.exchange(exchange):
        if not isinstance(event, RequestHead | ResponseHead) or not event.side & Side.CLIENT:
            continue
        if isinstance(event, RequestHead):
            request = event
        elif request is not None and event.status >= 200:
            return request, event
    return None


def _judged(
    name: bytes,
    request: RequestHead,
    response: ResponseHead,
    credentials: Credentials | None,
    origin: bytes | None,
) -> Readable:
    found = header_readable(name, request, response, credentials=credentials, origin=origin)
    if is_preflight(request):
        refusals = judge_preflight(request, response, credentials or Credentials.UNKNOWN).refusals
        says = "refuses it: " + "; ".join(refusals) if refusals else "allows what it asks for"
        return Readable(False, f"{found.because}; this one {says}")
    if found.readable and headers.first(response.headers, name.lower()) is None:
        return Readable(True, f"{found.because}; the response does not have it")
    return found
