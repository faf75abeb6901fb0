"""Puts on and takes off all that stands between user code and a live database."""

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
    """Refuses whatever leads to a database that is no shadow, from ``put_on`` to ``take_off``.

    Args:
        root: The project's directory.
        known: Databases that must not be reached, besides those that become known later.
        tell: Told of each refusal; answers whether it will be raised at somebody.

    Attributes:
        databases: What must not be reached, and what may be.
    """

    def __init__(
        self, root: Path, known: Iterable[URL], tell: Callable[[RedirectError], bool]
    ) -> None:
        self.databases = Databases(known)
        self.refusals = Refusals(root, tell)
        self._environment = Environment()
        self._on = ExitStack()

    def put_on(self) -> None:
        """Begin to refuse."""
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
        audit.switch_on({event: handle for some in handlers for event, handle in some.items()})

    def renew(self) -> None:
        """See that the environment leads nowhere: code may have set variables since."""
        self.databases.look_at_environment()
        self._environment.lead_nowhere()

    def take_off(self) -> None:
        """Let everything be as it was before."""
        self._on.close()

    def stay_on(self) -> None:
        """Refuse every database, shadows as well, to the end of the process.

        Where an ``atexit`` handler or a finalizer is refused, the interpreter would write a
        traceback; ``refusals`` keeps the error, and it is told once.
        """
        self.databases.forget_shadows()
        hooks = (sys, "unraisablehook"), (threading, "excepthook"), (sys, "excepthook")
        for module, name in hooks:
            original = getattr(module, name)
            setattr(module, name, partial(_report_others, original))
            self._on.callback(setattr, module, name, original)


def _report_others(report: Callable[..., None], *arguments: Any) -> None:
    """Report an exception that nobody caught, as the interpreter hands it over: not a refusal."""
    first, *rest = arguments
    error = rest[0] if rest else first.exc_value
    if not isinstance(error, RedirectError):
        report(*arguments)
