"""A view's text of PostgreSQL 15 becomes that of later versions, and nothing else does."""

import pytest

from driftcheck.databases.postgresql.catalog.viewtext import unqualify


@pytest.mark.parametrize(
    ("older", "later"),
    [
        (" SELECT t.id\n   FROM public.t", " SELECT id\n   FROM public.t"),
        ("SELECT t.a FROM public.t t(a)", "SELECT a FROM public.t t(a)"),
        ('SELECT "a.b"."c d" FROM public."a.b"', 'SELECT "c d" FROM public."a.b"'),
        ("SELECT t.a, 't.a' FROM s.t", "SELECT a, 't.a' FROM s.t"),
        ("SELECT (t.a).b, t.* FROM s.t", "SELECT (a).b, t.* FROM s.t"),
        ("SELECT EXTRACT(year FROM t.a) FROM s.t", "SELECT EXTRACT(year FROM a) FROM s.t"),
        ("SELECT t.a::t.b FROM t.t", "SELECT a::t.b FROM t.t"),
        ("SELECT t.f(t.a) FROM ONLY t.t", "SELECT t.f(a) FROM ONLY t.t"),
        (
            "SELECT t.a FROM s.t WHERE (EXISTS ( SELECT 1 FROM s.u WHERE (u.b = t.a)))",
            "SELECT a FROM s.t WHERE (EXISTS ( SELECT 1 FROM s.u WHERE (u.b = t.a)))",
        ),
        (
            "SELECT s.a FROM ( SELECT t.a FROM p.t) s LIMIT 1",
            "SELECT a FROM ( SELECT t.a FROM p.t) s LIMIT 1",
        ),
        (
            "WITH c AS ( SELECT t.a FROM p.t) SELECT c.a FROM c GROUP BY c.a",
            "WITH c AS ( SELECT t.a FROM p.t) SELECT a FROM c GROUP BY a",
        ),
        ("SELECT g.n FROM f(1, 2) g(n)", "SELECT n FROM f(1, 2) g(n)"),
        ("SELECT t.a FROM s.t TABLESAMPLE system (1)", "SELECT a FROM s.t TABLESAMPLE system (1)"),
    ],
)
def test_the_only_relation_is_not_named(older, later):
    assert unqualify(older) == later
    assert unqualify(later) == later


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a.id FROM a, b",
        "SELECT a.id FROM (p.a JOIN p.b ON ((a.id = b.id)))",
        "SELECT a.id FROM p.a UNION SELECT b.id FROM p.b",
        "VALUES (1), (2)",
        "SELECT 1 AS a",
    ],
)
def test_several_relations_are_named_by_all_versions(text):
    assert unqualify(text) == text
