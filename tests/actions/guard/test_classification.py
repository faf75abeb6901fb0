"""Which operations exist because of drift, given what is known of the database."""

import pytest

from driftcheck.actions.guard.classification import classify
from driftcheck.judging.findings import Remedy
from driftcheck.judging.guard_answer import (
    Answer,
    DatabaseAnswer,
    DriftedObject,
    DriftFinding,
    HeadOperation,
)
from driftcheck.schema import Address
from driftcheck.sources.operation import Operation

KEY = ("postgresql", "localhost", 5432, "school")


def column(name, table="students"):
    return Address("column", "public", (table, name))


def operation(text, address=None, table="students", **more):
    return Operation(text, "", address, None, table=table, **more)


def drift(*addresses, is_pending=False):
    objects = tuple(DriftedObject(each, None) for each in addresses)
    remedy = Remedy("repair", "Change it back.", "sql", "ALTER …;")
    return DriftFinding("it drifted", ("why",), objects, ("students",), is_pending, "", (remedy,))


def classified(operations, findings, on_head=()):
    result = classify(operations, DatabaseAnswer(KEY, tuple(findings), tuple(on_head)))
    return [p.operation.text for p in result.phantoms], [o.text for o in result.real]


LAST = operation("add last_name", column("last_name"))
AGE = operation("add age", column("age"))
INDEX = operation("drop index", Address("index", "public", ("ix",)))


def test_what_is_not_written_for_the_head_and_has_drifted():
    on_head = [HeadOperation("add age", column("age"))]
    found = classified([LAST, AGE], [drift(column("last_name"))], on_head)
    assert found == (["add last_name"], ["add age"])


def test_without_drift_nothing_exists_because_of_it():
    assert classified([LAST, AGE], []) == ([], ["add last_name", "add age"])


def test_what_is_written_for_the_head_too_is_real_even_if_it_has_drifted():
    on_head = [HeadOperation("add last_name", column("last_name"))]
    assert classified([LAST], [drift(column("last_name"))], on_head) == ([], ["add last_name"])


def test_equal_operations_are_counted():
    on_head = [HeadOperation("add last_name", column("last_name"))]
    found = classified([LAST, LAST], [drift(column("last_name"))], on_head)
    assert found == (["add last_name"], ["add last_name"])


def test_an_operation_on_the_table_that_has_drifted():
    renamed = [drift(column("last_name"))]
    assert classified([INDEX], renamed) == (["drop index"], [])
    elsewhere = operation("drop index", INDEX.address, table="schools")
    assert classified([elsewhere], renamed) == ([], ["drop index"])


def test_an_operation_that_is_rendered_in_another_way_on_the_head():
    on_head = [HeadOperation("add age (other version)", column("age"))]
    assert classified([AGE], [drift(column("last_name"))], on_head) == ([], ["add age"])


@pytest.mark.parametrize(
    ("text", "is_phantom"),
    [("op.replace_entity(twice)", True), ("op.replace_entity(twice_again)", False)],
)
def test_the_operation_of_a_plugin_is_known_by_its_text(text, is_phantom):
    function = Address("function", "public", ("twice",), "integer")
    own = operation(text, table="", is_of_plugin=True)
    found = classified([own], [drift(function)])
    assert found == (([text], []) if is_phantom else ([], [text]))


def test_what_the_models_need_instead_is_known():
    on_head = (HeadOperation("alter last_name", column("last_name")),)
    database = DatabaseAnswer(KEY, (drift(column("last_name"), is_pending=True),), on_head)
    (phantom,) = classify([LAST], database).phantoms
    assert phantom.text.needed == ("alter last_name",)


def test_an_answer_survives_json():
    function = Address("function", "public", ("twice",), "integer")
    findings = (drift(function, column("a\n\"'b")),)
    on_head = (HeadOperation("x", None), HeadOperation("y", function))
    answer = Answer(("/a",), (DatabaseAnswer(KEY, findings, on_head, ("broken",), "why"),))
    assert Answer.from_json(answer.as_json()) == answer
