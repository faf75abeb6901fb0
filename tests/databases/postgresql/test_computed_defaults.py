"""A copy of a template has the schema in the cache, unless a default was computed."""

import pytest

from driftcheck.databases.postgresql.catalog.computed_defaults import has_computed_defaults
from driftcheck.schema import Address, SchemaObject, Snapshot

TABLE = Address("table", "public", ("lessons",))


@pytest.mark.parametrize(
    ("default", "is_computed"),
    [
        ("'now'::timestamp without time zone", True),
        ("'today'::date", True),
        ("now()", False),
        ("'2024-01-31'::date", False),
        ("'now'", False),
        (None, False),
    ],
)
def test_a_default_that_reads_as_another_constant_in_a_copy(default, is_computed):
    address = Address("column", "public", ("lessons", "begin"))
    column = SchemaObject(address, {"type": "date", "default": default}, part_of=TABLE)
    objects = {TABLE: SchemaObject(TABLE, {}), address: column}
    assert has_computed_defaults(Snapshot(objects, "postgresql", "18.0", "public")) == is_computed
