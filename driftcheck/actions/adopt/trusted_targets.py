"""The schema that a migration which only drops objects leads to, made with a superuser's rights.

A role without rights can neither drop nor create objects such as operator classes and procedural
languages. If all of the drift is dropped objects, the migration contains no text of the live
database: the objects that it drops, and creates again in the downgrade, are those that the
migrations of the project have created. So its statements are as trusted as the migrations, and run
where these run: as a superuser on the private server. The objects are read from a shadow database
that only the migrations have built, because a snapshot may come from a file that is not trusted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from driftcheck.actions.adopt.targets import NotMadeError, Target
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ReplayError
from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.repairs.change_plan import redo
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address
from driftcheck.sources.reading import run_statements


def only_drops(changes: Iterable[Change]) -> bool:
    """Whether the live database lacks all objects of some changes, and has nothing in their place.

    Args:
        changes: The changes of drift.
    """
    return all(change.actual is None and only_drops(change.parts) for change in changes)


class TrustedTargetMaker:
    """Makes the target of a migration that only drops objects.

    Args:
        shadows: Creates the project's shadow databases.
        replays: Reads and stamps them.
    """

    def __init__(self, shadows: Shadows, replays: Replays) -> None:
        self._shadows = shadows
        self._replays = replays

    def make(
        self,
        database_key: DatabaseKey,
        head_shadows: ShadowSet,
        adopted: Sequence[Change],
        stamped: Sequence[str],
    ) -> Target:
        """Make the target of a migration.

        Args:
            database_key: The database.
            head_shadows: Shadows at the heads, in which no untrusted SQL has run.
            adopted: The changes of drift that are adopted, which only drop objects.
            stamped: The revisions of the live database.

        Raises:
            NotMadeError: Statements cannot drop the objects.
        """
        dropped = {obj.address for obj in objects_of(adopted)}
        head = self._replays.read(database_key, head_shadows.shadows[database_key])
        target = self._without(database_key, head_shadows, dropped, "adopted")
        schema = self._replays.read(database_key, target.shadows[database_key])
        is_at_head = {*stamped} == {*self._replays.heads}
        start = head_shadows if is_at_head else self._replays.upgrade_to(stamped)
        live = self._without(database_key, start, dropped, "live")
        changes = tuple(compare(head, schema, same_lineage=True))
        return Target(
            database_key,
            head,
            schema,
            changes,
            head_shadows,
            target,
            live,
            is_exact=True,
            is_trusted=True,
        )

    def _without(
        self, key: DatabaseKey, shadow_set: ShadowSet, dropped: Collection[Address], name: str
    ) -> ShadowSet:
        """Return copies of shadows in which some objects are dropped."""
        copies = self._shadows.copies(shadow_set, name)
        for each in shadow_set.shadows:
            self._shadows.shadow(copies, each)
        shadow = copies.shadows[key]
        if shadow.restricted:
            raise ReplayError("the migrations have run as a role without rights")
        before = self._replays.read(key, shadow)
        after = before.only(lambda obj: obj.address not in dropped)
        plan = redo(
            compare(before, after, same_lineage=True), catalog_for(key.dialect), before, after
        )
        reasons = {each.address: each.text for each in plan.by_hand}
        if not reasons:
            refused = run_statements(shadow.url, (step.statement for step in plan.steps))
            texts = {each.statement: each.message for each in refused}
            reasons = {
                step.address: texts[step.statement]
                for step in plan.steps
                if step.statement in texts
            }
        if reasons:
            copies.begin_again()
            raise NotMadeError(reasons)
        return copies
