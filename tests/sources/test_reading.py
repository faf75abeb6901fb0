"""Statements are sent to the server in few calls, and refused as if each were sent alone."""

from contextlib import closing

import psycopg2
import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql import batches
from driftcheck.databases.postgresql.psycopg2_deadlines import WatchedConnection
from driftcheck.sources.reading import run_and_commit, run_each

REFUSED = [
    "CREATE TABLE missing.a (id integer)",
    "CREATE TABLE a (id integer",
    "CREATE VIEW open AS SELECT 'not closed",
    'CREATE VIEW open_name AS SELECT 1 AS "not closed',
    "COMMENT ON TABLE t1 IS E'not closed\\'",
    "CREATE VIEW comment AS SELECT 1 /* not closed",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ SELECT 'not closed'",
    "",
]
RUN = [
    "SET check_function_bodies = off",
    "COMMENT ON TABLE t1 IS 'closes */ everything; '' $f$ \" -- at once'",
    'CREATE TABLE "it\'s; -- /* $f$" (id integer)',
    "CREATE VIEW line AS SELECT 1 -- '",
    "CREATE FUNCTION two() RETURNS integer BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "CREATE FUNCTION g() RETURNS text LANGUAGE sql AS $f$ SELECT ';'; $f$",
    "INSERT INTO t1 VALUES (-1)",
    "CREATE INDEX CONCURRENTLY later ON t1 (id)",
]
FOUND = (
    "SELECT relname, obj_description(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
)


def many(prefix, number=120):
    return [f"CREATE TABLE {prefix}{n} (id integer DEFAULT -1)" for n in range(number)]


@pytest.fixture
def connected(pg16):
    """A connection to a shadow database, which is made anew for each request."""
    made = []

    def connect_to_new():
        shadow = pg16.make("test", None)
        made.append((shadow, connect(shadow.url)))
        return made[-1][1]

    yield connect_to_new
    for shadow, connection in made:
        connection.close()
        shadow.drop()


def test_statements_are_sent_in_few_calls_and_leave_no_savepoint(connected, monkeypatch):
    calls = []
    watch = WatchedConnection.watch
    connection = connected()
    monkeypatch.setattr(
        WatchedConnection,
        "watch",
        lambda self, *given, **k: calls.append(given) or watch(self, *given, **k),
    )
    assert run_each(connection, many("t", 1000), "postgresql") == []
    assert len(calls) <= 3 * 1000 / 50
    with pytest.raises(psycopg2.errors.InvalidSavepointSpecification):
        connection.cursor().execute("RELEASE SAVEPOINT driftcheck")


def test_a_failed_statement_leaves_no_savepoint(connected):
    connection = connected()
    run_each(connection, [*many("t"), *REFUSED, *many("u")], "postgresql")
    with pytest.raises(psycopg2.errors.InvalidSavepointSpecification):
        connection.cursor().execute("RELEASE SAVEPOINT driftcheck")


def test_the_same_is_refused_as_one_by_one(connected, monkeypatch):
    statements = many("t")
    for number, (refused, run) in enumerate(zip(REFUSED, RUN, strict=True)):
        statements += [*many(f"a{number}_", 30), refused, *many(f"b{number}_", 3), run]
    results = []
    for longest in (50, 1):
        monkeypatch.setattr(batches, "_LONGEST", longest)
        with closing(connected()) as connection:
            refused = run_and_commit(connection, statements, "postgresql")
            cursor = connection.cursor()
            cursor.execute(FOUND)
            results.append((refused, sorted(cursor.fetchall(), key=repr)))
    together, one_by_one = results
    assert together == one_by_one
    assert [each.statement for each in together[0]] == REFUSED


def test_a_batch_has_the_time_of_its_statements(connected):
    connection = connected()
    connection.seconds = 1
    wait = "IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN 1; END'"
    connection.cursor().execute(f"CREATE FUNCTION wait() RETURNS integer {wait}; CREATE TABLE t ()")
    slow = [f"ALTER TABLE t ADD c{n} integer DEFAULT wait()" for n in range(8)]
    assert run_each(connection, slow, "postgresql") == []
    assert connection.seconds == 1
