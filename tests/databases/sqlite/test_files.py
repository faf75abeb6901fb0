"""Connections to files that run SQL of somebody else's schema."""

import sqlite3
from contextlib import closing

import pytest

from driftcheck.databases.repair_session import RepairLimits
from driftcheck.databases.sqlite.files import connect_untrusted, open_read_only, url_of_file
from driftcheck.databases.sqlite.repair_session import SQLiteRepairSession


def repair_connection(url):
    return SQLiteRepairSession(url, RepairLimits(lock_seconds=1, statement_seconds=1)).connection


@pytest.mark.parametrize("open_file", [open_read_only, connect_untrusted, repair_connection])
def test_a_schema_with_functions_for_json_is_read(open_file, tmp_path):
    path = tmp_path / "live.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE runs (made TEXT CHECK (json_valid(made)))")
        connection.execute("CREATE INDEX ix_runs ON runs (json_extract(made, '$.id'))")

    with closing(open_file(url_of_file(str(path)))) as connection:
        names = connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()

    assert names == [("ix_runs",), ("runs",)]


@pytest.mark.parametrize("open_file", [open_read_only, connect_untrusted, repair_connection])
def test_a_schema_cannot_load_an_extension(open_file, tmp_path):
    path = tmp_path / "live.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW loaded AS SELECT load_extension('other')")

    with (
        closing(open_file(url_of_file(str(path)))) as connection,
        pytest.raises(sqlite3.Error, match="unsafe use of load_extension"),
    ):
        connection.execute("SELECT * FROM loaded")
