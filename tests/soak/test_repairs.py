"""Every change of the acceptance catalogue is repaired by one plan that was proved, with rows.

The changes are made on copies of the schema of ``everything.sql`` with generated rows. The plan is
chosen as ``driftcheck repair`` chooses it. After it has run, the schema is that of before the
change, or the plan has a manual step. A plan that is not proved is not run.
"""

import sys
from collections import Counter
from contextlib import closing

import psycopg2
import pytest

from driftcheck.actions.repair.first_plan import Drift, first_plan
from driftcheck.actions.repair.variants import Variants
from driftcheck.chain import Gap, Side
from driftcheck.databases.connection import connect
from driftcheck.databases.plan import Hazard
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.row_filling import fill
from driftcheck.judging.findings import Severity
from driftcheck.judging.judge import changes_of, judge
from driftcheck.judging.printed_expressions import reworded
from driftcheck.pipeline.repairs.plan_proof import Proof, drifted
from driftcheck.pipeline.repairs.repair_facts import repair_basis
from driftcheck.pipeline.repairs.repair_trial import Trial, try_plan
from tests.databases.postgresql.catalog.cases import base_statements, make_tablespace, read_cases

pytestmark = pytest.mark.soak

CATALOG = catalog_for("postgresql")
CASES = [case for case in read_cases() if case.runs_on(16) and case.expected]
NOT_PROVED = {
    # The server updates no row of a table that a publication has with this filter.
    "alter name drop not null, alter name drop default": "cannot update table",
    # The values of a column lose a part.
    "add attribute country text collate": "'at'",
}
"""The reason why no plan is proved, by a part of the statements of the change."""
FAMILIES = sorted({case.family for case in CASES})


@pytest.fixture(scope="module")
def base(pg16):
    """The schema that every case changes, with rows."""
    shadow = pg16.make("base", None)
    with closing(connect(shadow.url)) as connection:
        connection.autocommit = True
        make_tablespace(connection.cursor())
        for statement in base_statements(16):
            connection.cursor().execute(statement)
    fill(shadow.url, (), 3)
    yield shadow
    shadow.drop()


def _read(url, *, privileges):
    with closing(connect(url)) as connection:
        return CATALOG.read(connection, Scope(owners=privileges, grants=privileges))


def _repaired(url, wanted, live, maker):
    """Plan the repair, and run the plan.

    Returns:
        What is left, what the plan tells to do by hand, and the proof.
    """
    sides = {Side.STAMPED: wanted, Side.LIVE: live}
    changes = changes_of(Gap.DRIFT, sides)
    judged = judge({Gap.DRIFT: changes}, sides, CATALOG.describe, CATALOG.note)
    found = [each for each in judged if each.finding.severity is not Severity.NOTE]
    with closing(connect(url)) as connection:
        estimates = CATALOG.row_estimates(connection)
    empty = {table for table, rows in estimates.items() if rows == 0}
    basis = repair_basis(url, CATALOG, (wanted, live), changes)
    tried = first_plan(Drift(basis, live, judged, found), empty=empty)
    if tried is None:
        return set(), (), Proof()

    def attempt(plan):
        if not plan.plan.steps:
            return Trial(Proof())
        return try_plan(plan, lambda: maker.make("trial", None, restricted=True))

    variants = Variants(found, estimates, attempt)
    plan, trial = variants.choose(tried)
    if not (trial.proof.holds or plan.by_hand):
        return {*trial.proof.left}, (), trial.proof
    _run(url, plan)
    after = _read(url, privileges="owner" in next(iter(live.objects.values())).attributes)
    return drifted(reworded(tried.wanted, trial.replacements), after), plan.by_hand, trial.proof


def _run(url, plan):
    with closing(connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SET check_function_bodies = off")
        for step in plan.steps:
            if step.is_separate:
                connection.commit()
                connection.autocommit = Hazard.NOT_IN_TRANSACTION in step.hazards
            cursor.execute(step.statement)
        connection.commit()


def _is_made(case, url):
    """Make a change, unless the rows do not allow it."""
    with closing(connect(url)) as connection:
        connection.autocommit = True
        try:
            connection.cursor().execute(case.statements)
        except (psycopg2.IntegrityError, psycopg2.DataError):
            return False
    return True


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_changes(pg16, base, family):
    wanted = {asked: _read(base.url, privileges=asked) for asked in (False, True)}
    faults = []
    counts = Counter()
    for case in (case for case in CASES if case.family == family):
        shadow = pg16.make("case", base)
        try:
            if not _is_made(case, shadow.url):
                counts["refused by the rows"] += 1
                continue
            live = _read(shadow.url, privileges=case.privileges)
            left, by_hand, proof = _repaired(shadow.url, wanted[case.privileges], live, pg16)
            reason = next((why for text, why in NOT_PROVED.items() if text in case.statements), "")
            is_repaired = proof.holds and not left and not reason
            is_told = bool(by_hand) or (reason and not proof.holds and reason in str(proof))
            if is_repaired and not by_hand:
                counts["repaired"] += 1
            elif is_repaired or is_told:
                counts["by hand" if by_hand else "not proved"] += 1
            else:
                faults.append(f"{case}: left {sorted(map(str, left))}, {proof}")
        except psycopg2.Error as error:
            faults.append(f"{case}: {error}")
        finally:
            shadow.drop()
    sys.stderr.write(f"{family}: {dict(counts)}, wrong: {len(faults)}\n")
    assert faults == []
