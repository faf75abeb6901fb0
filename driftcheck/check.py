"""Checks a project: from settings to a report. The public interface of driftcheck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from driftcheck.catalog import catalog_for
from driftcheck.catalog.base import Catalog
from driftcheck.catalog.plan import build
from driftcheck.chain import Gap, Side
from driftcheck.checking.bench import Bench
from driftcheck.checking.coverage import coverage
from driftcheck.checking.faults import (
    broken_history,
    head_faults,
    made_roles,
    refused_models,
    stamp_faults,
    written_files,
)
from driftcheck.checking.histories import Replayed, get_history
from driftcheck.checking.quick import Memo, history_digest, remember
from driftcheck.checking.remedies import Dossier, complete
from driftcheck.checking.session import Progress, Session, open_session
from driftcheck.comparison import Change, ChangeType
from driftcheck.config import Settings
from driftcheck.errors import CannotCheckError
from driftcheck.findings import DatabaseReport, Finding, Report
from driftcheck.judge import Judged, changes_of, judge
from driftcheck.location import Place, shown
from driftcheck.schema import Snapshot
from driftcheck.sources.environment import Configured
from driftcheck.sources.files import places_of
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.journal import has_word
from driftcheck.sources.live import Live, VersionTable, read_live
from driftcheck.sources.models import create_models, declared_tables, hidden_tables
from driftcheck.sources.reading import Refused, read_shadow
from driftcheck.sources.replay import Destinations


def check(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Compare the four schemas of every database that a project migrates.

    Args:
        settings: What to check, and how.
        progress: Told what is being done.

    Raises:
        DriftcheckError: The check could not be made; nothing was left behind.
    """
    with open_session(settings, progress) as session:
        databases = [
            _Database(place, configured, _read_live(session, place))
            for place, configured in session.environment.databases.items()
        ]
        replayed = get_history(session, _destinations(session, databases))
        bench = Bench(session, replayed.history)
        for one in databases:
            one.fill(session, replayed.history)
        reports = [_report(session, one, replayed, bench) for one in databases]
        _leave_answers(session, databases, replayed)
        return Report(session.project.name, tuple(reports), settings.fail_on)


@dataclass
class _Database:
    """One database on its way to its report."""

    place: Place
    configured: list[Configured]
    live: Live | None
    unknown: tuple[str, ...] = ()
    refused: list[Refused] = field(default_factory=list)
    snapshots: dict[Side, Snapshot] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        return catalog_for(self.place.dialect)

    @property
    def place_in_history_is_known(self) -> bool:
        """Whether it is known which revisions the live database is at."""
        if self.live is None or self.unknown:
            return False
        return bool(self.live.stamped) or not self.live.snapshot.objects

    def fill(self, session: Session, history: History) -> None:
        """Put together the sides of the chain, as far as each is to be had."""
        if Gap.PENDING in session.settings.gaps:
            self.snapshots[Side.MODELS] = _models(session, self, history.head.get(self.place))
        stamped = history.stamped.get(self.place) if self.place_in_history_is_known else None
        found = {
            Side.HEAD: history.head.get(self.place),
            Side.STAMPED: stamped,
            Side.LIVE: self.live.snapshot if self.live else None,
        }
        self.snapshots |= {side: snapshot for side, snapshot in found.items() if snapshot}

    def gaps(self, wanted: Sequence[Gap]) -> tuple[Gap, ...]:
        """The gaps that can be looked at."""
        return tuple(g for g in wanted if all(side in self.snapshots for side in g.between))


def _read_live(session: Session, place: Place) -> Live | None:
    """Read the live database, where a gap needs it."""
    if {Gap.DRIFT, Gap.UNAPPLIED}.isdisjoint(session.settings.gaps):
        return None
    session.progress("reading the live database")
    tables = version_tables(session.environment)[place]
    return read_live(session.live_url(place), tables, session.scope)


def _destinations(session: Session, databases: Sequence[_Database]) -> Destinations:
    """How far to replay for each; a database at unknown revisions has nothing to stop at."""
    known = session.project.revisions()
    destinations: dict[tuple[Place, VersionTable], tuple[str, ...]] = {}
    for one in databases:
        revisions = one.live.revisions if one.live else {}
        one.unknown = tuple(r for several in revisions.values() for r in several if r not in known)
        if not one.unknown:
            destinations |= {(one.place, table): several for table, several in revisions.items()}
    return destinations


def _models(session: Session, one: _Database, head: Snapshot | None) -> Snapshot:
    """Create the models in a shadow of their own, and read them back."""
    session.progress("creating the models")
    _require_models(one.configured, head)
    shadow = session.shadows.make(session.target(one.place), "models")
    one.refused = create_models(
        one.configured,
        shadow.url,
        before=_of_kinds(head, one.catalog, {"schema", "extension"}),
        helping=_of_kinds(head, one.catalog, _needed_by_tables(one.catalog)),
        root=session.project.root,
    )
    return read_shadow(shadow.url, (), session.scope)


def _require_models(configured: Sequence[Configured], head: Snapshot | None) -> None:
    tables = [a for a in head.objects if a.kind == "table"] if head else []
    if tables and not declared_tables(configured):
        raise CannotCheckError(
            "the models are empty: env.py's target_metadata has no table, "
            f"and the history makes {len(tables)}",
            hint="Most likely a module with models is not imported, or this is the wrong "
            "configuration. To look at the database alone: --only-gap drift",
        )


def _needed_by_tables(catalog: Catalog) -> set[str]:
    """The kinds that come before tables in build order."""
    names = [kind.name for kind in catalog.kinds]
    return set(names[: names.index("table")])


def _of_kinds(snapshot: Snapshot | None, catalog: Catalog, kinds: set[str]) -> tuple[str, ...]:
    if snapshot is None:
        return ()
    return build(snapshot.only(lambda thing: thing.address.kind in kinds), catalog).statements


def _report(session: Session, one: _Database, replayed: Replayed, bench: Bench) -> DatabaseReport:
    gaps = one.gaps(session.settings.gaps)
    judged = judge(_changes(one, gaps), one.snapshots, one.catalog.describe)
    findings = complete(judged, _dossier(session, one, judged, replayed.history, bench))
    seen = one.live.snapshot if one.live else next(iter(one.snapshots.values()))
    return DatabaseReport(
        name=one.configured[0].bind or one.place.database,
        location=shown(session.live_url(one.place)),
        dialect=one.place.dialect,
        server_version=seen.server_version,
        stamped=(one.live.stamped or ()) if one.live else (),
        heads=session.environment.heads,
        findings=(*_faults(session, one, replayed), *findings),
        coverage=coverage(seen, one.catalog),
        gaps=gaps,
        replay=replayed.history.how,
        notes=_notes(session, one),
    )


def _notes(session: Session, one: _Database) -> tuple[str, ...]:
    maker = session.shadows.maker(session.target(one.place))
    return maker.how, *maker.notes


def _changes(one: _Database, gaps: Sequence[Gap]) -> dict[Gap, list[Change]]:
    changes = {}
    for gap in gaps:
        sides: Mapping[Side, Snapshot] = one.snapshots
        if gap is Gap.PENDING:
            sides = {side: _as_models_speak(one, side) for side in gap.between}
        found = changes_of(gap, sides)
        changes[gap] = [c for c in found if gap is not Gap.PENDING or not _is_refused(c, one)]
    return changes


def _is_refused(change: Change, one: _Database) -> bool:
    """Whether the models declare an object, and only the database has not made it."""
    if change.type is not ChangeType.EXTRA:
        return False
    return any(
        all(has_word(refused.statement, name) for name in change.address.path)
        for refused in one.refused
    )


def _as_models_speak(one: _Database, side: Side) -> Snapshot:
    """One side as far as models can speak of it, and the project lets autogenerate see it."""
    spoken = {kind.name for kind in one.catalog.kinds if kind.spoken_by_models}
    snapshot = one.snapshots[side].only(lambda thing: thing.address.kind in spoken)
    return snapshot.without(hidden_tables(one.configured, snapshot))


def _dossier(
    session: Session, one: _Database, judged: Sequence[Judged], history: History, bench: Bench
) -> Dossier:
    bare = Dossier(
        one.catalog,
        made=history.made.get(one.place, {}),
        upgrade=session.project.upgrade_command,
    )
    head = one.snapshots.get(Side.HEAD)
    if head is None or Side.MODELS not in one.snapshots:
        return bare
    return replace(
        bare,
        operations=bench.operations(one.place, judged, one.catalog, head.default_schema),
        colleague_error=partial(bench.colleague_error, one.place),
    )


def _faults(session: Session, one: _Database, replayed: Replayed) -> Iterator[Finding]:
    if replayed.history.fault is not None:
        yield broken_history(replayed.history.fault)
    yield from head_faults(session.environment.heads)
    if one.live is not None:
        has_tables = any(a.kind == "table" for a in one.live.snapshot.objects)
        yield from stamp_faults(one.live.stamped, one.unknown, has_tables=has_tables)
    yield from refused_models(one.refused)
    yield from written_files(replayed.files, session.project.root)
    yield from made_roles(session.shadows.maker(session.target(one.place)).roles_left())


def _leave_answers(session: Session, databases: Sequence[_Database], replayed: Replayed) -> None:
    """Let the next check for drift alone be quick, where nothing stands against it."""
    (one, *others), history = databases, replayed.history
    facts = session.shadows.facts(session.target(one.place))
    built = one.snapshots.get(Side.STAMPED)
    stamped = one.live.stamped if one.live else None
    heads = session.environment.heads
    unusual = others or history.fault or replayed.files or session.settings.bootstrap
    if unusual or facts is None or built is None or not stamped or len(heads) != 1:
        return
    places = [str(place) for place in places_of(session.project.script_directory())]
    memo = Memo(
        project=session.project.name,
        places=places,
        files=history_digest(places, session.project.root),
        heads=heads,
        version_tables=[(t.schema, t.name) for t in version_tables(session.environment)[one.place]],
        database=one.configured[0].bind,
        answers={},
        notes=_notes(session, one),
    )
    remember(session.settings, memo, facts, stamped, built)
