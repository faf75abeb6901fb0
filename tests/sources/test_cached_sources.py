"""Where the migrations create objects, as the cache keeps it next to their schema."""

import json

import pytest

from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.history import sources_as_json, sources_in
from driftcheck.sources.object_sources import MigrationSource

TABLE, COLUMN, INDEX = (
    Address(kind, "public", path)
    for kind, path in (("table", ("a",)), ("column", ("a", "b")), ("index", ("ix",)))
)
FUNCTION = Address("function", "public", ("f",), "integer")
FIRST, SECOND = MigrationSource("0001", "a.py", 7), MigrationSource("0002", "b.py", None)
SCHEMA = Snapshot(
    {address: SchemaObject(address, {}) for address in (TABLE, COLUMN, FUNCTION)},
    *("postgresql", "18.1", "public"),
)


@pytest.mark.parametrize(
    "made",
    [
        {},
        {COLUMN: SECOND},
        {TABLE: FIRST, COLUMN: SECOND, FUNCTION: FIRST},
        {INDEX: FIRST, TABLE: FIRST},  # an object that is not part of the schema
    ],
)
def test_sources_come_back(made):
    data = json.loads(json.dumps(sources_as_json(made, SCHEMA)))
    assert sources_in(data, SCHEMA) == made


def test_a_line_is_written_once():
    made = dict.fromkeys((TABLE, COLUMN, FUNCTION, INDEX), FIRST)
    assert sources_as_json(made, SCHEMA)["lines"] == [["0001", "a.py", 7]]
