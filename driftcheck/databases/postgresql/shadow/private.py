"""Shadow databases on a private server: nothing that migrations do there can reach anybody."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from psycopg2 import errors

from driftcheck.databases.postgresql.shadow.binaries import Installation
from driftcheck.databases.postgresql.shadow.maker import MARKED, PostgresMaker, own_session
from driftcheck.databases.postgresql.shadow.private_server import SUPERUSER, PrivateServer
from driftcheck.databases.postgresql.shadow.sweeping import sweep
from driftcheck.databases.shadow.base import ServerFacts, ShadowDatabase
from driftcheck.errors import DriftcheckError, ShadowError
from driftcheck.quoting import quote_identifier

# What initdb leaves, and no more: a replay may have made roles, databases, tablespaces, settings.
_IS_AS_MADE = """
SELECT (SELECT count(*) = 3 FROM pg_database)
   AND (SELECT count(*) = 0 FROM pg_replication_slots)
   AND (SELECT count(*) = 0 FROM pg_subscription)
   AND (SELECT count(*) = 2 FROM pg_tablespace)
   AND (SELECT count(*) = 0 FROM pg_db_role_setting)
   AND (SELECT count(*) = 0 FROM pg_file_settings WHERE sourcefile LIKE '%%/postgresql.auto.conf')
   AND (SELECT array_agg(rolname::text) = ARRAY[%s] AND bool_and(rolsuper)
        FROM pg_roles WHERE rolname !~ '^pg_')
"""
_ROLES = r"SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> %s"


class PrivateMaker(PostgresMaker):
    """Makes shadows on a server that it starts, and stops in the end.

    They belong to a superuser with the name of live's user, so that owners read the same, and
    the roles that live knows are there.

    Args:
        how: See ``ShadowMaker``.
        installation: The server's programs.
        facts: What live has; ``None`` where there is no live database.

    Raises:
        ShadowError: The server does not start.
    """

    def __init__(self, how: str, installation: Installation, facts: ServerFacts | None) -> None:
        self._private = PrivateServer.start(installation)
        try:
            self._make_as_new()
            user = SUPERUSER if facts is None else facts.user
            self._make_roles(user, () if facts is None else facts.roles)
            if not self._private.is_offline:
                how += " This system cannot keep what runs there from the network."
            super().__init__(how, self._private.url(user), facts)
        except BaseException:
            self._private.stop()
            raise

    def roles_left(self) -> tuple[str, ...]:
        """None: roles that a replay makes go with the server."""
        return ()

    def _make_as_new(self) -> None:
        """Take away what a run that was killed, or a replay, has left on the whole server."""
        if not self._is_cleaned():
            self._private.start_anew()

    def _is_cleaned(self) -> bool:
        """Drop what can be dropped; whether the server is then as it was made."""
        try:
            with own_session(self._private.url()) as cursor:
                sweep(cursor, MARKED, self._within, everything=True)
                _drop_roles(cursor)
                cursor.execute(_IS_AS_MADE, (SUPERUSER,))
                (as_made,) = cursor.fetchone()
        except ShadowError:
            return False
        return bool(as_made)

    def _make_roles(self, user: str, roles: tuple[str, ...]) -> None:
        with own_session(self._private.url()) as cursor:
            for role in dict.fromkeys((*roles, user)):
                name = quote_identifier(role)
                if role != SUPERUSER:
                    cursor.execute(f"CREATE ROLE {name}")
                if role == user:
                    cursor.execute(f"ALTER ROLE {name} SUPERUSER LOGIN")

    def release_role(self, role: str) -> bool:
        """Drop a role that live knows or a replay has made, so that another can make it."""
        if self.facts is not None and role == self.facts.user:
            return False
        with own_session(self._private.url()) as cursor:
            cursor.execute(_ROLES, (SUPERUSER,))
            return (role,) in cursor.fetchall() and _drop_role(cursor, role)

    def stop_at_once(self) -> None:
        """Stop the server without waiting for it; the next run there drops what it holds."""
        self._private.stop_at_once()

    def _within(self, name: str) -> AbstractContextManager[Any]:
        return own_session(self._private.url(database=name))

    def _tell_left(self, shadow: ShadowDatabase, error: DriftcheckError) -> None:
        """Say nothing: the next run finds it, and makes the server anew if need be."""

    def _stop(self) -> None:
        self._private.stop()


def _drop_roles(cursor: Any) -> None:
    """Drop all roles that can be; what stays is seen by who asks whether all is as made."""
    cursor.execute(_ROLES, (SUPERUSER,))
    for (role,) in cursor.fetchall():
        _drop_role(cursor, role)


def _drop_role(cursor: Any, role: str) -> bool:
    try:
        cursor.execute(f"DROP ROLE {quote_identifier(role)}")
    except errors.DependentObjectsStillExist:
        return False
    return True
