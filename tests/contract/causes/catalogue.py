"""Every cause, planted, with its neighbours: one file for each of `contract.causes`' families."""

from functools import cache

from tests.contract.causes import client, cors, ids, requests, server, streams, unsolved
from tests.contract.causes.planted import Planted

FAMILIES = {
    "ids": ids.cases,
    "streams": streams.cases,
    "cors": cors.cases,
    "requests": requests.cases,
    "server": server.cases,
    "client": client.cases,
    "unsolved": unsolved.cases,
}


@cache
def catalogue() -> tuple[Planted, ...]:
    """All of them."""
    return tuple(planted for cases in FAMILIES.values() for planted in cases())
