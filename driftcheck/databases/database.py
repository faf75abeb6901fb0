"""The protocol of a database: everything that differs between the supported database systems.

A package of ``driftcheck.databases`` implements it in its module ``database``. No other code asks
which database system it works with.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from sqlalchemy.engine import URL, Connection, Dialect

from driftcheck.databases.access import Access
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.conditional_ddl import ConditionalStatement, with_clauses
from driftcheck.databases.endpoints import Endpoint, Tcp, listed_places
from driftcheck.databases.plan import Plan
from driftcheck.databases.repair_session import RepairLimits, RepairSession
from driftcheck.databases.rows.tables import Store
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.databases.shadow.request import ServerFacts, ShadowRequest
from driftcheck.databases.statement_errors import StatementError
from driftcheck.databases.version_table import VersionTable
from driftcheck.process.deadline import NoteError
from driftcheck.schema import Address, SchemaObject, Snapshot

TARGET_ARGUMENTS = frozenset(
    "host port user username password database dsn uri ssl async_creator_fn".split()
)
"""Arguments of drivers that say where to connect, as whom, and how the server is authenticated."""

OpenStore = Callable[[Any, Collection[VersionTable]], Store]
"""Opens a store, given a DB-API connection to a shadow database and Alembic's version tables."""


class KeyParts(NamedTuple):
    """The parts of a database key after the dialect. Files have no host."""

    host: str
    port: int | None
    database: str


class Database(ABC):
    """A database system. Its methods that take a URL get one with a dialect of this system."""

    names_query: ClassVar[str]
    """A query for the names of all objects: kind, schema, name, and the name of a part or NULL."""
    target_arguments: ClassVar[frozenset[str]] = TARGET_ARGUMENTS
    """The arguments of drivers that are replaced if a connection is redirected to a shadow. Other
    arguments (timeouts, codecs, cursor factories) are kept."""
    default_port: ClassVar[int | None] = None
    default_schema_query: ClassVar[str] = ""
    """The query with which SQLAlchemy reads the default schema; empty if that never changes."""
    dump_command: ClassVar[str]
    """What writes the schema of a database as plain SQL."""
    databases_view: ClassVar[re.Pattern[str] | None] = None
    """Finds the catalog of all databases of a server in a query; ``None`` if there is none."""
    has_private_servers: ClassVar[bool] = False
    """Whether driftcheck can start a server for shadow databases by itself."""
    is_file: ClassVar[bool] = False
    """Whether a database is a file. If not, it is on a server."""
    has_schemas: ClassVar[bool] = False
    """Whether the addresses of objects have a schema."""
    detects_hazards: ClassVar[bool] = False
    """Whether the effects of a statement on tables in use can be read: locks, rewrites, scans."""

    has_transactional_ddl: ClassVar[bool] = True
    """Whether statements that change the schema have no effect if their transaction fails."""
    client_settings: ClassVar[tuple[str, ...]] = ()
    """The first lines of a script for the client program of the database system."""

    @property
    @abstractmethod
    def catalog(self) -> Catalog:
        """The catalog, which reads the schema."""

    # URLs and the arguments of drivers

    def own_url(self, url: URL) -> URL:
        """Return the URL of the same database with the driver that driftcheck connects with."""
        return url

    def key_parts(self, url: URL) -> KeyParts:
        """Return the parts of the database key. They are equal for URLs of the same database."""
        return server_key_parts(url, self.default_port)

    @abstractmethod
    def url_of_arguments(
        self, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> URL:
        """Return the URL of the database that a driver would connect to.

        Args:
            dialect: The dialect, with its driver.
            cargs: The positional arguments of the driver's ``connect``.
            cparams: The keyword arguments of the driver's ``connect``.
        """

    def url_for_dialect(self, url: URL, dialect: Dialect) -> URL:
        """Return the URL of the same database with the dialect and driver of the project."""
        return url.set(drivername=f"{dialect.name}+{dialect.driver}")

    def arguments_for(
        self, url: URL, dialect: Dialect, cparams: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return the driver's arguments that connect to a database.

        Args:
            url: The database.
            dialect: The dialect of the project, with its driver.
            cparams: The project's keyword arguments. Those that say where to connect are replaced.
        """
        cargs, target = dialect.create_connect_args(self.url_for_dialect(url, dialect))
        kept = {
            key: value
            for key, value in cparams.items()
            if key not in self.target_arguments and not key.startswith(("ssl", "gss"))
        }
        return list(cargs), {**kept, **target}

    def endpoints(self, url: URL) -> Sequence[Endpoint]:
        """Return every address that a driver may connect to for a URL; for a file, none."""
        if self.is_file:
            return ()
        return [Tcp(url.host or "localhost", url.port or self.default_port or 0)]

    # Connections

    def connect(
        self, url: URL, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> Any:
        """Open a DB-API connection of driftcheck's own, with a deadline for each call if possible.

        Args:
            url: The database.
            dialect: The dialect of the URL, with its driver.
            cargs: The positional arguments for the driver.
            cparams: The keyword arguments for the driver.
        """
        del url
        return dialect.connect(*cargs, **cparams)

    def connect_with_deadlines(
        self,
        dialect: Dialect,
        name: str,
        cargs: Sequence[Any],
        cparams: Mapping[str, Any],
        note: NoteError,
    ) -> Any | None:
        """Open a connection for user code by a driver whose connections can limit their calls.

        Args:
            dialect: The project's dialect, with its driver.
            name: The name of the database in messages.
            cargs: The positional arguments for the driver.
            cparams: The keyword arguments for the driver.
            note: Takes note of errors that are raised: user code may catch them.

        Returns:
            ``None`` if the driver's connections cannot do so.
        """
        del dialect, name, cargs, cparams, note
        return None

    def time_limits(self, driver: str, cparams: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the driver's arguments for the time limits that the project does not set."""
        del driver, cparams
        return {}

    @abstractmethod
    def open_read_only(self, url: URL) -> Any:
        """Open a DB-API connection to a live database, in one transaction that cannot write."""

    def undo_unfinished(self, url: URL) -> None:
        """Undo a transaction of a killed process, if nobody can read the database before that.

        A server does it by itself.
        """
        del url

    @abstractmethod
    def open_for_repair(self, url: URL, limits: RepairLimits) -> RepairSession:
        """Open the only kind of connection that may change a live database.

        Raises:
            ConnectionFailedError: The database cannot be reached.
        """

    @abstractmethod
    def connect_untrusted(self, url: URL) -> Any:
        """Open a DB-API connection to a restricted shadow, for SQL that is not trusted."""

    def client_environment(self, url: URL) -> Mapping[str, str]:
        """Return the environment variables by which client programs find a shadow database."""
        del url
        return {}

    # Reading

    @abstractmethod
    def quote(self, name: str) -> str:
        """Quote a name for SQL."""

    def read_revisions(self, connection: Any, table: Address) -> tuple[str, ...]:
        """Read the revisions in a version table of a live database.

        Args:
            connection: An open DB-API connection.
            table: The version table.

        Raises:
            CatalogError: The table cannot be read safely.
        """
        name = ".".join(self.quote(part) for part in (table.schema, table.name) if part)
        cursor = connection.cursor()
        cursor.execute(f"SELECT version_num FROM {name}")
        rows = cursor.fetchall()
        cursor.close()
        return tuple(sorted(str(revision) for (revision,) in rows))

    def read_facts(self, url: URL) -> ServerFacts | None:
        """Read the properties of a live database that a shadow must have.

        Returns:
            ``None`` if shadows of this database system have no such properties.

        Raises:
            ConnectionFailedError: The database cannot be reached.
        """
        del url
        return None

    @abstractmethod
    def read_access(self, connection: Any, url: URL) -> Access:
        """Read what a connection can do, and what its user cannot read.

        Args:
            connection: An open DB-API connection to a live database, which only reads.
            url: The live database.
        """

    def uncommitted_connection(self, connection: Connection) -> Any | None:
        """Return a DB-API connection that sees the uncommitted changes of a SQLAlchemy connection.

        Returns:
            ``None`` if there are no uncommitted changes.
        """
        del connection
        return None

    # Running statements in shadow databases

    @abstractmethod
    def statement_error(self, error: BaseException) -> StatementError:
        """Return why the database has refused a statement.

        Args:
            error: The error of any of its drivers.
        """

    def databases_written(self, statement: str) -> Sequence[str]:
        """Return the databases that a statement names and in which it writes.

        They are empty where the statements of a connection reach one database only.
        """
        del statement
        return ()

    def run_script(self, connection: Any, script: str) -> None:
        """Run a script of SQL statements on a DB-API connection."""
        connection.cursor().execute(script)

    def for_client(self, statement: str) -> str:
        """Return a statement as the client program of the database system takes it.

        Args:
            statement: SQL without a closing semicolon.
        """
        return f"{statement};"

    def gentle(
        self,
        plan: Plan,
        actual: Snapshot,
        wanted: Snapshot,
        estimates: Mapping[Address, int | None],
    ) -> Plan:
        """Return a plan to the same schema that blocks other sessions for a shorter time.

        Args:
            plan: The plan.
            actual: The schema before the plan.
            wanted: The schema after it, with the dependencies between its objects.
            estimates: The number of rows of each table; ``None`` if it is not known.
        """
        del actual, wanted, estimates
        return plan

    def in_batches(self, statements: Iterable[str]) -> Iterator[Sequence[str]]:
        """Yield statements in their order, in groups that can be run in one call."""
        return ([statement] for statement in statements)

    def run_batch(self, connection: Any, batch: Sequence[str]) -> None:
        """Run statements in a transaction; if one fails, none of them has an effect.

        Args:
            connection: A DB-API connection of driftcheck's own.
            batch: A batch of ``in_batches``, or a part of one.
        """
        for statement in batch:
            connection.cursor().execute(statement)

    def without_code(self, statement: str) -> str | None:
        """Change an untrusted statement so that it runs no code of others.

        Returns:
            ``None`` if the statement must not be run.
        """
        return statement

    # Statements of migrations

    def conditional(self, statement: str, obj: SchemaObject) -> ConditionalStatement:
        """Return a statement that can run where its change was made already.

        Args:
            statement: The statement, as a plan has it.
            obj: The object that it creates, changes or drops, under the name that it has before.
        """
        del obj
        return ConditionalStatement(with_clauses(statement))

    def existence(self, obj: SchemaObject, *, of_kind: bool = False) -> str:
        """Return an SQL expression: whether an object exists; empty if there is none.

        Args:
            obj: The object.
            of_kind: Whether an object of another kind may have the name.
        """
        del obj, of_kind
        return ""

    # Shadow databases

    @abstractmethod
    def shadow_maker(self, request: ShadowRequest) -> ShadowMaker:
        """Open the first possible way to make shadow databases.

        Raises:
            ConfigurationError: What was requested is not possible.
            ShadowError: No way is possible.
        """

    def start_early(self, place: str) -> None:  # noqa: B027  (most start nothing)
        """Begin to start the server on which shadow databases will probably be made.

        Args:
            place: What ``ShadowMaker.place`` was in an earlier run. Other values are ignored.
        """

    def stop_early(self) -> None:  # noqa: B027  (most start nothing)
        """Stop the server that ``start_early`` has started, if no maker has used it."""

    @property
    def row_store(self) -> OpenStore | None:
        """Opens the store that inserts rows; ``None`` if this database system has none."""
        return None


def server_key_parts(url: URL, default_port: int | None = None) -> KeyParts:
    """Return the parts of the key of a database on a server. All loopback addresses are equal.

    Several hosts, of which the driver takes the first that answers, are one host with their ports.
    """
    hosts = url.host or url.query.get("host") or "localhost"
    places = listed_places(hosts, url.port or url.query.get("port"))
    named = [(_named(host), port or default_port) for host, port in places]
    database = url.database or ""
    if len(named) == 1:
        return KeyParts(*named[0], database)
    return KeyParts(",".join(f"{host}:{port or ''}" for host, port in named), None, database)


def _named(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "::1") else host.lower()
