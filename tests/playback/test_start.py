"""What a playback keeps in memory from its start on does not depend on the size of bodies."""

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from contract.events import Event
from contract.profile import builtin
from replay.playback.library import Library
from tests.playback.exchanges import answered, asked
from tests.support.sequences import record

EXCHANGES = 4000
MOST_BYTES_EACH = 1000


def exchanges(size: int) -> Iterator[Event]:
    for number in range(1, EXCHANGES + 1):
        yield from asked(number, number * 1000, f"/api/items/{number % 500}")
        yield from answered(number, number * 1000 + 100, b"%d" % number + os.urandom(size))


def kept(path: Path) -> int:
    """Bytes that an open library holds."""
    tracemalloc.start()
    try:
        with Library([path], builtin("chat")) as library:
            assert len(library.entries) == EXCHANGES
            return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_the_index_of_a_recording_does_not_grow_with_bodies(tmp_path: Path) -> None:
    small, large = (record(tmp_path / f"{size}.db", exchanges(size)) for size in (0, 4096))
    assert large.stat().st_size > small.stat().st_size + EXCHANGES * 4096
    without, with_bodies = kept(small), kept(large)
    print(f"\n  {without / EXCHANGES:.0f} and {with_bodies / EXCHANGES:.0f} bytes for an exchange")
    assert with_bodies < without * 1.1
    assert with_bodies < EXCHANGES * MOST_BYTES_EACH
