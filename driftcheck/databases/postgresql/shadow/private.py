"""Makes shadow databases on a private server. Migrations there cannot affect other users."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from psycopg2 import errors

from driftcheck.databases.postgresql.shadow.binaries import Installation
from driftcheck.databases.postgresql.shadow.maker import MARKED, PostgresMaker, own_session
from driftcheck.databases.postgresql.shadow.private_server import SUPERUSER, PrivateServer
from driftcheck.databases.postgresql.shadow.spare import (
    SPARE_PREFIX,
    EmptyShadow,
    current_transaction,
    keep_empty,
    spare_name,
    take_empty,
)
from driftcheck.databases.postgresql.shadow.sweeping import sweep
from driftcheck.databases.postgresql.shadow.templates import (
    HIDDEN_ROLE_PREFIX,
    TEMPLATE_PREFIX,
    complete,
    database_name,
    describe,
    hide_role,
    listed,
    make_role,
    shared_state,
)
from driftcheck.databases.shadow.base import ShadowDatabase, Template
from driftcheck.databases.shadow.request import ServerFacts
from driftcheck.errors import DriftcheckError, NotAnsweredError, ShadowError
from driftcheck.quoting import quote_identifier
from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import shadow_name

_IS_HIDDEN = f"""(
  starts_with(rolname::text, '{HIDDEN_ROLE_PREFIX}') AND rolinherit AND rolconnlimit = -1
  AND rolvaliduntil IS NULL AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolcanlogin
                                     OR rolreplication OR rolbypassrls))"""
# Whether the server is as initdb creates it, except for templates and the empty shadow that
# is kept: a replay may have created roles, databases, tablespaces and settings.
_IS_PRISTINE = f"""
SELECT (SELECT count(*) = 3 FROM pg_database
        WHERE NOT starts_with(datname::text, '{TEMPLATE_PREFIX}')
          AND NOT starts_with(datname::text, '{SPARE_PREFIX}'))
   AND (SELECT count(*) = 0 FROM pg_replication_slots)
   AND (SELECT count(*) = 0 FROM pg_subscription)
   AND (SELECT count(*) = 2 FROM pg_tablespace)
   AND (SELECT count(*) = 0 FROM pg_db_role_setting)
   AND (SELECT count(*) = 0 FROM pg_file_settings WHERE sourcefile LIKE '%%/postgresql.auto.conf')
   AND (SELECT array_agg(rolname::text) = ARRAY[%s] AND bool_and(rolsuper)
        FROM pg_roles WHERE rolname !~ '^pg_' AND NOT {_IS_HIDDEN})
   AND NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
                   WHERE r.rolname !~ '^pg_')
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

    keeps_templates = True
    _empty: EmptyShadow | None = None

    def __init__(self, how: str, installation: Installation, facts: ServerFacts | None) -> None:
        self.program = str(installation.bin / "postgres")
        self._private = PrivateServer.start(installation)
        try:
            self._clean_server()
            user = SUPERUSER if facts is None else facts.user
            self._make_roles(user, () if facts is None else facts.roles)
            if not self._private.is_offline:
                how += " On this system, the server's access to networks cannot be blocked."
            super().__init__(how, self._private.url(user), facts)
            self.place = str(installation.bin)
        except BaseException:
            self._private.stop()
            raise

    @property
    def writes(self) -> str:
        """The directory of the server's data, and that of its socket."""
        return f"the data of the server and its socket in {self._private.directories}"

    def roles_left(self) -> tuple[str, ...]:
        """Return nothing: the roles of a replay are removed with the server's data."""
        return ()

    def _clean_server(self) -> None:
        """Remove the remains of earlier runs from the server."""
        if not self._drop_remains():
            self._private.recreate()

    def _drop_remains(self) -> bool:
        """Drop shadows and roles, and return whether the server is now as initdb creates it.

        A shadow with very many tables, which a killed run has left, may take too long to drop.
        """
        try:
            with own_session(self._private.url()) as cursor:
                sweep(cursor, MARKED, self._within, everything=True)
                _drop_roles(cursor)
                cursor.execute(_IS_PRISTINE, (SUPERUSER,))
                (is_pristine,) = cursor.fetchone()
        except (ShadowError, NotAnsweredError):
            return False
        return bool(is_pristine)

    def _make_roles(self, user: str, roles: tuple[str, ...]) -> None:
        with own_session(self._private.url()) as cursor:
            for role in dict.fromkeys((*roles, user)):
                name = quote_identifier(role)
                if role != SUPERUSER:
                    make_role(cursor, role)
                if role == user:
                    cursor.execute(f"ALTER ROLE {name} SUPERUSER LOGIN")

    def release_role(self, role: str) -> bool:
        """Drop a role of the live database or of a replay, so that a replay can create it."""
        if self.facts is not None and role == self.facts.user:
            return False
        with own_session(self._private.url()) as cursor:
            cursor.execute(_ROLES, (SUPERUSER,))
            return (role,) in cursor.fetchall() and _remove_role(cursor, role)

    @property
    def shared_state(self) -> str:
        """A text that changes with what a replay does outside of its shadows."""
        with own_session(self._private.url()) as cursor:
            return shared_state(cursor)

    def templates(self) -> Sequence[Template]:
        """Return the templates that can be copied, those first that were used last."""
        with own_session(self._private.url()) as cursor:
            return [Template(key, description) for key, description in listed(cursor)]

    def keep(self, shadow: ShadowDatabase, template: Template) -> None:
        """Keep a copy of a shadow as a template. All connections to the shadow are ended."""
        copy = shadow_name("template", Mark.new())
        with own_session(self._private.url()) as cursor:
            self._copy_database(cursor, copy, shadow.name)
            complete(cursor, copy, template.key, template.description)

    def make_from(self, purpose: str, template: Template) -> ShadowDatabase:
        """Make a shadow database as a copy of a template; see ``make``."""
        name = database_name(template.key)
        with own_session(self._private.url()) as cursor:
            describe(cursor, name, template.description)
        return self.make(
            purpose, ShadowDatabase(self._private.url(database=name), name, "", "", self)
        )

    def stop_at_once(self) -> None:
        """Stop the server without waiting. The next run drops the shadows."""
        self._private.stop_at_once()

    def _create_database(self, cursor: Any, shadow: ShadowDatabase, locale: str = "") -> None:
        """Take the empty database that is kept, or create one."""
        spare = spare_name(locale)
        if shadow.role or not take_empty(cursor, spare, shadow.name):
            super()._create_database(cursor, shadow, locale)
        if not shadow.role:
            self._empty = EmptyShadow(shadow.name, spare, 0)

    def _mark(self, cursor: Any, shadow: ShadowDatabase) -> None:
        super()._mark(cursor, shadow)
        if self._empty is not None and self._empty.name == shadow.name:
            self._empty = self._empty._replace(transaction=current_transaction(cursor))

    def _destroy(self, shadow: ShadowDatabase) -> None:
        """Drop the shadow, or keep it for the next run if it is still empty."""
        empty = self._empty
        if empty is not None and empty.name == shadow.name:
            self._empty = None
            with suppress(ShadowError), own_session(self.server) as cursor:
                if keep_empty(cursor, empty, SUPERUSER):
                    return
        super()._destroy(shadow)

    def _within(self, name: str) -> AbstractContextManager[Any]:
        return own_session(self._private.url(database=name))

    def _warn_left(self, shadow: ShadowDatabase, error: DriftcheckError) -> None:
        """Print no warning: the next run drops the shadow, or recreates the server."""

    def _stop(self) -> None:
        self._private.stop()


def _drop_roles(cursor: Any) -> None:
    """Drop or hide all roles for which this is possible. ``_IS_PRISTINE`` finds the others."""
    cursor.execute(_ROLES, (SUPERUSER,))
    for (role,) in cursor.fetchall():
        _remove_role(cursor, role)


def _remove_role(cursor: Any, role: str) -> bool:
    """Drop a role, or hide it if only templates need it."""
    try:
        cursor.execute(f"DROP ROLE {quote_identifier(role)}")
    except errors.DependentObjectsStillExist:
        return hide_role(cursor, role)
    return True
