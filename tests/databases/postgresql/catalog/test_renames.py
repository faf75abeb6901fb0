"""What was given another name or another schema is told as renamed, and renamed back."""

import pytest

from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import redo, undo

BASE = """
create schema old;
create schema archive;
create function old.note() returns trigger language plpgsql as 'begin return new; end';
create function old.twice(integer) returns integer language sql immutable as 'select 2 * $1';
create procedure old.tidy() language sql as 'select 1';
create aggregate old.total(integer) (sfunc = int4pl, stype = integer);
create type old.mood as enum ('sad', 'ok');
create type old.address as (street text, number integer);
create type old.floats as range (subtype = float8);
create domain old.grade as integer check (value > 0);
create sequence old.tickets increment 5;
create table old.pupils (id serial primary key, name text, boss integer references old.pupils);
create index pupils_name on old.pupils (name);
create table old.moved (id serial primary key, word text, above integer references old.moved);
create index moved_word on old.moved (word);
create trigger noted before insert on old.moved for each row execute function old.note();
create view old.names as select id, name from old.pupils;
create view old.words as select word from old.moved;
create materialized view old.summary as select count(*) from old.pupils;
create policy own on old.pupils using (id > 1);
create rule quiet as on delete to old.pupils do instead nothing;
create statistics old.together on id, name from old.pupils;
create function old.watch() returns event_trigger language plpgsql as 'begin end';
create event trigger watched on sql_drop execute function old.watch();
create publication several for table old.pupils;
create collation old.plain (provider = libc, locale = 'C');
create text search dictionary old.words (template = simple);
create foreign data wrapper wrapper;
create server far type 'x' foreign data wrapper wrapper;
"""

NEW_NAMES = [
    ("alter function old.twice(integer) rename to doubled", "function old.twice(integer)"),
    ("alter procedure old.tidy() rename to clean", "procedure old.tidy()"),
    ("alter aggregate old.total(integer) rename to sum", "aggregate old.total(integer)"),
    ("alter type old.mood rename to feeling", "enum old.mood"),
    ("alter type old.address rename to place", "composite type old.address"),
    ("alter type old.floats rename to doubles", "range type old.floats"),
    ("alter domain old.grade rename to mark", "domain old.grade"),
    ("alter sequence old.tickets rename to numbers", "sequence old.tickets"),
    ("alter view old.names rename to called", "view old.names"),
    ("alter materialized view old.summary rename to summed", "materialized view old.summary"),
    ("alter policy own on old.pupils rename to mine", "policy old.pupils.own"),
    ("alter rule quiet on old.pupils rename to silent", "rule old.pupils.quiet"),
    ("alter statistics old.together rename to two", "statistics object old.together"),
    ("alter event trigger watched rename to seen", "event trigger watched"),
    ("alter publication several rename to few", "publication several"),
    ("alter collation old.plain rename to simple", "collation old.plain"),
    (
        "alter text search dictionary old.words rename to terms",
        "text search dictionary old.words",
    ),
    ("alter server far rename to near", "server far"),
]

NEW_SCHEMAS = [
    ("alter foreign data wrapper wrapper rename to wrapped", "foreign data wrapper wrapper"),
    ("alter table old.moved set schema archive", "table old.moved"),
    ("alter function old.twice(integer) set schema archive", "function old.twice(integer)"),
    ("alter view old.names set schema archive", "view old.names"),
    ("alter type old.mood set schema archive", "enum old.mood"),
    ("alter sequence old.tickets set schema archive", "sequence old.tickets"),
    ("alter statistics old.together set schema archive", "statistics object old.together"),
]


@pytest.fixture
def renaming(session, pg18):
    """A session in which the statements were run on the base, and what was there before them."""

    def on(*statements):
        live = session(pg18, BASE)
        base = live.read()
        live.run(*statements)
        return live, base

    return on


def renamed(changes):
    return {str(change.address) for change in changes if change.type == "renamed"}


@pytest.mark.parametrize("cases", [NEW_NAMES, NEW_SCHEMAS], ids=["names", "schemas"])
def test_renames_are_told_and_made_undone(renaming, catalog, cases):
    session, base = renaming(*(statement for statement, _ in cases))
    drifted = session.read()
    changes = compare(base, drifted, same_lineage=True)
    assert renamed(changes) == {told for _, told in cases}
    assert {change.type for change in changes} <= {"renamed", "changed"}
    back = undo(changes, catalog)
    assert not back.loses_data
    session.run(*back.statements)
    assert compare(base, session.read(), same_lineage=True) == []
    session.run(*redo(changes, catalog).statements)
    assert compare(drifted, session.read(), same_lineage=True) == []


def test_a_renamed_table_whose_parts_were_renamed_too(renaming, catalog):
    session, base = renaming(
        "alter index old.moved_word rename to by_term",
        "alter trigger noted on old.moved rename to noticed",
        "alter table old.moved rename constraint moved_pkey to the_key",
        "alter table old.moved set schema archive",
    )
    drifted = session.read()
    changes = compare(base, drifted, same_lineage=True)
    assert [c for c in changes if c.type in ("missing", "extra")] == []
    session.run(*undo(changes, catalog).statements)
    assert compare(base, session.read(), same_lineage=True) == []
    session.run(*redo(changes, catalog).statements)
    assert compare(drifted, session.read(), same_lineage=True) == []


SOMETHING_ELSE = {
    "two candidates": (
        [
            "drop sequence old.tickets",
            "create sequence old.a increment 5",
            "create sequence old.b increment 5",
        ],
        {"missing sequence old.tickets", "extra sequence old.a", "extra sequence old.b"},
    ),
    "another signature": (
        [
            "drop function old.twice(integer)",
            "create function old.twice_so(bigint) returns integer language sql return 2 * $1",
        ],
        {"missing function old.twice(integer)", "extra function old.twice_so(bigint)"},
    ),
    "another query": (
        [
            "drop view old.words",
            "create view old.terms as select word from old.moved where id > 1",
        ],
        {"missing view old.words", "extra view old.terms"},
    ),
    "another sort": (
        ["drop server far", "create server near type 'y' foreign data wrapper wrapper"],
        {"missing server far", "extra server near"},
    ),
}


@pytest.mark.parametrize(("statements", "told"), SOMETHING_ELSE.values(), ids=SOMETHING_ELSE)
def test_what_may_be_something_else_is_not_told_as_renamed(renaming, statements, told):
    session, base = renaming(*statements)
    changes = compare(base, session.read(), same_lineage=True)
    assert {f"{change.type} {change.address}" for change in changes} == told
