from pathlib import Path

import pytest

from tests.cli.recorded import record
from tests.contract.build import FIRST, ID_HEADER, SECOND, Talk

FABRICATED = "stream-1732312345678-ffffffff"


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    """Four exchanges: a healthy stream and its update, a stream with a header dropped, an invented ID."""
    talk = Talk(token="Bearer a-secret-token")
    return record(
        tmp_path / "chat.db",
        [
            *talk.stream(FIRST, size=11),
            *talk.update(FIRST),
            *talk.stream(SECOND, server=((ID_HEADER, SECOND), ("Keep-Alive", "timeout=5"))),
            *talk.refused(FABRICATED),
        ],
        redact=True,
    )


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    """A stream and its update."""
    talk = Talk()
    return record(tmp_path / "healthy.db", [*talk.stream(FIRST), *talk.update(FIRST)])
