"""Shadow databases in temporary files."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from driftcheck.databases.sqlite.shadow import SQLiteMaker
from driftcheck.errors import ShadowError
from driftcheck.storage.shadow_names import shadow_name


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def maker():
    with SQLiteMaker("Tests.") as maker:
        yield maker


def execute(shadow, statement):
    with closing(sqlite3.connect(shadow.url.database)) as connection, connection:
        return connection.execute(statement).fetchall()


def reaches(shadow, database):
    with closing(sqlite3.connect(database)) as connection:
        return shadow.is_reached_by(connection)


def test_a_shadow_is_empty_and_marked(maker):
    shadow, other = maker.make("models"), maker.make("models")

    assert execute(shadow, "SELECT * FROM sqlite_master") == []
    assert reaches(shadow, shadow.url.database)
    assert not reaches(shadow, other.url.database)
    assert not reaches(shadow, ":memory:")


def test_a_copy_has_schema_and_rows_and_a_mark_of_its_own(maker):
    original = maker.make("head")
    execute(original, "CREATE TABLE t (a)")
    execute(original, "INSERT INTO t VALUES (7)")

    copy = maker.make("head", original)

    assert execute(copy, "SELECT a FROM t") == [(7,)]
    assert reaches(copy, copy.url.database)
    assert not reaches(original, copy.url.database)


def test_dropping_removes_the_file_and_what_lies_beside_it(maker):
    shadow = maker.make("x")
    with closing(sqlite3.connect(shadow.url.database)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE t (a)")
        directory = Path(shadow.url.database).parent
        assert len(list(directory.glob(f"{shadow.name}*"))) > 1
        shadow.drop()
    assert not list(directory.glob(f"{shadow.name}*"))


def test_closing_leaves_nothing(temporary):
    with SQLiteMaker("Tests.") as maker:
        maker.make("x")
        assert list(temporary.iterdir())
    assert not list(temporary.iterdir())


def test_what_a_killed_run_left_is_removed(temporary, mark):
    left = temporary / shadow_name("sqlite", mark())
    left.mkdir()
    (left / "file").touch()

    SQLiteMaker("Tests.").close()

    assert not left.exists()


def test_what_has_another_name_or_is_in_use_stays(temporary, mark):
    bare = temporary / "driftcheck_shadow_bare"
    running = shadow_name("sqlite", mark(pid=os.getpid()))
    link, file = (temporary / shadow_name(what, mark()) for what in ("link", "file"))
    link.symlink_to(temporary)
    file.touch()
    for directory in (bare, temporary / running):
        directory.mkdir()

    SQLiteMaker("Tests.").close()

    assert bare.exists()
    assert (temporary / running).exists()
    assert link.is_symlink()
    assert file.exists()


def test_a_file_that_cannot_be_made_is_told(maker, temporary):
    os.rename(temporary, temporary.with_name("moved"))  # noqa: PTH104

    with pytest.raises(ShadowError, match="cannot create"):
        maker.make("x")
