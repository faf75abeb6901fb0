"""The judge: the verdict on an object from four schemas together."""

from __future__ import annotations

import pytest

from driftcheck.chain import CHAIN, Gap, Side
from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.judging.judge import Judged, changes_of, judge
from driftcheck.judging.rule_lookup import explained, rule_of
from driftcheck.judging.rules import CHANGES
from driftcheck.judging.side_values import objects_by_side
from driftcheck.schema import Address, SchemaObject, Snapshot

TABLE = Address("table", "public", ("pupils",))


def snapshot(*columns: str) -> Snapshot:
    """A table with columns; each is ``name`` or ``name type``, and counts from 1."""
    objects = {TABLE: SchemaObject(TABLE, {})}
    for number, text in enumerate(columns, 1):
        name, _, type_ = text.partition(" ")
        if name:
            address = Address("column", "public", ("pupils", name))
            objects[address] = SchemaObject(address, {"type": type_ or "text"}, TABLE, number)
    return Snapshot(objects, "postgresql", "18.0", "public")


def judged(**sides: Snapshot) -> list[Judged]:
    snapshots = {Side(name): side for name, side in sides.items()}
    changes = {gap: changes_of(gap, snapshots) for gap in CHAIN}
    return judge(changes, snapshots, lambda column: str(column.attributes["type"]))


def only(**sides: Snapshot) -> Finding:
    (finding,) = (each.finding for each in judged(**sides))
    return finding


def test_equal_schemas_have_no_finding() -> None:
    same = snapshot("id", "name")
    assert judged(models=same, head=same, stamped=same, live=same) == []


def test_a_database_that_is_only_behind_has_no_drift() -> None:
    old, new = snapshot("id"), snapshot("id", "age")
    finding = only(models=new, head=new, stamped=old, live=old)
    assert (finding.verdict, finding.rule) == (Verdict.UNAPPLIED, "unapplied-column-missing")
    assert finding.severity is Severity.WARNING


def test_a_column_dropped_outside_the_migrations_is_drift() -> None:
    same = snapshot("id", "name")
    finding = only(models=same, head=same, stamped=same, live=snapshot("id"))
    assert (finding.rule, finding.part_of) == ("drift-column-missing", TABLE)
    assert finding.definitions == {
        Side.MODELS: "text",
        Side.HEAD: "text",
        Side.STAMPED: "text",
        Side.LIVE: None,
    }


def test_a_change_of_the_models_without_a_migration_is_pending() -> None:
    old = snapshot("id")
    finding = only(models=snapshot("id", "age"), head=old, stamped=old, live=old)
    assert finding.rule == "pending-column-missing"


@pytest.mark.parametrize(
    ("models", "head", "live", "change"),
    [
        (("id", "age"), ("id",), ("id", "age"), ChangeType.EXTRA),
        (("id",), ("id", "age"), ("id",), ChangeType.MISSING),
        (("id", "age bigint"), ("id", "age int"), ("id", "age bigint"), ChangeType.CHANGED),
    ],
)
def test_a_change_of_the_models_made_outside_the_migrations_is_one_finding(
    models: tuple[str, ...], head: tuple[str, ...], live: tuple[str, ...], change: ChangeType
) -> None:
    built = snapshot(*head)
    finding = only(models=snapshot(*models), head=built, stamped=built, live=snapshot(*live))
    assert (finding.verdict, finding.change) == (Verdict.HAND_APPLIED, change)
    assert finding.gaps == (Gap.PENDING, Gap.DRIFT)


def test_a_rename_of_the_models_made_outside_the_migrations_is_one_finding() -> None:
    old = snapshot("id", "name")
    new = snapshot("id", "full_name")
    finding = only(models=new, head=old, stamped=old, live=new)
    assert (finding.verdict, finding.change) == (Verdict.HAND_APPLIED, ChangeType.RENAMED)


def test_different_changes_of_models_and_live_are_a_conflict() -> None:
    built = snapshot("id", "age int")
    finding = only(
        models=snapshot("id", "age bigint"),
        head=built,
        stamped=built,
        live=snapshot("id", "age text"),
    )
    assert finding.verdict is Verdict.CONFLICT
    assert finding.gaps == (Gap.DRIFT, Gap.PENDING)


def test_drift_and_a_pending_change_of_another_column_are_two_findings() -> None:
    built = snapshot("id", "name")
    findings = judged(
        models=snapshot("id", "name", "age"), head=built, stamped=built, live=snapshot("id")
    )
    assert [each.finding.rule for each in findings] == [
        "drift-column-missing",
        "pending-column-missing",
    ]


def test_a_renamed_column_is_reported_with_both_names() -> None:
    built = snapshot("id", "name")
    finding = only(models=built, head=built, stamped=built, live=snapshot("id", "surname"))
    assert finding.message.endswith("was renamed outside the migrations to public.pupils.surname")
    assert finding.definitions[Side.LIVE] == "surname: text"


@pytest.mark.parametrize(
    ("models", "live", "rule"),
    [
        (("id", "age int", "note text"), ("id", "age int", "note int"), "conflict-column-extra"),
        (("id", "age bigint"), ("id",), "conflict-column-missing"),
        (("id", "age bigint"), ("id", "age text"), "conflict-column-changed"),
        (("id", "age bigint"), ("id", "years int"), "conflict-column-renamed"),
    ],
)
def test_every_change_may_contradict_the_models(
    models: tuple[str, ...], live: tuple[str, ...], rule: str
) -> None:
    built = snapshot("id", "age int")
    findings = judged(models=snapshot(*models), head=built, stamped=built, live=snapshot(*live))
    assert [each.finding.rule for each in findings] == [rule]


@pytest.mark.parametrize(
    ("second", "rule"),
    [
        (("id",), "difference-column-missing"),
        (("id", "age int", "note"), "difference-column-extra"),
        (("id", "age bigint"), "difference-column-changed"),
        (("id", "years int"), "difference-column-renamed"),
    ],
)
def test_two_live_databases(second: tuple[str, ...], rule: str) -> None:
    snapshots = {Side.FIRST: snapshot("id", "age int"), Side.SECOND: snapshot(*second)}
    changes = {Gap.DIFFERENCE: changes_of(Gap.DIFFERENCE, snapshots)}
    (difference,) = judge(changes, snapshots, lambda column: str(column.attributes["type"]))
    assert (difference.finding.rule, difference.finding.verdict) == (rule, Verdict.DIFFERENCE)


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        (("id", "age int", "note"), "unapplied-column-missing"),
        (("id",), "unapplied-column-extra"),
        (("id", "age bigint"), "unapplied-column-changed"),
        (("id", "years int"), "unapplied-column-renamed"),
    ],
)
def test_every_change_may_be_unapplied(head: tuple[str, ...], rule: str) -> None:
    live, new = snapshot("id", "age int"), snapshot(*head)
    finding = only(models=new, head=new, stamped=live, live=live)
    assert (finding.rule, finding.severity) == (rule, Severity.WARNING)


def test_a_default_that_only_the_migrations_set_is_a_note() -> None:
    address = Address("column", "public", ("pupils", "age"))
    with_default = SchemaObject(address, {"type": "int", "default": "0"}, TABLE, 1)
    without = SchemaObject(address, {"type": "int", "default": None}, TABLE, 1)
    head = Snapshot({address: with_default}, "postgresql", "18.0", "public")
    models = Snapshot({address: without}, "postgresql", "18.0", "public")
    finding = only(models=models, head=head, stamped=head, live=head)
    assert (finding.rule, finding.severity) == ("pending-column-unsaid", Severity.NOTE)


def test_there_is_a_rule_for_every_verdict_and_change() -> None:
    assert set(CHANGES) == {(verdict, change) for verdict in Verdict for change in ChangeType}


def test_a_rules_identity_is_kebab_case() -> None:
    check = SchemaObject(Address("check constraint", "public", ("pupils", "positive")), {})
    same = Snapshot({check.address: check}, "postgresql", "18.0", "public")
    empty = Snapshot({}, "postgresql", "18.0", "public")
    (change,) = changes_of(Gap.DRIFT, {Side.STAMPED: same, Side.LIVE: empty})
    assert rule_of(Verdict.DRIFT, change)[0] == "drift-check-constraint-missing"


def test_the_differences_of_a_hand_applied_change_are_those_between_models_and_head() -> None:
    old, new = snapshot("id", "a varchar(10)"), snapshot("id", "a varchar(20)")
    finding = only(models=new, head=old, stamped=old, live=new)
    assert finding.verdict is Verdict.HAND_APPLIED
    assert finding.differences == (Difference("type", "varchar(20)", "varchar(10)"),)
    (each,) = finding.attribute_values
    assert each.values == {
        Side.MODELS: "varchar(20)",
        Side.HEAD: "varchar(10)",
        Side.STAMPED: "varchar(10)",
        Side.LIVE: "varchar(20)",
    }


def test_a_conflict_has_the_values_of_all_sides() -> None:
    old = snapshot("id", "a varchar(10)")
    models, live = snapshot("id", "a text"), snapshot("id", "a varchar(20)")
    finding = only(models=models, head=old, stamped=old, live=live)
    assert finding.differences == (Difference("type", "varchar(10)", "varchar(20)"),)
    (each,) = finding.attribute_values
    assert list(each.values.values()) == ["text", "varchar(10)", "varchar(10)", "varchar(20)"]


def test_a_hand_applied_change_of_a_database_that_is_behind_has_the_values_of_both_revisions() -> (
    None
):
    stamped, head = snapshot("id", "a varchar(10)"), snapshot("id", "a varchar(15)")
    new = snapshot("id", "a varchar(20)")
    findings = [each.finding for each in judged(models=new, head=head, stamped=stamped, live=new)]
    finding = next(each for each in findings if each.verdict is Verdict.HAND_APPLIED)
    assert finding.differences == (Difference("type", "varchar(20)", "varchar(15)"),)


def with_indexes(**definitions: str) -> Snapshot:
    """A table with indexes, which are recognized by their definitions."""
    objects = dict(snapshot("id").objects)
    for name, definition in definitions.items():
        address = Address("index", "public", (name,))
        objects[address] = SchemaObject(address, {"type": definition}, TABLE, renamable=True)
    return Snapshot(objects, "postgresql", "18.0", "public")


def test_a_renamed_object_is_not_taken_for_one_that_has_its_other_name() -> None:
    old, live = with_indexes(a="btree (x)", b="hash (y)"), with_indexes(b="btree (x)", a="hash (y)")
    first, second = (Address("index", "public", (name,)) for name in "ab")
    change = Change(ChangeType.RENAMED, old.objects[first], live.objects[second])
    sides = {Side.MODELS: old, Side.HEAD: old, Side.STAMPED: old, Side.LIVE: live}
    objects = objects_by_side(Verdict.DRIFT, change, (), sides)
    assert {found.attributes["type"] for found in objects.values() if found} == {"btree (x)"}
    applied = objects_by_side(Verdict.HAND_APPLIED, change, (), {**sides, Side.MODELS: live})
    assert {found.attributes["type"] for found in applied.values() if found} == {"btree (x)"}


@pytest.mark.parametrize(
    ("live", "change"),
    [({}, ChangeType.MISSING), ({"a_key": "hash (a)"}, ChangeType.CHANGED)],
)
def test_an_index_of_another_name_in_the_models_can_drift(
    live: dict[str, str], change: ChangeType
) -> None:
    models, head = with_indexes(ix_a="btree (a)"), with_indexes(a_key="btree (a)")
    sides = {"models": models, "head": head, "stamped": head, "live": with_indexes(**live)}
    drift, pending = (each.finding for each in judged(**sides))
    assert (drift.verdict, drift.change) == (Verdict.DRIFT, change)
    assert drift.definitions[Side.MODELS] == "ix_a: btree (a)"
    assert (pending.verdict, pending.change) == (Verdict.PENDING, ChangeType.RENAMED)


def test_queries_do_not_fail_without_an_index() -> None:
    head = with_indexes(ix_a="btree (a)")
    lost = only(head=head, stamped=head, live=with_indexes())
    renamed = only(head=head, stamped=head, live=with_indexes(ix_b="btree (a)"))
    assert lost.impact == "A migration that alters or drops it fails on this database only."
    assert renamed.impact == "A migration that uses the old name fails on this database only."
    assert explained(lost).impact == lost.impact
