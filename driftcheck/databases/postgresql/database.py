"""PostgreSQL, as the protocol of a database describes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import URL, Connection, Dialect

from driftcheck.databases.access import Access
from driftcheck.databases.conditional_ddl import ConditionalStatement
from driftcheck.databases.connection import connect
from driftcheck.databases.database import (
    TARGET_ARGUMENTS,
    Database,
    KeyParts,
    OpenStore,
    server_key_parts,
)
from driftcheck.databases.endpoints import Endpoint
from driftcheck.databases.plan import Plan
from driftcheck.databases.postgresql import connections, psycopg2_deadlines, urls
from driftcheck.databases.postgresql.access import read_access
from driftcheck.databases.postgresql.batches import in_batches, run_batch
from driftcheck.databases.postgresql.catalog import PostgreSQLCatalog
from driftcheck.databases.postgresql.conditional_ddl import conditional, existence
from driftcheck.databases.postgresql.dump_file import run_dump
from driftcheck.databases.postgresql.gentle import gentle
from driftcheck.databases.postgresql.libpq import explicit_parameters, user_options
from driftcheck.databases.postgresql.names_query import NAMES_QUERY
from driftcheck.databases.postgresql.read_only import make_read_only
from driftcheck.databases.postgresql.repair_session import PostgreSQLRepairSession
from driftcheck.databases.postgresql.rows import PostgreSQLStore
from driftcheck.databases.postgresql.shadow.choice import (
    shadow_maker,
    start_early,
    stop_early,
)
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.statement_errors import statement_error
from driftcheck.databases.postgresql.uncommitted import uncommitted_connection
from driftcheck.databases.postgresql.untrusted import without_query
from driftcheck.databases.postgresql.version_table import read_stamps
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.databases.shadow.request import ServerFacts, ShadowRequest
from driftcheck.databases.statement_errors import StatementError
from driftcheck.process.deadline import NoteError
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot

_TARGET_ARGUMENTS = """
    hostaddr dbname passfile service unix_sock krbsrvname krb_service_name gsslib gssencmode
    require_auth requirepeer channel_binding target_session_attrs load_balance_hosts direct_tls
    """.split()


class PostgreSQL(Database):
    """PostgreSQL 15 and later, by any driver of SQLAlchemy. driftcheck itself uses psycopg2."""

    names_query = NAMES_QUERY
    target_arguments = TARGET_ARGUMENTS.union(_TARGET_ARGUMENTS)
    default_port = urls.DEFAULT_PORT
    dump_command = "pg_dump --schema-only --no-owner"
    default_schema_query = "SELECT current_schema()"
    databases_view = re.compile(r"\bpg_database\b", re.IGNORECASE)
    has_private_servers = True
    has_schemas = True
    client_settings = (r"\set ON_ERROR_STOP on", "SET check_function_bodies = off;")
    detects_hazards = True

    @property
    def catalog(self) -> PostgreSQLCatalog:
        """The catalog, which reads the schema."""
        return PostgreSQLCatalog()

    def own_url(self, url: URL) -> URL:
        """Return the URL of the same database with psycopg2."""
        return urls.with_listed_hosts(url).set(drivername="postgresql+psycopg2")

    def key_parts(self, url: URL) -> KeyParts:
        """Return the parts of the database key, completed from libpq's environment variables."""
        return server_key_parts(urls.with_environment(url), self.default_port)

    def url_of_arguments(
        self, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> URL:
        """Return the URL of the database that a driver would connect to."""
        del dialect
        return urls.url_of_arguments(cargs, cparams)

    def url_for_dialect(self, url: URL, dialect: Dialect) -> URL:
        """Return the URL of the same database with the dialect and driver of the project."""
        named = super().url_for_dialect(url, dialect)
        directory = url.query.get("host")
        if dialect.driver == "pg8000" and isinstance(directory, str):
            port = url.query.get("port", self.default_port)
            return named.set(query={"unix_sock": f"{directory}/{urls.SOCKET_NAME}{port}"})
        return named

    def arguments_for(
        self, url: URL, dialect: Dialect, cparams: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return the driver's arguments that connect to a database.

        For drivers that use libpq, all parameters are explicit: else libpq would take them from its
        environment.
        """
        positional, keywords = super().arguments_for(url, dialect, cparams)
        if dialect.driver not in connections.LIBPQ_DRIVERS:
            return positional, keywords
        added = explicit_parameters(keywords)
        return positional, {**added, "options": user_options(), **keywords}

    def endpoints(self, url: URL) -> Sequence[Endpoint]:
        """Return every address that a driver may connect to for a URL."""
        return tuple(urls.endpoints(url))

    def connect(
        self, url: URL, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> Any:
        """Open a DB-API connection of driftcheck's own, with a deadline for each call."""
        return connections.open_own(url, dialect, cargs, cparams)

    def connect_with_deadlines(
        self,
        dialect: Dialect,
        name: str,
        cargs: Sequence[Any],
        cparams: Mapping[str, Any],
        note: NoteError,
    ) -> Any | None:
        """Open a connection for user code whose calls have deadlines, if the driver is psycopg2."""
        if dialect.driver != "psycopg2":
            return None
        return psycopg2_deadlines.connect(name, *cargs, note=note, own=False, **cparams)

    def time_limits(self, driver: str, cparams: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the driver's arguments for the time limits that the project does not set."""
        return connections.time_limits(driver, cparams)

    def open_read_only(self, url: URL) -> Any:
        """Open a connection to a live database, in one transaction that cannot write."""
        connection = connect(url)
        make_read_only(connection)
        return connection

    def open_for_repair(self, url: URL, limits: RepairLimits) -> PostgreSQLRepairSession:
        """Open the only kind of connection that may change a live database."""
        return PostgreSQLRepairSession(url, limits)

    def connect_untrusted(self, url: URL) -> Any:
        """Open a connection to a restricted shadow, for SQL that is not trusted."""
        return connections.open_untrusted(url)

    def client_environment(self, url: URL) -> Mapping[str, str]:
        """Return libpq's environment variables for a shadow database."""
        return connections.client_environment(url)

    def gentle(
        self,
        plan: Plan,
        actual: Snapshot,
        wanted: Snapshot,
        estimates: Mapping[Address, int | None],
    ) -> Plan:
        """Return a plan that builds indexes concurrently and validates constraints later."""
        return gentle(plan, actual, wanted, estimates)

    def quote(self, name: str) -> str:
        """Quote a name for SQL."""
        return quote_identifier(name)

    def read_revisions(self, connection: Any, table: Address) -> tuple[str, ...]:
        """Read the revisions in a version table, without running functions of other users."""
        return read_stamps(connection, table)

    def read_facts(self, url: URL) -> ServerFacts:
        """Read the properties of a live database that a shadow must have."""
        connection = connect(url)
        try:
            connection.set_session(readonly=True)
            return read_facts(connection)
        finally:
            connection.close()

    def read_access(self, connection: Any, url: URL) -> Access:
        """Read what a connection can do, and what its user cannot read."""
        del url
        return read_access(connection)

    def uncommitted_connection(self, connection: Connection) -> Any | None:
        """Return a DB-API connection that sees uncommitted changes; ``None`` if there are none."""
        return uncommitted_connection(connection)

    def statement_error(self, error: BaseException) -> StatementError:
        """Return why PostgreSQL has refused a statement."""
        return statement_error(error)

    def run_script(self, connection: Any, script: str) -> None:
        """Run a script as pg_dump writes it, which may contain commands of psql."""
        run_dump(connection, script)

    def in_batches(self, statements: Iterable[str]) -> Iterator[Sequence[str]]:
        """Yield statements in their order, in groups that can be run in one call."""
        return in_batches(statements)

    def run_batch(self, connection: Any, batch: Sequence[str]) -> None:
        """Run statements in a transaction; if one fails, none of them has an effect."""
        run_batch(connection, batch)

    def without_code(self, statement: str) -> str:
        """Change a statement so that a materialized view is created without running its query."""
        return without_query(statement)

    def conditional(self, statement: str, obj: SchemaObject) -> ConditionalStatement:
        """Return a statement that can run where its change was made already."""
        return conditional(statement, obj)

    def existence(self, obj: SchemaObject, *, of_kind: bool = False) -> str:
        """Return an SQL expression: whether an object exists; empty if there is none."""
        return existence(obj, of_kind=of_kind)

    def shadow_maker(self, request: ShadowRequest) -> ShadowMaker:
        """Open the first possible way to make shadow databases."""
        return shadow_maker(request)

    def start_early(self, place: str) -> None:
        """Begin to start the private server that an earlier run has used."""
        start_early(place)

    def stop_early(self) -> None:
        """Stop the private server that was started early, if no maker has used it."""
        stop_early()

    @property
    def row_store(self) -> OpenStore:
        """Opens the store that inserts rows."""
        return PostgreSQLStore


DATABASE = PostgreSQL()
