"""Decides whether the database runs text of the live database in a migration.

Such text can call functions of other users, so it must not run as a superuser. A migration has none
if the live database only lacks objects, or parts of them: what the migration names is then what the
migrations of the project have created. Names, comments and settings are no such text either:
statements contain them in quotes, and the database only stores them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import Kind
from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject, Snapshot, Value

_COMMENT = "comment"
_OF_THE_SERVER = re.compile(r"[a-z_][a-z0-9_]*")
"""The name of a function of the server itself: other functions are named with their schemas."""


def runs_no_text(changes: Iterable[Change], catalog: Catalog, known: Snapshot) -> bool:
    """Whether a migration for changes has no text of the live database that the database runs.

    Args:
        changes: The changes of drift.
        catalog: The catalog of the database.
        known: A schema that the migrations have built. Its functions may be named.
    """
    functions = {
        f"{quote_identifier(address.schema)}.{quote_identifier(address.name)}"
        for address in known.objects
        if address.kind == "function"
    }
    return all(_runs_no_text(change, catalog, functions) for change in changes)


def _runs_no_text(change: Change, catalog: Catalog, functions: Collection[str]) -> bool:
    kind, former, later = catalog.kind(change.address.kind), change.wanted, change.actual
    if later is None:
        has_none = True
    elif former is None or change.type is not ChangeType.CHANGED or former.address != later.address:
        has_none = _is_stored(later, kind, functions)
    else:
        has_none = all(
            _is_reduced(each) or _is_stored_value(each.attribute, each.actual, kind, functions)
            for each in change.differences
        )
    return has_none and all(_runs_no_text(part, catalog, functions) for part in change.parts)


def _is_reduced(difference: Difference) -> bool:
    """Whether a list has only lost values."""
    value, known = difference.actual, difference.wanted
    return isinstance(value, tuple) and isinstance(known, tuple) and {*value} <= {*known}


def _is_stored(obj: SchemaObject, kind: Kind, functions: Collection[str]) -> bool:
    """Whether an object has only a name and values that the database stores."""
    return bool(kind.stored) and all(
        _is_stored_value(name, value, kind, functions) for name, value in obj.attributes.items()
    )


def _is_stored_value(attribute: str, value: Value, kind: Kind, functions: Collection[str]) -> bool:
    """Whether the database only stores a value, or the value names a function that it may run."""
    if value in (None, ()) or isinstance(value, int):
        return True
    if attribute in kind.function_names:
        return value in functions or _OF_THE_SERVER.fullmatch(str(value)) is not None
    return attribute in (_COMMENT, *kind.stored) or value in kind.words.get(attribute, ())
