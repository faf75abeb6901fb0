"""MySQL and MariaDB, as the protocol of a database describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import URL, Dialect

from driftcheck.databases.access import Access
from driftcheck.databases.conditional_ddl import ConditionalStatement
from driftcheck.databases.connection import connect
from driftcheck.databases.database import TARGET_ARGUMENTS, Database
from driftcheck.databases.endpoints import Endpoint, Unix
from driftcheck.databases.location import shown
from driftcheck.databases.mysql import connections
from driftcheck.databases.mysql.access import read_access
from driftcheck.databases.mysql.catalog import MySQLCatalog
from driftcheck.databases.mysql.catalog.kind import quote
from driftcheck.databases.mysql.dump_file import run_dump
from driftcheck.databases.mysql.names_query import NAMES_QUERY
from driftcheck.databases.mysql.repair_session import MySQLRepairSession
from driftcheck.databases.mysql.shadow import MySQLMaker
from driftcheck.databases.mysql.statement_errors import statement_error
from driftcheck.databases.mysql.written_database import databases_written
from driftcheck.databases.passwords import password_text
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.databases.shadow.request import ShadowRequest
from driftcheck.databases.statement_errors import StatementError
from driftcheck.errors import ShadowError
from driftcheck.schema import SchemaObject

_TARGET_ARGUMENTS = (
    "passwd db unix_socket read_default_file read_default_group default_file".split()
)
_ASYNCHRONOUS_DRIVERS = ("aiomysql", "asyncmy")
_STORED_CODE = re.compile(
    r"\s*CREATE\s+(?:AGGREGATE\s+)?(?:TRIGGER|EVENT|FUNCTION|PROCEDURE)\b", re.IGNORECASE
)

_CREATE_VIEW = re.compile(r"CREATE (?=(?:ALGORITHM=\w+ )?SQL SECURITY \w+ VIEW )")


class MySQL(Database):
    """MySQL 5.7, MariaDB 10.3 and later. A database is a schema, so addresses have no schema.

    A shadow is on the server of the live database. What the catalog writes for tables, columns,
    keys, checks and views cannot call stored functions while it runs: the server refuses them in
    defaults, generated columns and checks, and does not run the query of a view that it creates. A
    trigger would run with the privileges of driftcheck's user when a row is written, and an event
    at its time. So triggers, events and routines of untrusted SQL are not created.
    """

    names_query = NAMES_QUERY
    target_arguments = TARGET_ARGUMENTS.union(_TARGET_ARGUMENTS)
    databases_view = re.compile(r"\binformation_schema`?\.`?schemata\b", re.IGNORECASE)
    default_port = 3306
    dump_command = "mysqldump --no-data"
    default_schema_query = "SELECT DATABASE()"
    has_transactional_ddl = False

    @property
    def catalog(self) -> MySQLCatalog:
        """The catalog, which reads the schema."""
        return MySQLCatalog()

    def statement_error(self, error: BaseException) -> StatementError:
        """Return why MySQL or MariaDB has refused a statement."""
        return statement_error(error)

    def run_script(self, connection: Any, script: str) -> None:
        """Run a dump as ``mysqldump`` and ``mariadb-dump`` write it, without their client."""
        run_dump(connection, script)

    def databases_written(self, statement: str) -> Sequence[str]:
        """Return the databases that a statement names and in which it writes."""
        return databases_written(statement)

    def for_client(self, statement: str) -> str:
        """Return a statement as the client ``mysql`` takes it; it ends at the first semicolon."""
        if ";" not in statement:
            return super().for_client(statement)
        return f"DELIMITER $$\n{statement}$$\nDELIMITER ;"

    def own_url(self, url: URL) -> URL:
        """Return the URL of the same database with a driver that is not asynchronous."""
        if url.get_driver_name() in _ASYNCHRONOUS_DRIVERS:
            return url.set(drivername=f"{url.get_backend_name()}+pymysql")
        return url

    def url_of_arguments(
        self, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> URL:
        """Return the URL of the database that a driver would connect to."""
        del cargs
        port = cparams.get("port")
        socket = cparams.get("unix_socket")
        return self.own_url(
            URL.create(
                f"{dialect.name}+{dialect.driver}",
                username=cparams.get("user"),
                password=password_text(cparams.get("password") or cparams.get("passwd")),
                host=cparams.get("host"),
                port=int(port) if port else None,
                database=cparams.get("database") or cparams.get("db"),
                query={"unix_socket": socket} if socket else {},
            )
        )

    def endpoints(self, url: URL) -> Sequence[Endpoint]:
        """Return the Unix socket or the host that a driver connects to for a URL."""
        path = url.query.get("unix_socket")
        return [Unix(path)] if isinstance(path, str) else super().endpoints(url)

    def connect(
        self, url: URL, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> Any:
        """Open a DB-API connection of driftcheck's own, with a deadline for each call."""
        return connections.open_own(url, dialect, cargs, cparams)

    def time_limits(self, driver: str, cparams: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the driver's arguments for the time limits that the project does not set."""
        del cparams
        return connections.time_limits(driver)

    def open_read_only(self, url: URL) -> Any:
        """Open a connection to a live database, in one transaction that cannot write."""
        return connections.open_read_only(url)

    def open_for_repair(self, url: URL, limits: RepairLimits) -> MySQLRepairSession:
        """Open the only kind of connection that may change a live database."""
        return MySQLRepairSession(url, limits)

    def connect_untrusted(self, url: URL) -> Any:
        """Open a connection to a restricted shadow. ``without_code`` leaves out stored code."""
        return connect(url)

    def quote(self, name: str) -> str:
        """Quote a name for SQL."""
        return quote(name)

    def read_access(self, connection: Any, url: URL) -> Access:
        """Read what a connection can do, and what its user cannot read."""
        return read_access(connection, "" if url.query.get("unix_socket") else url.host or "")

    def without_code(self, statement: str) -> str | None:
        """Return a statement unless it creates a trigger, an event or a routine."""
        return None if _STORED_CODE.match(statement) else statement

    def conditional(self, statement: str, obj: SchemaObject) -> ConditionalStatement:
        """Return a statement that can run where its change was made already: a view is replaced."""
        replaced = _CREATE_VIEW.sub("CREATE OR REPLACE ", statement, count=1)
        return super().conditional(replaced, obj)

    def shadow_maker(self, request: ShadowRequest) -> ShadowMaker:
        """Make shadow databases on the requested server, or on the server of the live database."""
        server = request.server_url or request.live_url
        if server is None:
            raise ShadowError(
                f"no shadow database can be made: there is no {request.dialect} server",
                hint="Name one with --shadow URL.",
            )
        return MySQLMaker(f"Shadow databases are on {shown(server)}.", server, request.live_url)


DATABASE = MySQL()
