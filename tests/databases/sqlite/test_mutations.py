"""Every mutation of the schema of everything.sql is detected, without a false alarm."""

import sqlite3
from contextlib import closing
from pathlib import Path

from driftcheck.actions.selftest.runner import MutationRunner
from driftcheck.actions.selftest.sampling import batches
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.mutation_results import Outcome
from tests.databases.drift_cases import base_statements

CATALOG = catalog_for("sqlite")


def read(connection):
    return CATALOG.read(connection, Scope())


def test_every_mutation_is_detected_without_a_false_alarm():
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in base_statements(Path(__file__).parent):
            connection.execute(statement)
        connection.commit()
        runner = MutationRunner(connection, CATALOG, read)
        mutations = [*CATALOG.mutations(runner.schema, Scope())]
        results = [result for batch in batches(mutations, 200) for result in runner.run(batch)]
        after = read(connection)

    failed = (Outcome.MISSED, Outcome.FALSE_ALARM)
    assert [
        f"{r.outcome} {r.address} {r.description}" for r in results if r.outcome in failed
    ] == []
    assert sum(r.outcome is Outcome.DETECTED for r in results) >= 350
    assert sum(r.outcome is Outcome.QUIET for r in results) >= 30
    changed = {r.address.kind for r in results if r.outcome is Outcome.DETECTED}
    assert changed == {kind.name for kind in CATALOG.kinds}
    assert after.objects == runner.schema.objects
