"""The facts that findings are completed with, and the operations of autogenerate among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog
from driftcheck.judging.comparison import Change
from driftcheck.judging.findings import (
    Evidence,
    SourceLine,
)
from driftcheck.judging.judge import Judged, is_left_to_migrations, objects_of
from driftcheck.pipeline.completion.operation_matching import objects_in
from driftcheck.pipeline.repairs.repair import RepairBasis
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.operation import Operation


@dataclass(frozen=True)
class Operations:
    """The operations that autogenerate writes.

    Attributes:
        on_head: The operations against a database at head: those that the models need.
        on_live: The operations against head with the drift, for the tables of the findings: those
            that ``migrate`` would write.
        errors: The errors of the operations of ``on_head`` that fail on a database at head, by
            the operation's text.
        left: The changes between the models and head that remain after ``on_head`` has run.
        ran: Whether autogenerate ran. If not, no change is a blind spot.
        not_tried: Why autogenerate did not run with the drift; empty if it did.
        not_run: Why autogenerate did not run; empty if it did.
    """

    on_head: Sequence[Operation] = ()
    on_live: Sequence[Operation] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    left: Sequence[Change] = ()
    ran: bool = False
    not_tried: str = ""
    not_run: str = ""

    @property
    def phantoms(self) -> list[Operation]:
        """The operations that are written because of drift only: on live, but not on head."""
        needed = Counter(operation.rendered for operation in self.on_head)
        phantoms = []
        for operation in self.on_live:
            if needed[operation.rendered]:
                needed[operation.rendered] -= 1
            else:
                phantoms.append(operation)
        return phantoms

    def is_hidden(self, operation: Operation) -> bool:
        """Whether ``migrate`` does not write an operation, because the drift has the same effect.

        This is known of operations of plugins that are about no table. Of others, those on the
        tables of the findings are written with the drift.
        """
        if not operation.is_of_plugin or operation.table:
            return False
        return all(operation.rendered != each.rendered for each in self.on_live)

    def left_of(self, judged: Judged) -> list[Change]:
        """Return the changes of a finding that remain after all operations have run."""
        own = {schema_object.address for schema_object in objects_in(judged)}
        left = (change for change in self.left if not is_left_to_migrations(change))
        return [change for change in left if any(o.address in own for o in objects_of([change]))]


@dataclass(frozen=True)
class ColleagueError:
    """The result of an operation on a database without the drift.

    Attributes:
        error: The error of the database; ``None`` if the operation runs.
        not_tried: Why the operation could not be tried; empty if it was tried.
    """

    error: str | None = None
    not_tried: str = ""


@dataclass(frozen=True)
class FindingContext:
    """The facts, besides the changes themselves, that findings are completed with.

    Attributes:
        catalog: Writes changes as DDL.
        operations: The operations that autogenerate writes.
        colleague_error: Returns the error of an operation on a database without drift.
        made: The revision that created each object.
        dropped: The revision that dropped or renamed an object that the migrations created.
        declared: The line of the models that declares the object of a finding, by its address.
        upgrade: The project's upgrade command.
        migrate: The project's command that writes a migration with autogenerate.
        evidence: The live database's records of the changes, by address.
        snapshots: The schemas that were compared.
        basis: What the repair of the live database is planned with.
        drift: The changes of all findings that were made outside the migrations.
    """

    catalog: Catalog
    operations: Operations = field(default_factory=Operations)
    colleague_error: Callable[[Operation], ColleagueError] = lambda _: ColleagueError()
    made: Mapping[Address, MigrationSource] = field(default_factory=dict)
    dropped: Mapping[Address, MigrationSource] = field(default_factory=dict)
    declared: Mapping[Address, SourceLine] = field(default_factory=dict)
    upgrade: str = "alembic upgrade head"
    migrate: str = "alembic revision --autogenerate"
    evidence: Mapping[Address, Evidence] = field(default_factory=dict)
    snapshots: Mapping[Side, Snapshot] = field(default_factory=dict)
    basis: RepairBasis | None = None
    drift: Sequence[Change] = ()

    def between(self, gap: Gap) -> tuple[Snapshot | None, Snapshot | None]:
        """The wanted and the actual schema of a gap, if they are known."""
        wanted, actual = gap.between
        return self.snapshots.get(wanted), self.snapshots.get(actual)
