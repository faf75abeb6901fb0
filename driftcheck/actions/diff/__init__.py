"""``driftcheck diff``: compares two live databases, such as staging and production."""

from __future__ import annotations

from sqlalchemy.engine import URL

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Scope
from driftcheck.databases.location import shown
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ConfigurationError
from driftcheck.judging.judge import changes_of, judge
from driftcheck.judging.report import Report
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_report import ReportHeader, database_report
from driftcheck.pipeline.evidence import evidence_of
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.remedies import FindingContext, complete
from driftcheck.sources.live import read_live


def difference(
    first: URL,
    second: URL,
    scope: Scope,
    progress: Progress = lambda _: None,
    *,
    strict_coverage: bool = False,
) -> Report:
    """Compare two live databases, each read as ``compare`` reads the live one.

    Args:
        first: The reference database.
        second: The other database.
        scope: The part of the databases that is read.
        progress: Called with a short description of each step.
        strict_coverage: Whether the exit code says so if an object could not be compared.

    Raises:
        ConfigurationError: The databases are of different types.
        CannotCheckError: One of the databases cannot be read.
    """
    dialect = first.get_backend_name()
    if second.get_backend_name() != dialect:
        raise ConfigurationError(
            f"a {dialect} database cannot be compared with a {second.get_backend_name()} one",
            hint="Name two databases of the same type.",
        )
    progress("reading the first database")
    left = read_live(first, (), scope).snapshot
    progress("reading the second database")
    right = read_live(second, (), scope).snapshot
    snapshots = {Side.FIRST: left, Side.SECOND: right}
    changes = {Gap.DIFFERENCE: changes_of(Gap.DIFFERENCE, snapshots)}
    catalog = catalog_for(dialect)
    evidence = evidence_of(changes[Gap.DIFFERENCE], left, right, catalog, second)
    judged = judge(changes, snapshots, catalog.describe, catalog.note)
    header = ReportHeader(
        name="two databases",
        location=f"first {shown(first)}, second {shown(second)}",
        dialect=dialect,
        server_version=" and ".join(dict.fromkeys((left.server_version, right.server_version))),
    )
    findings = complete(judged, FindingContext(catalog, evidence=evidence))
    compared = coverage(left, catalog, scope, [right])
    database = database_report(header, findings, (Gap.DIFFERENCE,), compared)
    return Report(
        "two databases",
        (database,),
        frozenset({Gap.DIFFERENCE}),
        command="driftcheck diff",
        strict_coverage=strict_coverage,
    )
