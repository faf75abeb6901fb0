"""Changes a live PostgreSQL database: one repair at a time, and no migration at the same time.

Alembic reads its version table at the start of the transaction in which it upgrades, and keeps that
lock (``ACCESS SHARE``) to the end. So a lock in the mode ``ACCESS EXCLUSIVE`` waits for an upgrade
that is running, and a later upgrade waits before it has changed anything. A weaker lock would stop
it only at the end, when it updates the table and already has locks that the repair needs.
Source: ``alembic/runtime/migration.py``, ``MigrationContext.run_migrations``. With
``transaction_per_migration``, the table is read outside of the transaction, and such an upgrade
waits when it updates the table.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg2
from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.location import shown
from driftcheck.databases.messages import database_message
from driftcheck.databases.postgresql.catalog.session import REBUILD_SETTINGS
from driftcheck.databases.postgresql.giving_way import GivingWay
from driftcheck.databases.postgresql.psycopg2_deadlines import user_limit
from driftcheck.databases.repair_session import RepairLimits, RepairSession
from driftcheck.errors import (
    ConnectionFailedError,
    DriftcheckError,
    LockUnavailableError,
    OutcomeUnknownError,
    RepairError,
)
from driftcheck.schema import Address

LOCK_KEY = 7237963439898257784
"""The key of the advisory lock: the bytes of ``driftfix`` as a number. Documented."""

_LOCKED = ("55P03", "40P01", "40001")
"""Lock not available, deadlock detected, serialization failure.
Source: PostgreSQL manual, appendix "PostgreSQL Error Codes"."""
_CANCELED = "57014"
_LACKS_RIGHTS = "42501"
_HINTS = {
    _CANCELED: "Give it more time with --timeout SECONDS.",
    _LACKS_RIGHTS: "The user of the database URL needs the rights of the user that runs the "
    "migrations. Name another user with --database-url.",
}
_CHANGED_MEANWHILE = "tuple concurrently "
"""The beginning of the internal error if two sessions change one row of a catalog."""
_STATEMENT_SETTINGS = (*REBUILD_SETTINGS, "SET check_function_bodies = off")
_SECONDS_TO_ASK = 20.0
_SECONDS_BETWEEN = 0.5
_SECONDS_FOR_POOLER = 5.0
_SET_IF_KNOWN = """
SELECT pg_catalog.set_config(name, %s, false) FROM pg_catalog.pg_settings
WHERE name OPERATOR(pg_catalog.=) %s::text
"""
"""A server before PostgreSQL 17 does not know ``transaction_timeout``."""
_PROCESS = "SELECT pg_catalog.pg_backend_pid()"
_HOLDERS = """
SELECT DISTINCT l.pid, a.usename::text, a.application_name, a.state,
  pg_catalog.date_trunc('second', pg_catalog.now() OPERATOR(pg_catalog.-) a.xact_start)::text
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a
  ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.granted AND (l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()) IS NOT FALSE
  AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  AND (l.locktype OPERATOR(pg_catalog.=) 'relation'::text
      AND l.relation OPERATOR(pg_catalog.=) ANY (
        SELECT pg_catalog.to_regclass(name)::pg_catalog.oid FROM pg_catalog.unnest(%s::text[]) name)
    OR l.locktype OPERATOR(pg_catalog.=) 'advisory'::text
      AND %s AND l.objsubid OPERATOR(pg_catalog.=) 1::pg_catalog.int2
      AND (l.classid::pg_catalog.int8 OPERATOR(pg_catalog.<<) 32)
        OPERATOR(pg_catalog.|) l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) %s)
ORDER BY 1
"""


class PostgreSQLRepairSession(RepairSession):
    """A session whose statements find names in ``pg_catalog`` only, as in the proof of a plan.

    The schema is read with the user's own ``search_path``, which decides the default schema.

    Args:
        url: The live database.
        limits: The time limits. A ``statement_timeout`` in the URL has precedence.
    """

    def __init__(self, url: URL, limits: RepairLimits) -> None:
        self._url = url
        self._limits = limits
        self.connection = self._connected()
        self._require_own_process()
        self._set_up()

    def _connected(self) -> Any:
        connection = connect(self._url)
        connection.autocommit = True
        return connection

    def _require_own_process(self) -> None:
        """Require a server process that can write, and that no other client uses.

        Raises:
            RepairError: The server is a standby, or a pooler gives the process to others too.
        """
        ((process, is_standby),) = self._rows(f"{_PROCESS}, pg_catalog.pg_is_in_recovery()")
        if is_standby:
            raise RepairError(
                f"{shown(self._url)} is on a standby server, which cannot be changed",
                hint="Name the database on the primary server with --database-url.",
            )
        # A pooler tells its clients a number of its own.
        if process != self.connection.info.backend_pid and self._is_shared(process):
            raise RepairError(
                f"a connection pooler in transaction mode is before {shown(self._url)}: locks and "
                "settings of a session would be those of other clients too",
                hint="Connect to the server directly, or to a pooler in session mode. Name it with "
                "--database-url.",
            )

    def _is_shared(self, process: int) -> bool:
        """Whether a pooler gives the process of this idle session to another client."""
        with suppress(ConnectionFailedError), closing(connect(self._url)) as other:
            other.seconds = _SECONDS_FOR_POOLER
            with other.cursor() as cursor:
                cursor.execute(_PROCESS)
                return bool(cursor.fetchall() == [(process,)])
        return False

    def _set_up(self) -> None:
        milliseconds = f"{round(self._limits.statement_seconds * 1000)}"
        settings = {
            "default_transaction_read_only": "off",
            "idle_in_transaction_session_timeout": milliseconds,
        }
        limits = {"statement_timeout": milliseconds, "transaction_timeout": "0"}
        settings |= {
            name: value
            for name, value in limits.items()
            if user_limit(self.connection, name) is None
        }
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(pg_catalog.current_schema(), 'public')")
            ((self.default_schema,),) = cursor.fetchall()
            for name, value in settings.items():
                cursor.execute(_SET_IF_KNOWN, (value, name))
            with suppress(psycopg2.Error):  # not on every system
                # The server ends a statement whose client was killed, and releases its locks.
                cursor.execute("SET client_connection_check_interval = '1s'")

    def lock(self) -> None:
        """Take the advisory lock of the session."""
        ((is_taken,),) = self._rows("SELECT pg_catalog.pg_try_advisory_lock(%s)", (LOCK_KEY,))
        if not is_taken:
            holders = self._holders((), with_repairs=True)
            raise LockUnavailableError(
                f"another repair of {shown(self._url)} is running",
                hint="Wait until it has ended. Then run the command again.",
                details="\n".join(holders),
            )

    def begin(self, version_tables: Collection[Address]) -> None:
        """Start the transaction, and keep Alembic from using its version tables."""
        self._set_lock_timeout(self._limits.lock_seconds)
        self._rows("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        for table in sorted(version_tables):
            self._rows(f"LOCK TABLE {table.sql} IN ACCESS EXCLUSIVE MODE")

    def execute(self, statement: str) -> None:
        """Run a statement in the transaction. A rollback restores the settings too."""
        self._set_for_statement()
        self._rows(statement)
        self._rows("RESET search_path")

    def commit(self) -> None:
        """Commit. If the connection is lost, ask the server on a new one what it has done."""
        transaction = self._transaction()
        try:
            with self._errors_of("COMMIT"), self.connection.cursor() as cursor:
                cursor.execute("COMMIT")
                answer = cursor.statusmessage
        except ConnectionFailedError as error:
            self._ask_for_outcome(transaction, error)
            return
        if answer != "COMMIT":  # the server rolls back a transaction in which a statement failed
            raise RepairError("the server rolled back the transaction at its COMMIT")

    def rollback(self) -> None:
        """Roll back."""
        with suppress(psycopg2.Error, ConnectionFailedError), self.connection.cursor() as cursor:
            cursor.execute("ROLLBACK")

    def execute_separately(self, statement: str, *, in_transaction: bool) -> None:
        """Run a statement by itself.

        A statement that cannot run in a transaction block does not keep others from reading and
        writing. It may wait for their transactions as long as a statement may take. It is ended
        when another session waits for its locks.
        """
        self._set_lock_timeout(self._limits.lock_seconds if in_transaction else 0)
        try:
            self._set_for_statement()
            if in_transaction:
                self._rows(statement)
            else:
                self._execute_giving_way(statement)
        finally:
            with suppress(psycopg2.Error, DriftcheckError):
                self._rows("RESET search_path")

    def _execute_giving_way(self, statement: str) -> None:
        ((process,),) = self._rows(_PROCESS)
        way = GivingWay(self._url, process)
        try:
            with way:
                self._rows(statement)
        except RepairError as error:
            if way.is_given:
                raise LockUnavailableError(
                    "another session waited for a lock of this statement, so it was ended",
                    details=statement,
                ) from error
            raise

    def holders(self, objects: Collection[Address]) -> list[str]:
        """Return a text about each other session that has locks on objects."""
        return self._holders([address.sql for address in objects], with_repairs=False)

    def close(self) -> None:
        """Release the advisory lock, and close the connection."""
        with suppress(psycopg2.Error, ConnectionFailedError):
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_catalog.pg_advisory_unlock_all()")
            self.connection.close()

    def _set_for_statement(self) -> None:
        for setting in _STATEMENT_SETTINGS:
            self._rows(setting)

    def _set_lock_timeout(self, seconds: float) -> None:
        value = f"{round(seconds * 1000)}"
        self._rows("SELECT pg_catalog.set_config('lock_timeout', %s, false)", (value,))

    def _rows(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with self._errors_of(statement), self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def _errors_of(self, statement: str) -> Iterator[None]:
        """Convert the errors of the driver. The loss of the connection is an error already."""
        try:
            yield
        except psycopg2.Error as error:
            message = database_message(error)
            if error.pgcode in _LOCKED or message.startswith(_CHANGED_MEANWHILE):
                raise LockUnavailableError(message, details=statement) from error
            raise RepairError(
                f"the server refused a statement: {message}",
                details=statement,
                hint=_HINTS.get(error.pgcode or "", ""),
            ) from error

    def _transaction(self) -> str | None:
        """Return the identifier of the transaction; ``None`` if it has changed nothing."""
        try:
            ((identifier,),) = self._rows(
                "SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text"
            )
        except ConnectionFailedError as error:
            raise RepairError(error.message, details=error.details) from error
        return None if identifier is None else str(identifier)

    def _ask_for_outcome(self, transaction: str | None, lost: ConnectionFailedError) -> None:
        """Find out on a new connection whether a transaction was committed.

        Args:
            transaction: Its identifier; ``None`` if it has changed nothing.
            lost: The loss of the connection.

        Raises:
            OutcomeUnknownError: The server does not say it.
            RepairError: It was not committed.
        """
        ends = time.monotonic() + _SECONDS_TO_ASK
        while time.monotonic() < ends:
            match self._status(transaction):
                case "committed":
                    return
                case "aborted":
                    raise RepairError(
                        f"{lost.message}, and the server has rolled back", details=lost.details
                    )
            time.sleep(_SECONDS_BETWEEN)
        raise OutcomeUnknownError(lost.message, details=lost.details)

    def _status(self, transaction: str | None) -> str | None:
        """Return the status of a transaction; ``None`` if the server cannot be asked."""
        try:
            self.connection = self._connected()
            self._set_up()
            query = "SELECT pg_catalog.pg_xact_status(%s::pg_catalog.xid8)"
            with self.connection.cursor() as cursor:
                cursor.execute(query, (transaction,))
                ((status,),) = cursor.fetchall()
        except (psycopg2.Error, ConnectionFailedError):
            return None
        return status if status is None else str(status)

    def _holders(self, names: Collection[str], *, with_repairs: bool) -> list[str]:
        try:
            found = self._rows(_HOLDERS, ([*names], with_repairs, LOCK_KEY))
        except (RepairError, ConnectionFailedError):
            return []
        return [_holder(*row) for row in found]


def _holder(
    pid: int | None, user: str | None, application: str | None, state: str | None, since: str | None
) -> str:
    """Return a text about a session. The server shows other users only its number."""
    if pid is None:
        return "A prepared transaction: see pg_prepared_xacts"
    known = (
        f"user {user}" if user else "",
        f"application {application}" if application else "",
        state or "",
        f"in its transaction for {since}" if since else "",
    )
    return f"Process {pid}: {', '.join(filter(None, known))}".removesuffix(": ")
