"""One stage, and behind it bare mitmdump and mitmdump with streamid, for all the tests of this folder."""

from collections.abc import Callable, Iterator

import pytest

from faults.registry import KINDS
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
def planned(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """With a plan of every kind of fault, all of them armed, none of which matches anything here."""
    plan = tmp_path_factory.mktemp("plan") / "plan.toml"
    never = "match = '~hq \"X-Never: sent\"'"
    tables = [f'[[fault]]\nkind = "{name}"\n{kind.example}\n{never}' for name, kind in sorted(KINDS.items())]
    plan.write_text("\n\n".join(tables), "utf-8")
    with Proxy(*stage.modes(), options=OPTIONS | {"streamid_faults": str(plan)}) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def saving(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """With mitmproxy's own file of flows, for which bodies are kept and given back to the flows."""
    flows = tmp_path_factory.mktemp("flows") / "saved.flows"
    with Proxy(*stage.modes(), options=OPTIONS, arguments=["-w", str(flows)]) as proxy:
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
