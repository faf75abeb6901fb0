"""Deadlines of single calls: by every driver, for every way to wait, and whose limit counts."""

import asyncio
import socket
import sqlite3
import threading
import time
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extras import DictConnection, RealDictCursor
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from driftcheck.databases import dialect_deadlines
from driftcheck.databases.connection import connect
from driftcheck.databases.location import arguments_for
from driftcheck.databases.postgresql import psycopg2_deadlines
from driftcheck.errors import ConnectionFailedError, DriftcheckError, NotAnsweredError
from driftcheck.process import deadline
from driftcheck.process.deadline import watchdog
from tests.proxy import Fault, Proxy

SLEEP = "SELECT pg_sleep(60)"
LONGEST = 10


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Give each call half a second, and hold the test to that, a busy machine allowed for."""
    monkeypatch.setattr(watchdog, "seconds", 0.5)
    monkeypatch.setattr(deadline, "MARGIN_SECONDS", 0.0)
    monkeypatch.setattr(deadline, "CONNECT_SECONDS", LONGEST)
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < LONGEST


@pytest.fixture
def patient(monkeypatch):
    """Let connecting take longer than a call."""
    monkeypatch.setattr(
        type(watchdog), "connect_seconds", property(lambda _: LONGEST), raising=True
    )


def executes(connection):
    connection.cursor().execute(SLEEP)


def executes_many(connection):
    connection.cursor().executemany("SELECT pg_sleep(%s)", [(0.1,), (60,)])


def copies(connection):
    with open("/dev/null", "w") as nowhere:  # noqa: PTH123
        connection.cursor().copy_expert(f"COPY ({SLEEP}) TO STDOUT", nowhere)


def fetches(connection):
    cursor = connection.cursor("kept")
    cursor.execute("SELECT pg_sleep(n * 30) FROM generate_series(0, 2) n")
    cursor.fetchall()


def commits(connection):
    cursor = connection.cursor()
    cursor.execute(
        "CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';"
        "CREATE TEMP TABLE t (i integer);"
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION pg_temp.slow(); INSERT INTO t VALUES (1)"
    )
    connection.commit()


@pytest.mark.parametrize("way", [executes, executes_many, copies, fetches, commits])
def test_a_call_of_our_own(pg18, database, patient, way):
    connection = connect(database(pg18).url)
    with pytest.raises(NotAnsweredError, match="did not answer within") as caught:
        way(connection)
    with pytest.raises(NotAnsweredError) as again:  # not that the connection is closed
        connection.rollback()
    assert again.value is caught.value
    connection.close()


def test_a_lost_connection_of_our_own(pg18, database):
    live = database(pg18)
    connection = connect(live.url)
    live.execute("SELECT pg_terminate_backend(%s)", connection.info.backend_pid)
    with pytest.raises(ConnectionFailedError, match="was lost"):
        connection.cursor().execute("SELECT 1")
    connection.close()


def test_connecting_takes_no_longer_in_all():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        url = make_url(f"postgresql+psycopg2:///x?host={','.join([host] * 5)}")
        url = url.update_query_dict({"port": ",".join([str(port)] * 5)})
        with pytest.raises(NotAnsweredError):
            connect(url)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "pg8000"])
def test_user_code_with_any_driver(pg18, database, patient, driver):
    shadow, noted = database(pg18), []
    engine = create_engine(f"postgresql+{driver}://")
    _lead_to(engine, shadow.url, noted)
    # What it is given in the end may be the driver's refusal to roll back: so it is noted.
    with pytest.raises((DriftcheckError, DBAPIError)), engine.connect() as connection:
        connection.exec_driver_sql(SLEEP)
    assert [type(error) for error in noted[:1]] == [NotAnsweredError]
    engine.dispose()


def test_user_code_with_an_event_loop(pg18, database, patient):
    shadow, noted = database(pg18), []
    engine = create_async_engine("postgresql+asyncpg://")
    _lead_to(engine.sync_engine, shadow.url, noted)

    async def work():
        async with engine.connect() as connection:
            await connection.exec_driver_sql(SLEEP)

    with pytest.raises(NotAnsweredError):
        asyncio.run(work())
    assert noted


def _lead_to(engine, url, noted):
    """Let an engine connect as the redirection has it."""

    def note(error: DriftcheckError):
        noted.append(error)
        return error

    @event.listens_for(engine, "do_connect")
    def _do_connect(dialect, _record, _cargs, cparams):
        arguments, keywords = arguments_for(url, dialect, cparams)
        return dialect_deadlines.connect(dialect, "the shadow", arguments, keywords, note)


def test_the_database_may_be_named_as_sqlalchemy_1_4_names_it(pg18, patient):
    parts = pg18.server.translate_connect_args(username="user") | dict(pg18.server.query)
    with closing(psycopg2_deadlines.connect("x", **parts | {"database": "postgres"})) as connection:
        assert connection.info.dbname == "postgres"


def test_classes_of_user_code_are_kept(pg18, database, patient):
    dsn = pg18.server.render_as_string(hide_password=False).replace("+psycopg2", "")
    connection = psycopg2_deadlines.connect("x", dsn, connection_factory=DictConnection, own=False)
    with closing(connection):
        assert isinstance(connection, DictConnection)
        cursor = connection.cursor()
        cursor.execute("SELECT 1 AS one")
        assert cursor.fetchone()["one"] == 1
        cursor = connection.cursor(cursor_factory=RealDictCursor)
        cursor.execute("SELECT 1 AS one")
        assert cursor.fetchall() == [{"one": 1}]
        with pytest.raises(NotAnsweredError):
            cursor.execute(SLEEP)


def test_a_trickle_gets_no_more_time(pg18, database, patient):
    live = database(pg18)
    trickle = Fault("trickle", after=2000, seconds=0.05)
    with Proxy(live.url, lambda _: trickle) as proxy:
        connection = connect(make_url(proxy.url))
        with pytest.raises(NotAnsweredError):
            connection.cursor().execute("SELECT repeat('x', 100000)")
        connection.close()


def test_sqlite():
    connection = sqlite3.connect(":memory:")
    with pytest.raises(NotAnsweredError), watchdog.call("x", deadline.aborter(connection)):
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        ).fetchall()


def test_mysql_that_is_silent(monkeypatch):
    pytest.importorskip("pymysql")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _, port = silent.getsockname()
        with pytest.raises(ConnectionFailedError):
            connect(make_url(f"mysql+pymysql://u:p@127.0.0.1:{port}/x"))


def test_no_thread_is_seen_by_user_code(pg18, database, patient):
    before = threading.enumerate()
    with closing(connect(database(pg18).url)) as connection:
        connection.cursor().execute("SELECT 1")
        assert threading.enumerate() == before


@pytest.mark.parametrize(
    ("said", "variables", "missing"),
    [
        ({}, {}, set()),
        ({"connect_timeout": "3"}, {}, {"connect_timeout"}),
        ({}, {"PGCONNECT_TIMEOUT": "3"}, {"connect_timeout"}),
        ({"keepalives_idle": "5"}, {}, {"keepalives_idle"}),
        ({"tcp_user_timeout": "5"}, {}, {"tcp_user_timeout"}),
    ],
)
def test_what_the_user_says_of_time_counts(monkeypatch, said, variables, missing):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    everything = {
        *("connect_timeout", "tcp_user_timeout"),
        *("keepalives_idle", "keepalives_interval", "keepalives_count"),
    }
    assert set(psycopg2_deadlines.defaults(said)) == everything - missing


def test_a_limit_of_the_user_counts_for_both_sides(pg18, database, patient, monkeypatch):
    url = database(pg18).url.update_query_dict({"options": "-c statement_timeout=1200ms"})
    with closing(connect(url)) as connection:
        assert psycopg2_deadlines.user_limit(connection) == 1.2
        with pytest.raises(psycopg2.errors.QueryCanceled):  # the server was given the time for it
            connection.cursor().execute(SLEEP)
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=2min")
    with closing(connect(database(pg18).url)) as connection:
        assert psycopg2_deadlines.user_limit(connection) == 120
