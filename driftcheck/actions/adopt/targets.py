"""The schema that a migration leads to: the head with the drift that is adopted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from driftcheck.chain import Side
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.database import Database
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.plan import ObjectChange, PlanStep
from driftcheck.databases.registry import database_for
from driftcheck.databases.shadow.base import UNTRUSTED_NOT_RUN, USE_PRIVATE_SERVER
from driftcheck.errors import ReplayError, ShadowError
from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.judge import addresses_of, objects_of
from driftcheck.pipeline.building.head import is_restricted
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.repairs.change_plan import object_changes, redo
from driftcheck.pipeline.repairs.repair_facts import with_dependencies
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.reading import Refused
from driftcheck.sources.untrusted import build_untrusted, extensions_of, run_untrusted

_NOT_MADE = "It cannot be made in a shadow database: {}."
_NEEDED = "A migration would drop it, and {} needs it. {}"


class NotMadeError(ReplayError):
    """Drift cannot be made in a shadow database, so a migration for it cannot be tried.

    Args:
        reasons: Why, in a sentence, by the objects of the drift.
        needs_rights: Whether a superuser can make it; if not given, the reasons say so.
    """

    def __init__(self, reasons: Mapping[Address, str], *, needs_rights: bool | None = None) -> None:
        address, reason = next(iter(reasons.items()))
        super().__init__(
            f"no migration can be tried for {address}: {reason}",
            hint="Write the migration by hand.",
        )
        self.reasons = reasons
        told = any(map(lacks_rights, reasons.values()))
        self.needs_rights = told if needs_rights is None else needs_rights


@dataclass(frozen=True)
class Target:
    """The schemas between which a migration is written, and shadows that have them.

    Attributes:
        database_key: The database.
        head: The schema at the heads.
        schema: The schema at the heads with the drift that is adopted.
        changes: The changes from the head to this schema.
        head_shadows: A shadow set at the heads.
        shadows: A shadow set with the target schema.
        live_shadows: A shadow set with the live schema, stamped as the live database is.
        is_exact: Whether the schema is exactly the target. If not, it is that of the live database
            with all of its drift.
        is_trusted: Whether the migration contains no text of the live database, so that it may run
            with the rights of the project's own migrations.
    """

    database_key: DatabaseKey
    head: Snapshot
    schema: Snapshot
    changes: tuple[Change, ...]
    head_shadows: ShadowSet
    shadows: ShadowSet
    live_shadows: ShadowSet
    is_exact: bool
    is_trusted: bool = False

    def object_changes(self, *, upgrade: bool) -> list[list[ObjectChange]]:
        """Return the changes of single objects, in the order of the upgrade or of the downgrade.

        Changes that belong to one finding are a group.
        """
        ordered = reversed(self.changes) if upgrade else self.changes
        return [[*object_changes([change], undone=not upgrade)] for change in ordered]

    def drop_shadows(self) -> None:
        """Drop the shadows that were made for this target."""
        for shadow_set in (self.shadows, self.live_shadows):
            shadow_set.begin_again()

    @property
    def dropped(self) -> set[Address]:
        """The tables that only one schema has."""
        return {a for a in {*self.head.objects} ^ {*self.schema.objects} if a.kind == "table"}


class TargetMaker:
    """Makes the target of a migration on shadow databases.

    Args:
        shadows: Creates the project's shadow databases.
        replays: Reads and stamps them.
        renames: Leaves out the changes that only follow from a rename.
        progress: Called with a short description of each step.
    """

    def __init__(
        self, shadows: Shadows, replays: Replays, renames: RenameFollower, progress: Progress
    ) -> None:
        self._shadows = shadows
        self._replays = replays
        self._renames = renames
        self._progress = progress

    def make(
        self,
        database: DatabaseState,
        head_shadows: ShadowSet,
        adopted: Sequence[Change],
        not_made: Sequence[Change],
        stamped: Sequence[str],
    ) -> Target:
        """Make the target of a migration.

        Args:
            database: The state of the database.
            head_shadows: Shadows at the heads of the history.
            adopted: The changes of drift that are adopted.
            not_made: The changes of drift that the copy of the live database does not have.
            stamped: The revisions that the copy of the live database is stamped with.

        Raises:
            ShadowError: Untrusted DDL cannot be run where the shadow databases are.
            NotMadeError: Migrations for some changes have to be written by hand.
        """
        key = database.database_key
        if not self._shadows.maker(key).runs_untrusted_ddl:
            raise ShadowError(
                f"adopt copies the live database's schema, and {UNTRUSTED_NOT_RUN}",
                hint=USE_PRIVATE_SERVER,
            )
        self._progress("making the drift again")
        live = database.snapshots[Side.LIVE]
        live = with_dependencies(self._shadows.live_url(key), database.catalog, live)
        database = replace(database, snapshots={**database.snapshots, Side.LIVE: live})
        _require_kept(database, adopted)
        live_shadows = self._live(database, head_shadows, not_made, stamped)
        target = self._copies(head_shadows, "adopted")
        head = self._replays.read(key, target.shadows[key])
        if self._refused(database, head_shadows, target, head, adopted):
            target.begin_again()
            target = live_shadows
            schema = self._replays.read(key, target.shadows[key])
            changes = tuple(adopted)
        else:
            schema = self._replays.read(key, target.shadows[key])
            changes = tuple(self._changes(database, head, schema))
        is_exact = target is not live_shadows
        return Target(key, head, schema, changes, head_shadows, target, live_shadows, is_exact)

    def _copies(self, shadow_set: ShadowSet, name: str) -> ShadowSet:
        copies = self._shadows.copies(shadow_set, name, restricted=True)
        for key in shadow_set.shadows:
            self._shadows.shadow(copies, key)
        return copies

    def _live(
        self,
        database: DatabaseState,
        head_shadows: ShadowSet,
        not_made: Sequence[Change],
        stamped: Sequence[str],
    ) -> ShadowSet:
        """Return restricted shadows with the live schema, with the stamps of the live database.

        A role without rights cannot create every object. Those that the migrations create are in
        a copy of a shadow that the migrations have built, and only the drift is made there.

        Raises:
            NotMadeError: The role of the shadows cannot create the schema in either way.
        """
        key = database.database_key
        live = self._shadows.restricted_set("live")
        for other in head_shadows.shadows:
            self._shadows.shadow(live, other)
        try:
            build_untrusted(database.snapshots[Side.LIVE], live.shadows[key])
        except ReplayError:
            live.begin_again()
            is_at_head = {*stamped} == {*self._replays.heads}
            start = head_shadows if is_at_head else self._replays.upgrade_to(stamped)
            live = self._copies(start, "live")
            refused = self._refused_drift(database, start, live, not_made)
            if refused:
                live.begin_again()
                raise NotMadeError(refused) from None
        else:
            self._replays.stamp(live, stamped)
        return live

    def _refused_drift(
        self,
        database: DatabaseState,
        stamped: ShadowSet,
        copies: ShadowSet,
        not_made: Sequence[Change],
    ) -> dict[Address, str]:
        """Change restricted copies of shadows at the stamp to the live schema.

        Objects that such a copy never has are left out, and so are changes that cannot be made.

        Returns:
            The objects that cannot be changed, with the reasons; empty if the copies have the live
            schema.
        """
        key, catalog = database.database_key, database.catalog
        before = self._replays.read(key, copies.shadows[key])
        lost = {*self._replays.read(key, stamped.shadows[key]).objects} - {*before.objects}
        live = database.snapshots[Side.LIVE].only(
            lambda obj: obj.address not in lost and not _is_left_out(obj.address, catalog)
        )
        without = {(change.type, addresses_of(change)) for change in not_made}

        def wanted(schema: Snapshot) -> list[Change]:
            found = self._changes(database, schema, live)
            return [each for each in found if (each.type, addresses_of(each)) not in without]

        refused = self._refused(database, stamped, copies, before, wanted(before))
        if refused:
            return refused
        left = objects_of(wanted(self._replays.read(key, copies.shadows[key])))
        return {obj.address: "It cannot be made again in a shadow database." for obj in left}

    def _refused(
        self,
        database: DatabaseState,
        original: ShadowSet,
        copies: ShadowSet,
        schema: Snapshot,
        changes: Sequence[Change],
    ) -> dict[Address, str]:
        """Make changes in restricted copies.

        Args:
            database: The state of the database.
            original: The shadows that were copied.
            copies: The copies.
            schema: Their schema.
            changes: The changes to make.

        Returns:
            The objects that statements cannot change, with the reasons; empty if they have made all
            changes.
        """
        plan = redo(changes, database.catalog, schema, database.snapshots[Side.LIVE])
        if plan.by_hand:
            return {each.address: _NOT_MADE.format(each.text.rstrip(".")) for each in plan.by_hand}
        shadow = copies.shadows[database.database_key]
        if not is_restricted(original):  # a restricted shadow has functions that are not trusted
            shadow.install(_added_extensions(changes))
        system = database_for(database.database_key.dialect)
        steps = [
            _unless_installed(step, database.snapshots[Side.LIVE], system) for step in plan.steps
        ]
        refused = run_untrusted(shadow, (step.statement for step in steps))
        # Later statements about an object fail because the first one was refused.
        return {
            _address_of(each, steps, system): _NOT_MADE.format(each.message)
            for each in reversed(refused)
        }

    def _changes(self, database: DatabaseState, head: Snapshot, target: Snapshot) -> list[Change]:
        key = database.database_key
        maker = partial(self._shadows.maker, key)
        found = compared(
            head, target, partial(compare, same_lineage=True), database.catalog, maker
        ).changes
        return [*self._renames.without_consequences(key, found, head, target)]


def _require_kept(database: DatabaseState, adopted: Sequence[Change]) -> None:
    """Require that a migration is not about objects that restricted shadow databases lack.

    What such an object stands on could be dropped there, and on no other database.

    Raises:
        NotMadeError: It is.
    """
    catalog, head = database.catalog, database.snapshots[Side.HEAD]
    for obj in objects_of(adopted):
        if _is_left_out(obj.address, catalog):
            raise NotMadeError({obj.address: _lost(obj.address, catalog)}, needs_rights=True)
    plan = redo(adopted, catalog, head, database.snapshots[Side.LIVE])
    dropped = [step.address for step in plan.steps if step.statement.startswith("DROP ")]
    for address in (*dropped, *(step.address for step in plan.by_hand)):
        for dependent in head.dependents.get(address, ()):
            if _is_left_out(dependent, catalog):
                reason = _NEEDED.format(dependent, _lost(dependent, catalog))
                raise NotMadeError({address: reason}, needs_rights=True)


def _lost(address: Address, catalog: Catalog) -> str:
    return f"Restricted shadow databases have no {catalog.kind(address.kind).plural}."


def _unless_installed(step: PlanStep, live: Snapshot, database: Database) -> PlanStep:
    """Return a step that leaves an extension as it is if it was installed with more rights."""
    obj = live.objects.get(step.address)
    if obj is None or step.address.kind != "extension":
        return step
    return replace(step, statement=database.conditional(step.statement, obj).statement)


def _address_of(refused: Refused, steps: Iterable[PlanStep], database: Database) -> Address:
    """Return the object of a refused statement, which may have been changed to run without code."""
    return next(
        step.address
        for step in steps
        if refused.statement in (step.statement, database.without_code(step.statement))
    )


def _is_left_out(address: Address, catalog: Catalog) -> bool:
    """Whether restricted copies of shadow databases have no objects of a kind."""
    kind = catalog.kind(address.kind)
    return kind.left_out_of_copies or kind.is_lost_in_copies


def _added_extensions(adopted: Iterable[Change]) -> list[tuple[str, str]]:
    objects = {
        change.actual.address: change.actual for change in adopted if change.actual is not None
    }
    return [*extensions_of(Snapshot(objects, "", "", ""))]
