"""Every cause, planted, with its neighbours: one file for each of `contract.causes`' families."""

from functools import cache

from contract.causes import EXPECTED
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


def example_of(cause: str) -> Planted:
    """The case that shows a cause best: its first one, of a single recording if there is such."""
    if cause == EXPECTED:
        return next(each for each in catalogue() if not each.causes and each.expected)
    named = [each for each in catalogue() if cause in (each.causes or ()) or cause in (each.possible or ())]
    named.sort(key=lambda each: (cause not in each.causes[:1], each.is_joined))
    return named[0]
