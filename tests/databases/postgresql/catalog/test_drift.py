"""Manual changes are detected as expected, and the planned statements undo and redo them.

To save time, cases about different objects run together, and the changes must be those of all of
them. If they are not, each case runs alone, so that the failure names its line. The planned
statements run on the newest server only.
"""

from functools import partial

import psycopg2
import pytest

from driftcheck.databases.reading import Scope
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.pipeline.repairs.change_plan import redo, undo
from tests.databases.postgresql.catalog.cases import VERSIONS, grouped, read_cases

CASES = read_cases()
NEWEST = max(VERSIONS)
_COMPARE = partial(compare, same_lineage=True)
NEWER = "eighteen"  # is in the name of what only the newest server has


def _groups_of(*majors):
    return [
        pytest.param(major, cases, id=f"pg{major}: {cases[0]} and {len(cases) - 1} more")
        for major in majors
        for cases in grouped(case for case in CASES if case.runs_on(major))
    ]


class Play:
    """Cases played on a server: done by hand, then read again."""

    def __init__(self, everything_on, catalog, major):
        self._everything_on = everything_on
        self._session = everything_on(f"pg{major}")
        self._catalog = catalog
        self._major = major

    def all_of(self, cases, check):
        """Hold a check against cases together and, where it fails, against each alone."""
        try:
            check(cases)
        except (AssertionError, psycopg2.Error) as together:
            self.end()
            faults = [f"{case}: {fault}" for case in cases if (fault := self._alone(case, check))]
            pytest.fail("\n\n".join(faults) or f"only together: {together}", pytrace=False)

    def _alone(self, case, check):
        try:
            check([case])
        except (AssertionError, psycopg2.Error) as fault:
            return f"{fault}\n{case.statements}"
        finally:
            self.end()

    def end(self):
        """Take back what was done."""
        self._session.connection.rollback()

    def told(self, cases):
        """Hold what is told against the cases, whichever server the base was read from."""
        self._session.run(*(case.statements for case in cases))
        scope = cases[0].privileges
        drifted = self._session.read(owners=scope, grants=scope)
        for major in VERSIONS:
            base = self._everything_on(f"pg{major}").bases[scope]
            both = min(major, self._major)
            wanted, actual = _known_to(both, base), _known_to(both, drifted)
            _hold(cases, _told(wanted, actual), both, f"the base read on PostgreSQL {major}")
        return drifted

    def told_by_meaning(self, cases):
        """Hold what is told against the cases, once the server has decided what is equal."""
        self._session.run(*(case.statements for case in cases))
        scope = cases[0].privileges
        base, drifted = self._session.bases[scope], self._read(scope)
        self.end()  # a shadow is made on the same server
        server = self._session.server
        changes = compared(base, drifted, _COMPARE, self._catalog, lambda: server).changes
        told = {f"{change.type} {change.address}" for change in changes}
        _hold(cases, told, self._major, "its meaning")

    def undone_and_done_again(self, cases):
        """Hold what is told, and what the statements written for it come to."""
        run, catalog, scope = self._session.run, self._catalog, cases[0].privileges
        base = self._session.bases[scope]
        drifted = self.told(cases)
        if not scope:
            again = catalog.read_again(self._session.connection, Scope(), self._session.reading)
            assert again.objects == drifted.objects, "read again"
        changes = compare(base, drifted, same_lineage=True)
        backwards = undo(changes, catalog, base, drifted)
        forwards = redo(changes, catalog, base, drifted)
        for plan, mark in ((backwards, "undo by hand"), (forwards, "redo by hand")):
            expected = sum(mark in case.by_hand for case in cases)
            assert (len(plan.manual_steps) >= expected) if expected else not plan.manual_steps, mark
        if not backwards.manual_steps:
            run(*backwards.statements)
            assert _told(base, self._read(scope)) == set(), "undone"
            if not forwards.manual_steps:
                run(*forwards.statements)
                assert _told(drifted, self._read(scope)) == set(), "done again"

    def _read(self, privileges):
        return self._session.read(owners=privileges, grants=privileges)


def _told(wanted, actual):
    changes = compare(wanted, actual, same_lineage=True)
    return {f"{change.type} {change.address}" for change in changes}


def _known_to(major, snapshot):
    """The snapshot without what older servers do not have."""
    if major >= NEWEST:
        return snapshot
    return snapshot.only(lambda obj: NEWER not in str(obj.address))


def _hold(cases, told, major, against):
    expected = {t for case in cases for t in case.expected if major >= NEWEST or NEWER not in t}
    missed, false = expected - told, told - expected
    assert not missed | false, f"against {against}: missed {missed}, false {false}"


@pytest.fixture
def play(everything_on, catalog):
    playing = []

    def on(major):
        playing.append(Play(everything_on, catalog, major))
        return playing[-1]

    yield on
    for one in playing:
        one.end()


@pytest.mark.parametrize(("major", "cases"), _groups_of(*VERSIONS[:-1]))
def test_drift_is_told_by_older_servers_too(play, major, cases):
    playing = play(major)
    playing.all_of(cases, playing.told)


@pytest.mark.parametrize(("major", "cases"), _groups_of(NEWEST))
def test_drift_is_undone_and_done_again(play, major, cases):
    playing = play(major)
    playing.all_of(cases, playing.undone_and_done_again)


@pytest.mark.soak
@pytest.mark.parametrize(("major", "cases"), _groups_of(NEWEST))
def test_no_drift_is_taken_for_another_text(play, major, cases):
    playing = play(major)
    playing.all_of(cases, playing.told_by_meaning)


def test_the_catalogue_is_as_large_as_promised():
    changes = [case for case in CASES if case.expected]
    assert len(changes) >= 250
    assert len(CASES) - len(changes) >= 50
