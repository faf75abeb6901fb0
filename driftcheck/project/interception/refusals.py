"""Creates the errors that are raised in user code, and keeps them: user code may catch them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

from driftcheck.errors import RedirectError
from driftcheck.project.interception.frames import line_of_project

_HINT = (
    "driftcheck redirects only the connections of SQLAlchemy to shadow databases; a connection of "
    "a driver or of another program would reach the database itself. Connect with an engine that "
    "SQLAlchemy creates from a URL, or use op.get_bind() in a migration (op.get_bind().connection "
    "is the driver's connection). Otherwise, skip this code when migrations are run."
)


class Refusals:
    """Raises and keeps the errors of refused actions.

    Args:
        root: The project's directory. The message names the line of its code.
        record: Called with each refusal in this process, before it is raised. Returns whether the
            caller will report it; if not, the refusal is kept for ``take``.
    """

    def __init__(self, root: Path, record: Callable[[RedirectError], bool]) -> None:
        self._root = root
        self._record = record
        self._pid = os.getpid()
        self._unreported: list[RedirectError] = []
        self._from_children: IO[bytes] | None = None

    @contextmanager
    def kept_from_children(self) -> Iterator[None]:
        """Collect the refusals of forked child processes in a file.

        The hooks are active there too, and the children share no objects with this process.
        """
        with tempfile.TemporaryFile("a+b", buffering=0) as file:
            self._from_children = file
            try:
                yield
            finally:
                self._from_children = None

    def refuse(self, action: str, *, hint: str = _HINT, details: str = "") -> NoReturn:
        """Refuse an action of the project's code.

        Args:
            action: The action, as the end of "the project would ...".
            hint: What to do instead.
            details: Further information.

        Raises:
            RedirectError: Always. The message names the line of the project's code.
        """
        raise self.refusal(action, hint=hint, details=details)

    def refusal(self, action: str, *, hint: str = _HINT, details: str = "") -> RedirectError:
        """Return the error of a refused action. The error is recorded, but not raised."""
        line = line_of_project(self._root)
        where = f" ({line})" if line else ""
        message = f"the project would {action}{where}; driftcheck refused it, and nothing was sent"
        error = RedirectError(message, hint=hint, details=details)
        if os.getpid() != self._pid:
            if self._from_children is not None:
                with suppress(OSError):
                    self._from_children.write(f"{message}\n".encode())
        elif not self._record(error):
            self._unreported.append(error)
        return error

    def take(self) -> list[RedirectError]:
        """Return the refusals that were not reported, and forget them."""
        unreported, self._unreported = self._unreported, []
        return unreported + self.take_from_children()

    def take_from_children(self) -> list[RedirectError]:
        """Return the refusals in forked child processes, and forget them.

        They are lost if the project's code has closed all file descriptors.
        """
        file = self._from_children
        if file is None or os.getpid() != self._pid:
            return []
        try:
            file.seek(0)
            lines = file.read().decode(errors="replace").splitlines()
            file.truncate(0)
        except OSError:
            return []
        return [RedirectError(f"{line} (in a child process)", hint=_HINT) for line in lines]
