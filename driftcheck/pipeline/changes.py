"""Finds the changes of a database in the gaps, and judges them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from driftcheck.chain import Gap, Side
from driftcheck.databases.postgresql.catalog.computed_defaults import with_computed_defaults
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Finding
from driftcheck.judging.hand_applied import renamed_on_both_sides
from driftcheck.judging.judge import Judged, changes_of, judge, objects_of
from driftcheck.judging.printed_expressions import reworded
from driftcheck.judging.rule_lookup import is_computed_default
from driftcheck.pipeline.building.modelling import name_dates
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.derived_changes import with_derived_changes
from driftcheck.pipeline.printed_expressions import decide, explain_undecided
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.undeclared_uses import without_undeclared_uses
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.filters import hidden_from_autogenerate
from driftcheck.sources.statement_log import has_word

Changes: TypeAlias = Mapping[Gap, list[Change]]
"""The changes of a database in each gap."""


def compared_state(
    state: DatabaseState, shadows: Shadows, progress: Progress
) -> tuple[DatabaseState, Changes]:
    """Compare the schemas of a database in its gaps, without the consequences of renames.

    If expressions are printed differently, the server decides which of them are equal. Equal
    expressions then have the same text in the returned state and changes.

    Args:
        state: The state of the database.
        shadows: Creates the shadow databases in which the server decides.
        progress: Called with a short description of each step.
    """
    changes: Changes = _changes(state)
    for gap in reversed(state.gaps):  # so that all schemas get the text of the live database
        state, changes = _settled(state, changes, gap.between, changes[gap], (shadows, progress))
    changed_twice = _changed_twice(state, changes)
    sides = Side.MODELS, Side.LIVE
    return _settled(state, changes, sides, changed_twice, (shadows, progress))


def judged_changes(state: DatabaseState, changes: Changes, renames: RenameFollower) -> list[Judged]:
    """Make a finding of each change that does not only follow from a rename.

    Args:
        state: The state of the database.
        changes: The changes of its schemas.
        renames: Finds the changes that only follow from a rename.
    """
    catalog, consequences = state.catalog, []
    if Gap.DRIFT in changes:
        stamped, live = state.snapshots[Side.STAMPED], state.snapshots[Side.LIVE]
        key, drift = state.database_key, changes[Gap.DRIFT]
        drift = renames.without_consequences(key, drift, stamped, live)
        kept = {id(change) for change in drift}
        consequences = [change for change in changes[Gap.DRIFT] if id(change) not in kept]
        drift = with_derived_changes(drift, stamped, live, catalog)
        changes = {**changes, Gap.DRIFT: drift}
    judged = judge(changes, state.snapshots, catalog.describe, catalog.note, consequences)
    kinds = catalog.declarable_kinds
    judged = [replace(each, finding=_as_declared(each.finding, kinds)) for each in judged]
    return explain_undecided(judged, state.undecided)


def _as_declared(finding: Finding, kinds: Collection[str]) -> Finding:
    """Leave out that the models lack an object which no models can declare: a view."""
    own = [address.kind for address in (finding.address, finding.part_of) if address is not None]
    if all(kind in kinds for kind in own) or finding.definitions.get(Side.MODELS, "") is not None:
        return finding
    others = dict(finding.definitions)
    del others[Side.MODELS]
    return replace(finding, definitions=others)


def _settled(
    state: DatabaseState,
    changes: Changes,
    sides: tuple[Side, Side],
    compared: Sequence[Change],
    tools: tuple[Shadows, Progress],
) -> tuple[DatabaseState, Changes]:
    """Have the server decide about the expressions that differ between two schemas."""
    if not compared:
        return state, changes
    shadows, progress = tools
    wanted, actual = (_with_dependencies(state, side) for side in sides)
    make = partial(shadows.maker, state.database_key)
    decision = decide(compared, (wanted, actual), state.catalog, make, progress)
    state = replace(state, undecided={**state.undecided, **decision.undecided})
    equal = decision.replacements
    if not equal:
        return state, changes
    state = replace(
        state,
        replacements=(*state.replacements, equal),
        snapshots={side: reworded(found, equal) for side, found in state.snapshots.items()},
    )
    return state, _changes(state)


def _changed_twice(state: DatabaseState, changes: Changes) -> list[Change]:
    """Return the objects that differ from the migrations both in the models and in live."""
    pending, drift = (
        {obj.address for obj in objects_of(changes.get(gap, ()))}
        for gap in (Gap.PENDING, Gap.DRIFT)
    )
    pairs = (
        (state.snapshots[Side.MODELS].objects.get(at), state.snapshots[Side.LIVE].objects.get(at))
        for at in pending & drift
    )
    return [Change(ChangeType.CHANGED, left, right) for left, right in pairs if left and right]


def _with_dependencies(state: DatabaseState, side: Side) -> Snapshot:
    """Return a schema with what its objects depend on in schemas that are not selected.

    Models are completed with the objects that only migrations create, such as functions.
    """
    snapshot, head = state.snapshots[side], state.whole.get(Side.HEAD)
    objects = {**state.whole[side].objects, **snapshot.objects}
    if side is Side.MODELS and head is not None:
        objects = {**head.without(objects).objects, **objects}
    return replace(snapshot, objects=objects)


def drift_in(judged: Sequence[Judged]) -> list[Change]:
    """Return the changes of drift that findings report, without defaults computed at creation."""
    return [
        change
        for each in judged
        if not is_computed_default(each.finding)
        for change in each.changes.get(Gap.DRIFT, ())
    ]


def pending_changes(
    state: DatabaseState, schema: Snapshot, renamed: Mapping[Address, Address] | None = None
) -> list[Change]:
    """Return the changes between the models and a schema, as far as models can declare them.

    Args:
        state: The state of the database, with its models.
        schema: The schema of the head, or of a copy of the head after some operations.
        renamed: What the operations have renamed: the new addresses, by those in the models.
    """
    for replacements in state.replacements:
        schema = reworded(schema, replacements)
    schema = with_computed_defaults(schema, dates=name_dates(state.configured))
    sides = {Side.MODELS: state.snapshots[Side.MODELS], Side.HEAD: schema}
    known = {**renamed_on_both_sides(state.drift, *sides.values()), **(renamed or {})}
    declarable = {side: _declarable(state, snapshot) for side, snapshot in sides.items()}
    models, existing = (declarable[side] for side in Gap.PENDING.between)
    hidden = hidden_from_autogenerate(state.configured, models, existing)
    compared = {side: snapshot.without(hidden) for side, snapshot in declarable.items()}
    changes = changes_of(Gap.PENDING, compared, known)
    kept = without_undeclared_uses(changes, compared[Side.HEAD], schema, state.catalog)
    return [change for change in kept if not _is_refused(change, state)]


def _changes(state: DatabaseState) -> dict[Gap, list[Change]]:
    def in_gap(gap: Gap) -> list[Change]:
        if gap is Gap.PENDING:
            return pending_changes(state, state.snapshots[Side.HEAD])
        return state.drift if gap is Gap.DRIFT else changes_of(gap, state.snapshots)

    return {gap: in_gap(gap) for gap in state.gaps}


def _is_refused(change: Change, state: DatabaseState) -> bool:
    """Whether the models declare an extra object in a statement that the database refused."""
    if change.type is not ChangeType.EXTRA:
        return False
    return any(
        all(has_word(refused.statement, name) for name in change.address.path)
        for refused in state.refused
    )


def _declarable(state: DatabaseState, snapshot: Snapshot) -> Snapshot:
    """Limit a schema to what models can declare: not the index of a materialized view."""
    kinds = state.catalog.declarable_kinds

    def can_be_declared(schema_object: SchemaObject) -> bool:
        parent = schema_object.part_of
        return schema_object.address.kind in kinds and (parent is None or parent.kind in kinds)

    return snapshot.only(can_be_declared)
