"""The databases that user code must not reach, and the shadows that it may reach."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from sqlalchemy.engine import URL

from driftcheck.databases.endpoints import Endpoint, Tcp, Unix
from driftcheck.databases.location import DatabaseKey, database_key_of, endpoints_of
from driftcheck.databases.postgresql.libpq import PLACE_VARIABLES
from driftcheck.databases.postgresql.urls import url_of_environment
from driftcheck.databases.registry import find_database
from driftcheck.databases.sqlite.files import MEMORY, opened_file, url_of_file
from driftcheck.project.interception.endpoints import are_same, is_same_file
from driftcheck.project.interception.urls import database_urls

_FILE_SUFFIXES = ("", "-wal", "-journal", "-shm")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104  (compared, never bound)


class Databases:
    """The databases that the project names, and the shadows that replace them.

    A database is known when the project has tried to connect to it, or when an environment variable
    contains its URL.

    Args:
        known: Databases that are known from the start.
    """

    def __init__(self, known: Iterable[URL] = ()) -> None:
        self._requested: dict[DatabaseKey, URL] = {}
        self._shadows: dict[DatabaseKey, tuple[URL, bool]] = {}
        self._in_environment: tuple[frozenset[str], tuple[URL, ...]] = (frozenset(), ())
        for url in known:
            self.add(url)

    def add(self, url: URL) -> None:
        """Refuse connections to a database from now on."""
        database_key = database_key_of(url)
        if database_key not in self._shadows:
            self._requested[database_key] = url

    def add_shadow(self, url: URL, *, is_shared: bool) -> None:
        """Allow connections to a shadow.

        Args:
            url: The URL of the shadow.
            is_shared: Whether its server also has databases of other programs.
        """
        self._shadows[database_key_of(url)] = url, is_shared
        self._requested.pop(database_key_of(url), None)

    def forget_shadows(self) -> None:
        """Refuse connections to all databases, shadows included."""
        self._shadows.clear()

    @property
    def refused(self) -> tuple[URL, ...]:
        """Every database that must not be reached, shared servers of shadows included."""
        shared = [url for url, is_shared in self._shadows.copy().values() if is_shared]
        self.read_environment()
        return (*self._requested.copy().values(), *self._in_environment[1], *shared)

    def at(self, endpoint: Endpoint) -> URL | None:
        """Return a database that must not be reached on the server at an address, if any."""
        for url in self.refused:
            if any(are_same(endpoint, known) for known in _all_endpoints(url)):
                return url
        return None

    def is_private_server(self, endpoint: Endpoint) -> bool:
        """Return whether the server at an address has only shadows."""
        return any(
            are_same(endpoint, known)
            for url, is_shared in self._shadows.copy().values()
            if not is_shared
            for known in endpoints_of(url)
        )

    def is_shadow(self, url: URL) -> bool:
        """Return whether a URL leads to a shadow, or to any database of a private server."""
        endpoints = endpoints_of(url)
        database = url.database or url.username
        if not endpoints or database_key_of(url) in self._requested:
            return False
        return any(
            (not is_shared or database == shadow.database)
            and all(
                any(are_same(endpoint, known) for known in endpoints_of(shadow))
                for endpoint in endpoints
            )
            for shadow, is_shared in self._shadows.copy().values()
        )

    def file_at(self, path: Any, directory: int = -1) -> str:
        """Return the SQLite database that must not be reached and that a path leads to.

        Args:
            path: A path, or a file descriptor.
            directory: The descriptor of the directory that a relative path starts from, if any.

        Returns:
            The path of the database; empty if the path does not lead to such a database.
        """
        files = self.files
        if not files:
            return ""
        path = _path(path, directory)
        real = os.path.realpath(path)
        for file in files:
            if any(real == file + suffix for suffix in _FILE_SUFFIXES) or is_same_file(real, file):
                return file
        return ""

    def file_below(self, path: Any, directory: int = -1) -> str:
        """Return the same as ``file_at``, or a database in the directory that a path leads to."""
        found = self.file_at(path, directory)
        if found or not self.files:
            return found
        above = os.path.realpath(_path(path, directory)) + os.sep
        return next((file for file in self.files if os.path.realpath(file).startswith(above)), "")

    @property
    def files(self) -> list[str]:
        """The files of SQLite databases that must not be reached.

        This property is read whenever a file is opened for writing. To be fast, it does not read
        the environment again.
        """
        keys = (*self._requested.copy(), *map(database_key_of, self._in_environment[1]))
        return [key.database for key in keys if _is_file(key)]

    def named_in(self, text: str, directory: str) -> URL | None:
        """Return a database that must not be reached and that a command line names, if any.

        Args:
            text: The command line.
            directory: The directory that relative paths start from.
        """
        text = f"{text} {unquote(text)}"
        for url in self.refused:
            if any(_names(text, endpoint, url) for endpoint in endpoints_of(url)):
                return url
        words = [word.rpartition("=")[2] for word in re.split(r"[\s'\";|&()]+", text) if word]
        for word in words:
            path = opened_file(word.partition(":///")[2] or word)
            if path and self.file_at(os.path.join(directory, path)):  # noqa: PTH118
                return url_of_file(path)
        return None

    def shadow_named_in(self, text: str) -> bool:
        """Return whether a command line names a shadow: its socket directory, name or file."""
        text = f"{text} {unquote(text)}"
        for url, is_shared in self._shadows.copy().values():
            where = url.query.get("host") or url.host or ""
            names = (url.database,) if is_shared or not where else (url.database, str(where))
            if any(name and name in text for name in names):
                return True
        return False

    def read_environment(self) -> None:
        """Read the databases that environment variables name now."""
        texts = frozenset(
            text for text in list(os.environ.values()) if "://" in text or "=" in text
        )
        values = frozenset(os.environ.get(name, "") for name in PLACE_VARIABLES.values())
        if texts | values != self._in_environment[0]:
            urls = database_urls(texts)
            if values != {""}:
                urls.append(url_of_environment())
            urls = [url for url in urls if database_key_of(url) not in self._shadows]
            self._in_environment = texts | values, tuple(urls)


def _is_file(database_key: DatabaseKey) -> bool:
    """Return whether a database is in a file. A database in memory is in none."""
    database = find_database(database_key.dialect)
    return database is not None and database.is_file and database_key.database != MEMORY


def _all_endpoints(url: URL) -> Iterator[Endpoint]:
    """Yield the addresses of a server. A server with a Unix socket usually has a TCP port too."""
    for endpoint in endpoints_of(url):
        yield endpoint
        port = endpoint.path.rpartition(".")[2] if isinstance(endpoint, Unix) else ""
        if port.isdigit():
            yield Tcp("localhost", int(port))


def _names(text: str, endpoint: Endpoint, url: URL) -> bool:
    """Return whether a command line names a server.

    For a server on this machine, the host name alone is not enough: the port or the database must
    be named too.
    """
    if isinstance(endpoint, Unix):
        return os.path.dirname(endpoint.path) in text and _has_word(text, url.database)  # noqa: PTH120
    if endpoint.host not in _THIS_MACHINE:
        return _has_word(text, endpoint.host)
    is_here = any(_has_word(text, host) for host in _THIS_MACHINE)
    return is_here and (_has_word(text, str(endpoint.port)) or _has_word(text, url.database))


def _has_word(text: str, word: str | None) -> bool:
    return bool(word) and bool(
        re.search(rf"(?<![\w.-]){re.escape(str(word))}(?![\w-])", text, re.IGNORECASE)
    )


def _path(path: Any, directory: int) -> str:
    if isinstance(path, int):
        return f"/proc/self/fd/{path}"
    text = os.fsdecode(path)
    return f"/proc/self/fd/{directory}/{text}" if directory >= 0 and text[:1] != "/" else text
