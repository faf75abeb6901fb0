"""The schema that a migration leads to: the head with the drift that is adopted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from driftcheck.chain import Side
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.plan import ObjectChange
from driftcheck.databases.shadow.base import UNTRUSTED_NOT_RUN, USE_PRIVATE_SERVER
from driftcheck.errors import ReplayError, ShadowError
from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.change_plan import object_changes, redo
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.head import is_restricted
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.repair_facts import with_dependencies
from driftcheck.pipeline.replays import Replays
from driftcheck.pipeline.shadows import Shadows
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.untrusted import build_untrusted, extensions_of, run_untrusted


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
    """

    database_key: DatabaseKey
    head: Snapshot
    schema: Snapshot
    changes: tuple[Change, ...]
    head_shadows: ShadowSet
    shadows: ShadowSet
    live_shadows: ShadowSet
    is_exact: bool

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
        """The tables that only one schema has, and those that have them as partitions."""
        schemas = self.head, self.schema
        alone = {
            obj.address
            for change in self.changes
            for obj in (change.wanted, change.actual)
            if obj is not None and (change.wanted is None or change.actual is None)
        }
        parents = {
            part.inherited_from._replace(kind="table", path=part.inherited_from.path[:1])
            for schema in schemas
            for address in alone
            for part in schema.parts.get(address, ())
            if part.inherited_from is not None
        }
        return {address for address in alone | parents if address.kind == "table"}


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
        stamped: Sequence[str],
    ) -> Target:
        """Make the target of a migration.

        Args:
            database: The state of the database.
            head_shadows: Shadows at the heads of the history.
            adopted: The changes of drift that are adopted.
            stamped: The revisions that the copy of the live database is stamped with.

        Raises:
            ShadowError: Untrusted DDL cannot be run where the shadow databases are.
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
        live_shadows = self._live(database, head_shadows, stamped)
        target = self._copies(head_shadows, "adopted")
        head = self._replays.read(key, target.shadows[key])
        if self._refusal(database, head_shadows, target, head, adopted):
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
        self, database: DatabaseState, head_shadows: ShadowSet, stamped: Sequence[str]
    ) -> ShadowSet:
        """Return restricted shadows with the live schema, with the stamps of the live database.

        A role without rights cannot create every object. Those that the migrations create are in
        a copy of a shadow that the migrations have built, and only the drift is made there.

        Raises:
            ReplayError: The role of the shadows cannot create the schema in either way.
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
            refusal = self._refusal_of_drift(database, start, live)
            if refusal:
                raise ReplayError(
                    f"the drift cannot be made in a shadow database: {refusal}",
                    hint="Write the migration by hand: only a role with more rights can try it.",
                ) from None
        else:
            self._replays.stamp(live, stamped)
        return live

    def _refusal_of_drift(
        self, database: DatabaseState, stamped: ShadowSet, copies: ShadowSet
    ) -> str:
        """Change restricted copies of shadows at the stamp to the live schema.

        Objects that such a copy never has are left out.

        Returns:
            Why that is not possible; empty if the copies have the live schema.
        """
        key, catalog = database.database_key, database.catalog
        before = self._replays.read(key, copies.shadows[key])
        lost = {*self._replays.read(key, stamped.shadows[key]).objects} - {*before.objects}
        live = database.snapshots[Side.LIVE].only(
            lambda obj: (
                obj.address not in lost and not catalog.kind(obj.address.kind).left_out_of_copies
            )
        )
        changes = self._changes(database, before, live)
        refusal = self._refusal(database, stamped, copies, before, changes)
        if refusal:
            return refusal
        left = self._changes(database, live, self._replays.read(key, copies.shadows[key]))
        return ", ".join(f"{obj.address} differs" for obj in objects_of(left[:1]))

    def _refusal(
        self,
        database: DatabaseState,
        original: ShadowSet,
        copies: ShadowSet,
        schema: Snapshot,
        changes: Sequence[Change],
    ) -> str:
        """Make changes in restricted copies.

        Args:
            database: The state of the database.
            original: The shadows that were copied.
            copies: The copies.
            schema: Their schema.
            changes: The changes to make.

        Returns:
            What statements cannot change; empty if they have made all changes.
        """
        plan = redo(changes, database.catalog, schema, database.snapshots[Side.LIVE])
        if plan.by_hand:
            return f"{plan.by_hand[0].address} can only be changed by hand"
        shadow = copies.shadows[database.database_key]
        if not is_restricted(original):  # a restricted shadow has functions that are not trusted
            shadow.install(_added_extensions(changes))
        return "".join(each.message for each in run_untrusted(shadow, plan.statements)[:1])

    def _changes(self, database: DatabaseState, head: Snapshot, target: Snapshot) -> list[Change]:
        key = database.database_key
        maker = partial(self._shadows.maker, key)
        found = compared(
            head, target, partial(compare, same_lineage=True), database.catalog, maker
        ).changes
        return [*self._renames.without_consequences(key, found, head, target)]


def _added_extensions(adopted: Iterable[Change]) -> list[tuple[str, str]]:
    objects = {
        change.actual.address: change.actual for change in adopted if change.actual is not None
    }
    return [*extensions_of(Snapshot(objects, "", "", ""))]
