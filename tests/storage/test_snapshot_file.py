"""A snapshot as a file: what was written is read again, and what is none is refused."""

import io
import json
from dataclasses import replace

import pytest

from driftcheck.errors import ConfigurationError
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.storage.snapshot_file import FORMAT, SnapshotFile, digest, dump, load

TABLE = SchemaObject(Address("table", "public", ("a b",)), {"comment": 'say "é\n"', "rows": ()})
COLUMN = SchemaObject(
    Address("column", "public", ("a b", "c")),
    {"nullable": True, "values": (("x", 1), None), "length": 3},
    TABLE.address,
    7,
)
INDEX = SchemaObject(
    Address("index", "public", ("ix",)), {}, subject=("index", "c"), stands_on=(COLUMN.address,)
)
FUNCTION = SchemaObject(Address("function", "", ("f",), "integer"), {}, renamable=True)


def snapshot(*things):
    return Snapshot(
        {t.address: t for t in things}, "postgresql", "18.1", "public", {("rule", "public"): 2}
    )


def read(text):
    return load(io.StringIO(text))


@pytest.mark.parametrize("objects", [(TABLE, COLUMN, INDEX, FUNCTION), (TABLE,), ()])
def test_what_was_written_is_read(objects):
    file = SnapshotFile(snapshot(*objects), ("0001", "0002"), {"more": [1]})
    assert read(dump(file)) == read(dump(file).rstrip()) == file


def test_it_is_one_object_a_line():
    lines = dump(SnapshotFile(snapshot(TABLE, COLUMN), ("0001",))).splitlines()
    assert len(lines) == 4
    assert json.loads(lines[1].rstrip(","))[0][2] == ["a b"]


def test_it_is_read_as_another_program_formats_it():
    file = SnapshotFile(snapshot(TABLE, COLUMN, INDEX, FUNCTION), ("0001",))
    assert read(json.dumps(json.loads(dump(file)), indent=2)) == file


def test_equal_attributes_exist_once_and_a_number_is_no_boolean():
    more = (("a", True), ("b", True), ("c", 1))
    others = [
        SchemaObject(Address("column", "public", ("a b", name)), {"nullable": value})
        for name, value in more
    ]
    text = dump(SnapshotFile(snapshot(*others), ()))
    first, second, _ = read(text).snapshot.objects.values()
    assert first.attributes is second.attributes
    assert dump(read(text)) == text


def test_references_have_the_addresses_of_their_objects():
    known = replace(snapshot(TABLE, COLUMN, INDEX), dependencies={TABLE.address: (COLUMN.address,)})
    found = read(dump(SnapshotFile(known, ()))).snapshot
    table, column, index = found.objects.values()
    ((of, (on,)),) = found.dependencies.items()
    assert of is table.address is column.part_of
    assert on is column.address is index.stands_on[0]


def test_a_cut_file_is_refused():
    text = dump(SnapshotFile(snapshot(TABLE, COLUMN, INDEX), ()))
    for length in range(0, len(text) - 1, 7):
        with pytest.raises(ConfigurationError):
            read(text[:length])
    without_separator = text.replace("],\n[", "]\n\n[", 1)
    with pytest.raises(ConfigurationError):
        read(without_separator)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"format": 1}', f'{{"format": {FORMAT}}}', '{"format": 1, "objects"'],
)
def test_what_is_none_is_refused(text):
    with pytest.raises(ConfigurationError):
        read(text)


def test_attributes_of_another_form_are_refused():
    text = dump(SnapshotFile(snapshot(COLUMN), ()))
    attributes = json.dumps(dict(COLUMN.attributes))
    assert attributes in text
    with pytest.raises(ConfigurationError, match="damaged"):
        read(text.replace(attributes, "[1]"))


def test_another_format_says_so():
    text = dump(SnapshotFile(snapshot(TABLE), ())).replace(f'"format": {FORMAT}', '"format": 999')
    with pytest.raises(ConfigurationError, match="999") as caught:
        read(text)
    assert "driftcheck snapshot --write" in caught.value.hint


def test_a_digest_is_of_what_counts():
    both = digest(snapshot(TABLE, COLUMN))
    assert digest(snapshot(COLUMN, TABLE)) == both
    assert digest(read(dump(SnapshotFile(snapshot(TABLE, COLUMN), ()))).snapshot) == both
    moved = SchemaObject(
        COLUMN.address, dict(reversed(COLUMN.attributes.items())), TABLE.address, 9
    )
    assert digest(snapshot(TABLE, moved)) == both
    assert digest(snapshot(TABLE)) != both
    for attributes in ({**COLUMN.attributes, "length": 4}, {**COLUMN.attributes, "length": "3"}):
        assert (
            digest(snapshot(TABLE, SchemaObject(COLUMN.address, attributes, TABLE.address))) != both
        )
    other = SchemaObject(FUNCTION.address, COLUMN.attributes, TABLE.address)
    assert digest(snapshot(TABLE, other)) != both
