"""Makes shadow databases on a private server. Migrations there cannot affect other users."""

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

# Whether the server is as initdb creates it: a replay may have created roles, databases,
# tablespaces and settings.
_IS_PRISTINE = """
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
    """Starts a server, makes shadows on it, and stops it at the end.

    The server gets the roles of live. The shadows are owned by a superuser with the name of live's
    user, so that owners are the same as in live.

    Args:
        how: See ``ShadowMaker``.
        installation: The programs of the server.
        facts: The properties of the live database; ``None`` if there is no live database.

    Raises:
        ShadowError: The server does not start.
    """

    def __init__(self, how: str, installation: Installation, facts: ServerFacts | None) -> None:
        self._private = PrivateServer.start(installation)
        try:
            self._clean_server()
            user = SUPERUSER if facts is None else facts.user
            self._make_roles(user, () if facts is None else facts.roles)
            if not self._private.is_offline:
                how += " On this system, the server's access to networks cannot be blocked."
            super().__init__(how, self._private.url(user), facts)
        except BaseException:
            self._private.stop()
            raise

    def roles_left(self) -> tuple[str, ...]:
        """Return nothing: the roles of a replay are removed with the server's data."""
        return ()

    def _clean_server(self) -> None:
        """Remove the remains of earlier runs from the server."""
        if not self._drop_remains():
            self._private.recreate()

    def _drop_remains(self) -> bool:
        """Drop shadows and roles, and return whether the server is now as initdb creates it."""
        try:
            with own_session(self._private.url()) as cursor:
                sweep(cursor, MARKED, self._within, everything=True)
                _drop_roles(cursor)
                cursor.execute(_IS_PRISTINE, (SUPERUSER,))
                (is_pristine,) = cursor.fetchone()
        except ShadowError:
            return False
        return bool(is_pristine)

    def _make_roles(self, user: str, roles: tuple[str, ...]) -> None:
        with own_session(self._private.url()) as cursor:
            for role in dict.fromkeys((*roles, user)):
                name = quote_identifier(role)
                if role != SUPERUSER:
                    cursor.execute(f"CREATE ROLE {name}")
                if role == user:
                    cursor.execute(f"ALTER ROLE {name} SUPERUSER LOGIN")

    def release_role(self, role: str) -> bool:
        """Drop a role of the live database or of a replay, so that a replay can create it."""
        if self.facts is not None and role == self.facts.user:
            return False
        with own_session(self._private.url()) as cursor:
            cursor.execute(_ROLES, (SUPERUSER,))
            return (role,) in cursor.fetchall() and _drop_role(cursor, role)

    def stop_at_once(self) -> None:
        """Stop the server without waiting. The next run drops the shadows."""
        self._private.stop_at_once()

    def _within(self, name: str) -> AbstractContextManager[Any]:
        return own_session(self._private.url(database=name))

    def _warn_left(self, shadow: ShadowDatabase, error: DriftcheckError) -> None:
        """Print no warning: the next run drops the shadow, or recreates the server."""

    def _stop(self) -> None:
        self._private.stop()


def _drop_roles(cursor: Any) -> None:
    """Drop all roles that can be dropped. ``_IS_PRISTINE`` finds the others."""
    cursor.execute(_ROLES, (SUPERUSER,))
    for (role,) in cursor.fetchall():
        _drop_role(cursor, role)


def _drop_role(cursor: Any, role: str) -> bool:
    try:
        cursor.execute(f"DROP ROLE {quote_identifier(role)}")
    except errors.DependentObjectsStillExist:
        return False
    return True
