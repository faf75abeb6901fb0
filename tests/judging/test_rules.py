"""The texts of rules: the description of a difference, and which identities are rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.difference_text import short_difference
from driftcheck.judging.expressions import differing_parts, shortened, tokens
from driftcheck.judging.findings import Verdict
from driftcheck.judging.rule_lookup import declared_twice, is_rule, left_to_migrations, rule_of
from driftcheck.judging.rules import NOT_OF_CHANGES, NOTED
from driftcheck.judging.value_text import difference_line, list_difference
from driftcheck.schema import Address, SchemaObject, Value

DIALECTS = ("postgresql", "sqlite", "mysql")
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
        ("type", "timestamp with time zone", "timestamp without time zone",
         ": timestamp with time zone in the models, timestamp without time zone in the migrations"),
        ("type", "character varying(20)", "character varying(10)",
         ": character varying(20) in the models, character varying(10) in the migrations"),
        ("default", "now() + 1", "now() + 2",
         ": default now() + 1 in the models, now() + 2 in the migrations"),
        ("definition", "CHECK ((a IS NOT NULL))", "CHECK ((a IS NULL))",
         ": ((a IS NOT NULL)) in the models, ((a IS NULL)) in the migrations"),
        ("definition", "FOREIGN KEY (a) REFERENCES b(id) ON DELETE CASCADE",
         "FOREIGN KEY (a) REFERENCES b(id) ON DELETE SET NULL",
         ": ON DELETE CASCADE in the models, ON DELETE SET NULL in the migrations"),
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


@pytest.mark.parametrize(
    ("attribute", "before", "after", "line"),
    [
        ("type", "character varying(40)", "text", "character varying(40) → text"),
        ("type", "timestamp with time zone", "timestamp without time zone",
         "timestamp with time zone → timestamp without time zone"),
        ("type", "public.vector(3)", "public.vector(2)", "public.vector(3) → public.vector(2)"),
        ("nullable", True, False, "NULL → NOT NULL"),
        ("default", None, "7", "default none → 7"),
        ("values", ("sad", "ok", "happy"), ("angry", "sad", "ok"),
         "values added angry; removed happy"),
        ("columns", ("a", "b"), ("b", "a"), "columns order (a, b) → (b, a)"),
        ("options", None, ("fillfactor=70",), "options added fillfactor=70"),
        ("body", "a\nb\nc", "a\nB\nc\nd", "body changed (2 lines added, 1 removed)"),
        ("definition", "btree (a)", "btree (a) WHERE (b > 5)", "added WHERE (b > 5)"),
        ("security_definer", False, True, "security definer no → yes"),
    ],
)  # fmt: skip
def test_a_line_says_how_a_value_becomes_another(
    attribute: str, before: Value, after: Value, line: str
) -> None:
    assert difference_line(Difference(attribute, before, after)) == line
    assert difference_line(Difference(attribute, after, before), reverse=True) == line


def test_a_long_list_is_counted() -> None:
    after = tuple(f"value {number}" for number in range(20))
    assert list_difference((), after).endswith("value 5, and 14 more")


LONG = " OR ".join(f"(status = 'in a state that is {number}'::text)" for number in range(20))


def test_a_long_expression_is_cut_between_tokens_and_marked() -> None:
    other = LONG.replace("'in a state that is 9'::text", "'elsewhere'::character varying(20)")
    left, right = differing_parts(LONG, other)
    assert left == "… status = 'in a state that is 9'::text) OR …"
    assert right == "… status = 'elsewhere'::character varying(20)) OR …"
    whole = tokens(LONG)
    for limit in range(60, 200):
        text = shortened(LONG, limit)
        assert len(text) <= limit
        assert text.endswith(" …")
        assert tokens(text.removesuffix(" …")) == whole[: len(tokens(text)) - 1]


@pytest.mark.parametrize(
    "text",
    ["timestamp(3) with time zone", "character varying(20)[]", "'it''s'", '"a b"', "numeric(10,2)",
     "double precision", "time without time zone", "IS NOT NULL", "::timestamp without time zone"],
)  # fmt: skip
def test_a_type_a_string_and_a_name_are_one_token(text: str) -> None:
    assert tokens(f"{text} + 1")[0] == text


KINDS = sorted({kind.name for dialect in DIALECTS for kind in catalog_for(dialect).kinds})


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_about_a_change_is_accepted_by_fail_on(kind: str) -> None:
    identity = kind.replace(" ", "-")
    item = SchemaObject(Address(kind, "public", ("a", "b")), {})
    change = Change(ChangeType.CHANGED, item, item, (Difference("default", None, "7"),))
    rules = [
        rule_of(verdict, replace(change, type=change_type), note)[0]
        for verdict in Verdict
        for change_type in ChangeType
        for note in ("", *NOTED)
    ]
    rules += [declared_twice(change)[0], left_to_migrations(change)[0]]
    assert [rule for rule in rules if not is_rule(rule)] == []
    assert not is_rule(f"drift-{identity}-mislaid")
    assert not is_rule(f"drift{identity}-missing")


def test_every_other_rule_is_accepted_by_fail_on() -> None:
    assert [rule for rule in NOT_OF_CHANGES if not is_rule(rule)] == []
    assert not is_rule("hand-applied")
    assert not is_rule("history-mended")
