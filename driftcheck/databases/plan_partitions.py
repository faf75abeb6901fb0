"""Finds what concerns a partition in other tables: those that it is attached to, and its own."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.databases.plan_state import SchemaState
from driftcheck.schema import Address, SchemaObject


def is_partition(obj: SchemaObject) -> bool:
    """Whether an object is a part of an object of its own kind."""
    return obj.part_of is not None and obj.part_of.kind == obj.address.kind


def ancestors(state: SchemaState, table: Address) -> Iterator[Address]:
    """The tables of which a table is a partition, at every level."""
    obj = state.objects.get(table)
    while obj is not None and obj.part_of is not None and is_partition(obj):
        yield obj.part_of
        obj = state.objects.get(obj.part_of)


def namesakes(state: SchemaState, target: SchemaObject) -> Iterator[SchemaObject]:
    """The parts with the name of a new part, of the partitions of its table and its ancestors.

    The server gives a part of a table to its partitions too: a trigger.
    """
    if target.part_of is None or target.inherited_from is not None:
        return
    partitions = (p.address for p in state.parts(target.part_of) if is_partition(p))
    for table in (*partitions, *ancestors(state, target.part_of)):
        namesake = state.objects.get(address_within(table, target.address))
        if namesake is not None and namesake.inherited_from is None:
            yield namesake


def address_within(table: Address, part: Address) -> Address:
    """The address of a part of the same name in another table.

    What is not named within its table, such as an index, keeps its address.
    """
    is_named_within = len(part.path) > len(table.path)
    path = (*table.path, part.name) if is_named_within else part.path
    return part._replace(schema=table.schema, path=path)


def references(state: SchemaState, partition: Address) -> Iterator[Address]:
    """The foreign keys of other tables to those of which a table is a partition.

    The server does not detach the partition while rows refer to its rows.
    """
    for table in ancestors(state, partition):
        for part in (part for part in state.parts(table) if part.part_of == table):
            for address in state.dependents(part.address):
                obj = state.objects[address]
                is_of_another = obj.inherited_from is None and obj.part_of != table
                if is_of_another and address.kind == "foreign key":
                    yield address
