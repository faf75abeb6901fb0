"""Templates on a private server: which are kept, and that they leave nothing else behind."""

import dataclasses
import shutil
import signal

import pytest

from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from driftcheck.databases.shadow.base import Template
from driftcheck.storage.cache_directory import VARIABLE

KILLED = """
import os, signal
from driftcheck.databases.postgresql.shadow import private
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.shadow.base import Template

def complete(*_):
    print("copied", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

private.complete = complete
maker = private.PrivateMaker("Tests.", embedded_installations()[0], None)
maker.keep(maker.make("x"), Template("1" * 40, ""))
"""
ROLES = "SELECT rolname FROM pg_roles WHERE rolname IN ('app', 'reader') ORDER BY 1"

pytestmark = pytest.mark.skipif(not embedded_installations(), reason="no embedded PostgreSQL")


@pytest.fixture
def own_cache(tmp_path, pg18, monkeypatch):
    """A cache for one test, which finds no templates of others."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    yield
    shutil.rmtree(Account.for_servers().home())


@pytest.fixture
def open_maker(own_cache):
    return lambda facts=None: PrivateMaker("Tests.", embedded_installations()[0], facts)


@pytest.fixture
def facts(pg18):
    with session(pg18.server) as cursor:
        return read_facts(cursor.connection)


def key(number):
    return f"{number:040}"


def keep(maker, number, *statements):
    shadow = maker.make("x")
    with session(shadow.url) as cursor:
        for statement in statements:
            cursor.execute(statement)
    maker.keep(shadow, Template(key(number), f"description\n{number}"))


def test_a_template_is_copied_by_a_later_run(open_maker):
    with open_maker() as maker:
        keep(maker, 1, "CREATE TABLE t (id integer)", "INSERT INTO t VALUES (7)")
    with open_maker() as maker:
        (template,) = maker.templates()
        assert template == Template(key(1), "description\n1")
        with session(maker.make_from("x", template).url) as cursor:
            cursor.execute("SELECT id FROM t")
            assert cursor.fetchall() == [(7,)]


def test_a_copy_of_a_killed_run_is_no_template(open_maker, python):
    with python(KILLED) as process:
        assert process.wait(60) == -signal.SIGKILL
    with open_maker() as maker:
        assert maker.templates() == []
        with session(maker.server) as cursor:
            cursor.execute("SELECT count(*) FROM pg_database")
            assert cursor.fetchone() == (3,)


def test_those_that_were_used_last_are_kept(open_maker):
    with open_maker() as maker:
        for number in range(6):
            keep(maker, number)
        maker.make_from("x", Template(key(0), "used"))
        keep(maker, 6)
        assert [template.key for template in maker.templates()] == [
            key(number) for number in (6, 0, 5, 4, 3, 2)
        ]


def test_roles_of_a_template_exist_only_for_those_who_have_them(open_maker, facts):
    own = dataclasses.replace(facts, user="app", roles=("app", "reader"))
    with open_maker(own) as maker:
        keep(maker, 1, "CREATE TABLE t (id integer)", "GRANT SELECT ON t TO reader")
        data = maker._private._data.stat().st_ino
    with open_maker() as maker, session(maker.server) as cursor:
        cursor.execute(ROLES)
        assert cursor.fetchall() == []
        assert maker.templates() == []
        cursor.execute("CREATE ROLE reader SUPERUSER")
    with open_maker(own) as maker:
        assert maker._private._data.stat().st_ino == data
        (template,) = maker.templates()
        shadow = maker.make_from("x", template)
        with session(shadow.url) as cursor:
            cursor.execute(
                "SELECT tableowner, has_table_privilege('reader', 't', 'SELECT') "
                "FROM pg_tables WHERE tablename = 't'"
            )
            assert cursor.fetchone() == ("app", True)
            cursor.execute(
                "SELECT rolname, rolsuper FROM pg_roles WHERE rolname IN ('app', 'reader')"
            )
            assert sorted(cursor.fetchall()) == [("app", True), ("reader", False)]


def test_a_history_can_create_a_role_of_a_template(open_maker, facts):
    own = dataclasses.replace(facts, roles=("reader",))
    with open_maker(own) as maker:
        keep(maker, 1, "CREATE TABLE t (id integer)", "GRANT SELECT ON t TO reader")
    with open_maker(own) as maker:
        assert maker.release_role("reader")
        assert maker.templates() == []
        with session(maker.server) as cursor:
            cursor.execute("CREATE ROLE reader")


OF_THE_SERVER = [
    "CREATE ROLE other",
    "ALTER ROLE postgres SET work_mem = '1MB'",
    "COMMENT ON ROLE postgres IS 'x'",
    "GRANT pg_read_all_data TO app",
    "ALTER SYSTEM SET work_mem = '1MB'",
    "CREATE DATABASE other",
    "ALTER DATABASE {} SET search_path = other",
    "GRANT CREATE ON DATABASE {} TO app",
    "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)",
]


def test_what_belongs_to_the_server_is_seen(open_maker, facts):
    with open_maker(dataclasses.replace(facts, roles=("app",))) as maker:
        shadow = maker.make("x")
        with session(shadow.url) as cursor:
            for statement in OF_THE_SERVER:
                before = maker.shared_state
                cursor.execute("CREATE TABLE t (id integer)")
                cursor.execute("DROP TABLE t")
                assert maker.shared_state == before
                cursor.execute(statement.format(shadow.name))
                assert maker.shared_state != before, statement
