"""Refuses to open, attach, change or remove the file of a live SQLite database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from functools import wraps
from typing import Any

from driftcheck.databases.own_work import is_own_work
from driftcheck.databases.sqlite.files import opened_file
from driftcheck.project.interception import audit
from driftcheck.project.interception.audit import Handler
from driftcheck.project.interception.databases import Databases
from driftcheck.project.interception.refusals import Refusals

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_within_connect: ContextVar[bool] = ContextVar("driftcheck.within_connect", default=False)


class Files:
    """Checks every SQLite connection, and every file that is opened for writing.

    Args:
        databases: The databases that must not be reached.
        refusals: Raises the error.
    """

    def __init__(self, databases: Databases, refusals: Refusals) -> None:
        self._databases = databases
        self._refusals = refusals

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of audit events."""
        return {
            "sqlite3.connect": self._check_connection,
            "open": self._check_open,
            "os.truncate": lambda path, _length: self._check_change(path),
            "os.remove": self._check_change,
            "os.rename": self._check_rename,
            "os.chmod": lambda path, _mode, directory=-1: self._check_change(path, directory),
            "os.chown": lambda path, _uid, _gid, directory=-1: self._check_change(path, directory),
            "shutil.rmtree": lambda path, directory=None: self._check_removal(path, directory),
        }

    def wrap(self, stack: ExitStack) -> None:
        """Set an authorizer on every connection of ``sqlite3.connect()`` until the stack ends.

        An audit handler cannot set one: at the event, the connection is not usable yet.
        """
        connect = self._authorized(sqlite3.connect)
        for module in (sqlite3, sqlite3.dbapi2):
            stack.callback(setattr, module, "connect", sqlite3.connect)
            setattr(module, "connect", connect)  # noqa: B010  (mypy takes it for a function)

    def _authorized(self, connect: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(connect)
        def connect_authorized(*arguments: Any, **keywords: Any) -> Any:
            before = _within_connect.get()
            _within_connect.set(True)
            try:
                connection = connect(*arguments, **keywords)
            finally:
                _within_connect.set(before)
            if audit.is_on() and not is_own_work():
                connection.set_authorizer(self._authorize)
            return connection

        return connect_authorized

    def _authorize(self, action: int, file: str | None, *_: str | None) -> int:
        """Deny ATTACH of a live database, and of a database whose name SQLite does not pass.

        SQLite passes the name only if it is a string literal in the statement.
        """
        if action != sqlite3.SQLITE_ATTACH or file in ("", ":memory:") or not audit.is_on():
            return sqlite3.SQLITE_OK
        if file is not None and not self._databases.file_at(opened_file(file)):
            return sqlite3.SQLITE_OK
        self._refusals.refusal(
            f"attach the live SQLite database {opened_file(file)}"
            if file
            else "attach a SQLite database whose name is not written in the statement"
        )
        return sqlite3.SQLITE_DENY

    def _check_connection(self, database: Any) -> None:
        if is_own_work():
            return
        self._databases.read_environment()
        file = self._databases.file_at(opened_file(database))
        if file:
            self._refusals.refuse(
                f"open the live SQLite database {file} without SQLAlchemy; "
                "this does not lead to a shadow database"
            )
        if self._databases.files and not _within_connect.get():
            self._refusals.refuse(
                "open a SQLite database with sqlite3.Connection() instead of sqlite3.connect()"
            )

    def _check_open(self, path: Any, _mode: str | None, flags: int) -> None:
        if flags & _WRITES and not isinstance(path, int):
            self._check_change(path)

    def _check_change(self, path: Any, directory: int = -1) -> None:
        if not is_own_work() and (file := self._databases.file_at(path, directory)):
            self._refuse_change(file)

    def _check_rename(self, source: Any, target: Any, source_in: int, target_in: int) -> None:
        if is_own_work():
            return
        file = self._databases.file_below(source, source_in)
        if file := file or self._databases.file_at(target, target_in):
            self._refuse_change(file)

    def _check_removal(self, path: Any, directory: int | None) -> None:
        if is_own_work():
            return
        if file := self._databases.file_below(path, -1 if directory is None else directory):
            self._refuse_change(file)

    def _refuse_change(self, file: str) -> None:
        self._refusals.refuse(f"change the file of the live SQLite database {file}")
