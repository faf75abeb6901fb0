"""Ends a statement of a repair as soon as another session waits for its locks.

``CREATE INDEX CONCURRENTLY`` keeps a lock on its table while it waits for the transactions of
others. If such a transaction then needs the lock, as a migration that alters the table does, each
waits for the other. The server ends the one that has waited for ``deadlock_timeout`` (1 second by
default) when it notices this, and that may be the migration. So the repair ends its own statement
long before. https://www.postgresql.org/docs/current/runtime-config-locks.html
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg2
from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.errors import ConnectionFailedError

_SECONDS_BETWEEN = 0.1
_END_IF_WAITED_FOR = """
SELECT pg_catalog.pg_cancel_backend(%(process)s) FROM pg_catalog.pg_locks l
WHERE NOT l.granted AND l.locktype OPERATOR(pg_catalog.=) 'relation'::text
  AND %(process)s OPERATOR(pg_catalog.=) ANY (pg_catalog.pg_blocking_pids(l.pid))
LIMIT 1
"""


class GivingWay:
    """A context in which a statement is ended when another session waits for its locks.

    Args:
        url: The database. A second connection to it watches the locks.
        process: The server process in which the statement runs.

    Attributes:
        is_given: Whether the statement was ended. Known at the end of the context.

    Raises:
        ConnectionFailedError: There is no second connection.
    """

    def __init__(self, url: URL, process: int) -> None:
        self.is_given = False
        self._process = process
        self._is_over = threading.Event()
        self._connection = connect(url)
        self._connection.autocommit = True  # an open transaction would be waited for
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Start to watch the locks."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, so that the next statement of the session is not ended."""
        self._is_over.set()
        self._thread.join()
        with suppress(psycopg2.Error, ConnectionFailedError):
            self._connection.close()

    def _watch(self) -> None:
        with suppress(psycopg2.Error, ConnectionFailedError), self._connection.cursor() as cursor:
            while not (self.is_given or self._is_over.wait(_SECONDS_BETWEEN)):
                cursor.execute(_END_IF_WAITED_FOR, {"process": self._process})
                self.is_given = bool(cursor.rowcount)
