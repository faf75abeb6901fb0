"""Makes shadow databases on a PostgreSQL server."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg2
from psycopg2 import errors
from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.location import shown
from driftcheck.databases.passwords import without_password
from driftcheck.databases.postgresql.catalog.subscriptions import Subscription
from driftcheck.databases.postgresql.shadow.dropping import drop_database
from driftcheck.databases.postgresql.shadow.restricted import (
    ROLE_PREFIX,
    drop_role,
    hand_over,
    install,
    make_role,
    url_for_superuser,
)
from driftcheck.databases.postgresql.shadow.session_state import SESSION_STATE
from driftcheck.databases.postgresql.shadow.sweeping import sweep
from driftcheck.databases.postgresql.shadow.templates import HIDDEN_ROLE_PREFIX
from driftcheck.databases.reading import Scope
from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker
from driftcheck.databases.shadow.request import ServerFacts
from driftcheck.errors import DriftcheckError, NotAnsweredError, ShadowError
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import NAME_PREFIX, shadow_name

SETTING = "driftcheck.shadow"
# The mark of a shadow is a setting of the database. Only a superuser can use a setting that the
# server does not know; other users write the mark to application_name. The mark is read from the
# catalog, because a driver may change the application_name of its session.
_OTHERS_SETTING = "application_name"
_PATTERN = f"^(?:{_OTHERS_SETTING}=)?{SETTING.replace('.', '[.]')}=(.*)"
_MARK = f"pg_catalog.substring(setting, '{_PATTERN}')"
# The query runs on connections of user code, which may be to the live database. So every name in it
# has the schema pg_catalog: the search path may contain functions and operators of other users.
MARKED = f"""
SELECT {_MARK}, d.datname
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
CROSS JOIN pg_catalog.unnest(s.setconfig) AS setting
WHERE s.setrole OPERATOR(pg_catalog.=) 0::pg_catalog.oid AND {_MARK} IS NOT NULL
"""
"""A query for the mark and the name of each database that has a mark."""
_MARK_QUERY = f"{MARKED} AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
_MAY_SET_ANYTHING = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
_ROLES = "SELECT rolname FROM pg_catalog.pg_roles ORDER BY 1"
_SERVER_STATE = """
SELECT 'role', rolname, '' FROM pg_roles WHERE rolname NOT LIKE ALL (%s)
UNION ALL SELECT 'tablespace', spcname, '' FROM pg_tablespace
UNION ALL SELECT 'setting', name, setting FROM pg_settings
    WHERE sourcefile LIKE '%%/postgresql.auto.conf'
ORDER BY 1, 2
"""
_HAS_SUBSCRIPTIONS = """
SELECT 1 FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
WHERE d.datname = %s
"""
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
_OWN_SEARCH_PATH = "SET search_path TO pg_catalog, pg_temp"
_LOCK_TIMEOUT_SECONDS = 60
_HAS_STRATEGIES = 150000
_HAS_TRANSACTION_STATUS = 13
_DEFAULT_SEARCH_PATH = '"$user", public'
_NO_SEARCH_PATH = ("", '""')
# The errors for a locale, encoding or provider that the server does not have.
_UNKNOWN_LOCALE = (
    errors.WrongObjectType,
    errors.InvalidParameterValue,
    errors.InvalidObjectDefinition,
    errors.FeatureNotSupported,
    errors.UndefinedObject,
    errors.SyntaxError,
)


class PostgresMaker(ShadowMaker):
    """Makes shadows with ``CREATE DATABASE``.

    Args:
        how: See ``ShadowMaker``.
        server: The URL of a database of the server. Its user will own the shadows.
        facts: The properties of the live database; ``None`` if there is no live database.
    """

    def __init__(self, how: str, server: URL, facts: ServerFacts | None) -> None:
        self.server = server
        self.facts = facts
        with own_session(self.server) as cursor:
            # Measured without fsync: file_copy takes half of the time of wal_log.
            version: int = cursor.connection.server_version
            has_strategies = version >= _HAS_STRATEGIES
            self._major = version // 10000
            self._strategy = " STRATEGY file_copy" if has_strategies else ""
            cursor.execute(_MAY_SET_ANYTHING)
            (self._is_superuser,) = cursor.fetchone()
            self._roles_before = _roles(cursor)
        super().__init__(how)

    @property
    def writes(self) -> str:
        """The databases on the server."""
        return f"databases on {shown(self.server)} whose names begin with {NAME_PREFIX}"

    @property
    def flavour(self) -> str:
        """The major version, and the properties of live that the shadows get."""
        facts = self.facts
        like = facts and (facts.encoding, facts.collation, facts.ctype, facts.locale, facts.user)
        settings = facts and (facts.search_path, facts.time_zone)
        return repr((self._major, like, settings))

    @property
    def server_state(self) -> str:
        """The installation, the properties of live, and what replays have left on the server."""
        of_live = self.facts and self.facts.influences
        with own_session(self.server) as cursor:
            cursor.execute(_SERVER_STATE, ([f"{ROLE_PREFIX}%", f"{HIDDEN_ROLE_PREFIX}%"],))
            return repr((self.how, cursor.connection.server_version, of_live, cursor.fetchall()))

    @property
    def session_state(self) -> str:
        """A query whose result changes if a revision leaves what ends with its session."""
        return SESSION_STATE if self._major >= _HAS_TRANSACTION_STATUS else ""

    def sweep(self) -> tuple[str, ...]:
        """Drop the shadows of killed runs. A note is added for each that cannot be dropped.

        Returns:
            The names of the dropped shadows.
        """
        try:
            with own_session(self.server) as cursor:
                swept = sweep(cursor, MARKED, self._within)
        except ShadowError as error:
            self._note(f"shadow databases of killed runs were not searched for: {error}")
            return ()
        for kept in swept.kept:
            self._note(f"{kept.message}: {kept.details}. {kept.hint}")
        return tuple(swept.dropped)

    def roles_left(self) -> tuple[str, ...]:
        """Return the roles that were created since this maker was opened. They outlive shadows."""
        with own_session(self.server) as cursor:
            return tuple(role for role in _roles(cursor) if role not in self._roles_before)

    def _plan(self, purpose: str, mark: Mark) -> ShadowDatabase:
        name = shadow_name(purpose, mark)
        return ShadowDatabase(self.server.set(database=name), name, str(mark), _MARK_QUERY, self)

    def _restricted(self, shadow: ShadowDatabase, mark: Mark) -> ShadowDatabase:
        role = f"{ROLE_PREFIX}{mark.secret[:12]}"
        url = shadow.url.set(username=role)
        owner = str(self.server.username)
        return replace(shadow, url=url, restricted=True, role=role, replaced_role=owner)

    def _create(self, shadow: ShadowDatabase, template: ShadowDatabase | None) -> None:
        with own_session(self.server) as cursor:
            if shadow.role:
                make_role(cursor, shadow.role)
            if template is None:
                self._create_empty(cursor, shadow)
            else:
                self._copy(cursor, shadow, template)
            self._mark(cursor, shadow)
        schemas = self.facts.schemas if self.facts is not None and template is None else ()
        if schemas or shadow.role:
            url = self.server.set(database=shadow.name)
            if shadow.role:
                url = url_for_superuser(url, self._major)
            with own_session(url) as cursor:
                for schema in schemas:
                    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(schema)}")
                if shadow.role:
                    hand_over(cursor, shadow.role)

    def install(self, shadow: ShadowDatabase, extensions: Iterable[tuple[str, str]]) -> None:
        """Install extensions in a restricted shadow in which no untrusted SQL has run."""
        wanted = [*extensions]
        if shadow.role and wanted:
            url = url_for_superuser(self.server.set(database=shadow.name), self._major)
            with own_session(url) as cursor:
                install(cursor, wanted, shadow.role)

    def _create_empty(self, cursor: Any, shadow: ShadowDatabase) -> None:
        if self.facts is None:
            self._create_database(cursor, shadow)
            return
        *similar, plain = _locales(self.facts)
        for locale in similar:
            try:
                self._create_database(cursor, shadow, locale)
            except _UNKNOWN_LOCALE as error:
                reason = str(error).splitlines()[0]
            else:
                return
        self._create_database(cursor, shadow, plain)
        wanted = self.facts.locale or self.facts.collation
        self._note(f"the shadow sorts text by the locale C, live by {wanted}: {reason}")

    def _create_database(self, cursor: Any, shadow: ShadowDatabase, locale: str = "") -> None:
        """Create an empty database with a locale, given as clauses of ``CREATE DATABASE``."""
        template = f"TEMPLATE template0{self._strategy}{_owner(shadow)}"
        cursor.execute(f"CREATE DATABASE {shadow.name} {template} {locale}")

    def _copy(self, cursor: Any, shadow: ShadowDatabase, template: ShadowDatabase) -> None:
        subscriptions = [] if shadow.role else self._subscriptions(cursor, template)
        self._copy_database(cursor, shadow.name, template.name, _owner(shadow))
        if subscriptions:
            with self._within(shadow.name) as inside:
                for statement in subscriptions:
                    inside.execute(statement)

    def _copy_database(self, cursor: Any, name: str, template: str, owner: str = "") -> None:
        """Copy a database with its rows, after ending the sessions in it."""
        cursor.execute(_END_SESSIONS, (template,))
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}{self._strategy}{owner}")

    def _subscriptions(self, cursor: Any, template: ShadowDatabase) -> list[str]:
        """Return statements for the subscriptions of a template, which are not copied with it.

        They belong to the whole server. The copies have no connection string, and on a server that
        others use, they are not enabled.
        """
        cursor.execute(_HAS_SUBSCRIPTIONS, (template.name,))
        if cursor.fetchone() is None:
            return []
        kind = Subscription()
        with self._within(template.name) as inside:
            found = [*kind.read(inside, Scope())]
        enable = not self.shares_server
        return [
            statement
            for subscription in found
            for statement in kind.copy_without_connection(subscription, enable=enable)
        ]

    def _mark(self, cursor: Any, shadow: ShadowDatabase) -> None:
        """Mark the shadow by a setting for driftcheck, and by a comment for people.

        Neither is copied from a template.
        """
        alter = f"ALTER DATABASE {shadow.name} SET"
        if self._is_superuser:
            cursor.execute(f"{alter} {SETTING} = {quote_literal(shadow.token)}")
        else:
            mark = quote_literal(f"{SETTING}={shadow.token}")
            cursor.execute(f"{alter} {_OTHERS_SETTING} = {mark}")
        cursor.execute(f"COMMENT ON DATABASE {shadow.name} IS {quote_literal(_comment(shadow))}")
        # No other program uses the shadow. So a session that waits for a lock waits for another
        # session of the same program, and would wait without end.
        cursor.execute(f"{alter} lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'")
        if self.facts is None:
            return
        try:
            cursor.execute(f"{alter} TimeZone = {quote_literal(self.facts.time_zone)}")
        except errors.InvalidParameterValue as error:
            reason = str(error).splitlines()[0]
            self._note(f"the shadow does not have live's time zone: {reason}")
        if shadow.role or self.facts.search_path != _DEFAULT_SEARCH_PATH:
            # SHOW returns a list of quoted names, which SET accepts, except for an empty list.
            names = "''" if self.facts.search_path in _NO_SEARCH_PATH else self.facts.search_path
            if shadow.role:  # "$user" must be the user of live, not the restricted role
                names = names.replace('"$user"', quote_identifier(self.facts.user))
            cursor.execute(f"{alter} search_path = {names}")

    def _destroy(self, shadow: ShadowDatabase) -> None:
        with own_session(self.server) as cursor:
            drop_database(cursor, shadow.name, self._within)
            if shadow.role:
                drop_role(cursor, shadow.role)

    def _within(self, name: str) -> AbstractContextManager[Any]:
        """Open a session in another database of the server."""
        return own_session(self.server.set(database=name))

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


@contextmanager
def own_session(url: URL) -> Iterator[Any]:
    """Open a session for statements of driftcheck; see ``session``.

    The search path excludes functions and operators that users of the database have created.
    """
    with session(url) as cursor:
        cursor.execute(_OWN_SEARCH_PATH)
        yield cursor


@contextmanager
def session(url: URL) -> Iterator[Any]:
    """Open a connection in autocommit mode, and yield a cursor.

    Raises:
        ShadowError: The server cannot be reached, or refuses a statement.
        ConnectionFailedError: The server does not answer in time, or the connection is lost.
    """
    try:
        connection = connect(without_hostaddr(url))
    except NotAnsweredError:
        raise
    except DriftcheckError as error:
        raise ShadowError(error.message, hint=error.hint, details=error.details) from None
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    except errors.InsufficientPrivilege as error:
        raise ShadowError(
            f"the user {url.username} cannot create shadow databases on this server",
            hint=f"Run ALTER ROLE {quote_identifier(str(url.username))} CREATEDB; as a superuser. "
            "Or name another server or user with --shadow URL.",
            details=without_password(str(error).strip(), url),
        ) from None
    except psycopg2.Error as error:
        raise ShadowError(
            "the server could not make or drop a shadow database",
            details=without_password(str(error).strip(), url),
        ) from None
    finally:
        connection.close()


def without_hostaddr(url: URL) -> URL:
    """Return the URL with a ``hostaddr``, so that libpq ignores ``PGHOSTADDR``."""
    if "hostaddr" in url.query:
        return url
    return url.update_query_dict({"hostaddr": ""})


def _locales(facts: ServerFacts) -> Iterator[str]:
    """Yield clauses of ``CREATE DATABASE`` for the encoding and locale of live; C comes last."""
    encoding = f"ENCODING {quote_literal(facts.encoding)}"
    libc = f"LC_COLLATE {quote_literal(facts.collation)} LC_CTYPE {quote_literal(facts.ctype)}"
    plain = "LC_COLLATE 'C' LC_CTYPE 'C'"
    if facts.locale_provider == "libc":
        yield f"{encoding} {libc}"
    else:
        provider = facts.locale_provider.upper()
        own = f"LOCALE_PROVIDER {provider} {provider}_LOCALE {quote_literal(facts.locale)}"
        yield f"{encoding} {own} {libc}"
        yield f"{encoding} {own} {plain}"  # the provider sorts, so libc's locale hardly matters
    yield f"{encoding} {plain}"


def _owner(shadow: ShadowDatabase) -> str:
    return f" OWNER {quote_identifier(shadow.role)}" if shadow.role else ""


def _comment(shadow: ShadowDatabase) -> str:
    mark = Mark.parse(shadow.token)
    assert mark is not None  # noqa: S101  (the token is a mark that this process has written)
    return json.dumps(
        {
            "made_by": "driftcheck",
            "what": "a shadow database: it may be dropped at any time",
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started": datetime.fromtimestamp(mark.started, UTC).isoformat(),
        }
    )


def _roles(cursor: Any) -> tuple[str, ...]:
    cursor.execute(_ROLES)
    return tuple(role for (role,) in cursor.fetchall())
