"""Follows renames: what speaks of a renamed object by its name is compared after the rename.

An index on a column that was renamed by hand reads differently, and was not touched. The server
knows what a rename changes: so the renames are made in a shadow of what the migrations had built,
and what is still different afterwards was really changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from driftcheck.chain import Side
from driftcheck.databases.catalog import CannotBeWritten
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.plan import build
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ReplayError, ShadowError
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.judge import addresses_of
from driftcheck.pipeline.session import Session
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.untrusted import build_untrusted, run_untrusted


def followed(
    session: Session,
    database_key: DatabaseKey,
    changes: Sequence[Change],
    sides: dict[Side, Snapshot],
) -> list[Change]:
    """The changes of drift, without those that only follow from a rename among them.

    Once a renamed table has its new name in the shadow, an index on it may turn out to be renamed
    as well. Where the renames cannot be made in a shadow, all the changes are told. Their names are
    live's, so the shadow is a restricted one, and none is made on a server that others use.
    """
    found = list(changes)
    stamped, live = sides[Side.STAMPED], sides[Side.LIVE]
    while True:
        renames = [change for change in found if _can_be_spoken_of(change)]
        if not renames or len(renames) == len(found):
            return found
        session.progress("following renames")
        renamed = _renamed(session, database_key, renames, stamped, live)
        if renamed is None:
            return found
        again = compare(renamed, live, same_lineage=False)
        recognized = _recognized(found, again)
        if not recognized:
            whole = not build(stamped, catalog_for(database_key.dialect)).manual_steps
            still = {address for change in _each(again) for address in addresses_of(change)}
            return [c for c in found if c in renames or not _follows(c, still, built_whole=whole)]
        found = [change for c in found if (change := recognized.get(id(c), c)) is not None]


def _recognized(changes: Sequence[Change], again: Sequence[Change]) -> dict[int, Change | None]:
    """What stands for a missing and an extra object, where the one is the other, renamed."""
    missing = {c.address: c for c in changes if c.type is ChangeType.MISSING}
    extra = {c.address: c for c in changes if c.type is ChangeType.EXTRA}
    found: dict[int, Change | None] = {}
    for change in again:
        old = missing.get(change.wanted.address) if change.wanted else None
        new = extra.get(change.actual.address) if change.actual else None
        if change.type is not ChangeType.RENAMED or old is None or new is None:
            continue
        if old.wanted is not None and new.actual is not None:
            actual = replace(new.actual, attributes=old.wanted.attributes)
            found[id(old)] = Change(ChangeType.RENAMED, old.wanted, actual)
            found[id(new)] = None
    return found


def _follows(change: Change, still: AbstractSet[Address], *, built_whole: bool) -> bool:
    """Whether a change is gone once the renames are made.

    Only what was told before is asked for: a schema that was written and read once more can
    read differently by that alone. What could not be written is missing there for that reason.
    """
    explained = change.type is ChangeType.CHANGED or built_whole
    return explained and still.isdisjoint(addresses_of(change))


def _each(changes: Sequence[Change]) -> Iterator[Change]:
    for change in changes:
        yield change
        yield from _each(change.parts)


def _can_be_spoken_of(change: Change) -> bool:
    """Whether others name the object: nothing names an index or a constraint."""
    return change.type is ChangeType.RENAMED and not change.schema_object.renamable


def _pairs(renames: Sequence[Change]) -> list[tuple[SchemaObject, SchemaObject]]:
    """Parts before their wholes, while these have their former names."""
    return [(c.wanted, c.actual) for c in reversed(renames) if c.wanted and c.actual]


def _new_schemas(renames: Sequence[Change], stamped: Snapshot) -> list[Address]:
    """The schemas that something was moved to, and no migration makes."""
    schemas = dict.fromkeys(
        Address("schema", "", (new.address.schema,))
        for old, new in _pairs(renames)
        if old.address.schema != new.address.schema
    )
    return [schema for schema in schemas if schema not in stamped.objects]


def _named(new: SchemaObject, old: SchemaObject) -> SchemaObject:
    """What an object is renamed to; in which schema its whole is, is the whole's affair."""
    if old.part_of is None or old.part_of.schema != old.address.schema:
        return new
    return replace(new, address=new.address._replace(schema=old.address.schema))


def _renamed(
    session: Session,
    database_key: DatabaseKey,
    renames: Sequence[Change],
    stamped: Snapshot,
    live: Snapshot,
) -> Snapshot | None:
    """What the migrations had built, with the renames made."""
    if not session.maker(database_key).runs_untrusted_files:  # what was built may be the cache's
        return None
    shadow = session.shadows.make_restricted(session.target(database_key), "renamed")
    catalog, made = catalog_for(database_key.dialect), _new_schemas(renames, stamped)
    try:
        build_untrusted(stamped, shadow)
        statements = [
            *(sql for name in made for sql in catalog.kind("schema").create(live.objects[name])),
            *(
                sql
                for old, new in _pairs(renames)
                for sql in catalog.kind(old.address.kind).rename(old, _named(new, old))
            ),
        ]
    except (ReplayError, ShadowError, CannotBeWritten):
        return None
    if run_untrusted(shadow, statements):
        return None
    return read_restricted(shadow, session.scope).without(made)
