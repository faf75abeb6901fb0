"""Checks a project: from settings to a report. The public interface of driftcheck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.bench import Bench
from driftcheck.catalog import catalog_for
from driftcheck.catalog.base import Catalog, Scope
from driftcheck.chain import Gap, Side
from driftcheck.comparison import Change
from driftcheck.config import Settings
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.faults import broken_history, head_faults, refused_models, stamp_faults
from driftcheck.findings import Coverage, DatabaseReport, Finding, Report
from driftcheck.judge import Judged, changes_of, judge
from driftcheck.location import Place, shown
from driftcheck.plan import build
from driftcheck.project import Project, load_project
from driftcheck.redirect import Redirect, Stage
from driftcheck.remedies import Dossier, complete
from driftcheck.schema import Snapshot
from driftcheck.shadows import Shadows
from driftcheck.sources.environment import Configured, Environment, discover
from driftcheck.sources.history import History, run_history, version_tables
from driftcheck.sources.live import Live, read_live
from driftcheck.sources.models import create_models, declared_tables, hidden_tables
from driftcheck.sources.reading import Refused, read_shadow
from driftcheck.sources.replay import Replay

Progress = Callable[[str], None]
"""Told what is being done, in a few words."""


def check(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Compare the four schemas of every database that a project migrates.

    Args:
        settings: What to check, and how.
        progress: Told what is being done.

    Raises:
        DriftcheckError: The check could not be made; nothing was left behind.
    """
    with Shadows(settings) as shadows:
        return _Check(settings, shadows, progress).run()


@dataclass
class _Database:
    """One database on its way to its report."""

    place: Place
    configured: list[Configured]
    live: Live | None
    unknown: tuple[str, ...] = ()
    refused: list[Refused] = field(default_factory=list)
    snapshots: dict[Side, Snapshot] = field(default_factory=dict)


class _Check:
    """The steps of one check, in order."""

    def __init__(self, settings: Settings, shadows: Shadows, progress: Progress) -> None:
        self._settings = settings
        self._shadows = shadows
        self._progress = progress
        self._redirect = Redirect()
        self._scope = Scope(grants=settings.grants, owners=settings.owners)
        self._replayed = Stage("replay", shadows.make)

    def run(self) -> Report:
        """Load, read, replay, create, judge."""
        settings = self._settings
        self._progress("loading the project")
        with self._redirect.stage(Stage("import", self._shadows.make)):
            project = load_project(settings)
        environment = discover(project, self._redirect, self._replayed)
        self._require_one_database_for_url(environment)
        databases = self._read_live(environment)
        history = self._history(project, environment, databases)
        if Gap.PENDING in settings.gaps:
            self._create_models(project, databases, history)
        reports = [self._report(project, environment, one, history) for one in databases]
        return Report(project.name, tuple(reports), settings.fail_on)

    def _require_one_database_for_url(self, environment: Environment) -> None:
        if self._settings.database_url is not None and len(environment.databases) > 1:
            raise ConfigurationError(
                f"the project migrates {len(environment.databases)} databases, "
                "and --database-url names one",
                hint="Leave it out and let the project name its databases.",
            )

    def _read_live(self, environment: Environment) -> list[_Database]:
        """Read every live database, where a gap needs it."""
        needed = Gap.DRIFT in self._settings.gaps or Gap.UNAPPLIED in self._settings.gaps
        databases = []
        for place, configured in environment.databases.items():
            live = None
            if needed:
                self._progress("reading the live database")
                url = self._shadows.live_url(configured[0].target)
                live = read_live(url, version_tables(environment)[place], self._scope)
            databases.append(_Database(place, configured, live))
        return databases

    def _history(
        self, project: Project, environment: Environment, databases: Sequence[_Database]
    ) -> History:
        """The history's snapshots; a database at unknown revisions has none to compare with."""
        self._progress("replaying the history")
        known = project.revisions()
        stamped = {}
        for one in databases:
            revisions = one.live.revisions if one.live else {}
            one.unknown = tuple(r for rs in revisions.values() for r in rs if r not in known)
            if not one.unknown:
                stamped |= {(one.place, table): found for table, found in revisions.items()}
        replay = Replay(project, self._redirect, self._replayed)
        return run_history(
            replay, self._replayed, environment, stamped, self._scope, lambda: None
        )

    def _create_models(
        self, project: Project, databases: Sequence[_Database], history: History
    ) -> None:
        self._progress("creating the models")
        for one in databases:
            target = one.configured[0].target
            head = history.head.get(one.place)
            _require_models(one.configured, head)
            catalog = catalog_for(target.get_backend_name())
            shadow = self._shadows.make(target, "models")
            one.refused = create_models(
                one.configured,
                shadow.url,
                before=_of_kinds(head, catalog, {"schema", "extension"}),
                helping=_of_kinds(head, catalog, _needed_by_tables(catalog)),
                root=project.root,
            )
            one.snapshots[Side.MODELS] = read_shadow(shadow.url, (), self._scope)

    def _report(
        self,
        project: Project,
        environment: Environment,
        one: _Database,
        history: History,
    ) -> DatabaseReport:
        catalog = catalog_for(one.place.dialect)
        gaps = self._fill_snapshots(one, history)
        changes = _changes(one, gaps, catalog)
        judged = judge(changes, one.snapshots, catalog.describe)
        findings = complete(judged, self._dossier(project, one, judged, history))
        faults = list(_faults(one, environment, history))
        seen = one.live.snapshot if one.live else next(iter(one.snapshots.values()))
        url = self._shadows.live_url(one.configured[0].target)
        return DatabaseReport(
            name=one.configured[0].bind or one.place.database,
            location=shown(url),
            dialect=one.place.dialect,
            server_version=seen.server_version,
            stamped=(one.live.stamped or ()) if one.live else (),
            heads=environment.heads,
            findings=(*faults, *findings),
            coverage=_coverage(seen, catalog),
            gaps=gaps,
            replay=history.how,
            notes=tuple(note for maker in self._shadows.makers for note in maker.notes),
        )

    def _fill_snapshots(self, one: _Database, history: History) -> tuple[Gap, ...]:
        """Put the other sides beside the models, and say which gaps can be looked at."""
        sides = {
            Side.HEAD: history.head.get(one.place),
            Side.STAMPED: history.stamped.get(one.place) if _is_known(one) else None,
            Side.LIVE: one.live.snapshot if one.live else None,
        }
        one.snapshots |= {side: found for side, found in sides.items() if found is not None}
        return tuple(
            gap
            for gap in self._settings.gaps
            if all(side in one.snapshots for side in gap.between)
        )

    def _dossier(
        self, project: Project, one: _Database, judged: Sequence[Judged], history: History
    ) -> Dossier:
        catalog = catalog_for(one.place.dialect)
        made = history.made.get(one.place, {})
        bare = Dossier(catalog, made=made, upgrade=project.upgrade_command)
        if Side.MODELS not in one.snapshots or Side.HEAD not in one.snapshots:
            return bare
        bench = Bench(project, self._redirect, self._shadows, self._replayed)
        schema = one.snapshots[Side.HEAD].default_schema
        operations = bench.operations(one.place, judged, catalog, schema)
        return replace(
            bare,
            operations=operations,
            colleague_error=lambda operation: bench.colleague_error(one.place, operation),
        )


def _require_models(configured: Sequence[Configured], head: Snapshot | None) -> None:
    tables = [a for a in head.objects if a.kind == "table"] if head else []
    if tables and not declared_tables(configured):
        raise CannotCheckError(
            f"the models are empty: env.py's target_metadata has no table, the history {len(tables)}",
            hint="Most likely a module with the models is not imported, or this is the wrong "
            "configuration. Look only at the database with: --only-gap drift",
        )


def _needed_by_tables(catalog: Catalog) -> set[str]:
    """The kinds that come before tables in build order."""
    names = [kind.name for kind in catalog.kinds]
    return set(names[: names.index("table")])


def _of_kinds(snapshot: Snapshot | None, catalog: Catalog, kinds: set[str]) -> tuple[str, ...]:
    if snapshot is None:
        return ()
    return build(snapshot.only(lambda thing: thing.address.kind in kinds), catalog).statements


def _is_known(one: _Database) -> bool:
    """Whether it is known where in the history the live database is."""
    if one.live is None or one.unknown:
        return False
    return bool(one.live.stamped) or not one.live.snapshot.objects


def _changes(
    one: _Database, gaps: Sequence[Gap], catalog: Catalog
) -> dict[Gap, list[Change]]:
    changes = {gap: changes_of(gap, one.snapshots) for gap in gaps if gap is not Gap.PENDING}
    if Gap.PENDING in gaps:
        spoken = {kind.name for kind in catalog.kinds if kind.spoken_by_models}

        def visible(side: Side) -> Snapshot:
            snapshot = one.snapshots[side].only(lambda thing: thing.address.kind in spoken)
            return snapshot.without(hidden_tables(one.configured, snapshot))

        sides = {side: visible(side) for side in Gap.PENDING.between}
        changes[Gap.PENDING] = changes_of(Gap.PENDING, sides)
    return changes


def _faults(
    one: _Database, environment: Environment, history: History
) -> Iterator[Finding]:
    if history.fault is not None:
        yield broken_history(history.fault)
    yield from head_faults(environment.heads)
    if one.live is not None:
        has_tables = any(a.kind == "table" for a in one.live.snapshot.objects)
        yield from stamp_faults(one.live.stamped, one.unknown, has_tables=has_tables)
    yield from refused_models(one.refused)


def _coverage(snapshot: Snapshot, catalog: Catalog) -> Coverage:
    counts = Counter(address.kind for address in snapshot.objects)
    compared = {kind.plural: counts[kind.name] for kind in catalog.kinds if counts[kind.name]}
    return Coverage(compared, snapshot.not_compared)
