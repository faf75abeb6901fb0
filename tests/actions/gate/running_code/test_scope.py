"""Which tables the running code can certainly read as before the new revisions."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from driftcheck.actions.gate.running_code.scope import (
    changed_objects,
    concerned_tables,
    readable_as_before,
)
from driftcheck.actions.gate.running_code.statements import Accepted, Statements
from driftcheck.schema import Address, SchemaObject, Snapshot


def table(name, schema="public", **attributes):
    return SchemaObject(Address("table", schema, (name,)), attributes)


def column(of, name, type_="integer"):
    address = Address("column", of.address.schema, (of.address.name, name))
    return SchemaObject(address, {"type": type_}, part_of=of.address)


def schema_of(*objects):
    return Snapshot({each.address: each for each in objects}, "postgresql", "18.0", "public")


STUDENTS, SCHOOLS = table("students"), table("schools")
AGE, NAME = column(STUDENTS, "age"), column(SCHOOLS, "name")
BASE = (STUDENTS, AGE, SCHOOLS, NAME)
FUNCTION = SchemaObject(Address("function", "public", ("now_here",), ""), {"body": "1"})


def readable(before, after):
    changed = changed_objects(before, after)
    found = readable_as_before(before, after, concerned_tables(before, after, changed))
    return sorted(name for _, name in found)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((STUDENTS, SCHOOLS, NAME), ["schools"]),
        ((STUDENTS, replace(AGE, attributes={"type": "text"}), SCHOOLS, NAME), ["schools"]),
        ((*BASE, column(STUDENTS, "added")), ["schools"]),
        ((*BASE, table("teachers")), ["schools", "students"]),
        ((*BASE, table("schools", "other")), ["students"]),
    ],
    ids=["dropped", "changed", "added", "another table", "a table that may come first"],
)
def test_tables_at_which_nothing_changes(after, expected):
    assert readable(schema_of(*BASE), schema_of(*after)) == expected


def test_a_missing_function_concerns_all_tables():
    assert readable(schema_of(*BASE, FUNCTION), schema_of(*BASE)) == []


def test_views_and_virtual_tables_read_others():
    view = SchemaObject(Address("view", "public", ("adults",)), {"query": "select"})
    others = view, table("words", using="fts5")
    assert readable(schema_of(*BASE, *others), schema_of(*BASE, *others)) == ["schools", "students"]


def test_a_table_that_can_certainly_be_read_is_not_tried():
    missing = sa.Table("missing", sa.MetaData(), sa.Column("id", sa.Integer))
    accepted = Accepted()
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        statements = Statements(connection, {}, accepted)
        statements.find([missing], [], [missing])
        assert [*statements.repeat()] == []
    engine.dispose()
    assert accepted.readable == {missing}
