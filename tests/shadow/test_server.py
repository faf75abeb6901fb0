"""Servers that others use as well: what is not marked as a shadow is never touched."""

import dataclasses
import time
from contextlib import contextmanager

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.server import ServerMaker
from driftcheck.errors import ShadowError

NAME = "driftcheck_shadow_models_0123456789ab"


@contextmanager
def left_behind(maker, mark=None, setting="driftcheck.databases.shadow"):
    """A database that looks like a shadow; with a mark or without."""
    with session(maker.server) as cursor:
        cursor.execute(f"CREATE DATABASE {NAME}")
        if mark is not None:
            cursor.execute(f"ALTER DATABASE {NAME} SET {setting} = '{mark}'")
        yield
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


@contextmanager
def user(maker, name, options="LOGIN"):
    """A user of the server; gives the URL to connect as that user."""
    with session(maker.server) as cursor:
        cursor.execute(f"CREATE ROLE {name} {options}")
        yield maker.server.set(username=name)
        cursor.execute(f"DROP ROLE {name}")


def is_there(maker):
    with session(maker.server) as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
        return cursor.fetchone() is not None


def sweep(maker):
    ServerMaker("Tests.", maker.server, None).close()


def test_what_a_killed_run_left_is_dropped(pg, mark):
    with left_behind(pg, mark()):
        sweep(pg)
        assert not is_there(pg)


def test_a_database_without_the_mark_stays(pg):
    with left_behind(pg):
        sweep(pg)
        assert is_there(pg)


@pytest.mark.parametrize(
    "setting", ["driftcheck.shadowed", "driftcheck.shado", "driftcheckshadow.x", "application_name"]
)
def test_another_setting_is_no_mark(pg18, mark, setting):
    with left_behind(pg18, mark(), setting):
        sweep(pg18)
        assert is_there(pg18)


def test_a_setting_that_driftcheck_did_not_write_is_no_mark(pg18):
    with left_behind(pg18, "on"):
        sweep(pg18)
        assert is_there(pg18)


def test_a_role_s_setting_is_no_mark(pg18, mark):
    with left_behind(pg18), session(pg18.server) as cursor:
        cursor.execute(
            f"ALTER ROLE postgres IN DATABASE {NAME} SET driftcheck.databases.shadow = '{mark()}'"
        )
        sweep(pg18)
        assert is_there(pg18)


def test_what_is_in_use_elsewhere_stays(pg18, mark):
    with left_behind(pg18, mark(host="elsewhere")):
        sweep(pg18)
        assert is_there(pg18)


def test_what_is_a_day_old_is_dropped_whoever_made_it(pg18, mark, yesterday):
    with left_behind(pg18, mark(host="elsewhere", started=yesterday)):
        sweep(pg18)
        assert not is_there(pg18)


def test_leftovers_of_another_user_hinder_nothing(pg18, mark):
    with left_behind(pg18, mark()), user(pg18, "plain", "LOGIN CREATEDB") as url:
        with ServerMaker("Tests.", url, None) as maker:
            maker.make("x")
        assert is_there(pg18)


def test_a_user_with_no_more_than_createdb_is_enough(pg):
    with user(pg, "plain", "LOGIN CREATEDB") as url, session(pg.server) as cursor:
        facts = dataclasses.replace(
            read_facts(cursor.connection), schemas=("app",), search_path="app"
        )
        with ServerMaker("Tests.", url, facts) as maker:
            shadow = maker.make("x")
            copy = maker.make("y", shadow)
            assert copy.is_reached_by(connect(copy.url))
            assert not shadow.is_reached_by(connect(copy.url))
            assert not shadow.is_reached_by(connect(pg.server))


def test_what_a_killed_run_of_a_user_who_is_no_superuser_left_is_dropped(pg18, mark):
    with left_behind(pg18, f"driftcheck.databases.shadow={mark()}", "application_name"):
        sweep(pg18)
        assert not is_there(pg18)


def test_a_user_without_createdb_is_told_what_is_missing(pg18):
    with user(pg18, "plain") as url, pytest.raises(ShadowError, match="plain may not") as caught:
        ServerMaker("Tests.", url, None)
    assert "ALTER ROLE plain CREATEDB" in caught.value.hint


def test_a_right_that_is_taken_away_later_is_told(pg18):
    with user(pg18, "plain", "LOGIN CREATEDB") as url:
        maker = ServerMaker("Tests.", url, None)
        with session(pg18.server) as cursor:
            cursor.execute("ALTER ROLE plain NOCREATEDB")
        with pytest.raises(ShadowError, match="may not make") as caught:
            maker.make("x")
        assert "permission denied" in caught.value.details


def test_a_server_that_does_not_answer_is_told_without_the_password(pg18):
    url = pg18.server.set(host="127.0.0.1", port=9, password="s3cret", query={})
    started = time.monotonic()

    with pytest.raises(ShadowError) as caught:
        ServerMaker("Tests.", url, None)

    assert time.monotonic() - started < 5
    assert "cannot connect" in caught.value.message
    assert "s3cret" not in "".join((str(caught.value), caught.value.hint, caught.value.details))


def test_the_environment_does_not_lead_elsewhere(pg18, monkeypatch):
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")  # belongs to nobody

    with ServerMaker("Tests.", pg18.server, None) as maker:
        maker.make("x")
