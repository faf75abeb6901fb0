"""The texts of rules: the description of a difference, and the placeholders."""

from __future__ import annotations

import pytest

from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.difference_text import short_difference
from driftcheck.schema import Address, SchemaObject, Value

FOREIGN_KEY = SchemaObject(Address("foreign key", "public", ("pupils", "fk")), {})


def _changed(*differences: Difference) -> Change:
    return Change(ChangeType.CHANGED, FOREIGN_KEY, FOREIGN_KEY, differences)


@pytest.mark.parametrize(
    ("attribute", "wanted", "actual", "clause"),
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
def test_a_short_difference_is_described(
    attribute: str, wanted: Value, actual: Value, clause: str
) -> None:
    assert short_difference(_changed(Difference(attribute, wanted, actual))) == clause


def test_several_differences_are_left_to_the_report() -> None:
    types = Difference("type", "bigint", "integer")
    assert short_difference(_changed(types, Difference("default", "7", "6"))) == ""
