"""Reads the schemas of a project's databases: from a loaded project to a frozen result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar

from sqlalchemy.engine import URL

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import CannotCheckError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import changes_of
from driftcheck.judging.printed_expressions import Rewording
from driftcheck.pipeline.building.histories import HistoryResult
from driftcheck.pipeline.building.modelling import ModelsCreator
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.progress import counted
from driftcheck.pipeline.selection import reading_scope, within
from driftcheck.pipeline.tenants import Tenants, own_objects
from driftcheck.project.environment import Configured
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.filters import hidden_from_drift
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.live import Live, read_live
from driftcheck.sources.models import declared_tables
from driftcheck.sources.models_cache import CreatedModels
from driftcheck.sources.reading import Refused
from driftcheck.sources.replay import Destinations

Result = TypeVar("Result", bound=HistoryResult)
ReadLive: TypeAlias = Callable[[URL, Iterable[VersionTable], Scope], Live]
"""Reads a live database, as ``read_live`` does."""


@dataclass(frozen=True)
class DatabaseState:
    """The schemas of one database, as far as they could be read.

    Attributes:
        database_key: The database, as the project names it.
        configured: What env.py configures for the database.
        live: The live database; ``None`` if no gap needs it.
        revision_is_known: Whether the revision of the live database is known: it is stamped with
            revisions that exist, or it has no tables.
        unknown: The revisions of the live database's version tables that no file defines.
        refused: The statements of the models that the database refused.
        snapshots: The schemas that could be read, limited to the selected schemas.
        gaps: The selected gaps of which both schemas could be read.
        whole: The schemas that could be read, with those that are not selected.
        replacements: The texts that stand for equal expressions in the snapshots, in the order in
            which they were decided.
        undecided: Why it could not be decided whether expressions are equal, by the address of
            the object.
    """

    database_key: DatabaseKey
    configured: Sequence[Configured]
    live: Live | None
    revision_is_known: bool
    unknown: tuple[str, ...]
    refused: tuple[Refused, ...]
    snapshots: Mapping[Side, Snapshot]
    gaps: tuple[Gap, ...]
    whole: Mapping[Side, Snapshot] = field(default_factory=dict)
    replacements: tuple[Rewording, ...] = ()
    undecided: Mapping[Address, str] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """The catalog that reads the database."""
        return catalog_for(self.database_key.dialect)

    @cached_property
    def drift(self) -> list[Change]:
        """The changes of the live database; none if it was not read."""
        return changes_of(Gap.DRIFT, self.snapshots)

    @property
    def stamped(self) -> tuple[str, ...]:
        """The revisions in the live database's version tables; empty if there are none."""
        return (self.live.stamped or ()) if self.live else ()


@dataclass(frozen=True)
class ProjectState(Generic[Result]):
    """The state of all databases of a project.

    Attributes:
        databases: The state of each database, in the order of env.py.
        stamped: The revisions of each live database's version tables. Databases with unknown
            revisions are missing.
        result: The history with which the databases are compared.
    """

    databases: tuple[DatabaseState, ...]
    stamped: Destinations
    result: Result


class StateReader:
    """Reads the state of the databases of a project.

    Args:
        opened: The opened project.
        replays: Replays its history.
        read: Reads a live database.
    """

    def __init__(
        self, opened: OpenedProject, replays: Replays, *, read: ReadLive = read_live
    ) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._scope = reading_scope(opened.settings)
        cached = opened.settings.cache
        self._models = ModelsCreator(
            opened.shadows, replays, self._scope, opened.progress, reads_cache=cached
        )
        self._progress = opened.progress
        self._read = read

    def read(self, get_history: Callable[[Destinations], Result]) -> ProjectState[Result]:
        """Read the live databases, then the history, then the models.

        Args:
            get_history: Gets the history at the revisions of the live databases.

        Raises:
            DriftcheckError: A schema cannot be read.
        """
        databases = self._loaded.environment.databases
        live: dict[DatabaseKey, Live | None] = dict.fromkeys(databases)
        if not {Gap.DRIFT, Gap.UNAPPLIED}.isdisjoint(self._settings.gaps):
            for key in counted(databases, self._progress, "reading the live database", "database"):
                live[key] = self._read_live(key)
        known = self._loaded.revisions()
        unknown = {key: _unknown_revisions(read, known) for key, read in live.items()}
        stamped: dict[tuple[DatabaseKey, VersionTable], tuple[str, ...]] = {
            (key, table): revisions
            for key, read in live.items()
            if read is not None and not unknown[key]
            for table, revisions in read.revisions.items()
        }
        result = get_history(stamped)
        states = tuple(self._state(key, live[key], unknown[key], result.history) for key in live)
        return ProjectState(states, stamped, result)

    def _read_live(self, database_key: DatabaseKey) -> Live:
        tables = version_tables(self._loaded.environment)[database_key]
        scope = replace(self._scope, dependencies=False)  # only a repair needs them
        live = self._read(self._shadows.live_url(database_key), tables, scope)
        configured = self._loaded.environment.databases[database_key]
        tenants = Tenants(configured, self._settings.x)
        tenants.require_schemas(live.snapshot)
        hidden = hidden_from_drift(configured, (), live.snapshot)
        return replace(live, foreign=hidden | tenants.foreign(live.snapshot, ()))

    def _state(
        self,
        database_key: DatabaseKey,
        live: Live | None,
        unknown: tuple[str, ...],
        history: History,
    ) -> DatabaseState:
        configured = self._loaded.environment.databases[database_key]
        tenants = Tenants(configured, self._settings.x)
        is_known = live is not None and not unknown and self._has_revision(live)
        models = None
        if Gap.PENDING in self._settings.gaps:
            models = self._create_models(database_key, configured, history)
        read = {
            Side.MODELS: models.snapshot if models else None,
            Side.HEAD: history.head.get(database_key),
            Side.STAMPED: history.stamped.get(database_key) if is_known else None,
        }
        created = [found for found in (read[Side.HEAD], read[Side.STAMPED]) if found]
        if live is not None and created:
            live = replace(live, snapshot=live.snapshot.sharing(created[-1]))
        if live is not None:
            read[Side.LIVE] = live.snapshot
        if live is not None and created:  # a walk has its own schemas
            known = {address for found in created for address in found.objects}
            read[Side.LIVE] = own_objects(configured, tenants, live.snapshot, known)
        if default_schema := tenants.default_schema:
            read = {
                side: replace(found, default_schema=default_schema) if found else None
                for side, found in read.items()
            }
        selected = self._settings.schemas
        whole = {side: found for side, found in read.items() if found}
        snapshots = {side: within(found, selected) for side, found in whole.items()}
        gaps = (gap for gap in self._settings.gaps if snapshots.keys() >= {*gap.between})
        return DatabaseState(
            database_key=database_key,
            configured=configured,
            live=live,
            revision_is_known=is_known,
            unknown=unknown,
            refused=models.refused if models else (),
            snapshots=snapshots,
            gaps=tuple(gaps),
            whole=whole,
        )

    def _has_revision(self, live: Live) -> bool:
        """Whether a live database is stamped, or is empty as the history requires it."""
        starts_empty = not (self._settings.bootstrap or self._settings.base_snapshot)
        return bool(live.stamped) or (starts_empty and not live.has_tables)

    def _create_models(
        self, database_key: DatabaseKey, configured: Sequence[Configured], history: History
    ) -> CreatedModels:
        self._progress("reading the models")
        head = history.head.get(database_key)
        alone = self._loaded.project.driftcheck_command("compare", "--only-gap", "drift")
        _require_models(configured, head, alone)
        created = self._models.get(database_key, configured, history)
        if head is None:
            return created
        catalog = catalog_for(database_key.dialect)
        return replace(created, snapshot=_with_undeclarable(created.snapshot, head, catalog))


def _unknown_revisions(live: Live | None, known: frozenset[str]) -> tuple[str, ...]:
    if live is None:
        return ()
    return tuple(
        revision
        for revisions in live.revisions.values()
        for revision in revisions
        if revision not in known
    )


def _require_models(configured: Sequence[Configured], head: Snapshot | None, alone: str) -> None:
    tables = [address for address in head.objects if address.kind == "table"] if head else []
    if tables and not declared_tables(configured):
        raise CannotCheckError(
            "the models are empty: env.py's target_metadata has no table, "
            f"and the history makes {len(tables)}",
            hint="Most likely a module with models is not imported, or this is the wrong "
            f"configuration. To look at the database alone, run {alone}.",
        )


def _with_undeclarable(models: Snapshot, head: Snapshot, catalog: Catalog) -> Snapshot:
    """Return the models with the attributes that models cannot declare taken from the head."""
    undeclarable = {kind.name: kind.undeclarable for kind in catalog.kinds if kind.undeclarable}
    objects = dict(models.objects)
    for address, declared in models.objects.items():
        migrated = head.objects.get(address)
        if migrated is not None and migrated.attributes != declared.attributes:
            names = undeclarable.get(address.kind, frozenset()) & migrated.attributes.keys()
            taken = {name: migrated.attributes[name] for name in names}
            objects[address] = replace(declared, attributes={**declared.attributes, **taken})
    return replace(models, objects=objects)
