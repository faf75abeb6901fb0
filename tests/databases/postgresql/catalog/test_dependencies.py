"""The part of a schema that changes concern has what depends on objects, and what they need."""

import pytest

from driftcheck.databases.dependencies import concerned
from driftcheck.schema import Address, dependencies_of

TABLES = 12
_TABLE = "CREATE TABLE t{} (id serial PRIMARY KEY, name text, parent integer REFERENCES t{})"
CHAIN = [_TABLE.format(number, max(number - 1, 0)) for number in range(TABLES)]


def table(name):
    return Address("table", "public", (name,))


def tables_of(snapshot):
    return sorted(address.name for address in snapshot.objects if address.kind == "table")


def test_the_part_has_every_dependency_that_the_server_records(everything, catalog):
    general = {kind.name for kind in catalog.kinds if kind.affects_all_others}
    known = catalog.dependencies(everything.connection)
    schema = everything.base.only(lambda obj: obj.address.kind not in general)
    needed = {
        address: {a for a in dependencies_of(obj, known.get(address, ())) if a in schema.objects}
        for address, obj in schema.objects.items()
    }
    for changed in schema.objects:
        part = concerned(schema, [changed], [], catalog).objects.keys()
        dependents = {a for a, others in needed.items() if changed in others}
        if changed.kind != "schema":
            assert dependents <= part, f"{changed}: {dependents - part}"
        for address in part:
            assert needed[address] <= part, f"{changed}, {address}: {needed[address] - part}"


def test_a_part_does_not_follow_the_foreign_keys_of_other_tables(session, pg16, catalog):
    schema = session(pg16, *CHAIN).read()
    part = concerned(schema, [Address("column", "public", ("t5", "name"))], [], catalog)
    assert tables_of(part) == ["t4", "t5", "t6"]


def test_a_part_has_what_depends_on_a_table_at_a_distance(session, pg16, catalog):
    views = (
        "CREATE VIEW v AS SELECT name FROM t5",
        "CREATE VIEW w AS SELECT v.name FROM v",
        "CREATE FUNCTION f() RETURNS SETOF w LANGUAGE sql AS 'SELECT * FROM w'",
        "CREATE VIEW other AS SELECT name FROM t6",
    )
    schema = session(pg16, *CHAIN, *views).read()
    part = concerned(schema, [table("t5")], [], catalog)
    names = {address.name for address in part.objects}
    assert {"v", "w", "f"} <= names
    assert "other" not in names


def test_a_part_has_the_objects_that_sql_names(session, pg16, catalog):
    schema = session(pg16, *CHAIN, 'CREATE TABLE "an ""other" ()').read()
    texts = ["CREATE INDEX t9_pkey ON t5 (id)", ("LIKE", 'public."an ""other"')]
    part = concerned(schema, [table("t5")], texts, catalog)
    assert tables_of(part) == ['an "other', "t4", "t5", "t6", "t9"]


EVENT_TRIGGER = """
CREATE FUNCTION act() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER act ON ddl_command_end EXECUTE FUNCTION act()
"""


@pytest.mark.parametrize("statement", [EVENT_TRIGGER, "CREATE PUBLICATION p FOR ALL TABLES"])
def test_no_part_is_known_if_an_object_acts_on_all_others(session, pg16, catalog, statement):
    schema = session(pg16, *CHAIN, statement).read()
    assert concerned(schema, [table("t5")], [], catalog) is None
