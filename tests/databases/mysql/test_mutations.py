"""Every mutation of the schema of everything.sql is detected, without a false alarm."""

from pathlib import Path

import pytest

from driftcheck.actions.selftest.runner import MutationRunner
from driftcheck.actions.selftest.sampling import batches
from driftcheck.databases.mysql.shadow import MySQLMaker
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ShadowError
from driftcheck.judging.mutation_results import Outcome
from tests.databases.drift_cases import base_statements
from tests.mariadb import MariaDBDatabase

CATALOG = catalog_for("mariadb")


def read(connection):
    return CATALOG.read(connection, Scope())


@pytest.fixture
def shadow(mariadb):
    """Make a shadow database with the schema of everything.sql."""
    with MySQLMaker("Tests.", mariadb.set(database="mysql")) as maker:
        made = maker.make("mutations")
        database = MariaDBDatabase(mariadb, made.name)
        database.execute(*base_statements(Path(__file__).parent))
        yield database
        database.connection.close()


def test_every_mutation_is_detected_without_a_false_alarm(shadow):
    runner = MutationRunner(shadow.connection, CATALOG, read)
    mutations = [*CATALOG.mutations(runner.schema, Scope())]

    results = [result for batch in batches(mutations, 200) for result in runner.run(batch)]

    failed = (Outcome.MISSED, Outcome.FALSE_ALARM)
    assert [
        f"{r.outcome} {r.address} {r.description}" for r in results if r.outcome in failed
    ] == []
    assert sum(r.outcome is Outcome.DETECTED for r in results) >= 700
    assert sum(r.outcome is Outcome.QUIET for r in results) >= 90
    changed = {r.address.kind for r in results if r.outcome is Outcome.DETECTED}
    assert changed == {kind.name for kind in CATALOG.kinds}
    assert read(shadow.connection).objects == runner.schema.objects


def test_a_database_that_is_no_shadow_is_never_dropped(mariadb_database):
    database = mariadb_database("CREATE TABLE kept (a INT)")

    with pytest.raises(ShadowError, match="is no shadow database"):
        MutationRunner(database.connection, CATALOG, read)

    assert database.execute("SHOW TABLES") == (("kept",),)
