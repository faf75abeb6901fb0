"""Runs a command of driftcheck in a child process, which cannot disturb the calling program.

A check redirects all connections of its process, and loads the project. A program that asks for one
has open connections, threads, perhaps a running event loop, and the project's modules already.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from driftcheck import errors
from driftcheck.errors import CannotCheckError, ConfigurationError, DriftcheckError
from driftcheck.process.masking import masked
from driftcheck.process.streams import are_kept

_PREFIX = "driftcheck: "
_SECONDS_TO_END = 10.0
"""How long the child may need to drop its shadow databases and stop its server."""


class ErrorAnswer(NamedTuple):
    """The answer to a call that raised a ``DriftcheckError``.

    Attributes:
        name: The name of the class in ``driftcheck.errors``.
        message: See ``DriftcheckError``.
        hint: See ``DriftcheckError``.
        details: See ``DriftcheckError``.
    """

    name: str
    message: str
    hint: str
    details: str

    @classmethod
    def of(cls, error: DriftcheckError) -> ErrorAnswer:
        """Return the answer for an error, without passwords."""
        names = (kind.__name__ for kind in type(error).__mro__)
        name = next(name for name in names if hasattr(errors, name))
        return cls(name, *map(masked, (error.message, error.hint, error.details)))

    def error(self) -> DriftcheckError:
        """Return the error again."""
        kind: type[DriftcheckError] = getattr(errors, self.name)
        return kind(self.message, hint=self.hint, details=self.details)


class Child:
    """A child process that answers calls until it is closed, or until this process has ended.

    Args:
        command: The internal command of driftcheck that answers. It gets the number of the
            descriptor of its connection as its last argument.
        root: The directory in which it runs.
        environment: The environment variables of the child; ``None`` for those of this process.

    Raises:
        ConfigurationError: The directory does not exist.
        CannotCheckError: The process cannot be started, or this is such a process itself.
    """

    def __init__(
        self, command: Sequence[str], root: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        if not root.is_dir():
            raise ConfigurationError(
                f"the directory {root} does not exist", hint="Name the directory of the project."
            )
        if are_kept():  # it would be started again and again
            raise CannotCheckError(
                "the code that a check loads has asked for a check itself",
                hint="Call driftcheck from a program that neither env.py nor the app imports.",
            )
        # Imported here because the guard, which uses the rest of this module, does not need it.
        from multiprocessing.connection import Pipe  # noqa: PLC0415

        self._connection, other = Pipe()
        self._is_calling = False
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        try:
            self._process = subprocess.Popen(
                [sys.executable, *program(), *command, str(other.fileno())],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=[other.fileno()],
                start_new_session=True,  # Ctrl-C interrupts this process, which then ends the child
            )
        except OSError as error:
            self._connection.close()
            self._output.close()
            raise CannotCheckError(
                f"driftcheck cannot be started: {error.strerror}", hint="Install driftcheck again."
            ) from None
        finally:
            other.close()

    def call(self, *request: Any) -> Any:
        """Send a request, and return the answer.

        Raises:
            DriftcheckError: The answer is an error, or the process ended without an answer.
            CannotCheckError: An earlier call has not ended. Its answer may still arrive.
        """
        if self._is_calling:
            raise CannotCheckError(
                "an earlier call of driftcheck has not ended, or was interrupted",
                hint="Make one call after the other, and run the program again.",
            )
        self._is_calling = True
        try:
            self._connection.send(request)
            answer = self._connection.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        self._is_calling = False
        if isinstance(answer, ErrorAnswer):
            raise answer.error()
        return answer

    def close(self) -> None:
        """Have the child drop its shadow databases and end, and wait for it.

        A call that was interrupted ends too.
        """
        self._connection.close()
        if self._is_calling:
            self._process.terminate()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()

    def __enter__(self) -> Self:
        """Return the child, which is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the child."""
        self.close()

    def _ended(self) -> CannotCheckError:
        """Return the error for a process that ended without an answer."""
        status = self._process.wait()
        self._output.seek(0)
        return error_of(self._output.read().decode(errors="replace"), status)


def program() -> list[str]:
    """Return the arguments of Python that run driftcheck.

    This is the script, if it is installed: ``python -m driftcheck`` has another path, on which the
    cache of the user's own checks depends.
    """
    script = Path(sysconfig.get_path("scripts"), "driftcheck")
    return [str(script)] if script.is_file() else ["-m", "driftcheck"]


def error_of(errors: str, status: int) -> CannotCheckError:
    """Return the error that a command of driftcheck has written: its message, and its hint.

    Args:
        errors: What it wrote to stderr.
        status: Its exit status.
    """
    lines = [masked(line) for line in errors.splitlines()]
    starts = [number for number, line in enumerate(lines) if line.startswith(_PREFIX)]
    message, *others = lines[starts[-1] :] if starts else [""]
    message = message.removeprefix(_PREFIX)
    hint = "\n".join(line for line in others if not line.startswith("  "))
    return CannotCheckError(message or f"the check ended with exit code {status}", hint=hint)
