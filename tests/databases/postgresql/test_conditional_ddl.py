"""A conditional statement makes its change once, and does nothing the second time."""

import pytest

from driftcheck.databases.postgresql.conditional_ddl import conditional, existence
from driftcheck.schema import Address, SchemaObject
from tests.conftest import Database

SETUP = """
CREATE TABLE "t ""x" (id integer, "a b" integer CONSTRAINT positive CHECK ("a b" > 0));
CREATE TABLE parent (id integer); CREATE TABLE child (id integer NOT NULL);
CREATE TABLE parts (id integer) PARTITION BY LIST (id); CREATE TABLE part_1 (id integer);
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TYPE mood AS ENUM ('it''s', 'ok'); CREATE TYPE pair AS (a integer, b integer);
CREATE TYPE row_of AS (a integer); CREATE TABLE typed OF row_of;
CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1 AS one; CREATE INDEX i ON parent (id);
CREATE TRIGGER noted BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION g();
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple); CREATE COLLATION same FROM "C";
CREATE STATISTICS two ON (id + 1) FROM parent;
CREATE OPERATOR CLASS n FOR TYPE integer USING hash AS OPERATOR 1 =;
CREATE OPERATOR FAMILY "f ""x" USING btree;
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER far FOREIGN DATA WRAPPER w OPTIONS (host 'h', "old one" 'it''s');
CREATE FOREIGN TABLE remote (id integer) SERVER far;
CREATE POLICY own ON parent USING (true); CREATE DOMAIN d AS integer; CREATE SCHEMA other;
"""
STATEMENTS = [
    ("table", 'ALTER TABLE public."t ""x" DROP CONSTRAINT positive', ('t "x',)),
    ("column", 'ALTER TABLE public."t ""x" DROP COLUMN "a b"', ('t "x', "a b")),
    ("column", 'ALTER TABLE public."t ""x" ADD COLUMN c text', ('t "x', "c")),
    ("column", 'ALTER TABLE public."t ""x" RENAME COLUMN id TO no', ('t "x', "id")),
    (
        "column",
        "ALTER TABLE public.parent ALTER COLUMN id SET NOT NULL",
        ("parent", "id"),
    ),
    (
        "column",
        "ALTER TABLE public.parent ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
        ("parent", "id"),
    ),
    ("column", "ALTER TABLE public.parent ALTER COLUMN id DROP IDENTITY", ("parent", "id")),
    (
        "check constraint",
        "ALTER TABLE public.child ADD CONSTRAINT k CHECK (id > 1)",
        ("child", "k"),
    ),
    ("check constraint", "ALTER TABLE public.child RENAME CONSTRAINT k TO l", ("child", "k")),
    ("table", "ALTER TABLE public.child INHERIT public.parent", ("child",)),
    ("table", "ALTER TABLE public.child NO INHERIT public.parent", ("child",)),
    (
        "table",
        "ALTER TABLE public.parts ATTACH PARTITION public.part_1 FOR VALUES IN (1)",
        ("part_1",),
    ),
    ("table", "ALTER TABLE public.parts DETACH PARTITION public.part_1", ("part_1",)),
    ("table", "ALTER TABLE public.typed NOT OF", ("typed",)),
    ("table", "ALTER TABLE public.typed OF public.row_of", ("typed",)),
    *(
        (
            "operator family",
            f'ALTER OPERATOR FAMILY public."f ""x" USING btree {change}',
            ("btree", 'f "x'),
        )
        for change in (
            "ADD OPERATOR 1 pg_catalog.< (integer, bigint)",
            "DROP OPERATOR 1 (integer, bigint)",
            "ADD FUNCTION 1 (integer, bigint) btint48cmp(integer,bigint)",
            "DROP FUNCTION 1 (integer, bigint)",
        )
    ),
    ("enum", "ALTER TYPE public.mood ADD VALUE 'new' AFTER 'ok'", ("mood",)),
    ("enum", "ALTER TYPE public.mood RENAME VALUE 'it''s' TO 'was'", ("mood",)),
    ("enum", "ALTER TYPE public.mood RENAME TO feeling", ("mood",)),
    ("composite type", "ALTER TYPE public.pair RENAME ATTRIBUTE a TO x", ("pair",)),
    ("composite type", "ALTER TYPE public.pair ADD ATTRIBUTE c integer", ("pair",)),
    ("composite type", "ALTER TYPE public.pair DROP ATTRIBUTE c", ("pair",)),
    ("enum", "CREATE TYPE public.kind AS ENUM ('a')", ("kind",)),
    ("domain", "CREATE DOMAIN public.e AS integer", ("e",)),
    ("domain", 'ALTER DOMAIN public.d ADD CONSTRAINT "c d" CHECK (VALUE > 0)', ("d",)),
    ("domain", 'ALTER DOMAIN public.d RENAME CONSTRAINT "c d" TO e', ("d",)),
    ("domain", "ALTER DOMAIN public.d DROP CONSTRAINT e", ("d",)),
    ("domain", "DROP DOMAIN public.d", ("d",)),
    ("sequence", "ALTER SEQUENCE public.s RENAME TO r", ("s",)),
    ("view", "ALTER VIEW public.v RENAME TO w", ("v",)),
    ("view", "CREATE VIEW public.u AS SELECT 2 AS two", ("u",)),
    ("view", "DROP VIEW public.u", ("u",)),
    ("index", "ALTER INDEX public.i RENAME TO j", ("i",)),
    ("index", "CREATE UNIQUE INDEX made ON public.parent (id)", ("made",)),
    ("table", "CREATE TABLE public.made_too (id integer)", ("made_too",)),
    ("table", "ALTER TABLE public.made_too SET SCHEMA other", ("made_too",)),
    ("trigger", "DROP TRIGGER noted ON public.parent", ("parent", "noted")),
    (
        "trigger",
        "CREATE TRIGGER noted BEFORE INSERT ON public.parent FOR EACH ROW EXECUTE FUNCTION g()",
        ("parent", "noted"),
    ),
    ("policy", "CREATE POLICY mine ON public.parent USING (true)", ("parent", "mine")),
    ("policy", "DROP POLICY own ON public.parent", ("parent", "own")),
    (
        "text search configuration",
        "ALTER TEXT SEARCH CONFIGURATION public.plain RENAME TO simpler",
        ("plain",),
    ),
    (
        "text search dictionary",
        "CREATE TEXT SEARCH DICTIONARY public.stems (TEMPLATE = simple)",
        ("stems",),
    ),
    (
        "text search configuration",
        "ALTER TEXT SEARCH CONFIGURATION public.simpler DROP MAPPING FOR word",
        ("simpler",),
    ),
    (
        "text search configuration",
        "ALTER TEXT SEARCH CONFIGURATION public.simpler ADD MAPPING FOR word WITH simple",
        ("simpler",),
    ),
    (
        "text search configuration",
        'ALTER TEXT SEARCH CONFIGURATION public.simpler DROP MAPPING FOR "float"',
        ("simpler",),
    ),
    (
        "text search configuration",
        'ALTER TEXT SEARCH CONFIGURATION public.simpler ADD MAPPING FOR "float" WITH simple',
        ("simpler",),
    ),
    (
        "server",
        """ALTER SERVER far VERSION '2' OPTIONS (DROP "old one", ADD port '1', SET host 'a'')')""",
        ("far",),
    ),
    ("server", "ALTER SERVER far OPTIONS (SET host 'ADD x', ADD dbname 'd')", ("far",)),
    ("foreign table", "ALTER FOREIGN TABLE public.remote OPTIONS (ADD path '/')", ("remote",)),
    ("foreign table", "ALTER FOREIGN TABLE public.remote OPTIONS (DROP path)", ("remote",)),
    (
        "column",
        "ALTER TABLE public.remote ALTER COLUMN id OPTIONS (ADD remote 'i')",
        ("remote", "id"),
    ),
    ("cast", "CREATE CAST (text AS public.feeling) WITH INOUT", ("text AS public.feeling",)),
    ("cast", "DROP CAST (text AS public.feeling)", ("text AS public.feeling",)),
    ("collation", "ALTER COLLATION public.same RENAME TO alike", ("same",)),
    ("statistics object", "ALTER STATISTICS public.two RENAME TO sums", ("two",)),
    ("operator class", "ALTER OPERATOR CLASS public.n USING hash RENAME TO m", ("hash", "n")),
    ("schema", "CREATE SCHEMA third", ("third",)),
    ("schema", "ALTER SCHEMA third RENAME TO fourth", ("third",)),
]


@pytest.fixture(scope="module")
def live(pg18):
    made = Database(pg18.make("conditional"))
    made.execute(SETUP)
    yield made
    made.close()
    made.shadow.drop()


def test_each_statement_runs_twice(live):
    """One after the other: some need the change that one before them has made."""

    def holds(condition):
        return not condition or live.execute(f"SELECT {condition}") == [(True,)]

    for kind, statement, path in STATEMENTS:
        schema = "" if kind in ("schema", "server", "cast") else "public"
        found = conditional(statement, SchemaObject(Address(kind, schema, path), {}))
        assert holds(found.condition), statement
        live.execute(found.statement)
        if holds(found.condition):
            live.execute(found.statement)


def test_a_partition_of_another_table_is_not_detached(live):
    live.execute(
        "CREATE TABLE a (id integer) PARTITION BY LIST (id); CREATE TABLE b (LIKE a)"
        " PARTITION BY LIST (id); CREATE TABLE c PARTITION OF b FOR VALUES IN (1)"
    )
    table = SchemaObject(Address("table", "public", ("c",)), {})
    for verb, parent, expected in (
        ("DETACH PARTITION public.c", "a", False),
        ("DETACH PARTITION public.c", "b", True),
        ("ATTACH PARTITION public.c FOR VALUES IN (1)", "a", True),
        ("ATTACH PARTITION public.c FOR VALUES IN (1)", "b", False),
    ):
        found = conditional(f"ALTER TABLE public.{parent} {verb}", table)
        assert live.execute(f"SELECT {found.condition}") == [(expected,)]


def test_a_function_is_looked_for_by_its_arguments(live):
    for arguments, there in (("integer", True), ("text", False)):
        function = SchemaObject(Address("function", "public", ("f",), arguments), {})
        assert live.execute(f"SELECT {existence(function)}") == [(there,)]
    found = conditional(
        "ALTER FUNCTION public.f(integer) RENAME TO h",
        SchemaObject(Address("function", "public", ("f",), "integer"), {}),
    )
    assert live.execute(f"SELECT {found.condition}") == [(True,)]


def test_a_kind_that_cannot_be_looked_for_has_no_condition():
    privileges = SchemaObject(Address("privileges", "", ("LANGUAGE", "sql")), {})
    grant = "GRANT USAGE ON LANGUAGE sql TO pg_monitor"
    assert existence(privileges) == ""
    assert conditional(grant, privileges).statement == grant


def test_an_option_of_a_user_mapping_is_looked_for():
    mapping = SchemaObject(Address("user mapping", "", ("far", "PUBLIC")), {})
    found = conditional("ALTER USER MAPPING FOR PUBLIC SERVER far OPTIONS (ADD user 'u')", mapping)
    assert found.condition == (
        "NOT EXISTS (SELECT FROM pg_user_mappings, pg_options_to_table(umoptions) "
        "WHERE srvname = 'far' AND umuser = 0 AND option_name = 'user')"
    )


@pytest.mark.parametrize("kind", ["view", "materialized view", "table", "sequence", "index"])
def test_an_object_of_another_kind_is_not_the_one(live, kind):
    live.execute("DROP TABLE IF EXISTS same_name; CREATE TABLE same_name (id integer)")
    found = SchemaObject(Address(kind, "public", ("same_name",)), {})
    looked = live.execute(f"SELECT {existence(found, of_kind=True)}, {existence(found)}")
    assert looked == [(kind == "table", True)]
