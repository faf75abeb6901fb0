"""Refuses connections of drivers written in C, for which the interpreter has no audit events."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial, wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.location import database_key_of, shown
from driftcheck.databases.own_work import is_own_work, redirection
from driftcheck.databases.postgresql.urls import url_of_arguments
from driftcheck.project.interception import audit
from driftcheck.project.interception.audit import Handler
from driftcheck.project.interception.classes import Check, wrap_connections
from driftcheck.project.interception.databases import Databases
from driftcheck.project.interception.environment import Environment
from driftcheck.project.interception.frames import driver_on_stack
from driftcheck.project.interception.refusals import Refusals

_LIBPQ = {
    "psycopg2": ("_connect",),
    "psycopg2._psycopg": ("_connect",),
    "psycopg.generators": ("connect",),
}
# Their connections are allowed if SQLAlchemy opens them, redirected to a shadow.
_OTHERS = {
    "MySQLdb": ("connect", "Connect", "Connection"),
    "mariadb": ("connect",),
    "mysql.connector": ("connect", "Connect"),
    "psycopg2cffi": ("connect",),
    "pyodbc": ("connect",),
}
_LIBRARIES = ("libpq", "libmysqlclient", "libmariadb", "libsqlite3", "libodbc")
_FUNCTIONS = ("PQ", "mysql_", "sqlite3_", "SQLConnect", "SQLDriverConnect")


class Drivers:
    """Wraps the functions by which drivers connect. Drivers may be imported later.

    Args:
        databases: The databases that must not be reached.
        refusals: Raises the error.
        environment: The environment of the C library, which libpq reads.
    """

    def __init__(self, databases: Databases, refusals: Refusals, environment: Environment) -> None:
        self._databases = databases
        self._refusals = refusals
        self._environment = environment

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of audit events: ``ctypes`` can load a client library."""
        return {
            "ctypes.dlopen": lambda name: self._check_library(str(name or ""), _LIBRARIES),
            "ctypes.dlsym": lambda _library, name: self._check_library(str(name), _FUNCTIONS),
        }

    def wrap(self, stack: ExitStack) -> None:
        """Wrap the functions until the stack ends."""
        checks: dict[str, Callable[[ModuleType], None]] = {}
        for functions, check in ((_LIBPQ, self._check_libpq), (_OTHERS, self._check_other)):
            for module, names in functions.items():
                checks[module] = partial(_wrap_functions, stack, names, _if_active(check))
        checks["psycopg2.extensions"] = partial(
            wrap_connections, stack, _if_active(self._check_libpq)
        )
        finder = _Finder(checks)
        sys.meta_path.insert(0, finder)
        stack.callback(sys.meta_path.remove, finder)
        for module, wrap in checks.items():
            if module in sys.modules:
                wrap(sys.modules[module])

    def _check_libpq(
        self, driver: str, dsn: str = "", *arguments: Any, **keywords: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Refuse a connection by libpq that does not lead to a shadow."""
        unchanged = (dsn, *arguments), keywords
        if is_own_work():
            return unchanged
        self._environment.hide_databases()
        url = url_of_arguments((dsn,), {})
        shadow = redirection()
        if shadow is not None and _is_shadow(url, shadow):
            return unchanged
        if not self._databases.is_shadow(url):
            self._refusals.refuse(
                f"connect with {driver} to {shown(url)} without SQLAlchemy; "
                "this does not lead to a shadow database"
            )
        return (_explicit(dsn), *arguments), keywords

    def _check_other(
        self, driver: str, *arguments: Any, **keywords: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if not is_own_work() and redirection() is None:
            self._refusals.refuse(
                f"connect with {driver} without SQLAlchemy; this does not lead to a shadow database"
            )
        return arguments, keywords

    def _check_library(self, name: str, refused: Sequence[str]) -> None:
        found = name.rpartition("/")[2].startswith(tuple(refused))
        if found and not is_own_work() and not driver_on_stack():
            self._refusals.refuse(f"use {name} of a database client library through ctypes")


def _is_shadow(url: URL, shadow: URL) -> bool:
    is_same = database_key_of(url) == database_key_of(shadow)
    return is_same and url.query.get("hostaddr") in (None, "")


def _explicit(dsn: str) -> str:
    """Return connection parameters that override libpq's environment and allow writing."""
    from psycopg2.extensions import make_dsn, parse_dsn  # noqa: PLC0415  (not for other databases)

    parameters = parse_dsn(dsn)
    more = {key: "" for key in ("hostaddr", "options") if not parameters.get(key)}
    return str(make_dsn(dsn, **more))


def _wrap_functions(
    stack: ExitStack, names: Sequence[str], check: Check, module: ModuleType
) -> None:
    driver = module.__name__.partition(".")[0]
    for name in names:
        real = getattr(module, name, None)
        if real is not None:
            setattr(module, name, _guarded(real, partial(check, driver)))
            stack.callback(setattr, module, name, real)


def _if_active(check: Check) -> Check:
    """Return a check that does nothing once the hooks are removed.

    User code may keep a wrapped function longer than the hooks are installed.
    """

    def checked(
        driver: str, *arguments: Any, **keywords: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return check(driver, *arguments, **keywords) if audit.is_on() else (arguments, keywords)

    return checked


def _guarded(real: Callable[..., Any], check: Check) -> Callable[..., Any]:
    @wraps(real)
    def connect(*arguments: Any, **keywords: Any) -> Any:
        arguments, keywords = check(*arguments, **keywords)
        return real(*arguments, **keywords)

    return connect


class _Finder(MetaPathFinder):
    """Runs a task for a module as soon as it is loaded.

    Args:
        tasks: The tasks, by the name of the module.
    """

    def __init__(self, tasks: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._tasks = tasks

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module spec of the other finders, with a loader that also runs the task."""
        task = self._tasks.get(fullname)
        if task is None:
            return None
        followers = sys.meta_path[sys.meta_path.index(self) + 1 :]
        specs = (finder.find_spec(fullname, path, target) for finder in followers)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_run_task(module: ModuleType) -> None:
                load(module)
                task(module)

            spec.loader.exec_module = load_and_run_task  # type: ignore[method-assign]
        return spec
