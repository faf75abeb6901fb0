"""Every table that accepts rows is filled; the other tables are reported with the reason."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.row_filling import fill
from driftcheck.databases.version_table import VersionTable

HERE = Path(__file__).parent
LEAVE = [VersionTable("", "alembic_version")]


def reasons(unfilled):
    return {one.table.sql: one.reason for one in unfilled}


@pytest.fixture
def filled(pg, database):
    made = database(pg, (HERE / "postgresql.sql").read_text(encoding="utf-8"))
    made.unfilled = reasons(fill(made.url, LEAVE))
    return made


def test_every_table_that_takes_rows_has_some(filled):
    tables = filled.execute(
        "select oid::regclass::text from pg_class where relkind in ('r', 'p') "
        "and not relispartition and relnamespace = 'public'::regnamespace"
    )
    counts = {name: filled.execute(f"select count(*) from {name}")[0][0] for (name,) in tables}
    assert filled.unfilled == {
        "public.refused": "no refused today",
        "public.below_refused": "it references public.refused, which has no row",
        "public.halves": "it references public.halves, which has no row",
        "public.impossible": 'new row for relation "impossible" violates check constraint '
        '"impossible_n_check"',
    }
    empty = {"refused", "below_refused", "impossible", "halves", "alembic_version"}
    few = {"only_one": 1, **dict.fromkeys(empty, 0)}
    assert counts == {name: few.get(name, 3) for name in counts}
    assert len(counts) > 20


@pytest.mark.parametrize(
    "statement",
    [
        "alter table types alter v type varchar(19)",
        "alter table nodes alter name type varchar(255)",
        "alter table types alter i type smallint",
        "alter table types alter b type integer",
        "alter table types alter p type numeric(4, 2)",
        "alter table users add nick text not null",
        "alter table users alter boss set not null",
        "create unique index on types (t)",
        "create unique index on types (i)",
        "create unique index on checked (status)",
    ],
)
def test_what_only_works_on_empty_tables_shows(filled_once, statement):
    with pytest.raises(psycopg2.Error):
        filled_once.execute(statement)


@pytest.fixture(scope="module")
def filled_once(pg16):
    shadow = pg16.make("test")
    with closing(connect(shadow.url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute((HERE / "postgresql.sql").read_text(encoding="utf-8"))
        fill(shadow.url, LEAVE)
        yield cursor
    shadow.drop()


def test_rows_that_are_there_stay_and_more_come(pg16, database):
    live = database(
        pg16,
        "create table seats (id serial primary key, name varchar(9) unique)",
        "insert into seats (id, name) values (1, 'first'), (2, '1 some te')",
    )
    assert fill(live.url, LEAVE) == []
    assert live.execute("select name from seats where name = 'first'") == [("first",)]
    assert live.execute("select count(*) from seats") == [(5,)]


def test_a_schema_of_every_kind_is_mostly_filled(pg16, database):
    ddl = HERE.parent / "postgresql" / "catalog" / "everything.sql"
    everything = database(pg16, ddl.read_text(encoding="utf-8"))
    assert reasons(fill(everything.url, LEAVE)) == {
        "school.books": 'record "new" has no field "updated_at"',
        "school.elsewhere": "a foreign table stores its rows on another server",
        "school.events": 'record "new" has no field "updated_at"',
        "school.far_events": 'no partition of relation "far_events" found for row',
        "school.lessons": 'record "new" has no field "updated_at"',
        "school.remote_log": "a foreign table stores its rows on another server",
        "school.sorted_2": "the partitioned table has no partition",
    }


def test_the_same_schema_gets_the_same_rows(pg16, database):
    ddl = (HERE / "postgresql.sql").read_text(encoding="utf-8")
    copies = [database(pg16, ddl), database(pg16, ddl)]
    for one in copies:
        fill(one.url, LEAVE)
    for table in ("types", "checked", "bookings"):
        first, second = (one.execute(f"select t::text from {table} t") for one in copies)
        assert first == second


def test_sqlite(tmp_path):
    file = tmp_path / "school.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((HERE / "sqlite.sql").read_text(encoding="utf-8"))
        unfilled = reasons(fill(URL.create("sqlite", database=str(file)), LEAVE))
        assert unfilled == {
            "impossible": "CHECK constraint failed: n > 3 and n < 2",
            "refused": "not today",
        }
        tables = connection.execute("select name from pragma_table_list where type = 'table'")
        for (name,) in tables.fetchall():
            quoted = '"' + name.replace('"', '""') + '"'
            ((count,),) = connection.execute(f"select count(*) from {quoted}").fetchall()
            if not name.startswith("sqlite_"):
                assert count == (0 if name in {*unfilled, "alembic_version"} else 3), name
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        assert connection.execute("select count(*) from types where loose is null") != [(0,)]
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("create unique index once on types (t)")


def test_other_databases_are_not_filled():
    ((table, reason),) = reasons(fill(URL.create("mysql", database="school"), LEAVE)).items()
    assert (table, reason) == (
        "school",
        "driftcheck does not insert rows into MySQL databases",
    )


def test_sqlite_and_a_deferred_foreign_key(tmp_path):
    path = tmp_path / "live.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE a (code text PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY, "
            "code text NOT NULL REFERENCES a DEFERRABLE INITIALLY DEFERRED);"
            "CREATE TRIGGER t AFTER INSERT ON b BEGIN UPDATE b SET code = 'other'; END"
        )
    unfilled = fill(URL.create("sqlite", database=str(path)), LEAVE)
    assert reasons(unfilled) == {"b": "FOREIGN KEY constraint failed"}
