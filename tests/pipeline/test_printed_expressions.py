"""Expressions that the server prints differently are compared by what they mean."""

import tomllib
from contextlib import closing
from functools import partial
from pathlib import Path

from driftcheck.databases.connection import connect
from driftcheck.databases.dependencies import cut
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import ChangeType, compare
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.printed_expressions import compared, decide
from driftcheck.schema import Address
from tests.restoring import restore

CATALOG = catalog_for("postgresql")
OTHERS = tomllib.loads(Path(__file__).with_name("other_expressions.toml").read_text())
EXPRESSIONS = Path(__file__).with_name("printed_differently.sql").read_text()
COMPARE = partial(compare, same_lineage=True)


def read(database):
    with closing(connect(database.url)) as connection:
        return CATALOG.read(connection, Scope())


def meant(wanted, actual, maker):
    """Return the changes that remain once the server has decided what is equal."""
    return compared(wanted, actual, COMPARE, CATALOG, lambda: maker).changes


def never():
    raise AssertionError("a shadow was asked for")


def counting(maker, made):
    """Return the maker; what it makes is counted."""

    class Counting:
        runs_untrusted_files = True

        def make(self, *arguments, **options):
            made.append(arguments)
            return maker.make(*arguments, **options)

    return Counting()


# --- the same expressions -----------------------------------------------------------------------


def test_every_expression_of_a_restored_database_is_the_same(pg, database):
    dumped, restored = database(pg, EXPRESSIONS), database(pg)
    assert restore(dumped.url, restored.url) == []
    wanted, actual = read(dumped), read(restored)

    printed = {address.kind for change in COMPARE(wanted, actual) for address in [change.address]}
    kinds = {kind.name for kind in CATALOG.kinds if kind.printed} - {"aggregate", "foreign table"}
    assert printed >= kinds - {"column"}, "nothing of the kind is printed differently"

    made = []
    changes = meant(wanted, actual, counting(pg, made))
    (inherited,) = changes
    assert (inherited.type, inherited.address.kind) == (ChangeType.RENAMED, "foreign key")
    assert CATALOG.note(inherited.wanted, inherited.actual, (wanted, actual)) == "inherited"
    assert len(made) == 1, "one shadow is enough for what is equal"


def test_a_large_schema(pg18, database):
    tables = """
        create table t{0} (id integer primary key, s varchar(9) check (s in ('a', 'b')), v integer,
            check (v between 1 and 6 and v <> {0}), unique (s));
        create index on t{0} (v) where s in ('a', 'c');
        create view v{0} as select t{0}.s from t{0} join t{1} o using (id)
            where t{0}.s in ('a', 'd')"""
    statements = ["create table t0 (id integer, s varchar(9))"]
    statements += [tables.format(number, number - 1) for number in range(1, 301)]
    dumped, restored = database(pg18, ";".join(statements)), database(pg18)
    assert restore(dumped.url, restored.url) == []
    assert meant(read(dumped), read(restored), pg18) == []


def test_only_what_is_needed_is_created(pg18, database):
    made = database(
        pg18,
        """
        create schema other; create type other."Mood" as enum ('good', 'bad');
        create function other.known(varchar) returns boolean language sql as 'select true';
        create table others (id integer);
        create table "Odd" (id integer primary key, s varchar(9), m other."Mood", constraint c
            check (s <> 'others'), constraint d check (s <> 'x'));
        create index i on "Odd" (s);
        create view v as select * from "Odd" where other.known(s);
        create view w as select id from v""",
    )
    whole = read(made)
    part = cut(whole, [Address("view", "public", ("w",))], CATALOG)
    assert {str(address) for address in part.objects} == {
        "schema public",
        "schema other",
        'enum other."Mood"',
        "function other.known(character varying)",
        'table public."Odd"',
        'column public."Odd".id',
        'column public."Odd".s',
        'column public."Odd".m',
        'primary key public."Odd"."Odd_pkey"',
        "view public.v",
        "view public.w",
    }


def test_nothing_is_made_where_nothing_is_in_doubt(pg18, database):
    left = database(pg18, "create table t (a integer default 1, b text, check (b in ('x', 'y')))")
    right = database(pg18, "create table t (a bigint, b text, check (b in ('x', 'z')))")
    wanted, actual = read(left), read(right)
    assert compared(wanted, wanted, COMPARE, CATALOG, never).changes == []
    assert compared(wanted, actual, COMPARE, CATALOG, never).changes == COMPARE(wanted, actual)


def test_a_rename_is_recognized_after_a_restore(pg18, database):
    made = "create table t (s varchar(9)); create index one on t (s) where s in ('a', 'b')"
    left, right = database(pg18, made), database(pg18)
    restore(left.url, right.url)
    right.execute("alter index one rename to two")
    (change,) = meant(read(left), read(right), pg18)
    assert (change.type, change.differences) == (ChangeType.RENAMED, ())


# --- other expressions --------------------------------------------------------------------------

TABLE = """
create schema a; create schema b;
create table t (id integer primary key, s varchar(9), x text, c char(3), v integer, w numeric,
    d date, ts timestamptz, va varchar(9)[]);
create table u (id integer, s varchar(9), k integer);
create function a.f(varchar) returns varchar immutable language sql as 'select $1';
create function b.f(varchar) returns varchar immutable language sql as 'select $1 || $1';
create function lower(varchar) returns text immutable language sql as 'select upper($1::text)';
create function same(varchar, varchar) returns boolean immutable language sql as 'select true';
create operator = (leftarg = varchar, rightarg = varchar, function = same);
create function fires() returns trigger language plpgsql as 'begin return new; end';
"""


def test_an_expression_that_means_something_else_is_found(pg, database):
    left, right = (
        [TABLE, *(case["statement"].format(case[side], name=name) for name, case in OTHERS.items())]
        for side in ("first", "second")
    )
    wanted, actual = read(database(pg, ";".join(left))), read(database(pg, ";".join(right)))
    changes = meant(wanted, actual, pg)
    found = {obj.address.name for obj in objects_of(changes)}
    assert found == set(OTHERS)


def test_a_type_that_another_expression_needs_is_in_the_way(pg18, database):
    """The texts are alike after a restore, but the columns have other types."""
    made = "create table t (s {}, constraint c check (s in ('a', 'b')))"
    left, right = (database(pg18, made.format(type_)) for type_ in ("varchar(9)", "text"))
    changes = meant(read(left), read(right), pg18)
    assert {change.address.name for change in changes} == {"s", "c"}


# --- what cannot be decided ---------------------------------------------------------------------


def test_what_cannot_be_created_is_said(pg18, database):
    made = """
        create function f(varchar) returns boolean immutable language {}
            as {};
        create table t (s varchar(9), constraint able check (s in ('a', 'b')),
            constraint unable check (f(s) and s in ('a', 'b')))"""
    left = database(pg18, made.format("internal", "'boolin'"))
    right = database(pg18)
    restore(left.url, right.url)
    wanted, actual = read(left), read(right)
    decision = decide(COMPARE(wanted, actual), (wanted, actual), CATALOG, lambda: pg18)
    assert [address.name for address, _, _ in decision.replacements] == ["able"]
    ((address, reason),) = decision.undecided.items()
    assert address.name == "unable"
    assert "permission denied for language internal" in reason
