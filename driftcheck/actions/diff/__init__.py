"""Holds two live databases side by side: staging against production."""

from __future__ import annotations

from sqlalchemy.engine import URL

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Scope
from driftcheck.databases.location import shown
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ConfigurationError
from driftcheck.judging.findings import DatabaseReport, Report
from driftcheck.judging.judge import changes_of, judge
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.evidence import evidence_of
from driftcheck.pipeline.remedies import Dossier, complete
from driftcheck.pipeline.session import Progress
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
        first: The database as it should be.
        second: The database as it is.
        scope: What of them is read.
        progress: Told what is being done.
        strict_coverage: Whether a comparison that leaves anything out is none.

    Raises:
        ConfigurationError: They are not of the same sort.
        CannotCheckError: One of them cannot be read.
    """
    dialect = first.get_backend_name()
    if second.get_backend_name() != dialect:
        raise ConfigurationError(
            f"a {dialect} database cannot be compared with a {second.get_backend_name()} one",
            hint="Name two of the same sort.",
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
    database = DatabaseReport(
        name="two databases",
        location=f"first {shown(first)}, second {shown(second)}",
        dialect=dialect,
        server_version=" and ".join(dict.fromkeys((left.server_version, right.server_version))),
        stamped=(),
        heads=(),
        findings=tuple(complete(judged, Dossier(catalog, evidence=evidence))),
        coverage=coverage(left, catalog, scope, [right]),
        gaps=(Gap.DIFFERENCE,),
        replay="",
    )
    return Report(
        "two databases",
        (database,),
        frozenset({Gap.DIFFERENCE}),
        command="driftcheck diff",
        strict_coverage=strict_coverage,
    )
