"""The errors that a user can fix. Each has a hint and an exit code.

DriftcheckError
├── UsageError             2  invalid use or configuration
│   ├── ConfigurationError     a configuration file or an option has an invalid value
│   │   └── SeveralDatabasesError  one URL was given for a project with several databases
│   └── ProjectNotFoundError   no Flask app and no Alembic configuration was found
└── CannotCheckError       3  valid use, but the check cannot be completed
    ├── ProjectError           the project's code failed
    ├── ConnectionFailedError  a database cannot be reached
    │   └── NotAnsweredError   a database did not answer in time
    ├── ShadowError            no shadow database can be created
    ├── RedirectError          user code tried to connect to a database that is not a shadow
    ├── ReplayError            the migration history does not run
    ├── CatalogError           a database cannot be read
    ├── RepairError            a repair of a live database could not be run to its end
    │   ├── LockUnavailableError   another session holds a lock that the repair needs
    │   └── OutcomeUnknownError    the connection was lost, and it is not known what was committed
    └── OutputError            the report cannot be written
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The meaning of the exit codes, the same for every command."""

    CLEAN = 0
    FOUND = 1
    USAGE = 2
    CANNOT_CHECK = 3


class DriftcheckError(Exception):
    """An error that a user can fix.

    Args:
        message: What happened, and to which object. Must not contain a password.
        hint: What to do next.
        details: The unmodified message of the database or of the project's code; may be long.
    """

    exit_code = ExitCode.CANNOT_CHECK

    def __init__(self, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class UsageError(DriftcheckError):
    """Invalid use or configuration."""

    exit_code = ExitCode.USAGE


class ConfigurationError(UsageError):
    """A configuration file or an option has an invalid value."""


class SeveralDatabasesError(ConfigurationError):
    """One URL was given for a project that migrates several databases."""


class ProjectNotFoundError(UsageError):
    """No Flask app and no Alembic configuration was found in the project."""


class CannotCheckError(DriftcheckError):
    """Valid use, but the check cannot be completed."""


class ProjectError(CannotCheckError):
    """The project's code failed; the details name the file and line."""


class ConnectionFailedError(CannotCheckError):
    """A database cannot be reached."""


class NotAnsweredError(ConnectionFailedError):
    """A database did not answer in time."""


class ShadowError(CannotCheckError):
    """No shadow database can be created."""


class RedirectError(CannotCheckError):
    """User code tried to connect to a database that is not a shadow. No statement was run there."""


class ReplayError(CannotCheckError):
    """The migration history does not run."""


class CatalogError(CannotCheckError):
    """A database cannot be read."""


class RepairError(CannotCheckError):
    """A repair of a live database could not be run to its end."""


class LockUnavailableError(RepairError):
    """Another session holds a lock that a repair needs. The repair can be tried again."""


class OutcomeUnknownError(RepairError):
    """The connection was lost at a commit, and the server could not be asked for the result."""


class OutputError(CannotCheckError):
    """The report cannot be written."""


class Interrupted(KeyboardInterrupt):
    """A signal has asked driftcheck to end.

    A ``KeyboardInterrupt`` that the project's code raises by itself is an error of that code.
    """
