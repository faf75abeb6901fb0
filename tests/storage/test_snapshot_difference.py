"""A snapshot as the difference from another: what is read is what was written."""

import json
from dataclasses import replace

import pytest

from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.storage.snapshot_difference import difference_of, snapshot_of

TABLES = [
    SchemaObject(Address("table", "public", (name,)), {"comment": None, "rows": (("x", 1),)})
    for name in "abcdef"
]
CHANGED = replace(TABLES[2], attributes={"comment": "é\n"}, stands_on=(TABLES[0].address,))
NEW = replace(TABLES[0], address=Address("function", "", ("f",), "integer"), number=3)


def snapshot(*objects):
    return Snapshot(
        {o.address: o for o in objects}, "postgresql", "18.1", "public", {("r", "s"): 2}
    )


BASE = snapshot(*TABLES)


@pytest.mark.parametrize(
    ("objects", "rows"),
    [
        (TABLES, [[0, 6]]),
        ([], []),
        (TABLES[1:], [[1, 6]]),
        (TABLES[:2] + TABLES[3:], [[0, 2], [3, 6]]),
        ([*TABLES[:2], CHANGED, *TABLES[3:]], None),
        ([NEW, *TABLES], None),
        ([*TABLES, NEW], None),
        (TABLES[::-1], [[5, 6], [4, 5], [3, 4], [2, 3], [1, 2], [0, 1]]),
    ],
)
def test_what_was_written_is_read(objects, rows):
    written = difference_of(snapshot(*objects), BASE)
    read = snapshot_of(json.loads(json.dumps(written)), BASE)
    assert read == snapshot(*objects)
    assert [*read.objects] == [o.address for o in objects]
    assert rows is None or written["objects"] == rows


def test_all_else_of_a_snapshot_is_read():
    dependencies = {TABLES[0].address: (TABLES[1].address,)}
    other = Snapshot(BASE.objects, "sqlite", "3", "main", dependencies=dependencies)
    read = snapshot_of(json.loads(json.dumps(difference_of(other, BASE))), BASE)
    assert (read, read.dependencies) == (other, dependencies)
    again = snapshot_of(json.loads(json.dumps(difference_of(other, other))), other)
    assert (again, again.dependencies) == (other, dependencies)
