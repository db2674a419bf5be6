"""One lab for all tests of this room that do not change it for others."""

from collections.abc import Iterator

import pytest

from lab.processes import Lab
from tests.support.lab import Client, logged_in, running_lab


@pytest.fixture(autouse=True, scope="session")
def no_proxy() -> Iterator[None]:
    """Whatever proxy the shell names is not asked."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="session")
def system() -> Iterator[Lab]:
    with running_lab() as lab:
        yield lab


@pytest.fixture(scope="session")
def poor_system() -> Iterator[Lab]:
    """A lab in which nobody has any credits at the start."""
    with running_lab(credits=0, tokens=200, interval=0.01) as lab:
        yield lab


@pytest.fixture
def user(system: Lab) -> Iterator[Client]:
    with logged_in(system, "user1") as client:
        yield client


@pytest.fixture
def other(system: Lab) -> Iterator[Client]:
    with logged_in(system, "user2") as client:
        yield client


@pytest.fixture
def supervisor(system: Lab) -> Iterator[Client]:
    with logged_in(system, "supervisor1") as client:
        yield client


@pytest.fixture
def admin(system: Lab) -> Iterator[Client]:
    with logged_in(system, "admin") as client:
        yield client
