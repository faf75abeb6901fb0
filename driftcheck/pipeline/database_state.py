"""One database's sides of the chain, and the changes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import CannotCheckError
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.judge import changes_of
from driftcheck.pipeline.modelling import models_in_shadow
from driftcheck.pipeline.renames import followed
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Session
from driftcheck.project.environment import Configured
from driftcheck.schema import Snapshot
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.live import Live, read_live
from driftcheck.sources.models import declared_tables, hidden_tables
from driftcheck.sources.reading import Refused
from driftcheck.sources.replay import Destinations
from driftcheck.sources.statement_log import has_word


@dataclass
class Database:
    """One database on its way to its report.

    Attributes:
        database_key: Where the project says that it is.
        configured: What env.py configures for it.
        live: What was read of the live database; ``None`` where no gap needs it.
        begins_with: Whether something has to be there before the history can begin.
        unknown: The revisions it is stamped with that no file has.
        refused: What the database does not run of the models.
        snapshots: The sides of the chain, as far as each was to be had.
    """

    database_key: DatabaseKey
    configured: list[Configured]
    live: Live | None
    begins_with: bool = False
    unknown: tuple[str, ...] = ()
    refused: list[Refused] = field(default_factory=list)
    snapshots: dict[Side, Snapshot] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """The catalog that reads and writes it."""
        return catalog_for(self.database_key.dialect)

    @property
    def place_in_history_is_known(self) -> bool:
        """Whether it is known which revisions the live database is at."""
        if self.live is None or self.unknown:
            return False
        return bool(self.live.stamped) or not (self.live.has_tables or self.begins_with)

    def fill(self, session: Session, history: History) -> None:
        """Put together the sides of the chain, as far as each is to be had."""
        if Gap.PENDING in session.settings.gaps:
            self.snapshots[Side.MODELS] = _models(session, self, history)
        stamped = history.stamped.get(self.database_key) if self.place_in_history_is_known else None
        found = {
            Side.HEAD: history.head.get(self.database_key),
            Side.STAMPED: stamped,
            Side.LIVE: self.live.snapshot if self.live else None,
        }
        self.snapshots |= {side: snapshot for side, snapshot in found.items() if snapshot}
        schemas = session.settings.schemas
        self.snapshots = {side: within(found, schemas) for side, found in self.snapshots.items()}

    def gaps(self, wanted: Sequence[Gap]) -> tuple[Gap, ...]:
        """The gaps that can be looked at."""
        return tuple(g for g in wanted if all(side in self.snapshots for side in g.between))

    def compared(self, gaps: Sequence[Gap]) -> Snapshot | None:
        """The snapshot that says what was compared: the side as it is of the last gap."""
        return self.snapshots[gaps[-1].between[1]] if gaps else None


def live_side(session: Session, database_key: DatabaseKey) -> Live | None:
    """Read the live database, where a gap needs it."""
    if {Gap.DRIFT, Gap.UNAPPLIED}.isdisjoint(session.settings.gaps):
        return None
    session.progress("reading the live database")
    tables = version_tables(session.environment)[database_key]
    return read_live(session.live_url(database_key), tables, session.scope)


def destinations_of(session: Session, databases: Sequence[Database]) -> Destinations:
    """How far to replay for each; a database at unknown revisions has nothing to stop at."""
    known = session.project.revisions()
    destinations: dict[tuple[DatabaseKey, VersionTable], tuple[str, ...]] = {}
    for one in databases:
        revisions = one.live.revisions if one.live else {}
        one.unknown = tuple(r for several in revisions.values() for r in several if r not in known)
        if not one.unknown:
            destinations |= {
                (one.database_key, table): several for table, several in revisions.items()
            }
    return destinations


def _models(session: Session, one: Database, history: History) -> Snapshot:
    """Create the models in a shadow of their own, and read them back."""
    session.progress("creating the models")
    head = history.head.get(one.database_key)
    _require_models(one.configured, head)
    models, one.refused = models_in_shadow(session, one.database_key, one.configured, history)
    return _completed(models, head, one.catalog) if head else models


def _completed(models: Snapshot, head: Snapshot, catalog: Catalog) -> Snapshot:
    """The models, and what models cannot say of an object as the migrations make it."""
    unspoken = {kind.name: kind.undeclarable for kind in catalog.kinds if kind.undeclarable}
    objects = dict(models.objects)
    for address, thing in models.objects.items():
        made = head.objects.get(address)
        if made is not None and made.attributes != thing.attributes:
            names = unspoken.get(address.kind, frozenset()) & made.attributes.keys()
            left = {name: made.attributes[name] for name in names}
            objects[address] = replace(thing, attributes={**thing.attributes, **left})
    return replace(models, objects=objects)


def _require_models(configured: Sequence[Configured], head: Snapshot | None) -> None:
    tables = [a for a in head.objects if a.kind == "table"] if head else []
    if tables and not declared_tables(configured):
        raise CannotCheckError(
            "the models are empty: env.py's target_metadata has no table, "
            f"and the history makes {len(tables)}",
            hint="Most likely a module with models is not imported, or this is the wrong "
            "configuration. To look at the database alone: --only-gap drift",
        )


def changes_in(session: Session, one: Database, gaps: Sequence[Gap]) -> dict[Gap, list[Change]]:
    """The changes in each gap; between models and head, as far as models can speak."""
    changes: dict[Gap, list[Change]] = {}
    for gap in gaps:
        if gap is Gap.PENDING:
            changes[gap] = pending_in(one, one.snapshots[Side.HEAD])
            continue
        found = changes_of(gap, one.snapshots)
        if gap is Gap.DRIFT:
            found = followed(session, one.database_key, found, one.snapshots)
        changes[gap] = found
    return changes


def pending_in(one: Database, schema: Snapshot) -> list[Change]:
    """What a schema lacks of the models: the head's, or one on its way to them."""
    sides = {Side.MODELS: one.snapshots[Side.MODELS], Side.HEAD: schema}
    spoken = {side: _as_models_speak(one, snapshot) for side, snapshot in sides.items()}
    return [c for c in changes_of(Gap.PENDING, spoken) if not _is_refused(c, one)]


def _is_refused(change: Change, one: Database) -> bool:
    """Whether the models declare an object, and only the database has not made it."""
    if change.type is not ChangeType.EXTRA:
        return False
    return any(
        all(has_word(refused.statement, name) for name in change.address.path)
        for refused in one.refused
    )


def _as_models_speak(one: Database, snapshot: Snapshot) -> Snapshot:
    """A schema as far as models can speak of it, and the project lets autogenerate see it."""
    spoken = {kind.name for kind in one.catalog.kinds if kind.models_can_declare}
    snapshot = snapshot.only(lambda thing: thing.address.kind in spoken)
    return snapshot.without(hidden_tables(one.configured, snapshot))
