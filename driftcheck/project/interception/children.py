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
from driftcheck.project.interception.urls import leading_nowhere

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
_SAYS_ONLY = ("--version", "-V", "--help", "-?")


class Children:
    """Looks at the command line of every child, and at the environment of those it can.

    Args:
        databases: What must not be reached.
        refusals: Raises the error.
        environment: What children are given in place of what they would find.
    """

    def __init__(self, databases: Databases, refusals: Refusals, environment: Environment) -> None:
        self._databases = databases
        self._refusals = refusals
        self._environment = environment

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of audit events."""
        return {
            "subprocess.Popen": lambda program, arguments, directory, _environment: self._starts(
                program, arguments, directory
            ),
            "os.system": lambda command: self._starts("", command),
            "os.exec": self._executes,
            "os.posix_spawn": self._executes,
            "os.spawn": lambda _mode, *rest: self._executes(*rest),
            "pty.spawn": lambda arguments: self._starts("", arguments),
        }

    def wrap(self, stack: ExitStack) -> None:
        """Give the children of ``subprocess`` a safe environment, until the stack ends."""
        original = subprocess.Popen.__init__
        signature = inspect.signature(original)

        @wraps(original)
        def start(*arguments: Any, **keywords: Any) -> None:
            if audit.is_on() and not is_own_work():
                self._environment.lead_nowhere()
                bound = signature.bind(*arguments, **keywords)
                given = bound.arguments
                given["env"] = self._of_child(given["args"], given.get("env"))
                arguments, keywords = bound.args, bound.kwargs
            original(*arguments, **keywords)

        stack.callback(setattr, subprocess.Popen, "__init__", original)
        subprocess.Popen.__init__ = start  # type: ignore[method-assign]

    def _of_child(self, arguments: Any, given: Mapping[Any, Any] | None) -> dict[str, str]:
        said = os.environ if given is None else given
        texts = {os.fsdecode(name): os.fsdecode(value) for name, value in said.items()}
        safe = of_children(texts)
        is_told = self._databases.shadow_named_in(" ".join(_texts(arguments)))
        return with_shadow(safe) if is_told else safe

    def _executes(self, path: Any, arguments: Any, environment: Any = None) -> None:
        if is_own_work():
            return
        self._starts(path, arguments)
        for name, value in (environment or {}).items():
            text = os.fsdecode(value)
            if leading_nowhere(text) != text:
                self._refusals.refuse(
                    f"start {os.fsdecode(path)} with a database's URL in the variable "
                    f"{os.fsdecode(name)}",
                    hint="Start it by the module subprocess, which driftcheck gives an environment "
                    "that leads to no database.",
                )

    def _starts(self, program: Any, arguments: Any, directory: Any = None) -> None:
        """Refuse a client of a database that is told of no shadow, and what names a live one."""
        if is_own_work():
            return
        texts = _texts(arguments)
        line = " ".join((*_texts(program), *texts))
        if self._databases.shadow_named_in(line):
            return
        url = self._databases.named_in(line, os.fsdecode(directory or os.curdir))
        if url is not None:
            self._refusals.refuse(f"start a program that is told of {shown(url)}")
        name = _client(_WORDS.split(line), _CLIENTS)
        if not name and self._databases.files:
            commands = [word for text in texts for word in _COMMANDS.findall(text)]
            name = _client(commands, _FILE_CLIENTS)
        if name and not set(_SAYS_ONLY) & set(texts):
            self._refusals.refuse(f"start {name}, a client of databases, with no shadow database")


def _texts(arguments: Any) -> list[str]:
    if isinstance(arguments, (str, bytes, os.PathLike)):
        return [os.fsdecode(arguments)]
    return [os.fsdecode(one) for one in arguments or ()]


def _client(words: Iterable[str], clients: frozenset[str]) -> str:
    """The first word of a command line that is the name of a client, by whatever path."""
    for name in (os.path.basename(word) for word in words):  # noqa: PTH119
        if {name, _VERSION.sub("", name)} & clients:
            return name
    return ""
