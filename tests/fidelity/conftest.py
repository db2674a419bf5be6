"""One stage, and behind it bare mitmdump and mitmdump with streamid, for all the tests of this folder."""

from collections.abc import Callable, Iterator

import pytest

from tests.fidelity.stage import Arrival, Script, Stage
from tests.support.proxy import BARE, Proxy

type Played = Callable[[Script], list[Arrival]]

OPTIONS = {"ssl_insecure": "true"}


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture(scope="session")
def bare(stage: Stage) -> Iterator[Proxy]:
    with Proxy(*stage.modes(), script=BARE, options=OPTIONS) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def streamid(stage: Stage) -> Iterator[Proxy]:
    with Proxy(*stage.modes(), options=OPTIONS) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def by_bare(stage: Stage, bare: Proxy) -> Played:
    """Play through bare mitmdump; each script once."""
    known: dict[Script, list[Arrival]] = {}

    def played(script: Script) -> list[Arrival]:
        if script not in known:
            known[script] = stage.play(script, bare)
        return known[script]

    return played
