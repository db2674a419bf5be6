"""A database of Datasette's that is opened for each query anew.

Datasette keeps its connections. A recording that is being written could then not become one file when
its writer closes it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from datasette.database import Database  # type: ignore[import-untyped]


class LiveDatabase(Database):  # type: ignore[misc]
    """Holds no connection between queries."""

    async def execute_fn(self, fn: Callable[[Any], Any]) -> Any:
        """Run `fn` with a connection of its own."""

        def in_thread() -> Any:
            connection = self.connect()
            try:
                self.ds._prepare_connection(connection, self.name)
                return fn(connection)
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, in_thread)
