"""Loaded before the front door: the writer's limits (bytes), from the environment instead of its own."""

import functools
import os

from addons import recorder
from recordings import writer

Limited = functools.partial(
    writer.Writer,
    bound=int(os.environ.get("WRITER_BOUND", writer.BOUND)),
    wal_limit=int(os.environ.get("WRITER_WAL_LIMIT", writer.WAL_LIMIT)),
)
vars(recorder)["Writer"] = Limited
