"""``driftcheck diff``: compares two live databases, such as staging and production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from sqlalchemy.engine import URL

from driftcheck.chain import Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.location import database_key_of, shown
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ConfigurationError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import changes_of, judge
from driftcheck.judging.printed_expressions import reworded
from driftcheck.judging.report import Report
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.completion.evidence import evidence_of
from driftcheck.pipeline.completion.finding_completion import complete
from driftcheck.pipeline.completion.finding_context import FindingContext
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_report import ReportHeader, database_report
from driftcheck.pipeline.printed_expressions import decide, explain_undecided
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.repairs.repair import repair_script
from driftcheck.pipeline.repairs.repair_facts import repair_basis, with_dependencies
from driftcheck.pipeline.selection import within
from driftcheck.schema import Address, Snapshot
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
    everything = replace(scope, schemas=None, dependencies=False)
    progress("reading the first database")
    left = read_live(first, (), everything).snapshot
    progress("reading the second database")
    right = read_live(second, (), everything).snapshot.sharing(left)
    catalog = catalog_for(dialect)
    snapshots, changes, undecided = _compared((left, right), scope, catalog, first, progress)
    left, right = snapshots[Side.FIRST], snapshots[Side.SECOND]
    evidence = evidence_of(changes[Gap.DIFFERENCE], left, right, catalog, second)
    judged = judge(changes, snapshots, catalog.describe, catalog.note)
    judged = explain_undecided(judged, undecided)
    header = ReportHeader(
        name="two databases",
        location=f"first {shown(first)}, second {shown(second)}",
        dialect=dialect,
        server_version=" and ".join(dict.fromkeys((left.server_version, right.server_version))),
    )
    changed = changes[Gap.DIFFERENCE]
    left = with_dependencies(first, catalog, left) if changed else left
    basis = repair_basis(second, catalog, (left, right), changed)
    context = FindingContext(catalog, evidence=evidence, snapshots=snapshots, basis=basis)
    findings = complete(judged, context)
    compared = coverage(left, catalog, scope, [right])
    database = database_report(header, findings, (Gap.DIFFERENCE,), compared)
    database = replace(database, repair=repair_script(judged, basis))
    return Report(
        "two databases",
        (database,),
        frozenset({Gap.DIFFERENCE}),
        command="driftcheck diff",
        strict_coverage=strict_coverage,
    )


def _compared(
    whole: tuple[Snapshot, Snapshot], scope: Scope, catalog: Catalog, first: URL, progress: Progress
) -> tuple[dict[Side, Snapshot], dict[Gap, list[Change]], Mapping[Address, str]]:
    """Compare the schemas that are in the scope; equal expressions then have one text.

    Returns:
        Both snapshots, the changes, and why the server could not decide about expressions.
    """
    left, right = (within(snapshot, scope.schemas or ()) for snapshot in whole)
    snapshots = {Side.FIRST: left, Side.SECOND: right}
    changes = changes_of(Gap.DIFFERENCE, snapshots)
    key = database_key_of(first)
    with Shadows(Settings(), {key: first}) as shadows:
        decision = decide(changes, whole, catalog, partial(shadows.maker, key), progress)
    if decision.replacements:
        snapshots[Side.FIRST] = reworded(left, decision.replacements)
        changes = changes_of(Gap.DIFFERENCE, snapshots)
    return snapshots, {Gap.DIFFERENCE: changes}, decision.undecided
