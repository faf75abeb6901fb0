"""Tells whether names that the server chooses in some tables can depend on the other tables.

The server joins the names of the table and of the columns, and shortens them to 63 bytes. It
appends a number if the name is taken.
Source: PostgreSQL, ``makeObjectName()`` and ``ChooseRelationName()`` in
``src/backend/commands/indexcmds.c``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftcheck.databases.plan_names import names_held
from driftcheck.schema import SchemaObject

_NEVER_SHORTENED = 45
"""The server shortens no name of so many bytes, whatever ending it gets."""
_ALWAYS_KEPT = 20
"""So many characters at the beginning of a name are in the shortened name, too."""
_DIGITS = "0123456789"


def are_independent(
    kept: Iterable[SchemaObject], created: Iterable[SchemaObject], gone: Iterable[SchemaObject]
) -> bool:
    """Whether some tables get the same names beside other tables as in a database without them.

    Args:
        kept: The objects of the other tables, which were created beside the objects of ``gone``.
        created: The objects of the tables, created in a database without the other tables.
        gone: The objects that were there in place of ``created``.
    """
    taken = {name for obj in kept for name in _names(obj)}
    if any(name in taken for obj in created for name in _names(obj)):
        return False
    # A number that the server has appended may be there because of an object that is gone.
    numbered = {
        (*where, _beginning(name.rstrip(_DIGITS))) for *where, name in taken if name[-1:] in _DIGITS
    }
    return not any(
        (*where, _beginning(name)) in numbered for obj in gone for *where, name in _names(obj)
    )


def _names(obj: SchemaObject) -> Iterator[tuple[str, str, str]]:
    """Yield what the server compares with a name that it chooses: a namespace, a schema and a name.

    The server compares constraints with those of other tables, too. The name of a column, joined
    with that of its table, stands for the names of objects that are not read, such as the sequence
    of an identity column.
    """
    address = obj.address
    if address.kind == "column":
        yield "column", address.schema, _beginning("_".join(address.path))
        return
    if obj.part_of is not None:
        yield "name", address.schema, address.name
    for namespace, *held in names_held(obj):
        if namespace in ("relation", "type"):
            yield "name", held[0], held[1]


def _beginning(name: str) -> str:
    """Return the name, or what the server keeps of a name that it may shorten."""
    return name if len(name.encode()) <= _NEVER_SHORTENED else name[:_ALWAYS_KEPT]
