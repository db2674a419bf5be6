"""CO402: whether a script of another origin can read the ID on the issuing response."""

from contract import headers
from contract.cors import (
    Credentials,
    Readable,
    body_readable,
    credentials_mode,
    exposed_names,
    header_readable,
)
from contract.events import RequestHead, ResponseHead
from contract.places import Reading
from contract.subjects import NA, PASS, Issue, Ruling, fails, inconclusive


def id_readable(reading: Reading, request: RequestHead, response: ResponseHead) -> Readable:
    """Whether a script can read an ID where the response carries it."""
    mode = _judged_mode(request, response)
    if reading.header:
        return header_readable(reading.header.encode(), request, response, credentials=mode)
    return body_readable(request, response, credentials=mode)


def _judged_mode(request: RequestHead, response: ResponseHead) -> Credentials:
    """An unknown mode matters only to `*` in Expose: a client that includes credentials which the service
    does not allow gets nothing at all, and would not be in use."""
    mode = credentials_mode(request)
    if mode is Credentials.UNKNOWN and b"*" not in (exposed_names(response.headers) or ()):
        return Credentials.OMITTED
    return mode


def id_not_exposed(issue: Issue) -> Ruling:
    """CO402: a script can read the ID: safelisted or listed, on the issuing response itself."""
    found = issue.exposure
    if found is None or issue.client is None:
        return NA
    if found.readable:
        return PASS
    if found.readable is None:
        where = issue.client.where
        return inconclusive(f"Whether a script can read the ID in {where} cannot be told: {found.because}.")
    origin = headers.first(issue.request.headers, b"origin") or b""
    return fails(
        f"A script cannot read the ID in {issue.client.where}: {found.because}.",
        ("origin", origin.decode("latin-1")),
    )
