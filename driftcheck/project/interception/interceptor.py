"""Installs and removes all hooks that keep user code from live databases."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.errors import RedirectError
from driftcheck.project.interception import audit
from driftcheck.project.interception.children import Children
from driftcheck.project.interception.databases import Databases
from driftcheck.project.interception.drivers import Drivers
from driftcheck.project.interception.environment import Environment
from driftcheck.project.interception.files import Files
from driftcheck.project.interception.refusals import Refusals
from driftcheck.project.interception.sockets import Sockets


class Interceptor:
    """Refuses access to databases that are not shadows, from ``install`` to ``remove``.

    Args:
        root: The project's directory.
        known: Databases that must not be reached, in addition to those that become known later.
        record: Called with each refusal. Returns whether the caller will report it.

    Attributes:
        databases: The databases that must not be reached, and the shadows.
        refusals: Raises and records the errors.
    """

    def __init__(
        self, root: Path, known: Iterable[URL], record: Callable[[RedirectError], bool]
    ) -> None:
        self.databases = Databases(known)
        self.refusals = Refusals(root, record)
        self._environment = Environment()
        self._on = ExitStack()

    def install(self) -> None:
        """Install all hooks."""
        drivers = Drivers(self.databases, self.refusals, self._environment)
        children = Children(self.databases, self.refusals, self._environment)
        files = Files(self.databases, self.refusals)
        sockets = Sockets(self.databases, self.refusals)
        self._on.enter_context(self.refusals.kept_from_children())
        self._on.callback(audit.switch_off)
        self._on.callback(self._environment.restore)
        for part in (drivers, children, files):
            part.wrap(self._on)
        self.renew()
        handlers = [part.handlers() for part in (drivers, children, files, sockets)]
        audit.switch_on({event: handle for part in handlers for event, handle in part.items()})

    def renew(self) -> None:
        """Remove live databases from the environment again: user code may have set variables."""
        self.databases.read_environment()
        self._environment.hide_databases()

    def remove(self) -> None:
        """Remove all hooks."""
        self._on.close()

    def stay_on(self) -> None:
        """Refuse every database, shadows included, until the process ends.

        If an ``atexit`` handler or a finalizer is refused, the interpreter would print a traceback.
        This is suppressed: ``refusals`` keeps the error, and it is reported once.
        """
        self.databases.forget_shadows()
        hooks = (sys, "unraisablehook"), (threading, "excepthook"), (sys, "excepthook")
        for module, name in hooks:
            original = getattr(module, name)
            setattr(module, name, partial(_report_unless_refused, original))
            self._on.callback(setattr, module, name, original)


def _report_unless_refused(report: Callable[..., None], *arguments: Any) -> None:
    """Call the interpreter's hook for an uncaught exception, unless the exception is a refusal."""
    first, *rest = arguments
    error = rest[0] if rest else first.exc_value
    if not isinstance(error, RedirectError):
        report(*arguments)
