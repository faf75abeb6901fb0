"""Differences between models and migrations that have no meaning."""

from __future__ import annotations

import pytest

from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.equivalence import canonical, meaningful
from driftcheck.schema import Address, SchemaObject


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("'0'::numeric", "0"),
        ("''::text", "''::character varying"),
        ("now()", "CURRENT_TIMESTAMP"),
        ("('now'::text)::date", "('now'::text)::date"),
        ("nextval('pupils_id_seq'::regclass)", "nextval('public.people_id_seq'::regclass)"),
        ("'{}'::jsonb", "'{}'::json"),
        ("'a'::public.mood", "'a'::mood"),
        ("'{}'::character varying(20)[]", "'{}'::text[]"),
        ("'{}'::text[]", "ARRAY[]::text[]"),
        ("'0'::numeric", "0.00"),
        ("'-1.50'::numeric(5,2)", "(-1.5)"),
        ("gen_random_uuid()", "(gen_random_uuid())::text"),
        ("(lower('(A'::text))", "lower('(A'::text)"),
    ],
)
def test_these_mean_the_same(left: str, right: str) -> None:
    assert canonical(left) == canonical(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("0", "1"),
        ("'0'::text", "'1'::text"),
        ("now()", "clock_timestamp()"),
        ("''::text", "NULL"),
        ("'now()'::text", "now()"),
        ("'a::b'::text", "'a'::text"),
        ("(1 + 2)", "1"),
        ("'true'", "true"),
        ("'1.0'::text", "'1'::text"),
        ("'1.0'::character varying", "'1'::character varying"),
        ("(a) + (b)", "a) + (b"),
    ],
)
def test_these_do_not(left: str, right: str) -> None:
    assert canonical(left) != canonical(right)


def _changed(*differences: Difference) -> Change:
    column = SchemaObject(Address("column", "public", ("pupils", "age")), {})
    return Change(ChangeType.CHANGED, column, column, differences)


def test_a_change_of_the_notation_is_left_out() -> None:
    assert list(meaningful([_changed(Difference("default", "'0'::numeric", "0"))])) == []


def test_a_difference_with_a_meaning_is_kept() -> None:
    real = Difference("nullable", wanted=False, actual=True)
    (kept,) = meaningful([_changed(Difference("default", "now()", "CURRENT_TIMESTAMP"), real)])
    assert kept.differences == (real,)


def test_a_default_that_only_one_side_has_is_kept() -> None:
    assert list(meaningful([_changed(Difference("default", None, "0"))])) != []


@pytest.mark.parametrize(
    "name",
    [
        "pupils_pkey",
        "pupils_name_key",
        "pupils_a_b_fkey1",
        "pupils_ibfk_2",
        "pupils_chk_1",
        "CONSTRAINT_1",
    ],
)
def test_a_name_that_the_server_chose_is_no_change(name: str) -> None:
    assert list(meaningful([_renamed(name)])) == []


@pytest.mark.parametrize(
    "name", ["uq_pupils_name", "pupils_name", "people_name_key", "people_ibfk_1"]
)
def test_a_name_that_somebody_chose_is_a_change(name: str) -> None:
    assert len(list(meaningful([_renamed(name)]))) == 1


def _renamed(name: str) -> Change:
    wanted = SchemaObject(Address("unique constraint", "public", ("pupils", name)), {})
    actual = SchemaObject(Address("unique constraint", "public", ("pupils", "other")), {})
    return Change(ChangeType.RENAMED, wanted, actual)
