"""What the messages of rules say of a change."""

from __future__ import annotations

import pytest

from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.rules import what_differs
from driftcheck.schema import Address, SchemaObject, Value

THING = SchemaObject(Address("foreign key", "public", ("pupils", "fk")), {})


def _changed(*differences: Difference) -> Change:
    return Change(ChangeType.CHANGED, THING, THING, differences)


@pytest.mark.parametrize(
    ("attribute", "wanted", "actual", "told"),
    [
        (
            "definition",
            "FOREIGN KEY (a) REFERENCES b(id) ON DELETE CASCADE",
            "FOREIGN KEY (a) REFERENCES b(id)",
            ": ON DELETE CASCADE in the models, not in the migrations",
        ),
        ("definition", "btree (a)", "btree (a) WHERE (b > 5)",
         ": WHERE (b > 5) in the migrations, not in the models"),
        ("definition", "UNIQUE (a, b)", "UNIQUE (b, a)",
         ": (a, b) in the models, (b, a) in the migrations"),
        ("definition", "UNIQUE NULLS NOT DISTINCT (a)", "UNIQUE (a)",
         ": NULLS NOT DISTINCT in the models, not in the migrations"),
        ("type", "bigint", "integer", ": bigint in the models, integer in the migrations"),
        ("default", "7", "6", ": default 7 in the models, 6 in the migrations"),
        ("definition", f"CHECK ({'a' * 90})", "CHECK (b)", ""),
        ("nullable", True, False, ""),
    ],
)  # fmt: skip
def test_what_differs_is_said_where_it_is_short(
    attribute: str, wanted: Value, actual: Value, told: str
) -> None:
    assert what_differs(_changed(Difference(attribute, wanted, actual))) == told


def test_several_differences_are_left_to_the_report() -> None:
    one = Difference("type", "bigint", "integer")
    assert what_differs(_changed(one, Difference("default", "7", "6"))) == ""
