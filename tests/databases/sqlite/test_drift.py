"""Manual changes of a SQLite database are detected, and the planned statements undo and redo them.

SQLite alters hardly anything, so most changes are made by a new table. Plans leave these to a
migration in batch mode; all the others must run.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import redo, undo
from tests.databases.drift_cases import base_statements, read_cases

CATALOG = catalog_for("sqlite")
HERE = Path(__file__).parent
CASES = read_cases(HERE)


def execute(connection, statements):
    for statement in statements:
        connection.execute(statement)


def read(connection):
    return CATALOG.read(connection, Scope())


def told(wanted, actual):
    changes = compare(wanted, actual, same_lineage=True)
    return {f"{change.type} {change.address}" for change in changes}


@pytest.fixture(scope="module")
def stamped():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        execute(connection, base_statements(HERE))
        yield connection


@pytest.fixture
def live(stamped):
    """Return a copy of the schema, for one case."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        stamped.backup(connection)
        yield connection


@pytest.fixture
def plans(stamped, live):
    """Change the live database by hand; return the plans to undo and to redo the change."""

    def of(case):
        base = read(stamped)
        execute(live, case.statements)
        drifted = read(live)
        assert told(base, drifted) == case.expected
        changes = compare(base, drifted, same_lineage=True)
        return base, drifted, undo(changes, CATALOG), redo(changes, CATALOG)

    return of


@pytest.mark.parametrize("case", CASES, ids=str)
def test_drift_is_told_undone_and_done_again(plans, stamped, live, case):
    base, drifted, backwards, forwards = plans(case)
    if not backwards.manual_steps:
        execute(live, backwards.statements)
        assert told(base, read(live)) == set(), "undone"
    if not forwards.manual_steps:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as other:
            stamped.backup(other)
            execute(other, forwards.statements)
            assert told(drifted, read(other)) == set(), "done again"


def test_a_table_is_created_beside_another_one_with_a_key_of_the_same_columns():
    schemas = []
    for name in ("wanted", "actual"):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            columns = "id INTEGER PRIMARY KEY, name TEXT UNIQUE"
            connection.execute(f"CREATE TABLE {name} ({columns}, {name} TEXT)")
            schemas.append(read(connection))
    plan = undo(compare(*schemas, same_lineage=True), CATALOG, *schemas)
    assert plan.manual_steps == ()
    assert [statement.split(" (")[0] for statement in plan.statements] == [
        "DROP TABLE actual",
        "CREATE TABLE wanted",
    ]


def test_a_table_that_lost_its_index_is_renamed():
    schemas = []
    for change in ("", "ALTER TABLE t RENAME TO u; DROP INDEX i"):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            connection.executescript(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX i ON t (a);" + change
            )
            schemas.append(read(connection))
    assert told(*schemas) == {"renamed table t", "missing index i"}


def test_the_catalogue_is_as_large_as_promised():
    assert sum(bool(case.expected) for case in CASES) >= 120
    assert sum(not case.expected for case in CASES) >= 25
