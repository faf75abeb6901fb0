"""The comparison: missing, extra, changed and renamed objects, and the folding of parts."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import driftcheck.judging.comparison
import driftcheck.judging.matching
from driftcheck.databases.mysql.catalog import MySQLCatalog
from driftcheck.databases.postgresql.catalog import PostgreSQLCatalog
from driftcheck.judging.comparison import (
    Change,
    ChangeType,
    Difference,
    compare,
    differences_between,
)
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot, Value


def table(name: str, **attributes: Value) -> SchemaObject:
    return SchemaObject(Address("table", "public", (name,)), attributes)


def column(of: str, name: str, number: int, **attributes: Value) -> SchemaObject:
    address = Address("column", "public", (of, name))
    return SchemaObject(address, {"type": "integer", **attributes}, _parent(of), number)


def index(of: str, name: str, definition: str) -> SchemaObject:
    address = Address("index", "public", (name,))
    return SchemaObject(address, {"definition": definition}, _parent(of), renamable=True)


def _parent(name: str) -> Address:
    return Address("table", "public", (name,))


def snapshot(*objects: SchemaObject) -> Snapshot:
    return Snapshot({o.address: o for o in objects}, "postgresql", "18.0", "public")


def reported(changes: list[Change]) -> list[tuple[str, str]]:
    return [(change.type.value, change.address.sql) for change in changes]


def test_equal_snapshots_have_no_changes() -> None:
    objects = table("pupils"), column("pupils", "id", 1)
    assert compare(snapshot(*objects), snapshot(*reversed(objects)), same_lineage=True) == []


def test_a_missing_parent_is_one_change_with_its_parts_inside() -> None:
    objects = table("pupils"), column("pupils", "id", 1), index("pupils", "ix", "btree (id)")
    (change,) = compare(snapshot(*objects), snapshot(), same_lineage=True)
    assert reported([change]) == [("missing", "public.pupils")]
    assert reported(list(change.parts)) == [
        ("missing", "public.pupils.id"),
        ("missing", "public.ix"),
    ]


def test_a_missing_part_of_an_existing_parent_is_a_change_of_its_own() -> None:
    wanted = snapshot(table("pupils"), column("pupils", "id", 1), column("pupils", "age", 2))
    actual = snapshot(table("pupils"), column("pupils", "id", 1))
    assert reported(compare(wanted, actual, same_lineage=True)) == [
        ("missing", "public.pupils.age")
    ]


def test_a_change_contains_the_differences() -> None:
    wanted = snapshot(table("moods", values=("sad", "ok", "happy")))
    actual = snapshot(table("moods", values=("sad", "ok", "glad", "new")))
    (change,) = compare(wanted, actual, same_lineage=True)
    assert [(d.attribute, d.wanted, d.actual) for d in change.differences] == [
        ("values", ("sad", "ok", "happy"), ("sad", "ok", "glad", "new")),
    ]


@pytest.mark.parametrize(
    ("wanted", "actual", "differ"),
    [
        ("1", "1", False),
        ("1", "2", True),
        (1, True, True),
        (None, "", True),
        (None, ("a",), True),
        (("a", ("b",)), ("a", ("b",)), False),
        (("a", ("b",)), ("a", ("c",)), True),
    ],
)
def test_values_differ_in_type_or_content(wanted: Value, actual: Value, differ: bool) -> None:
    differences = differences_between(table("moods", of=wanted), table("moods", of=actual))
    assert [d.attribute for d in differences] == ["of"] * differ


def test_an_absent_attribute_is_not_one_without_a_value() -> None:
    (difference,) = differences_between(table("moods", of=None), table("moods"))
    assert difference == Difference("of", None, None)


def test_a_column_of_the_same_number_was_renamed() -> None:
    wanted = snapshot(table("pupils"), column("pupils", "id", 1), column("pupils", "age", 2))
    actual = snapshot(table("pupils"), column("pupils", "id", 1), column("pupils", "years", 2))
    (change,) = compare(wanted, actual, same_lineage=True)
    assert change.type is ChangeType.RENAMED
    assert change.actual is not None
    assert (change.address.name, change.actual.address.name) == ("age", "years")


def test_numbers_of_another_lineage_are_no_evidence() -> None:
    wanted = snapshot(table("pupils"), column("pupils", "age", 2))
    actual = snapshot(table("pupils"), column("pupils", "years", 2))
    changes = compare(wanted, actual, same_lineage=False)
    assert reported(changes) == [("missing", "public.pupils.age"), ("extra", "public.pupils.years")]


def test_numbers_of_a_table_restored_from_a_dump_are_no_evidence() -> None:
    wanted = snapshot(table("pupils"), column("pupils", "id", 3), column("pupils", "age", 4))
    actual = snapshot(table("pupils"), column("pupils", "id", 1), column("pupils", "years", 4))
    changes = compare(wanted, actual, same_lineage=True)
    assert [change.type for change in changes] == [ChangeType.MISSING, ChangeType.EXTRA]


@pytest.mark.parametrize(
    ("actual_columns", "expected"),
    [
        pytest.param(
            (("id", 1), ("years", 2), ("name", 3)), [("renamed", "public.pupils.age")], id="renamed"
        ),
        pytest.param(
            (("id", 1), ("name", 3), ("years", 4)),
            [("missing", "public.pupils.age"), ("extra", "public.pupils.years")],
            id="dropped-and-another-created",
        ),
        pytest.param(
            (("name", 1), ("years", 2), ("id", 3)),
            [("missing", "public.pupils.age"), ("extra", "public.pupils.years")],
            id="in-another-order",
        ),
    ],
)
def test_the_columns_of_a_restored_table_are_numbered_without_a_gap(
    actual_columns: tuple[tuple[str, int], ...], expected: list[tuple[str, str]]
) -> None:
    wanted = snapshot(
        table("pupils"),
        column("pupils", "id", 1),
        column("pupils", "age", 3),
        column("pupils", "name", 5),
    )
    actual = snapshot(table("pupils"), *(column("pupils", *each) for each in actual_columns))
    assert reported(compare(wanted, actual, same_lineage=True)) == expected


def test_a_column_of_another_type_in_a_restored_table_is_another_column() -> None:
    wanted = snapshot(table("pupils"), column("pupils", "age", 3), column("pupils", "name", 4))
    actual = snapshot(
        table("pupils"), column("pupils", "years", 1, type="text"), column("pupils", "name", 2)
    )
    changes = compare(wanted, actual, same_lineage=True)
    assert [change.type for change in changes] == [ChangeType.MISSING, ChangeType.EXTRA]


def test_an_index_of_the_same_content_was_renamed_whatever_the_lineage() -> None:
    wanted = snapshot(table("pupils"), index("pupils", "ix_old", "btree (age)"))
    actual = snapshot(table("pupils"), index("pupils", "ix_new", "btree (age)"))
    assert reported(compare(wanted, actual, same_lineage=False)) == [("renamed", "public.ix_old")]


def test_two_equal_indexes_are_not_matched() -> None:
    wanted = snapshot(
        table("pupils"), index("pupils", "a", "btree (age)"), index("pupils", "b", "btree (age)")
    )
    actual = snapshot(table("pupils"), index("pupils", "c", "btree (age)"))
    changes = compare(wanted, actual, same_lineage=False)
    assert sorted(change.type.value for change in changes) == ["extra", "missing", "missing"]


def test_a_table_of_the_same_content_was_renamed_with_its_parts() -> None:
    wanted = snapshot(
        table("pupils"), column("pupils", "id", 1), index("pupils", "a", "btree (id)")
    )
    actual = snapshot(
        table("people"), column("people", "id", 1), index("people", "a", "btree (id)")
    )
    assert reported(compare(wanted, actual, same_lineage=False)) == [("renamed", "public.pupils")]


def view(schema: str, name: str, query: str, *, recognizable: bool = True) -> SchemaObject:
    address = Address("view", schema, (name,))
    return SchemaObject(address, {"definition": query}, recognizable=recognizable)


def test_an_object_that_is_recognizable_by_content_was_renamed() -> None:
    wanted = snapshot(view("public", "names", "SELECT name"))
    actual = snapshot(view("public", "called", "SELECT name"))
    for same_lineage in (False, True):
        (change,) = compare(wanted, actual, same_lineage=same_lineage)
        assert change.type is ChangeType.RENAMED


def test_an_object_that_is_not_recognizable_was_not_renamed() -> None:
    wanted = snapshot(view("public", "names", "SELECT name", recognizable=False))
    actual = snapshot(view("public", "called", "SELECT name", recognizable=False))
    changes = compare(wanted, actual, same_lineage=True)
    assert [change.type for change in changes] == [ChangeType.MISSING, ChangeType.EXTRA]


def test_of_two_candidates_none_was_renamed() -> None:
    wanted = snapshot(view("public", "names", "SELECT name"))
    actual = snapshot(view("public", "a", "SELECT name"), view("public", "b", "SELECT name"))
    changes = compare(wanted, actual, same_lineage=True)
    assert sorted(change.type for change in changes) == ["extra", "extra", "missing"]


def test_another_name_in_the_same_schema_comes_before_another_schema() -> None:
    wanted = snapshot(view("public", "names", "SELECT name"))
    actual = snapshot(view("public", "called", "SELECT name"), view("old", "names", "SELECT name"))
    changes = compare(wanted, actual, same_lineage=True)
    assert reported(changes) == [("renamed", "public.names"), ("extra", "old.names")]


def test_the_own_sequence_of_a_table_moves_to_another_schema_with_it() -> None:
    def moved(schema: str) -> Snapshot:
        parent = Address("table", schema, ("pupils",))
        default = f"nextval('{quote_identifier(schema)}.pupils_id_seq'::regclass)"
        address = Address("column", schema, ("pupils", "id"))
        return snapshot(
            SchemaObject(parent, {}), SchemaObject(address, {"default": default}, parent, 1)
        )

    changes = compare(moved("public"), moved("x.y"), same_lineage=True)
    assert reported(changes) == [("renamed", "public.pupils"), ("changed", "public.pupils.id")]


@pytest.mark.parametrize("module", [driftcheck.judging.comparison, driftcheck.judging.matching])
@pytest.mark.parametrize("catalog", [PostgreSQLCatalog(), MySQLCatalog()])
def test_the_comparison_names_no_kind(
    catalog: PostgreSQLCatalog | MySQLCatalog, module: ModuleType
) -> None:
    source = Path(module.__file__ or "").read_text(encoding="utf-8")
    texts = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert texts.isdisjoint(kind.name for kind in catalog.kinds)


def inherited(of: str, name: str, number: int, **attributes: Value) -> SchemaObject:
    parent = Address("column", "public", ("events", name))
    return replace(column(of, name, number, **attributes), inherited_from=parent)


def test_the_same_change_of_an_inherited_column_is_folded() -> None:
    tables = table("events"), table("events_1", bound="1")
    wanted = snapshot(*tables, column("events", "at", 1), inherited("events_1", "at", 1))
    actual = snapshot(
        *tables,
        column("events", "at", 1, type="date"),
        inherited("events_1", "at", 1, type="date"),
        column("events", "by", 2),
        inherited("events_1", "by", 2),
    )
    changes = compare(wanted, actual, same_lineage=True)
    assert reported(changes) == [("changed", "public.events.at"), ("extra", "public.events.by")]
    assert reported([part for change in changes for part in change.parts]) == [
        ("changed", "public.events_1.at"),
        ("extra", "public.events_1.by"),
    ]


def test_a_column_that_is_no_longer_inherited_is_not_missing() -> None:
    parent = table("events"), column("events", "at", 1)
    wanted = snapshot(*parent, table("events_1", bound="1"), inherited("events_1", "at", 1))
    actual = snapshot(*parent, table("events_1", bound=None), column("events_1", "at", 1))
    (change,) = compare(wanted, actual, same_lineage=True)
    assert reported([change, *change.parts]) == [("changed", "public.events_1")]


def test_a_part_with_another_parent_is_changed() -> None:
    tables = table("a"), table("b")
    wanted = snapshot(*tables, replace(table("part"), part_of=_parent("a")))
    actual = snapshot(*tables, replace(table("part"), part_of=_parent("b")))
    (change,) = compare(wanted, actual, same_lineage=True)
    (difference,) = change.differences
    assert (difference.attribute, difference.wanted, difference.actual) == (
        "part_of",
        "public.a",
        "public.b",
    )


def about(schema_object: SchemaObject, *subject: str) -> SchemaObject:
    return replace(schema_object, subject=subject)


def on_age(name: str, definition: str) -> SchemaObject:
    return about(index("pupils", name, definition), "index", "age")


def test_the_same_subject_is_one_change_in_different_lineages() -> None:
    wanted = snapshot(table("pupils"), on_age("ix", "btree (age)"))
    actual = snapshot(table("pupils"), on_age("idx", "btree (age) WHERE (age > 5)"))
    (change,) = compare(wanted, actual, same_lineage=False)
    assert change.type is ChangeType.CHANGED
    assert change.actual is not None
    assert (change.address.name, change.actual.address.name) == ("ix", "idx")
    assert [difference.attribute for difference in change.differences] == ["definition"]


def test_the_same_subject_is_two_changes_in_the_same_lineage() -> None:
    wanted = snapshot(table("pupils"), on_age("ix", "btree (age)"))
    actual = snapshot(table("pupils"), on_age("idx", "btree (age) WHERE (age > 5)"))
    changes = compare(wanted, actual, same_lineage=True)
    assert reported(changes) == [("missing", "public.ix"), ("extra", "public.idx")]


def test_the_same_subject_may_have_another_kind() -> None:
    address = Address("rule", "public", ("pupils", "once"))
    rule = SchemaObject(address, {"said": "once"}, _parent("pupils"), renamable=True)
    wanted = snapshot(table("pupils"), about(rule, "unique", "age"))
    actual = snapshot(table("pupils"), about(index("pupils", "ix", "btree (age)"), "unique", "age"))
    (change,) = compare(wanted, actual, same_lineage=False)
    assert [(d.attribute, d.wanted, d.actual) for d in change.differences] == [
        ("kind", "rule", "index")
    ]


def test_the_same_content_is_a_better_match_than_the_same_subject() -> None:
    wanted = snapshot(table("pupils"), on_age("a", "btree (age)"), on_age("b", "hash (age)"))
    actual = snapshot(table("pupils"), on_age("c", "gin (age)"), on_age("d", "btree (age)"))
    changes = compare(wanted, actual, same_lineage=False)
    assert reported(changes) == [("renamed", "public.a"), ("changed", "public.b")]


def test_several_objects_of_the_same_subject_are_not_matched() -> None:
    wanted = snapshot(table("pupils"), on_age("a", "btree (age)"), on_age("b", "hash (age)"))
    actual = snapshot(table("pupils"), on_age("c", "gin (age)"))
    changes = compare(wanted, actual, same_lineage=False)
    assert [change.type.value for change in changes] == ["missing", "missing", "extra"]


def test_content_is_stronger_than_names_in_different_lineages() -> None:
    indexes = index("pupils", "a", "btree (age)"), index("pupils", "b", "btree (name)")
    crossed = index("pupils", "a", "btree (name)"), index("pupils", "b", "btree (age)")
    wanted, actual = snapshot(table("pupils"), *indexes), snapshot(table("pupils"), *crossed)
    changes = compare(wanted, actual, same_lineage=False)
    assert reported(changes) == [("renamed", "public.a"), ("renamed", "public.b")]
    changes = compare(wanted, actual, same_lineage=True)
    assert reported(changes) == [("changed", "public.a"), ("changed", "public.b")]


def test_an_index_is_dropped_with_its_column() -> None:
    age = column("pupils", "age", 2)
    ix = replace(index("pupils", "ix", "btree (age)"), stands_on=(age.address,))
    rest = table("pupils"), column("pupils", "id", 1)
    (change,) = compare(snapshot(*rest, age, ix), snapshot(*rest), same_lineage=True)
    assert reported([change, *change.parts]) == [
        ("missing", "public.pupils.age"),
        ("missing", "public.ix"),
    ]


def test_an_index_is_dropped_without_its_column() -> None:
    age = column("pupils", "age", 1)
    ix = replace(index("pupils", "ix", "btree (age)"), stands_on=(age.address,))
    changes = compare(
        snapshot(table("pupils"), age, ix), snapshot(table("pupils"), age), same_lineage=True
    )
    assert reported(changes) == [("missing", "public.ix")]


def test_a_snapshot_shares_the_equal_objects_of_another() -> None:
    one = snapshot(table("a", comment="x"), column("a", "id", 1, type="integer"))
    other = snapshot(table("a", comment="y"), column("a", "id", 1, type="integer"))
    shared = other.sharing(one)
    assert shared == other
    (own, taken), (_, known) = shared.objects.values(), one.objects.values()
    assert taken is known
    assert own.attributes == {"comment": "y"}
    assert reported(compare(one, shared, same_lineage=True)) == [("changed", "public.a")]
