"""Files of SQLite databases: their paths, and connections that cannot open any other file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.own_work import own_work
from driftcheck.errors import CatalogError, ConnectionFailedError

MEMORY = ":memory:"
_UNFINISHED = (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY)
_INNOCUOUS = 0x200000  # SQLITE_INNOCUOUS, which the module sqlite3 does not have
_OTHER_FILES = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)


def url_of_file(path: str) -> URL:
    """Return the URL of the database in a file."""
    return URL.create("sqlite", database=path)


def opened_file(database: Any) -> str:
    """Return the path of the file that ``sqlite3.connect`` opens.

    Args:
        database: The first argument of ``sqlite3.connect``: a path, or a URI that begins with
            ``file:``.

    Returns:
        The path; an empty string for a database in memory.
    """
    try:
        text = os.fsdecode(database)
    except TypeError:
        return ""
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return "" if text == MEMORY else text


def absolute_path(database: Any) -> str:
    """Return the absolute path of the file that ``sqlite3.connect`` opens, or ``:memory:``."""
    path = opened_file(database or "")
    return str(Path(path).resolve()) if path else MEMORY


def open_read_only(url: URL) -> sqlite3.Connection:
    """Open a live database for reading only, in one transaction.

    Raises:
        ConnectionFailedError: There is no such file.
        CatalogError: A process that was killed has left a transaction that was not ended.
    """
    path = Path(url.database or "")
    if not path.is_file():
        raise ConnectionFailedError(
            f"there is no SQLite database at {url.database or MEMORY}",
            hint="Create it with your upgrade command, or name another with --database-url.",
        )
    with own_work():
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    distrust_schema(connection)
    if _has_unfinished_transaction(connection):
        connection.close()
        raise CatalogError(
            f"{path} has the journal of a transaction that was not ended, so it cannot be read",
            hint="The process that wrote to it was killed. The next program that opens it for "
            "writing undoes the transaction: start your app, or run driftcheck repair --apply.",
        )
    connection.execute("BEGIN")
    return connection


def undo_unfinished(url: URL) -> None:
    """Have SQLite undo a transaction that was not ended, as every program does that may write.

    https://www.sqlite.org/lockingv3.html#hot_journals
    """
    path = Path(url.database or "")
    if not path.is_file():
        return
    for mode in ("ro", "rw"):
        with own_work():
            connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True)
        with closing(connection):
            if not _has_unfinished_transaction(connection):
                return


def _has_unfinished_transaction(connection: sqlite3.Connection) -> bool:
    """Whether a transaction has to be undone before the file can be read.

    Other errors, such as a lock of another program, are left to the reading that follows.
    """
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", None) in _UNFINISHED
    return False


def distrust_schema(connection: Any) -> None:
    """Allow the schema of a database to call only the functions that SQLite marks as innocuous.

    SQLite 3.38 to 3.40 does not mark its JSON functions, so it refuses to read a schema with an
    index that calls one of them. With these versions, the schema may call every function of SQLite,
    except those that SQLite allows in no schema, such as ``load_extension``. The connections of
    driftcheck have no other functions.
    Source: https://www.sqlite.org/pragma.html#pragma_trusted_schema
    """
    functions = connection.execute("PRAGMA function_list").fetchall()
    if all(flags & _INNOCUOUS for name, *_, flags in functions if name == "json"):
        connection.execute("PRAGMA trusted_schema = OFF")


def connect_untrusted(url: URL) -> Any:
    """Open a connection from which SQL that is not trusted cannot open another file."""
    connection = connect(url)
    distrust_schema(connection)
    connection.set_authorizer(deny_other_files)
    return connection


def deny_other_files(action: int, *_: Any) -> int:
    """Deny ATTACH and DETACH; called by SQLite for each action of a statement."""
    return sqlite3.SQLITE_DENY if action in _OTHER_FILES else sqlite3.SQLITE_OK
