"""The schema that a migration without text of the live database leads to, made as a superuser.

A role without rights can neither drop nor create objects such as event triggers and procedural
languages. If the database runs no text of the live database in the migration, its statements are as
trusted as the migrations of the project, and run where these run: as a superuser on the private
server. The objects are read from a shadow database that only the migrations have built, because a
snapshot may come from a file that is not trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.engine import URL

from driftcheck.actions.adopt.targets import NotMadeError, Target
from driftcheck.actions.adopt.text_of_live import runs_no_text
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.plan import Plan
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import Change, compare
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.repairs.change_plan import redo, undo
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.reading import run_statements

_NOT_UNDONE = "A downgrade cannot undo it. {}"
_NOT_AS_CREATED = "the live database has a value that the migrations have not created"


class TrustedTargetMaker:
    """Makes the target of a migration that has no text of the live database.

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
            adopted: The changes of drift that are adopted; see ``runs_no_text``.
            stamped: The revisions of the live database.

        Raises:
            NotMadeError: Statements cannot make the changes, or cannot undo them.
        """
        head = self._replays.read(database_key, head_shadows.shadows[database_key])
        target = self._changed(database_key, head_shadows, adopted, "adopted")
        schema = self._replays.read(database_key, target.shadows[database_key])
        changes = tuple(compare(head, schema, same_lineage=True))
        by_hand = undo(changes, catalog_for(database_key.dialect), head, schema).by_hand
        if by_hand:
            target.begin_again()
            raise NotMadeError({each.address: _NOT_UNDONE.format(each.text) for each in by_hand})
        is_at_head = {*stamped} == {*self._replays.heads}
        start = head_shadows if is_at_head else self._replays.upgrade_to(stamped)
        live = self._changed(database_key, start, adopted, "live")
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

    def _changed(
        self, key: DatabaseKey, shadow_set: ShadowSet, adopted: Sequence[Change], name: str
    ) -> ShadowSet:
        """Return copies of shadows in which changes are made."""
        copies = self._shadows.copies(shadow_set, name)
        for each in shadow_set.shadows:
            self._shadows.shadow(copies, each)
        shadow = copies.shadows[key]
        before = self._replays.read(key, shadow)
        after, catalog = _with_changes(before, adopted), catalog_for(key.dialect)
        changes = compare(before, after, same_lineage=True)
        # The values were compared with a snapshot, which may come from the cache.
        if runs_no_text(changes, catalog, before):
            reasons = _refused(shadow.url, redo(changes, catalog, before, after))
        else:
            reasons = {change.address: _NOT_AS_CREATED for change in changes}
        if reasons:
            copies.begin_again()
            raise NotMadeError(reasons)
        return copies


def _refused(url: URL, plan: Plan) -> Mapping[Address, str]:
    """Run a plan, and return why it does not make changes, by the objects that it leaves."""
    if plan.by_hand:
        return {each.address: each.text for each in plan.by_hand}
    refused = run_statements(url, (step.statement for step in plan.steps))
    texts = {each.statement: each.message for each in refused}
    failed = (step for step in reversed(plan.steps) if step.statement in texts)
    return {step.address: texts[step.statement] for step in failed}


def _with_changes(schema: Snapshot, adopted: Iterable[Change]) -> Snapshot:
    """Return a schema with changes, as far as it has the objects that they are about."""
    objects = {**schema.objects}
    for change in _each(adopted):
        obj = None if change.wanted is None else objects.pop(change.wanted.address, None)
        if change.actual is None or (obj is None and change.wanted is not None):
            continue
        values = {each.attribute: each.actual for each in change.differences}
        made = change.actual if obj is None else replace(obj, address=change.actual.address)
        objects[made.address] = replace(made, attributes={**made.attributes, **values})
    return replace(schema, objects=objects)


def _each(changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        yield change
        yield from _each(change.parts)
