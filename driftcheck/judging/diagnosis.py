"""What ``driftcheck doctor`` has found: one check for each thing that driftcheck needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from driftcheck.errors import DriftcheckError, ExitCode


class Status(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One check of ``driftcheck doctor``.

    Attributes:
        name: What was checked: ``server``.
        status: The result.
        message: What was found, without a full stop.
        facts: Further facts, each a sentence or a clause.
        remedy: What to do about it; empty if nothing has to be done.
        details: The unmodified message of the database or of the project's code.
        database: The database that was checked; empty if the check is not of a database.
    """

    name: str
    status: Status
    message: str
    facts: tuple[str, ...] = ()
    remedy: str = ""
    details: str = ""
    database: str = ""


def failed(name: str, error: DriftcheckError, *, database: str = "", remedy: str = "") -> Check:
    """Return the check that an error has failed.

    Args:
        name: What was checked.
        error: The error.
        database: The database that was checked.
        remedy: What to do about it, if it is known better than by the error.
    """
    hint = remedy or error.hint
    return Check(
        name, Status.FAILED, error.message, remedy=hint, details=error.details, database=database
    )


def exit_code_of(checks: Iterable[Check]) -> ExitCode:
    """Return 1 if a check has failed, else 0. Warnings fail nothing."""
    has_failed = any(check.status is Status.FAILED for check in checks)
    return ExitCode.FOUND if has_failed else ExitCode.CLEAN
