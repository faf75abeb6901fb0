"""Plans are proved on a copy of the schema that they were made for, with rows in it."""

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.plan import Plan, PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import undo
from driftcheck.pipeline.repairs.plan_proof import narrowed, prove, refusals
from driftcheck.schema import Address

WANTED = """
CREATE TABLE students (id integer PRIMARY KEY, code varchar(40));
CREATE VIEW codes AS SELECT id, code FROM students;
CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM codes';
"""
ACTUAL = """
CREATE TABLE students (id integer PRIMARY KEY, code varchar(20), more integer);
CREATE VIEW codes AS SELECT id, code FROM students;
"""


@pytest.fixture
def read_schema(pg16, catalog):
    """Return a function that reads the schema that statements create in a database of its own."""

    def read(statements):
        shadow = pg16.make("test", None)
        connection = connect(shadow.url)
        connection.cursor().execute(statements)
        snapshot = catalog.read(connection, Scope(owners=True, grants=True))
        connection.close()
        shadow.drop()
        return snapshot

    return read


@pytest.fixture
def schemas(read_schema):
    return [read_schema(statements) for statements in (WANTED, ACTUAL)]


@pytest.fixture
def copy(pg16):
    shadow = pg16.make("copy", None, restricted=True)
    yield shadow
    shadow.drop()


@pytest.mark.parametrize("rows", [0, 3])
def test_a_plan_that_runs_is_proved(schemas, copy, catalog, rows):
    plan = undo(compare(*schemas, same_lineage=True), catalog, *schemas)
    assert prove(plan, schemas, copy, None, rows).holds


def test_what_the_server_refuses_is_told_for_each_plan(schemas, copy):
    table = Address("table", "public", ("students",))
    refused = PlanStep("ALTER TABLE students ALTER COLUMN code TYPE varchar(40)", table)
    proof = refusals([Plan(), Plan((refused,))], schemas[1], copy)
    assert proof.refused == {1: "cannot alter type of a column used by a view or rule"}
    assert not proof.holds


def test_what_is_left_is_told(schemas, copy):
    left = {str(address) for address in prove(Plan(), schemas, copy, None).left}
    assert left == {
        "column public.students.code",
        "column public.students.more",
        "function public.n()",
        "view public.codes",
    }


def test_plans_are_proved_on_the_part_that_they_concern(catalog, copy, read_schema):
    tables = "".join(f"CREATE TABLE t{n} (id integer PRIMARY KEY, name text);" for n in range(9))
    wanted = read_schema(tables)
    actual = read_schema(f"{tables} ALTER TABLE t5 DROP COLUMN name")
    plan = undo(compare(wanted, actual, same_lineage=True), catalog, wanted, actual)
    part_wanted, part = narrowed([plan], wanted, actual)
    assert {a.name for a in part.objects if a.kind == "table"} == {"t5"}
    assert prove(plan, (part_wanted, part), copy, None).holds


def test_a_name_that_is_in_use_elsewhere_is_refused_on_the_part_too(copy, read_schema):
    schema = read_schema("CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer)")
    table = Address("table", "public", ("b",))
    plan = Plan((PlanStep("CREATE INDEX a_pkey ON b (id)", table),))
    proof = prove(plan, narrowed([plan], schema, schema), copy, None)
    assert proof.refused == {0: 'relation "a_pkey" already exists'}


@pytest.mark.parametrize(("values", "left"), [("'a', 'b'", []), ("'a', 'x'", ["c"])])
def test_what_a_plan_creates_is_compared_if_the_copy_read_differently_before(
    read_schema, copy, pg16, values, left
):
    """PostgreSQL prints a condition in another way if it is created from what was printed."""
    table = "CREATE TABLE t (s varchar(9), CONSTRAINT c CHECK (s IN ({})))"
    wanted, actual = (read_schema(table.format(each)) for each in ("'a', 'b'", "'a', 'c'"))
    check = Address("check constraint", "public", ("t", "c"))
    statements = (
        "ALTER TABLE public.t DROP CONSTRAINT c",
        f"ALTER TABLE public.t ADD CONSTRAINT c CHECK (s IN ({values}))",
    )
    plan = Plan(tuple(PlanStep(statement, check) for statement in statements))
    proof = prove(plan, (wanted, actual), copy, lambda: pg16)
    assert [address.name for address in proof.left] == left
    assert not proof.refused
