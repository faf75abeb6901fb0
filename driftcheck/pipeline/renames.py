"""Leaves out of drift the changes that only follow from a rename.

An example: somebody renames the column ``students.name`` to ``full_name`` on the live database.
The index ``ix_name`` on this column now reads ``(full_name)`` instead of ``(name)``, although
nobody changed the index. The server knows what a rename changes. So the rename is made in a shadow
database with the stamped schema. There the index reads ``(full_name)`` too; compared with this
shadow, the index of the live database is not changed, and only the rename is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.dependencies import concerned
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.plan import build
from driftcheck.databases.plan_scope import within
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ReplayError, ShadowError
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.judge import addresses_of, objects_of
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.pipeline.progress import Progress
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.untrusted import build_untrusted, run_untrusted


class RenameFollower:
    """Makes renames in shadow databases, and compares again.

    Args:
        shadows: Creates shadow databases.
        scope: The part of a database that is read.
        progress: Called with a short description of each step.
    """

    def __init__(self, shadows: Shadows, scope: Scope, progress: Progress) -> None:
        self._shadows = shadows
        self._scope = scope
        self._progress = progress

    def without_consequences(
        self,
        database_key: DatabaseKey,
        changes: Sequence[Change],
        stamped: Snapshot,
        live: Snapshot,
    ) -> list[Change]:
        """Return the changes of drift that do not only follow from a rename among them.

        This is repeated, because a rename may hide another: an index on a renamed column that was
        renamed itself is recognized only after the column has its new name in the shadow.

        All changes are returned if the renames cannot be made in a shadow. The new names come from
        the live database, so this is a restricted shadow, and no shadow on a server that others
        use.

        Args:
            database_key: The database.
            changes: The changes between the stamped and the live schema.
            stamped: The stamped schema.
            live: The live schema.
        """
        remaining = list(changes)
        catalog = catalog_for(database_key.dialect)
        while True:
            renames = [change for change in remaining if _may_affect_others(change, catalog)]
            if not renames or len(renames) == len(remaining):
                return remaining
            self._progress("following renames")
            renamed = self._renamed(database_key, renames, stamped, live)
            if renamed is None:
                return remaining
            changes_after = compared(
                renamed,
                live,
                partial(compare, same_lineage=False),
                catalog_for(database_key.dialect),
                partial(self._shadows.maker, database_key),
            ).changes
            recognized = _recognized_renames(remaining, changes_after, renames)
            if not recognized:
                return _not_explained(remaining, renames, changes_after, stamped)
            replaced = (recognized.get(id(change), change) for change in remaining)
            remaining = [change for change in replaced if change is not None]

    def _renamed(
        self,
        database_key: DatabaseKey,
        renames: Sequence[Change],
        stamped: Snapshot,
        live: Snapshot,
    ) -> Snapshot | None:
        """Return the stamped schema after the renames; ``None`` if they cannot be made."""
        # The stamped schema may come from the cache.
        if not self._shadows.maker(database_key).runs_untrusted_files:
            return None
        shadow = self._shadows.create_restricted(database_key, "renamed")
        schemas = _new_schemas(renames, stamped)
        try:
            part = _concerned(renames, stamped)
            build_untrusted(part, shadow)
            catalog = catalog_for(database_key.dialect)
            statements = [*_statements(catalog, renames, schemas, live)]
        except (ReplayError, ShadowError, CannotBeWritten):
            return None
        if run_untrusted(shadow, statements):
            return None
        renamed = read_restricted(shadow, self._scope).without(schemas)
        others = {a: obj for a, obj in stamped.objects.items() if a not in part.objects}
        return replace(renamed, objects={**others, **renamed.objects})


def _concerned(renames: Sequence[Change], stamped: Snapshot) -> Snapshot:
    """Return the part of the stamped schema that renames can concern."""
    objects = [*objects_of(renames)]
    names = (obj.address.path for obj in objects)  # also the new names, which can be in use
    catalog = catalog_for(stamped.dialect)
    part = concerned(stamped, [obj.address for obj in objects], names, catalog)
    return stamped if part is None else part


def _statements(
    catalog: Catalog, renames: Sequence[Change], schemas: Sequence[Address], live: Snapshot
) -> Iterator[str]:
    """Yield the statements that create the new schemas and make the renames."""
    for schema in schemas:
        yield from catalog.kind("schema").create(live.objects[schema])
    for change in renames:
        if change.type is ChangeType.CHANGED and change.wanted and change.actual:
            yield from catalog.kind(change.address.kind).rename_parts(change.wanted, change.actual)
    for old, new in _old_and_new(renames):
        yield from catalog.kind(old.address.kind).rename(old, _in_schema_of_parent(new, old))


def _recognized_renames(
    changes: Sequence[Change], changes_after: Sequence[Change], renames: Sequence[Change]
) -> Mapping[int, Change | None]:
    """Find the missing objects that exist as extra objects under a new name.

    Returns:
        The replacement by the ``id`` of the change: the rename for the missing object, ``None`` for
        the extra object.
    """
    missing = {
        _name_after(c.schema_object, renames): c for c in changes if c.type is ChangeType.MISSING
    }
    extra = {c.address: c for c in changes if c.type is ChangeType.EXTRA}
    replacements: dict[int, Change | None] = {}
    for change in changes_after:
        old = missing.get(change.wanted.address) if change.wanted else None
        new = extra.get(change.actual.address) if change.actual else None
        if change.type is not ChangeType.RENAMED or old is None or new is None:
            continue
        if old.wanted is not None and new.actual is not None:
            actual = replace(new.actual, attributes=old.wanted.attributes)
            replacements[id(old)] = Change(ChangeType.RENAMED, old.wanted, actual)
            replacements[id(new)] = None
    return replacements


def _not_explained(
    changes: Sequence[Change],
    renames: Sequence[Change],
    changes_after: Sequence[Change],
    stamped: Snapshot,
) -> list[Change]:
    """Return the renames, and the changes that are still there after the renames.

    Only changes that were found before count: a schema that was built from its own definitions may
    read differently for this reason alone. An object may be missing in the shadow because it could
    not be built there.
    """
    catalog = catalog_for(stamped.dialect)
    is_built_completely = not build(_concerned(renames, stamped), catalog).manual_steps
    still_changed = {
        address for change in _with_parts(changes_after) for address in addresses_of(change)
    }

    def is_explained(change: Change) -> bool:
        can_tell = change.type is ChangeType.CHANGED or is_built_completely
        return can_tell and still_changed.isdisjoint(_names_after(change, renames))

    return [change for change in changes if change in renames or not is_explained(change)]


def _names_after(change: Change, renames: Sequence[Change]) -> set[Address]:
    """Return the addresses of a change's object, also those that it has after the renames."""
    sides = [side for side in (change.wanted, change.actual) if side is not None]
    return {side.address for side in sides} | {_name_after(side, renames) for side in sides}


def _name_after(schema_object: SchemaObject, renames: Sequence[Change]) -> Address:
    """Return the address of an object after the renames.

    The address of a part contains the name of its parent object, that of a function the names of
    the types of its arguments.
    """
    address = schema_object.address
    for old, new in _old_and_new(renames):
        if schema_object.part_of == old.address:
            address = within(schema_object, old, new).address
        address = address.after_rename(old.address, new.address)
    return address


def _with_parts(changes: Sequence[Change]) -> Iterator[Change]:
    for change in changes:
        yield change
        yield from _with_parts(change.parts)


def _may_affect_others(change: Change, catalog: Catalog) -> bool:
    """Whether definitions of other objects may contain a name that a change replaces."""
    kind = catalog.kind(change.address.kind)
    if change.type is ChangeType.RENAMED:
        return kind.is_named_in_definitions
    if change.type is not ChangeType.CHANGED or change.wanted is None or change.actual is None:
        return False
    return bool(kind.rename_parts(change.wanted, change.actual))


def _old_and_new(renames: Sequence[Change]) -> list[tuple[SchemaObject, SchemaObject]]:
    """Return the renamed objects: parts before their parents, which have their old names then."""
    return [
        (change.wanted, change.actual)
        for change in reversed(renames)
        if change.type is ChangeType.RENAMED and change.wanted and change.actual
    ]


def _new_schemas(renames: Sequence[Change], stamped: Snapshot) -> list[Address]:
    """Return the schemas that objects were moved to and that no migration creates."""
    schemas = dict.fromkeys(
        Address("schema", "", (new.address.schema,))
        for old, new in _old_and_new(renames)
        if old.address.schema != new.address.schema
    )
    return [schema for schema in schemas if schema not in stamped.objects]


def _in_schema_of_parent(new: SchemaObject, old: SchemaObject) -> SchemaObject:
    """Return the renamed object in its old schema if only its parent's move changes the schema."""
    if old.part_of is None or old.part_of.schema != old.address.schema:
        return new
    return replace(new, address=new.address._replace(schema=old.address.schema))
