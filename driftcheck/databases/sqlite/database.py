"""SQLite, as the protocol of a database describes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import URL, Connection, Dialect

from driftcheck.databases.access import Access
from driftcheck.databases.database import Database, KeyParts, OpenStore
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.databases.shadow.request import ShadowRequest
from driftcheck.databases.sqlite import files
from driftcheck.databases.sqlite.catalog import SQLiteCatalog
from driftcheck.databases.sqlite.catalog.tokens import quote
from driftcheck.databases.sqlite.names_query import NAMES_QUERY
from driftcheck.databases.sqlite.repair_session import SQLiteRepairSession
from driftcheck.databases.sqlite.rows import SQLiteStore
from driftcheck.databases.sqlite.shadow import SQLiteMaker
from driftcheck.databases.sqlite.statement_errors import statement_error
from driftcheck.databases.statement_errors import StatementError

_OLDEST = (3, 26)


class SQLite(Database):
    """SQLite 3.26 and later. driftcheck itself uses the module ``sqlite3``."""

    names_query = NAMES_QUERY
    is_file = True
    dump_command = "the command .dump of sqlite3"

    @property
    def catalog(self) -> SQLiteCatalog:
        """The catalog, which reads the schema."""
        return SQLiteCatalog()

    client_settings = (".bail on",)

    def own_url(self, url: URL) -> URL:
        """Return the URL of the same database with the module ``sqlite3``."""
        return url.set(drivername="sqlite")

    def key_parts(self, url: URL) -> KeyParts:
        """Return the parts of the database key: the absolute path of the file."""
        return KeyParts("", None, files.absolute_path(url.database))

    def url_of_arguments(
        self, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> URL:
        """Return the URL of the file that a driver would open."""
        del dialect
        path = cargs[0] if cargs else cparams.get("database", files.MEMORY)
        return files.url_of_file(files.absolute_path(path))

    def open_read_only(self, url: URL) -> Any:
        """Open a live database for reading only, in one transaction."""
        return files.open_read_only(url)

    def undo_unfinished(self, url: URL) -> None:
        """Undo a transaction that a killed process has left in the file."""
        files.undo_unfinished(url)

    def open_for_repair(self, url: URL, limits: RepairLimits) -> SQLiteRepairSession:
        """Open the only kind of connection that may change a live database."""
        return SQLiteRepairSession(url, limits)

    def connect_untrusted(self, url: URL) -> Any:
        """Open a connection from which untrusted SQL cannot open another file."""
        return files.connect_untrusted(url)

    def quote(self, name: str) -> str:
        """Quote a name for SQL."""
        return quote(name)

    def read_access(self, connection: Any, url: URL) -> Access:
        """Read which SQLite reads the file. It has no users: who can read the file can read it."""
        del connection, url
        is_old = sqlite3.sqlite_version_info < _OLDEST
        oldest = f"SQLite {'.'.join(map(str, _OLDEST))}" if is_old else ""
        return Access(f"SQLite {sqlite3.sqlite_version}", is_local=True, oldest=oldest)

    def uncommitted_connection(self, connection: Connection) -> Any:
        """Return the driver's connection. The file may be locked until the transaction commits."""
        return connection.connection

    def statement_error(self, error: BaseException) -> StatementError:
        """Return why SQLite has refused a statement."""
        return statement_error(error)

    def run_script(self, connection: Any, script: str) -> None:
        """Run a script of SQL statements. ``execute`` would accept only one statement."""
        connection.executescript(script)

    def shadow_maker(self, request: ShadowRequest) -> ShadowMaker:
        """Make shadow databases in temporary files."""
        del request
        return SQLiteMaker("Shadow databases are temporary files.")

    @property
    def row_store(self) -> OpenStore:
        """Opens the store that inserts rows."""
        return SQLiteStore


DATABASE = SQLite()
