"""What libpq would add to the parameters of a connection."""

import pytest

from driftcheck.databases.postgresql.libpq import explicit_parameters


@pytest.mark.parametrize("name", ["dbname", "database"])
def test_a_database_that_is_named_is_not_named_again(name, monkeypatch):
    """psycopg2 accepts both names, and refuses both together."""
    monkeypatch.setenv("PGDATABASE", "school")
    assert "dbname" not in explicit_parameters({name: "shadow"})
    assert explicit_parameters({"user": "ann"})["dbname"] == "school"
