"""The guard by itself: what it takes for a live database, and what is left of it afterwards."""

import ctypes
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import extensions
from psycopg2.extras import LoggingConnection
from sqlalchemy.engine import make_url

from driftcheck.databases.connection import connect
from driftcheck.databases.endpoints import Tcp, Unix
from driftcheck.databases.location import endpoints_of
from driftcheck.databases.own_work import own_work
from driftcheck.errors import RedirectError
from driftcheck.project.interception.endpoints import are_same
from driftcheck.project.interception.statements import statement_beyond_database
from driftcheck.project.interception.urls import database_urls, without_database
from driftcheck.project.redirect import Redirect

_getenv = ctypes.CDLL(None).getenv
_getenv.restype = ctypes.c_char_p


def c_value(name):
    """What the C library has for an environment variable."""
    value = _getenv(name.encode())
    return value and value.decode()


@pytest.fixture
def live(database, pg16):
    return database(pg16)


@pytest.mark.parametrize(
    ("text", "endpoints"),
    [
        ("postgresql://school.example/x", [Tcp("school.example", 5432)]),
        ("postgresql+asyncpg://a:b@[::1]:99/x", [Tcp("::1", 99)]),
        ("postgresql://u@/x?host=/run/pg&port=99", [Unix("/run/pg/.s.PGSQL.99")]),
        ("postgresql:///x?host=one,two&port=1,2", [Tcp("one", 1), Tcp("two", 2)]),
        ("postgresql:///x?host=one:1&host=two:2", [Tcp("one", 1), Tcp("two", 2)]),
        ("postgresql://named/x?hostaddr=10.0.0.1", [Tcp("10.0.0.1", 5432)]),
        ("postgresql:///x?service=school", [Tcp("of.service", 7)]),
        ("mysql+pymysql://h/x", [Tcp("h", 3306)]),
        ("mysql:///x?unix_socket=/run/mysql", [Unix("/run/mysql")]),
        ("sqlite:///x.db", []),
    ],
)
def test_where_a_url_leads(text, endpoints, monkeypatch, tmp_path):
    (tmp_path / "services").write_text("[school]\nhost=of.service\nport=7\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    assert list(endpoints_of(make_url(text))) == endpoints


@pytest.mark.parametrize("other", ["127.0.0.1", "::ffff:127.0.0.1", "127.9.9.9", "0.0.0.0", "::1"])  # noqa: S104
def test_all_addresses_of_this_machine_are_one(other):
    assert are_same(Tcp("localhost", 5432), Tcp(other, 5432))
    assert not are_same(Tcp("localhost", 5432), Tcp(other, 5433))
    assert not are_same(Tcp("192.0.2.1", 5432), Tcp(other, 5432))


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("postgres://u:secret@h:1/x", "postgres://u@refused-by-driftcheck.invalid/x"),
        ("db+postgresql://u@h/x", "db+postgresql://u@refused-by-driftcheck.invalid/x"),
        ("sqlite:////srv/x.db", "sqlite:////refused-by-driftcheck/refused-by-driftcheck.db"),
        ("host=h dbname=x password='a b'", "host=refused-by-driftcheck.invalid dbname=x"),
        ("redis://h:1/0", "redis://h:1/0"),
        ("postgresql", "postgresql"),
        ("a=b", "a=b"),
    ],
)
def test_a_url_that_leads_nowhere(text, elsewhere):
    assert without_database(text) == elsewhere
    assert bool(database_urls([text])) == (elsewhere != text)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("COPY students (name) FROM STDIN", ""),
        ("CREATE DATABASE x", "CREATE DATABASE"),
        ("CREATE/**/DATABASE x", "CREATE DATABASE"),
        ("ALTER DATABASE shadow_1 SET x TO y", ""),
        ("ALTER DATABASE CHARACTER SET utf8mb4", ""),
        ("alter database default collate utf8mb4_bin", ""),
        ("ALTER DATABASE collected CHARACTER SET utf8mb4", "ALTER DATABASE"),
        ("SELECT dblink_exec('...') -- shadow_1", "DBLINK_EXEC"),
        ("copy (select 1) to program 'sh'", "COPY (SELECT 1) TO PROGRAM"),
        ("SELECT '--', pg_terminate_backend(1)", "PG_TERMINATE_BACKEND"),
        ("CREATE TABLE servers (create_server integer)", ""),
    ],
)
def test_statements_beyond_the_database(statement, found):
    assert statement_beyond_database(statement, "shadow_1") == found


def test_the_environment_comes_back(monkeypatch):
    monkeypatch.setenv("PGHOST", "before")
    monkeypatch.setenv("SCHOOL", "postgresql://before/x")
    monkeypatch.setenv("PGPASSWORD", "before")
    monkeypatch.delenv("PGUSER", raising=False)

    with Redirect().hooked():
        assert os.environ["PGHOST"] == "before"
        assert os.environ["SCHOOL"] == "postgresql://before/x"
        assert c_value("PGHOST") == "/refused-by-driftcheck"
        assert c_value("PGHOSTADDR") == "refused-by-driftcheck"
        assert c_value("PGPASSWORD") is None
        assert c_value("SCHOOL") == "postgresql://refused-by-driftcheck.invalid/x"
        os.environ["PGUSER"] = "meanwhile"
        del os.environ["PGPASSWORD"]
    now = [c_value(name) for name in ("PGHOST", "PGHOSTADDR", "PGUSER", "PGPASSWORD", "SCHOOL")]
    assert now == ["before", None, "meanwhile", None, "postgresql://before/x"]
    del os.environ["PGUSER"]


def test_driftchecks_own_connections_follow_the_environment(live, monkeypatch):
    place = live.url
    monkeypatch.setenv("PGHOST", place.query["host"])
    monkeypatch.setenv("PGPORT", place.query["port"])
    with Redirect().hooked():
        monkeypatch.setenv("PGUSER", place.username)  # as load_dotenv() does
        monkeypatch.setenv("PGDATABASE", place.database)
        with closing(connect(make_url("postgresql://"))) as own, own.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            assert cursor.fetchone() == (live.name,)


def test_what_is_no_database_is_let_pass(tmp_path):
    with Redirect().hooked(), socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        with closing(sqlite3.connect(tmp_path / "cache.db")) as cache:
            cache.execute("ATTACH ':memory:' AS more")
            cache.execute("VACUUM")
        (tmp_path / "log").write_text("text")
        (tmp_path / "log").unlink()
        asked = [sys.executable, "-c", "import os; print(os.environ['SCHOOL'])"]
        said = subprocess.run(asked, env={"SCHOOL": "x"}, capture_output=True, check=True)
        assert said.stdout == b"x\n"
        subprocess.run(["psql", "--version"], check=False, stdout=subprocess.DEVNULL)


def test_afterwards_nothing_is_refused(live, tmp_path):
    url = live.url.set(drivername="postgresql").render_as_string(hide_password=False)
    file = tmp_path / "live.db"
    before = (
        extensions.connection,
        psycopg2._connect,
        sqlite3.connect,
        subprocess.Popen.__init__,
        sys.meta_path[:],
    )
    with Redirect(tmp_path, [live.url, make_url(f"sqlite:///{file}")]).hooked() as redirect:
        with pytest.raises(RedirectError, match="psycopg2"):
            psycopg2.connect(url)
        assert issubclass(LoggingConnection, extensions.connection)
        with pytest.raises(RedirectError, match="psycopg2"):
            LoggingConnection(url)
        with pytest.raises(RedirectError, match="live SQLite"):
            sqlite3.connect(file)
        with pytest.raises(RedirectError, match="live SQLite"):
            file.write_text("")
        assert len(redirect.interceptor.refusals.take()) == 4
    after = (
        extensions.connection,
        psycopg2._connect,
        sqlite3.connect,
        subprocess.Popen.__init__,
        sys.meta_path[:],
    )
    assert after == before
    psycopg2.connect(url).close()
    sqlite3.connect(file).close()
    file.write_text("")


def test_driftchecks_marks_do_not_reach_other_threads(live, tmp_path):
    file, raised = tmp_path / "live.db", []

    def other():
        try:
            sqlite3.connect(file)
        except RedirectError as error:
            raised.append(error)

    with Redirect(tmp_path, [make_url(f"sqlite:///{file}")]).hooked(), own_work():
        sqlite3.connect(file).close()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(raised) == 1
