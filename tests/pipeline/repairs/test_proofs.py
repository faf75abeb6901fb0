"""Plans are tried again only if the plans or the schemas have changed."""

from contextlib import closing
from dataclasses import replace

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.plan import Plan, PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.pipeline.repairs.proofs import Proofs
from driftcheck.schema import Address

COLUMN = Address("column", "public", ("students", "age"))
ADD = Plan((PlanStep("ALTER TABLE students ADD COLUMN age integer", COLUMN),))
REFUSED = Plan((PlanStep("ALTER TABLE students DROP COLUMN gone", COLUMN),))


class MakesShadows:
    """Stands for ``Shadows``, with a real server, and counts the shadows."""

    def __init__(self, maker):
        self.made = 0
        self._maker = maker

    def maker(self, _database_key):
        return self._maker

    def create_restricted(self, _database_key, purpose):
        self.made += 1
        return self._maker.make(purpose, restricted=True)


@pytest.fixture
def schema(pg18, catalog):
    """The schema of a table, as it is read."""
    shadow = pg18.make("test")
    with closing(connect(shadow.url)) as connection:
        connection.cursor().execute("CREATE TABLE students (id integer)")
        return catalog.read(connection, Scope())


@pytest.fixture
def try_on(pg18, tmp_path, monkeypatch):
    """Return a function that tries plans as a new run does, and counts the shadows."""
    monkeypatch.setenv("DRIFTCHECK_CACHE_DIR", str(tmp_path))

    def run(plans, actual, reads_cache=True):
        shadows = MakesShadows(pg18)
        proofs = Proofs(shadows, None, lambda _: None, reads_cache=reads_cache)
        return proofs.prove(plans, actual, actual), shadows.made

    return run


def test_a_plan_that_runs_is_tried_once(schema, try_on):
    first, made = try_on([ADD], schema)
    assert (first.refused, made) == ({}, 1)
    assert try_on([ADD], schema) == (first, 0)
    assert try_on([ADD], schema, reads_cache=False) == (first, 1)


def test_other_plans_and_other_schemas_are_tried(schema, try_on):
    try_on([ADD], schema)
    assert try_on([ADD, Plan()], schema)[1] == 1
    changed = replace(schema.objects[COLUMN._replace(path=("students", "id"))], number=2)
    other = replace(schema, objects={**schema.objects, changed.address: changed})
    assert try_on([ADD], other)[1] == 1


def test_a_refusal_is_tried_again(schema, try_on):
    results = [try_on([REFUSED], schema) for _ in range(2)]
    assert [made for _, made in results] == [2, 2]  # on the part, and on the whole schema
    assert all("gone" in proof.refused[0] for proof, _ in results)


def test_only_a_refusal_may_be_another_result_the_next_time(schema, pg18, tmp_path, monkeypatch):
    monkeypatch.setenv("DRIFTCHECK_CACHE_DIR", str(tmp_path))
    proofs = Proofs(MakesShadows(pg18), None, lambda _: None, reads_cache=True)
    for plan, are_repeatable in ((ADD, True), (REFUSED, False), (ADD, False)):
        proofs.prove([plan], schema, schema)
        assert proofs.are_repeatable == are_repeatable


def test_a_damaged_result_is_not_used(schema, try_on, tmp_path):
    try_on([ADD], schema)
    (entry,) = (tmp_path / "proofs").iterdir()
    entry.write_text("{}")
    assert try_on([ADD], schema)[1] == 1
