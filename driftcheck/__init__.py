"""driftcheck compares SQLAlchemy models, Alembic migrations and the live database.

``driftcheck.check``, ``driftcheck.gate`` and ``driftcheck.diff`` are what the commands of the same
purpose do; see ``driftcheck.api`` and docs/library.md. The names are imported when they are first
used, because the guard imports this package in every run of Alembic.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # the name that type checkers know, without the import of typing
if TYPE_CHECKING:
    from driftcheck.api import (
        CannotCheckError,
        CatalogError,
        Check,
        ConfigurationError,
        ConnectionFailedError,
        DatabaseReport,
        DriftcheckError,
        ExitCode,
        Finding,
        Gap,
        NotAnsweredError,
        ProjectError,
        ProjectNotFoundError,
        RedirectError,
        Remedy,
        ReplayError,
        Report,
        SeveralDatabasesError,
        Severity,
        ShadowError,
        Side,
        UsageError,
        Verdict,
        check,
        diff,
        gate,
        render,
    )

__all__ = [
    "CannotCheckError",
    "CatalogError",
    "Check",
    "ConfigurationError",
    "ConnectionFailedError",
    "DatabaseReport",
    "DriftcheckError",
    "ExitCode",
    "Finding",
    "Gap",
    "NotAnsweredError",
    "ProjectError",
    "ProjectNotFoundError",
    "RedirectError",
    "Remedy",
    "ReplayError",
    "Report",
    "SeveralDatabasesError",
    "Severity",
    "ShadowError",
    "Side",
    "UsageError",
    "Verdict",
    "check",
    "diff",
    "gate",
    "render",
]


def __getattr__(name: str) -> object:
    """Import a name of the library when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    value = globals()[name] = getattr(import_module("driftcheck.api"), name)
    return value


def __dir__() -> list[str]:
    """Return the names of the package, also those that were not used yet."""
    return sorted({*globals(), *__all__})
