"""``driftcheck adopt``: writes the migration that makes the drift of a database official."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from driftcheck.actions.adopt.migration import Migration, MigrationWriter
from driftcheck.actions.adopt.model_changes import ModelChanges
from driftcheck.actions.adopt.possible_targets import PossibleTargets, Targets
from driftcheck.actions.adopt.revision_file import Position
from driftcheck.actions.adopt.selected import Selected, drift_of
from driftcheck.actions.adopt.selection import require_found, revisions_named, select
from driftcheck.actions.adopt.targets import Target
from driftcheck.chain import CHAIN, Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.judging.adoption import Adoption, Attempt
from driftcheck.judging.findings import Finding
from driftcheck.judging.judge import Judged, objects_of
from driftcheck.pipeline.building.histories import Histories, HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.causes.live_behind import LiveBehind
from driftcheck.pipeline.causes.wrong_stamps import WrongStamps
from driftcheck.pipeline.changes import compared_state, judged_changes
from driftcheck.pipeline.database_state import DatabaseState, ProjectState, StateReader
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.selection import reading_scope
from driftcheck.pipeline.tenants import Tenants
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.quoting import quote_identifier
from driftcheck.sources.files import relative
from driftcheck.sources.models import declared_tables
from driftcheck.storage.temporary import temporary_directory


@dataclass(frozen=True)
class AdoptOptions:
    """Selects what is adopted, and how the revision is called.

    Attributes:
        only: The addresses of the objects whose drift is adopted; empty for all.
        message: The message of the revision; empty for one that names the objects.
        head: The head that the revision follows; empty if the history has one head.
    """

    only: tuple[str, ...] = ()
    message: str = ""
    head: str = ""


def adopt(
    settings: Settings, options: AdoptOptions, progress: Progress = lambda _: None
) -> Adoption:
    """Write and prove the migration that makes the drift of the live databases official.

    The migration is only returned: nothing is written into the project, and the live databases are
    only read.

    Args:
        settings: The settings.
        options: Selects what is adopted.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The drift is not known, or no migration can be written.
    """
    settings = replace(settings, gaps=CHAIN, fail_on=frozenset(), grants=False, owners=False)
    with (
        temporary_directory("adopt") as directory,
        open_project(settings, progress) as opened,
    ):
        adopter = Adopter(opened)
        return adopter.adopt(adopter.select(options.only), options, directory)


class Adopter:
    """Adopts the drift of the databases of a project.

    Args:
        opened: The opened project.
    """

    def __init__(self, opened: OpenedProject) -> None:
        configured = [c for each in opened.loaded.environment.databases.values() for c in each]
        if not declared_tables(configured):  # a project that only migrates
            settings = replace(opened.settings, gaps=(Gap.UNAPPLIED, Gap.DRIFT))
            opened = replace(opened, settings=settings)
        self._opened = opened
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._progress = opened.progress
        self._models = ModelChanges(opened.loaded.root, opened.declarations)
        self._replays = Replays(opened)
        self._histories = Histories(opened, self._replays)
        self._renames = RenameFollower(
            opened.shadows, reading_scope(opened.settings), opened.progress
        )
        reader = StateReader(opened, self._replays)
        self._state = reader.read(self._histories.get)
        _require_history(self._state)
        self._judged = [self._judge(database) for database in self._state.databases]

    @cached_property
    def _head_shadows(self) -> ShadowSet:
        """Shadows at the heads of the history."""
        return self._histories.head_shadows(self._state.result.history)

    def select(self, only: Sequence[str]) -> list[Selected]:
        """Select the findings to adopt.

        Args:
            only: The addresses of the findings; empty for all.

        Raises:
            UsageError: There is no drift of an address.
        """
        found = [self._selected(*each, only) for each in self._judged]
        findings = [judged.finding for one in found for judged in one.judged]
        findings += [each.finding for one in found for each in one.left]
        require_found(only, findings)
        return found

    def adopt(
        self, selected: Sequence[Selected], options: AdoptOptions, directory: Path
    ) -> Adoption:
        """Write and prove the migration.

        Args:
            selected: The findings to adopt.
            options: Says how the revision is called and what it follows.
            directory: An empty directory for its file.
        """
        if any(one.judged for one in selected):
            head = self._head(options.head)
            _require_template(Path(self._loaded.script.dir, "script.py.mako"))
        possible = PossibleTargets(
            self._opened, self._replays, self._renames, lambda: self._head_shadows
        )
        targets = possible.make(selected)
        if not targets.findings:
            return Adoption(self._loaded.project.name, left=targets.left)
        position = Position.on(head, _message(options, targets.findings))
        migration = self._migration(targets, position, directory)
        needs_rights = any(attempt.succeeded is None for attempt in migration.attempts)
        if needs_rights and (again := possible.with_rights(selected, targets)):
            targets = again
            place = directory / "again"
            place.mkdir()
            migration = self._migration(targets, position, place)
        adoption = self._adoption(targets, migration, head)
        targets.drop_shadows()
        return adoption

    def _adoption(self, targets: Targets, migration: Migration, head: str) -> Adoption:
        """Return the result, with what has to change in the models."""
        tenants = self._named_tenants(targets.selected)
        databases = [one.database for one in targets.selected]
        return Adoption(
            self._loaded.project.name,
            targets.findings,
            targets.left,
            revision=migration.file.revision,
            head=head,
            file=relative(migration.file.destination, self._loaded.root),
            destination=str(migration.file.destination.resolve()),
            text=migration.file.text,
            attempts=(*migration.attempts, *map(_on_other_tenants, tenants)),
            warnings=(
                *[_NO_STAMP for database in databases if _is_without_stamp(database)][:1],
                *_losses(targets.schemas.values()),
                *migration.warnings,
                *map(_ONE_TENANT.format, tenants),
            ),
            model_changes=tuple(
                change
                for database in databases
                if (target := targets.schemas.get(database.database_key)) is not None
                for change in self._models.needed(database, target)
            ),
            next_steps=(*self._stamps(targets.selected), self._loaded.upgrade_command),
        )

    def _stamps(self, selected: Iterable[Selected]) -> Iterator[str]:
        """Yield the command that records the revisions of a live database without a stamp."""
        if any(_is_without_stamp(one.database) for one in selected):
            yield self._loaded.project.command("stamp", *self._loaded.heads)

    def _named_tenants(self, selected: Iterable[Selected]) -> list[str]:
        """Return the schemas of tenants that the migration names."""
        found: set[str] = set()
        for one in selected:
            adopted = objects_of(change for each in one.judged for change in drift_of(each))
            tenants = Tenants(one.database.configured, self._settings.x).schemas
            found |= tenants & {obj.address.schema for obj in adopted}
        return sorted(map(quote_identifier, found))

    def _head(self, wanted: str) -> str:
        """Return the head that the revision follows."""
        heads = self._loaded.heads
        if wanted:
            found = revisions_named(wanted, heads)
            if len(found) != 1:
                raise ConfigurationError(
                    f"--head {wanted} does not name one head of the history",
                    hint=f"The heads: {', '.join(heads) or 'none'}",
                )
            return found[0]
        if len(heads) != 1:
            raise ConfigurationError(
                f"the history has {len(heads)} heads: {', '.join(heads)}"
                if heads
                else "the history has no revisions",
                hint="Name the head that the migration follows with --head, or merge the heads: "
                + self._loaded.project.command("merge", "heads")
                if heads
                else "Write the first migration with "
                + self._loaded.project.command("revision", "--autogenerate"),
            )
        return heads[0]

    def _judge(self, database: DatabaseState) -> tuple[DatabaseState, list[Judged]]:
        """Compare a live database with the schema at its revisions.

        Raises:
            CannotCheckError: It is not known which drift it has.
        """
        compare = self._loaded.project.driftcheck_command("compare")
        if _is_without_stamp(database):
            database = _as_at_head(database)
            database, changes = compared_state(database, self._shadows, self._progress)
            return database, judged_changes(database, changes, self._renames)
        if Gap.DRIFT not in database.gaps:
            raise CannotCheckError(
                "the revision of the live database is not known, so its drift is not known",
                hint=f"See {compare}.",
            )
        database, changes = compared_state(database, self._shadows, self._progress)
        wrong_stamps = WrongStamps(self._opened, self._replays)
        wrong = wrong_stamps.find(database, changes, self._state)
        if wrong is not None:
            raise CannotCheckError(
                "the stamp of the live database records revisions whose changes are missing"
                if isinstance(wrong, LiveBehind)
                else "revisions have run on the live database that its stamp does not record",
                hint=f"See {compare}.",
            )
        return database, judged_changes(database, changes, self._renames)

    def _selected(
        self, database: DatabaseState, judged: Sequence[Judged], only: Sequence[str]
    ) -> Selected:
        adopted, left = select(judged, database, self._settings, only)
        others = tuple(c for each in judged if each not in adopted for c in drift_of(each))
        stamped = self._loaded.heads if _is_without_stamp(database) else database.stamped
        return Selected(database, adopted, left, stamped, others)

    def _migration(self, targets: Targets, position: Position, directory: Path) -> Migration:
        databases = [one.database for one in targets.selected]
        writer = MigrationWriter(self._opened, self._replays, databases)
        partial = [one.database.database_key for one in targets.selected if one.is_partial]
        return writer.write(targets.schemas, partial, position, directory)


def _losses(targets: Iterable[Target]) -> Iterator[str]:
    """Say which data the upgrade and the downgrade drop."""
    for target in targets:
        catalog = catalog_for(target.database_key.dialect)
        for change in target.changes:
            holds_data = catalog.kind(change.address.kind).holds_data
            if holds_data and change.actual is None:
                yield (
                    f"The upgrade drops {change.address} with its data on databases that still "
                    "have it. The downgrade creates it again, without the data."
                )
            elif holds_data and change.wanted is None:
                yield f"The downgrade drops {change.address} with its data."


_NO_STAMP = (
    "The live database has no stamp, so it was compared with the head. Stamp it with the head "
    "before its upgrade."
)


_ONE_TENANT = (
    "env.py works in the schema {0}, and the migration names this schema. If env.py works in the "
    "schema of another tenant, the migration changes {0} all the same. Write it with "
    "--allow-unproved only if env.py always works in {0}."
)


def _on_other_tenants(schema: str) -> Attempt:
    return Attempt(
        "upgrade of other tenants", succeeded=None, details=f"The migration names {schema}."
    )


def _is_without_stamp(database: DatabaseState) -> bool:
    """Whether a live database has tables and no revisions: ``create_all()`` may have made it."""
    live = database.live
    return live is not None and live.has_tables and not live.stamped and not database.unknown


def _as_at_head(database: DatabaseState) -> DatabaseState:
    """Return the state of a database without a stamp, compared with the head."""
    snapshots, whole = (
        {**schemas, Side.STAMPED: schemas[Side.HEAD]}
        for schemas in (database.snapshots, database.whole)
    )
    gaps = tuple(dict.fromkeys((*database.gaps, Gap.DRIFT)))
    return replace(database, gaps=gaps, snapshots=snapshots, whole=whole)


def _require_template(template: Path) -> None:
    if not template.is_file():
        raise ConfigurationError(
            f"there is no template for migrations: {template}",
            hint="Copy script.py.mako from a directory that alembic init creates.",
        )


def _require_history(state: ProjectState[HistoryResult]) -> None:
    fault = state.result.history.fault
    if fault is not None:
        raise CannotCheckError(
            f"the history does not build: revision {fault.where.revision} fails",
            hint="Fix this first: the migration would follow a revision that does not run.",
            details=fault.message,
        )


def _message(options: AdoptOptions, findings: Sequence[Finding]) -> str:
    """Return the message of the revision; it names the object if there is only one.

    The template writes the message into a docstring, where not every name can stand.
    """
    names = [".".join(each.address.path) for each in findings if each.address is not None]
    if options.message:
        return options.message
    if len(names) == 1 and names[0].isprintable() and not {*'"\\'} & {*names[0]}:
        return f"adopt {names[0]}"
    return "adopt 1 change" if len(names) == 1 else f"adopt {len(names)} changes"
