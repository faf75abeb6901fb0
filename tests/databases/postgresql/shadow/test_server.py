"""Servers that others use as well: what is not marked as a shadow is never touched."""

import dataclasses
import os
import time
from contextlib import contextmanager

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.dropping import drop_database
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.server import ServerMaker
from driftcheck.errors import ShadowError
from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import shadow_name

OTHER_NAME = "driftcheck_shadow_models_0123456789ab"


@contextmanager
def left_behind(maker, name, mark=None, setting="driftcheck.shadow"):
    """A database that looks like a shadow; with a mark or without."""
    with session(maker.server) as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        if mark is not None:
            cursor.execute(f"ALTER DATABASE {name} SET {setting} = '{mark}'")
        yield
        drop_database(cursor, name, lambda one: session(maker.server.set(database=one)))


@contextmanager
def user(maker, name, options="LOGIN"):
    """A user of the server; gives the URL to connect as that user."""
    with session(maker.server) as cursor:
        cursor.execute(f"CREATE ROLE {name} {options}")
        yield maker.server.set(username=name)
        cursor.execute(f"DROP ROLE {name}")


def is_there(maker, name):
    with session(maker.server) as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return cursor.fetchone() is not None


def advised(note):
    """The statements that a note advises, in their order."""
    told = note.partition("As a superuser, run ")[2]
    parts = [part.partition(": ")[2] for part in told.split(" Then ")]
    return [statement for part in parts for statement in part.rstrip(";").split("; ")]


def sweep(maker):
    ServerMaker("Tests.", maker.server, None).close()


def test_what_a_killed_run_left_is_dropped(pg, mark):
    left = mark()
    name = shadow_name("models", left)
    with left_behind(pg, name, left):
        sweep(pg)
        assert not is_there(pg, name)


def test_what_a_run_left_that_was_killed_before_it_set_the_mark_is_dropped(pg, mark):
    name = shadow_name("models", mark())
    with left_behind(pg, name):
        sweep(pg)
        assert not is_there(pg, name)


def test_a_database_with_another_name_stays_whatever_its_mark(pg, mark):
    with left_behind(pg, OTHER_NAME, mark()):
        sweep(pg)
        assert is_there(pg, OTHER_NAME)


@pytest.mark.parametrize("other", ["on", "another run"])
def test_a_database_whose_mark_says_another_thing_than_its_name_stays(pg18, mark, other):
    name = shadow_name("models", mark())
    with left_behind(pg18, name, Mark.new() if other == "another run" else other):
        sweep(pg18)
        assert is_there(pg18, name)


@pytest.mark.parametrize(
    "setting", ["driftcheck.shadowed", "driftcheck.shado", "driftcheckshadow.x", "application_name"]
)
def test_another_setting_is_no_mark(pg18, mark, setting):
    left = mark()
    name = shadow_name("models", left)
    with left_behind(pg18, name, Mark.new(), setting):
        sweep(pg18)
        assert not is_there(pg18, name)


def test_what_is_in_use_stays(pg18, mark):
    for left in (mark(host="elsewhere"), mark(pid=os.getpid())):
        name = shadow_name("models", left)
        with left_behind(pg18, name, left):
            sweep(pg18)
            assert is_there(pg18, name)


def test_what_is_a_day_old_is_dropped_whoever_made_it(pg18, mark, yesterday):
    left = mark(host="elsewhere", started=yesterday)
    name = shadow_name("models", left)
    with left_behind(pg18, name, left):
        sweep(pg18)
        assert not is_there(pg18, name)


def test_leftovers_of_another_user_hinder_nothing_and_are_told(pg18, mark):
    name = shadow_name("models", mark())
    with left_behind(pg18, name), user(pg18, "plain", "LOGIN CREATEDB") as url:
        with ServerMaker("Tests.", url, None) as maker:
            maker.make("x")
            (note,) = maker.notes
        assert is_there(pg18, name)
        assert "must be owner" in note
        with session(pg18.server) as cursor:
            cursor.execute(advised(note)[-1])
        assert not is_there(pg18, name)


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


def test_the_server_says_nothing_of_a_mark_when_one_connects(pg18, capfd):
    with (
        user(pg18, "plain", "LOGIN CREATEDB") as url,
        ServerMaker("Tests.", url, None) as maker,
    ):
        connect(maker.make("x").url).close()
    assert capfd.readouterr() == ("", "")


def test_what_a_killed_run_of_a_user_who_is_no_superuser_left_is_dropped(pg18, mark):
    left = mark()
    name = shadow_name("models", left)
    with left_behind(pg18, name, f"driftcheck.shadow={left}", "application_name"):
        sweep(pg18)
        assert not is_there(pg18, name)


def test_a_user_who_is_no_superuser_leaves_what_another_run_s_mark_is_on(pg18, mark):
    name = shadow_name("models", mark())
    with left_behind(pg18, name, f"driftcheck.shadow={Mark.new()}", "application_name"):
        sweep(pg18)
        assert is_there(pg18, name)


def test_a_user_without_createdb_is_told_what_is_missing(pg18):
    with user(pg18, "plain") as url, pytest.raises(ShadowError, match="plain cannot") as caught:
        ServerMaker("Tests.", url, None)
    assert "ALTER ROLE plain CREATEDB" in caught.value.hint


def test_a_right_that_is_taken_away_later_is_told(pg18):
    with user(pg18, "plain", "LOGIN CREATEDB") as url:
        maker = ServerMaker("Tests.", url, None)
        with session(pg18.server) as cursor:
            cursor.execute("ALTER ROLE plain NOCREATEDB")
        with pytest.raises(ShadowError, match="cannot create") as caught:
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
