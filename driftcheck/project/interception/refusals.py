"""Makes the errors that user code is given, and keeps them: user code may catch them."""

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
    "While driftcheck checks a project, let it connect by engines that SQLAlchemy makes from a "
    "URL, and in a migration by op.get_bind(): these lead to a shadow database. Or leave this out "
    "where the migrations are run."
)


class Refusals:
    """What was refused.

    Args:
        root: The project's directory, for the line of its code that is named.
        tell: Told of each refusal in this process, before it is raised. It answers whether somebody
            will be told; else the refusal is kept for ``take``.
    """

    def __init__(self, root: Path, tell: Callable[[RedirectError], bool]) -> None:
        self._root = root
        self._tell = tell
        self._pid = os.getpid()
        self._untold: list[RedirectError] = []
        self._from_children: IO[bytes] | None = None

    @contextmanager
    def kept_from_children(self) -> Iterator[None]:
        """Have children that are forked write down what they are refused.

        They have the hooks as well, and share no object with this process.
        """
        with tempfile.TemporaryFile("a+b", buffering=0) as file:
            self._from_children = file
            try:
                yield
            finally:
                self._from_children = None

    def refuse(self, what: str, *, hint: str = _HINT, details: str = "") -> NoReturn:
        """Refuse what the project's code has begun.

        Args:
            what: What it would do, as in "the project would ...".
            hint: What to do instead.
            details: What else is known.

        Raises:
            RedirectError: Always; it names the line of the project's code.
        """
        raise self.refusal(what, hint=hint, details=details)

    def refusal(self, what: str, *, hint: str = _HINT, details: str = "") -> RedirectError:
        """The error for what is refused, kept and not raised."""
        line = line_of_project(self._root)
        where = f" ({line})" if line else ""
        message = f"the project would {what}{where}; driftcheck refused it, and nothing was sent"
        error = RedirectError(message, hint=hint, details=details)
        if os.getpid() != self._pid:
            if self._from_children is not None:
                with suppress(OSError):
                    self._from_children.write(f"{message}\n".encode())
        elif not self._tell(error):
            self._untold.append(error)
        return error

    def take(self) -> list[RedirectError]:
        """The refusals that nobody was told of, each once."""
        untold, self._untold = self._untold, []
        return untold + self.take_from_children()

    def take_from_children(self) -> list[RedirectError]:
        """The refusals in the children that this process has forked.

        None are known if the project's code has closed all file descriptors.
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
