"""Manual changes of a MariaDB database are detected, and the planned statements undo and redo them.

To save time, cases about different objects run together. If they fail, each case runs alone, so
that the failure names its line. DDL cannot be rolled back, so the databases are made again where
the planned statements do not lead back.
"""

from pathlib import Path

import pytest

from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import redo, undo
from tests.databases.drift_cases import base_statements, grouped, read_cases

CATALOG = catalog_for("mariadb")
HERE = Path(__file__).parent
CASES = read_cases(HERE)


class Play:
    """A database that is changed by hand, and changed back by the planned statements."""

    def __init__(self, make):
        self._make = make
        self._live = None
        self.base = read(self.live())

    def live(self):
        if self._live is None:
            keep_history = "set system_versioning_alter_history = keep"
            self._live = self._make(keep_history, *base_statements(HERE))
        return self._live

    def forget(self):
        """Have the database made again."""
        self._live = None

    def all_of(self, cases):
        """Hold the expectations against cases together and, where they fail, against each alone."""
        try:
            self._hold(cases)
        except Exception as together:
            self.forget()
            if len(cases) > 1:
                faults = [f"{case}: {fault}" for case in cases if (fault := self._alone(case))]
                pytest.fail("\n\n".join(faults) or f"only together: {together}", pytrace=False)
            raise

    def _alone(self, case):
        try:
            self._hold([case])
        except Exception as fault:  # noqa: BLE001  (also what the server refuses)
            self.forget()
            return f"{fault}\n{case.statements}"
        return None

    def _hold(self, cases):
        for case in cases:
            self.live().execute(*case.statements)
        drifted = read(self.live())
        expected = {line for case in cases for line in case.expected}
        found = told(self.base, drifted)
        assert found == expected, f"missed {expected - found}, false {found - expected}"
        changes = compare(self.base, drifted, same_lineage=True)
        backwards, forwards = undo(changes, CATALOG), redo(changes, CATALOG)
        for plan, mark in ((backwards, "undo by hand"), (forwards, "redo by hand")):
            assert bool(plan.manual_steps) == (mark in cases[0].by_hand), plan.manual_steps
        if cases[0].by_hand:
            self.forget()
            return
        self.live().execute(*backwards.statements)
        assert told(self.base, read(self.live())) == set(), "undone"
        self.live().execute(*forwards.statements)
        assert told(drifted, read(self.live())) == set(), "done again"
        self.live().execute(*backwards.statements)


def read(database):
    snapshot = CATALOG.read(database.connection, Scope())
    database.connection.rollback()  # or nothing that was read could be altered
    return snapshot


def told(wanted, actual):
    changes = compare(wanted, actual, same_lineage=True)
    return {f"{change.type} {change.address}" for change in changes}


@pytest.fixture(scope="module")
def play(mariadb_databases):
    return Play(mariadb_databases)


@pytest.mark.parametrize(
    "cases", [pytest.param(c, id=f"{c[0]} and {len(c) - 1} more") for c in grouped(CASES)]
)
def test_drift_is_undone_and_done_again(play, cases):
    play.all_of(cases)


def test_the_catalogue_is_as_large_as_promised():
    assert sum(bool(case.expected) for case in CASES) >= 120
    assert sum(not case.expected for case in CASES) >= 25
