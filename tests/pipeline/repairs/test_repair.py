"""The second of two schemas becomes the first by the statements that are planned for it.

A table of ``repair/pairs.toml`` is a pair: ``a`` and ``b`` make the schemas, and ``rows`` puts rows
into the second. The statements run all together, and finding by finding in the order of the report.
With ``both``, the pair is also tried the other way round, without rows. ``then`` runs after the
repair, and ``rows_after`` is a query and its answer. No statement contains ``never``,
unless the pair is tried the other way round.

``by_hand`` has the manual steps of the plan. What they say to run is run in their order, with
``expression`` in place of ``<expression>``. ``done`` is what a person does besides.
With ``remains``, the manual steps say what is not tried here.
"""

import tomllib
from pathlib import Path

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.plan import plan_in
from driftcheck.databases.plan_scope import PlanScope
from driftcheck.databases.plan_state import SchemaState
from driftcheck.databases.reading import Scope
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import object_changes, undo, undo_each

PAIRS = tomllib.loads(Path(__file__).with_name("pairs.toml").read_text(encoding="utf-8"))
NAMES = [*PAIRS, *(f"{name}, reversed" for name, pair in PAIRS.items() if pair.get("both"))]
SCOPE = Scope(owners=True, grants=True)


class Database:
    """A transaction in which a schema is made, changed and rolled back."""

    def __init__(self, url, catalog):
        self.connection = connect(url)
        self._catalog = catalog
        self._pair = None
        self._known = None

    def make(self, statements, rows=""):
        self.connection.rollback()
        self._pair = None
        self.run("CREATE ROLE somebody", statements, rows)

    def make_pair(self, *pair):
        """Make both schemas of a pair. The second is there afterwards, with its rows.

        Making and reading them takes most of the time of a test, so it is done once for tests
        of the same pair in a row.

        Returns:
            The first schema, the second one, and the facts about its rows.
        """
        if pair == self._pair:
            self.run("ROLLBACK TO SAVEPOINT made")
            return self._known
        first, second, rows = pair
        self.make(first)
        wanted = self.read()
        self.make(second, rows)
        actual = self.read()
        columns = [one for one in {*wanted.objects, *actual.objects} if one.kind == "column"]
        self._known = wanted, actual, self._catalog.row_facts(self.connection, columns, actual)
        self._pair = pair
        self.run("SAVEPOINT made")
        return self._known

    def run(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in filter(None, statements):
                cursor.execute(statement)

    def read(self):
        return self._catalog.read(self.connection, SCOPE)

    def values(self, query):
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return [value for (value,) in cursor.fetchall()]


@pytest.fixture(scope="module", params=["pg15", "pg16", "pg18"])
def database(request, catalog):
    maker = request.getfixturevalue(request.param)
    shadow = maker.make("test", None)
    opened = Database(shadow.url, catalog)
    yield opened
    opened.connection.close()
    shadow.drop()


def _all_together(changes, *known):
    yield undo(changes, *known)


def _one_by_one(changes, *known):
    yield from undo_each([[change] for change in changes], *known)


def _follow(database, manual_steps, pair):
    """Do what the manual steps say. ``done`` comes before what is to be run after it."""
    done = [pair["done"]] if "done" in pair else []
    for step in manual_steps:
        if not step.startswith("Before that"):
            database.run(*done)
            done = []
        _, _, advised = step.partition("run: ")
        database.run(advised.replace("<expression>", pair.get("expression", "")))


@pytest.mark.parametrize("planned", [_all_together, _one_by_one])
@pytest.mark.parametrize("name", NAMES)
def test_the_second_schema_becomes_the_first(database, catalog, name, planned):
    pair = PAIRS[name.removesuffix(", reversed")]
    a, b, rows = pair["a"], pair["b"], pair.get("rows", "")
    if name.endswith(", reversed"):
        a, b, rows = b, a, ""
    wanted, actual, facts = database.make_pair(a, b, rows)
    changes = compare(wanted, actual, same_lineage=True)
    assert changes
    plans = list(planned(changes, catalog, wanted, actual, facts))
    manual_steps = [step for plan in plans for step in plan.manual_steps]
    assert manual_steps == pair.get("by_hand", [])
    statements = [statement for plan in plans for statement in plan.statements]
    if a == pair["a"] and "never" in pair:
        assert pair["never"] not in "; ".join(statements)
    database.run(*statements)
    _follow(database, manual_steps, pair)
    assert bool(compare(wanted, database.read(), same_lineage=True)) is pair.get("remains", False)
    if rows and "then" in pair:
        database.run(pair["then"])
    if rows and "rows_after" in pair:
        query, answer = pair["rows_after"]
        assert database.values(query) == answer


ALONE = (
    "attribute-of-the-type-of-a-table",
    "body-that-names-a-table-in-another-schema",
    "index-of-a-partition-that-was-one-of-its-table",
    "inherited-columns-of-a-table-that-comes-to-inherit",
    "partition-with-another-bound-and-a-check-and-an-index-of-its-table",
    "partition-with-another-bound-that-loses-a-partition",
    "partitioned-table-that-is-another-one-with-its-view",
    "renamed-column-of-the-key-of-a-partition",
    "renamed-partitioned-table-with-an-index-on-a-renamed-column",
    "type-of-an-attribute-of-the-type-of-a-table",
)


@pytest.mark.parametrize("name", ALONE)
def test_each_change_is_undone_alone_with_those_that_it_requires(database, catalog, name):
    pair = PAIRS[name]
    for a, b in ((pair["a"], pair["b"]), (pair["b"], pair["a"])):
        wanted, actual, facts = database.make_pair(a, b, "")
        changes = compare(wanted, actual, same_lineage=True)
        for number in range(len(changes)):
            database.make_pair(a, b, "")
            groups = [
                [*object_changes([change], undone=True, finding=position)]
                for position, change in enumerate(changes)
            ]
            every = [each for group in groups for each in group]
            scope = PlanScope(every, SchemaState(actual), catalog, wanted, facts)
            plan = plan_in(scope, groups[number])
            assert number in plan.findings
            assert not plan.manual_steps
            database.run(*plan.statements)
            left = compare(wanted, database.read(), same_lineage=True)
            undone = [each for position in plan.findings for each in groups[position]]
            addresses = {
                obj.address for each in undone for obj in (each.current, each.target) if obj
            }
            assert addresses.isdisjoint(change.address for change in left)


KEY_OF_THE_TABLE_ALONE = """
CREATE TABLE t (a int NOT NULL, b int NOT NULL) PARTITION BY LIST (a);
CREATE TABLE p PARTITION OF t FOR VALUES IN (1);
ALTER TABLE ONLY t ADD CONSTRAINT k PRIMARY KEY (a, b);
"""


def test_a_key_that_a_partition_inherits_is_dropped_by_hand(database, catalog):
    database.make(f"{KEY_OF_THE_TABLE_ALONE} CREATE UNIQUE INDEX pk ON p (a, b)")
    wanted = database.read()
    database.make(
        f"{KEY_OF_THE_TABLE_ALONE} ALTER TABLE p ADD CONSTRAINT pk PRIMARY KEY (a, b);"
        "ALTER INDEX k ATTACH PARTITION pk"
    )
    actual = database.read()
    changes = compare(wanted, actual, same_lineage=True)
    plan = undo(
        changes, catalog, wanted, actual, catalog.row_facts(database.connection, [], actual)
    )
    assert plan.statements == ()
    drop, _, create = plan.manual_steps
    assert drop == (
        "The server cannot drop primary key public.p.pk while it is inherited from primary key "
        "public.t.k. Drop primary key public.t.k, and create it again for its table alone, with "
        "ONLY."
    )
    alone = (
        "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE ONLY t ADD CONSTRAINT k PRIMARY KEY (a, b)"
    )
    database.run(alone, create.removeprefix("After that, run: "))
    assert compare(wanted, database.read(), same_lineage=True) == []
    database.connection.rollback()
