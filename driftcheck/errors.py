"""The errors that a user can mend, each with what to do next and the exit code it ends with.

DriftcheckError
├── UsageError             2  wrong use or configuration
│   ├── ConfigurationError     a file or option says something that cannot be
│   └── ProjectNotFoundError   no Flask app, no Alembic configuration
└── CannotCheckError       3  right use, but the check cannot be made
    ├── ProjectError           the project's own code failed
    ├── ConnectionFailedError  a database cannot be reached
    │   └── NotAnsweredError   it did not answer in time
    ├── ShadowError            no shadow database can be made
    ├── RedirectError          user code would have reached a database that is not a shadow
    ├── ReplayError            the history does not build
    ├── CatalogError           a database cannot be read
    └── OutputError            the report cannot be written
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code means, the same for every command."""

    CLEAN = 0
    FOUND = 1
    USAGE = 2
    CANNOT_CHECK = 3


class DriftcheckError(Exception):
    """An error that a user can mend.

    Args:
        message: What happened, and to what. No password, ever.
        hint: What to do next.
        details: What the database or the project's code said, as it said it; may be long.
    """

    exit_code = ExitCode.CANNOT_CHECK

    def __init__(self, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class UsageError(DriftcheckError):
    """Wrong use or configuration."""

    exit_code = ExitCode.USAGE


class ConfigurationError(UsageError):
    """A configuration file or an option says something that cannot be."""


class ProjectNotFoundError(UsageError):
    """There is no Flask app and no Alembic configuration where one was looked for."""


class CannotCheckError(DriftcheckError):
    """Right use, but the check cannot be made."""


class ProjectError(CannotCheckError):
    """The project's own code failed; the details say where."""


class ConnectionFailedError(CannotCheckError):
    """A database cannot be reached."""


class NotAnsweredError(ConnectionFailedError):
    """A database did not answer in time."""


class ShadowError(CannotCheckError):
    """No shadow database can be made."""


class RedirectError(CannotCheckError):
    """User code would have reached a database that is not a shadow; nothing was run there."""


class ReplayError(CannotCheckError):
    """The history does not build."""


class CatalogError(CannotCheckError):
    """A database cannot be read."""


class OutputError(CannotCheckError):
    """The report cannot be written."""


class Interrupted(KeyboardInterrupt):
    """A signal has asked driftcheck to end.

    A ``KeyboardInterrupt`` that the project's code raises by itself is an error of that code.
    """
