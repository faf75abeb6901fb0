"""Refuses child processes that would reach a live database, and gives others a safe environment."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import wraps
from typing import Any

from driftcheck.databases.location import shown
from driftcheck.databases.own_work import is_own_work
from driftcheck.project.interception import audit
from driftcheck.project.interception.audit import Handler
from driftcheck.project.interception.databases import Databases
from driftcheck.project.interception.environment import Environment, of_children, with_shadow
from driftcheck.project.interception.refusals import Refusals
from driftcheck.project.interception.urls import without_database

_CLIENTS = frozenset(
    """
    clusterdb createdb createuser dropdb dropuser ecpg initdb mariadb mariadb-admin mariadb-dump
    mariadb-import mycli mysql mysqladmin mysqldump mysqlimport mysqlpump mysqlsh pg_amcheck
    pg_basebackup pg_bulkload pg_dump pg_dumpall pg_isready pg_receivewal pg_recvlogical pg_repack
    pg_restore pg_rewind pgbench pgcli pgloader psql reindexdb usql vacuumdb vacuumlo
    """.split()
)
_FILE_CLIENTS = frozenset(("litecli", "sqlite", "sqlite3"))
_COMMANDS = re.compile(r"(?:^|[;|&(`\n]|\bexec\s|\benv\s|\bsudo\s)\s*([^\s;|&()`]+)")
_WORDS = re.compile(r"[\s'\"`;|&()<>$=]+")
_VERSION = re.compile(r"(?:-?\d[\d.]*)?(?:\.exe)?\Z", re.IGNORECASE)
_INFORMATIVE_OPTIONS = ("--version", "-V", "--help", "-?")


class Children:
    """Checks the command line of every child process, and the environment where possible.

    Args:
        databases: The databases that must not be reached.
        refusals: Raises the error.
        environment: The environment of the C library, which children inherit.
    """

    def __init__(self, databases: Databases, refusals: Refusals, environment: Environment) -> None:
        self._databases = databases
        self._refusals = refusals
        self._environment = environment

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of audit events."""
        return {
            "subprocess.Popen": lambda program, arguments, directory, _environment: (
                self._check_start(program, arguments, directory)
            ),
            "os.system": lambda command: self._check_start("", command),
            "os.exec": self._check_execution,
            "os.posix_spawn": self._check_execution,
            "os.spawn": lambda _mode, *rest: self._check_execution(*rest),
            "pty.spawn": lambda arguments: self._check_start("", arguments),
        }

    def wrap(self, stack: ExitStack) -> None:
        """Give children started by ``subprocess`` a safe environment until the stack ends."""
        original = subprocess.Popen.__init__
        signature = inspect.signature(original)

        @wraps(original)
        def start(*arguments: Any, **keywords: Any) -> None:
            if audit.is_on() and not is_own_work():
                self._environment.hide_databases()
                bound = signature.bind(*arguments, **keywords)
                given = bound.arguments
                given["env"] = self._environment_of(given["args"], given.get("env"))
                arguments, keywords = bound.args, bound.kwargs
            original(*arguments, **keywords)

        stack.callback(setattr, subprocess.Popen, "__init__", original)
        subprocess.Popen.__init__ = start  # type: ignore[method-assign]

    def _environment_of(self, arguments: Any, given: Mapping[Any, Any] | None) -> dict[str, str]:
        inherited = os.environ if given is None else given
        texts = {os.fsdecode(name): os.fsdecode(value) for name, value in inherited.items()}
        safe = of_children(texts)
        names_shadow = self._databases.shadow_named_in(" ".join(_texts(arguments)))
        return with_shadow(safe) if names_shadow else safe

    def _check_execution(self, path: Any, arguments: Any, environment: Any = None) -> None:
        if is_own_work():
            return
        self._check_start(path, arguments)
        for name, value in (environment or {}).items():
            text = os.fsdecode(value)
            if without_database(text) != text:
                self._refusals.refuse(
                    f"start {os.fsdecode(path)} with a database's URL in the variable "
                    f"{os.fsdecode(name)}",
                    hint="Start the program with the module subprocess: driftcheck then passes an "
                    "environment without database URLs.",
                )

    def _check_start(self, program: Any, arguments: Any, directory: Any = None) -> None:
        """Refuse a program whose command line names a live database, or no shadow at all.

        The second rule applies to database clients only.
        """
        if is_own_work():
            return
        texts = _texts(arguments)
        line = " ".join((*_texts(program), *texts))
        if self._databases.shadow_named_in(line):
            return
        url = self._databases.named_in(line, os.fsdecode(directory or os.curdir))
        if url is not None:
            self._refusals.refuse(f"start a program with {shown(url)} in its arguments")
        name = _client(_WORDS.split(line), _CLIENTS)
        if not name and self._databases.files:
            commands = [word for text in texts for word in _COMMANDS.findall(text)]
            name = _client(commands, _FILE_CLIENTS)
        if name and not set(_INFORMATIVE_OPTIONS) & set(texts):
            self._refusals.refuse(f"start the database client {name} without a shadow database")


def _texts(arguments: Any) -> list[str]:
    if isinstance(arguments, (str, bytes, os.PathLike)):
        return [os.fsdecode(arguments)]
    return [os.fsdecode(argument) for argument in arguments or ()]


def _client(words: Iterable[str], clients: frozenset[str]) -> str:
    """Return the first word of a command line that is the name or path of a client."""
    for name in (os.path.basename(word) for word in words):  # noqa: PTH119
        if {name, _VERSION.sub("", name)} & clients:
            return name
    return ""
