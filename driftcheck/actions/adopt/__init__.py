"""``driftcheck adopt``: writes the migration that makes the drift of a database official."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from driftcheck.actions.adopt.migration import Migration, MigrationWriter
from driftcheck.actions.adopt.revision_file import Position
from driftcheck.actions.adopt.selection import require_found, select
from driftcheck.actions.adopt.targets import Target, TargetMaker
from driftcheck.chain import CHAIN, Gap
from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.judging.adoption import Adoption, NotAdopted
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, objects_of
from driftcheck.pipeline.changes import compared_state, judged_changes
from driftcheck.pipeline.database_state import DatabaseState, ProjectState, StateReader
from driftcheck.pipeline.histories import Histories, HistoryResult
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.replays import Replays
from driftcheck.pipeline.selection import reading_scope
from driftcheck.pipeline.shadows import Shadows
from driftcheck.pipeline.stamp_behind import UnrecordedRevisions
from driftcheck.project.environment import LoadedProject
from driftcheck.schema import Address
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


@dataclass(frozen=True)
class _Selected:
    """What is adopted of one database."""

    database: DatabaseState
    judged: Sequence[Judged]
    left: Sequence[NotAdopted]
    left_out: frozenset[Address]


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
        open_project(settings, progress) as (loaded, shadows, declarations),
    ):
        del declarations
        return _Adopter(loaded, shadows, settings, options, progress).run(directory)


class _Adopter:
    """Adopts the drift of the databases of a project.

    Args:
        loaded: The project.
        shadows: Creates its shadow databases.
        settings: The settings.
        options: Selects what is adopted.
        progress: Called with a short description of each step.
    """

    def __init__(
        self,
        loaded: LoadedProject,
        shadows: Shadows,
        settings: Settings,
        options: AdoptOptions,
        progress: Progress,
    ) -> None:
        self._loaded = loaded
        self._shadows = shadows
        self._settings = settings
        self._options = options
        self._progress = progress
        self._replays = Replays(loaded, shadows, settings, progress)
        self._histories = Histories(loaded, shadows, self._replays, settings, progress)
        self._renames = RenameFollower(shadows, reading_scope(settings), progress)

    def run(self, directory: Path) -> Adoption:
        """Write the migration.

        Args:
            directory: An empty directory for its file.
        """
        head = self._head()
        reader = StateReader(
            self._loaded, self._shadows, self._replays, self._settings, self._progress
        )
        state = reader.read(self._histories.get)
        _require_history(state)
        selected = [self._select(database, state) for database in state.databases]
        findings = [each.finding for one in selected for each in one.judged]
        left = [each for one in selected for each in one.left]
        require_found(self._options.only, [*findings, *(each.finding for each in left)])
        adoption = Adoption(self._loaded.project.name, tuple(findings), tuple(left))
        if not findings:
            return adoption
        targets = self._targets(selected, state)
        migration = self._migration(selected, targets, state, head, directory)
        return replace(
            adoption,
            revision=migration.file.revision,
            head=head,
            file=_shown(migration.file.destination, self._loaded.root),
            destination=str(migration.file.destination.resolve()),
            text=migration.file.text,
            attempts=migration.attempts,
            warnings=(*_losses(targets.values()), *migration.warnings),
            next_steps=(self._loaded.upgrade_command,),
        )

    def _head(self) -> str:
        """Return the head that the revision follows."""
        heads, wanted = self._loaded.heads, self._options.head
        if wanted:
            found = [head for head in heads if head.startswith(wanted)]
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

    def _select(self, database: DatabaseState, state: ProjectState[HistoryResult]) -> _Selected:
        if Gap.DRIFT not in database.gaps:
            raise CannotCheckError(
                "the revision of the live database is not known, so its drift is not known",
                hint=f"See {self._loaded.project.driftcheck_command('compare')}.",
            )
        database, changes = compared_state(database, self._shadows, self._progress)
        unrecorded = UnrecordedRevisions(
            self._loaded, self._shadows, self._replays, self._settings, self._progress
        )
        if unrecorded.find(database, changes, state) is not None:
            raise CannotCheckError(
                "revisions have run on the live database that its stamp does not record",
                hint=f"See {self._loaded.project.driftcheck_command('compare')}.",
            )
        judged = judged_changes(database, changes, self._renames)
        adopted, left = select(judged, database, self._settings, self._options.only)
        others = [change for each in judged if each not in adopted for change in _drift(each)]
        left_out = frozenset(obj.address for obj in objects_of(others))
        return _Selected(database, adopted, left, left_out)

    def _targets(
        self, selected: Sequence[_Selected], state: ProjectState[HistoryResult]
    ) -> dict[DatabaseKey, Target]:
        """Make the schema of each database that the migration leads to."""
        head_shadows = self._histories.head_shadows(state.result.history)
        maker = TargetMaker(self._shadows, self._replays, self._renames, self._progress)
        return {
            one.database.database_key: maker.make(
                one.database,
                head_shadows,
                [change for each in one.judged for change in _drift(each)],
                one.database.stamped,
            )
            for one in selected
            if one.judged
        }

    def _migration(
        self,
        selected: Sequence[_Selected],
        targets: Mapping[DatabaseKey, Target],
        state: ProjectState[HistoryResult],
        head: str,
        directory: Path,
    ) -> Migration:
        message = self._options.message or _message(selected)
        writer = MigrationWriter(self._loaded, self._shadows, self._replays, state, self._progress)
        left = {one.database.database_key: one.left_out for one in selected}
        return writer.write(targets, left, Position.on(head, message), directory)


def _losses(targets: Iterable[Target]) -> Iterator[str]:
    """Say which data the upgrade drops on databases that still have it."""
    for target in targets:
        catalog = catalog_for(target.database_key.dialect)
        dropped = (c.wanted for c in target.changes if c.wanted is not None and c.actual is None)
        for obj in dropped:
            if catalog.kind(obj.address.kind).holds_data:
                yield (
                    f"The upgrade drops {obj.address} with its data on databases that still have "
                    "it. The downgrade creates it again, without the data."
                )


def _drift(judged: Judged) -> Sequence[Change]:
    return judged.changes.get(Gap.DRIFT, ())


def _require_history(state: ProjectState[HistoryResult]) -> None:
    fault = state.result.history.fault
    if fault is not None:
        raise CannotCheckError(
            f"the history does not build: revision {fault.where.revision} fails",
            hint="Fix this first: the migration would follow a revision that does not run.",
            details=fault.message,
        )


def _message(selected: Sequence[_Selected]) -> str:
    """Return a message that names the objects, as far as it stays short."""
    names = [
        ".".join(each.finding.address.path)
        for one in selected
        for each in one.judged
        if each.finding.address is not None
    ]
    return f"adopt {names[0]}" if len(names) == 1 else f"adopt {len(names)} changes"


def _shown(path: Path, root: Path) -> str:
    path, root = path.resolve(), root.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
