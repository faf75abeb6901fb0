"""driftcheck compares SQLAlchemy models, Alembic migrations and the live database.

``driftcheck.check``, ``driftcheck.gate`` and ``driftcheck.diff`` are what the commands of the same
purpose do; see ``driftcheck.api`` and docs/library.md. The names are imported when they are first
used, because the guard imports this package in every run of Alembic.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # the name that type checkers know, without the import of typing
if TYPE_CHECKING:
    from driftcheck.api import check, diff, gate, render
    from driftcheck.chain import Gap, Side
    from driftcheck.errors import (
        CannotCheckError,
        CatalogError,
        ConfigurationError,
        ConnectionFailedError,
        DriftcheckError,
        ExitCode,
        NotAnsweredError,
        ProjectError,
        ProjectNotFoundError,
        RedirectError,
        ReplayError,
        SeveralDatabasesError,
        ShadowError,
        UsageError,
    )
    from driftcheck.judging.findings import Finding, Remedy, Severity, Verdict
    from driftcheck.judging.report import Check, DatabaseReport, Report

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
_MODULES = ("errors", "chain", "judging.findings", "judging.report", "api")
"""The modules of these names, those first that import little."""


def __getattr__(name: str) -> object:
    """Import a name of the library when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    modules = (vars(import_module(f"driftcheck.{module}")) for module in _MODULES)
    value = globals()[name] = next(names[name] for names in modules if name in names)
    return value


def __dir__() -> list[str]:
    """Return the names of the package, also those that were not used yet."""
    return sorted({*globals(), *__all__})
