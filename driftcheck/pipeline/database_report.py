"""Makes the report of one database. Imports neither SQLAlchemy nor Alembic, for quick checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from driftcheck.chain import Gap
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import Coverage, DatabaseReport, HistoryRevision


@dataclass(frozen=True)
class ReportHeader:
    """What a report says of a database apart from the comparison.

    Attributes:
        name: The database's bind key or, without binds, its own name.
        location: The URL without password.
        dialect: SQLAlchemy's name of the database system.
        server_version: The version that the server reports.
        stamped: The revisions in the database's version tables.
        heads: The heads of the history.
        replay: How the history was obtained, such as ``cached``; empty without a history.
        shadows: Where the shadow databases were created, and why there.
        notes: Information for the reader that is not a finding.
        environment: The path of env.py.
        history: The revisions, parents first.
    """

    name: str
    location: str = ""
    dialect: str = ""
    server_version: str = ""
    stamped: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    replay: str = ""
    shadows: str = ""
    notes: tuple[str, ...] = ()
    environment: str = ""
    history: tuple[HistoryRevision, ...] = ()


def database_report(
    header: ReportHeader,
    findings: Iterable[Finding],
    gaps: tuple[Gap, ...] = (),
    coverage: Coverage | None = None,
) -> DatabaseReport:
    """Make the report of a database. Every report of a database is made here.

    Args:
        header: What the report says of the database.
        findings: The findings.
        gaps: The gaps that were compared.
        coverage: The objects that were compared; ``None`` if none were.
    """
    return DatabaseReport(
        name=header.name,
        location=header.location,
        dialect=header.dialect,
        server_version=header.server_version,
        stamped=header.stamped,
        heads=header.heads,
        findings=tuple(findings),
        coverage=coverage or Coverage({}),
        gaps=gaps,
        replay=header.replay,
        shadows=header.shadows,
        notes=header.notes,
        environment=header.environment,
        history=header.history,
    )
