"""Shadow databases on a MySQL or MariaDB server."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.location import shown
from driftcheck.databases.mysql.catalog.kind import charset_of
from driftcheck.databases.passwords import without_password
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker
from driftcheck.errors import (
    ConnectionFailedError,
    DriftcheckError,
    NotAnsweredError,
    ShadowError,
)
from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import NAME_PREFIX, origin_of, shadow_name

_COLLATIONS = """SELECT COALESCE(
    (SELECT table_collation FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name = 'alembic_version'),
    @@collation_database)"""
"""The collation that the database had when its history began: Alembic's version table was created
then, without a character set of its own. If someone has altered the database's collation since,
tables of the history still have the former one."""


class MySQLMaker(ShadowMaker):
    """Makes shadows with ``CREATE DATABASE``. The name of a shadow is its mark.

    Args:
        how: See ``ShadowMaker``.
        server: The URL of any database of the server. This database is not changed.
        live: The live database, whose collation the shadows get; the collation of ``server`` if
            there is no live database, or if it cannot be read.
    """

    shares_server = True

    def __init__(self, how: str, server: URL, live: URL | None = None) -> None:
        self.server = server
        self._run("SELECT 1")
        self._collation = self._collation_of(live or server)
        super().__init__(how)
        self.sweep()

    @property
    def flavour(self) -> str:
        """The collation of the shadows, which tables get that name none."""
        return self._collation

    @property
    def writes(self) -> str:
        """The databases on the server."""
        return f"databases on {shown(self.server)} whose names begin with {NAME_PREFIX}"

    def sweep(self) -> tuple[str, ...]:
        """Drop the shadows of killed runs, which are recognized by their names."""
        dropped = []
        for (name,) in self._run("SHOW DATABASES"):
            origin = origin_of(str(name))
            if origin is None or not origin.is_abandoned:
                continue
            try:
                self._run(f"DROP DATABASE IF EXISTS `{name}`")
                dropped.append(str(name))
            except ShadowError as error:
                self.notes.append(
                    f"the shadow database {name} of a killed run could not be dropped: "
                    f"{error.details}. A user with the privilege can run: DROP DATABASE `{name}`;"
                )
        return tuple(dropped)

    def _plan(self, purpose: str, mark: Mark) -> ShadowDatabase:
        name = shadow_name(purpose, mark)
        return ShadowDatabase(self.server.set(database=name), name, name, "SELECT DATABASE()", self)

    def _create(self, shadow: ShadowDatabase, template: ShadowDatabase | None) -> None:
        collation = self._collation
        charset = charset_of(collation)
        self._run(f"CREATE DATABASE `{shadow.name}` CHARACTER SET {charset} COLLATE {collation}")
        if template is not None:
            self._copy(shadow, template)

    def _copy(self, shadow: ShadowDatabase, template: ShadowDatabase) -> None:
        """Copy the schema and all rows, also those of the version table."""
        with closing(connect(template.url)) as source:
            statements = catalog_for(template.url.get_backend_name()).schema_statements(source)
        tables = self._run(
            "SELECT table_name FROM information_schema.tables "
            f"WHERE table_schema = '{template.name}' AND table_type = 'BASE TABLE'"
        )
        rows = [
            f"INSERT INTO `{name}` SELECT * FROM `{template.name}`.`{name}`"
            for name in (str(table).replace("`", "``") for (table,) in tables)
        ]
        checks = "SET FOREIGN_KEY_CHECKS = 0"
        with closing(connect(shadow.url)) as target, closing(target.cursor()) as cursor:
            for statement in (*statements, checks, *rows):
                cursor.execute(statement)
            target.commit()

    def _destroy(self, shadow: ShadowDatabase) -> None:
        self._run(f"DROP DATABASE IF EXISTS `{shadow.name}`")

    def _collation_of(self, url: URL) -> str:
        try:
            ((collation,),) = self._run(_COLLATIONS, url)
        except (ConnectionFailedError, ShadowError):
            ((collation,),) = self._run("SELECT @@collation_database")
        return str(collation)

    def _run(self, statement: str, url: URL | None = None) -> list[Any]:
        try:
            with (
                closing(connect(url or self.server)) as connection,
                closing(connection.cursor()) as cursor,
            ):
                cursor.execute(statement)
                rows = list(cursor.fetchall()) if cursor.description else []
                connection.commit()
                return rows
        except NotAnsweredError:
            raise
        except DriftcheckError as error:
            raise ShadowError(error.message, hint=error.hint, details=error.details) from None
        except Exception as error:  # noqa: BLE001  (each driver has its own errors)
            raise ShadowError(
                "the server could not make or drop a shadow database",
                details=without_password(str(error).strip(), self.server),
            ) from None
