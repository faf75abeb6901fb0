"""A plan that runs to its end leaves the schema as planned, and the rows as they were."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from sqlalchemy.engine import make_url

from driftcheck.actions.repair.running import run_plan
from driftcheck.chain import Gap
from driftcheck.databases.connection import connect
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.errors import ConnectionFailedError, RepairError
from tests.actions.repair.commit_proxy import CommitProxy
from tests.actions.repair.test_running import DRIFT, at_statement, waiting_for_lock


def run(plan, progress=lambda _: None):
    return run_plan(plan, RepairLimits(2, 30), progress)


@pytest.fixture
def repaired(project, plan_for):
    """Plan the repair of changes, run the plan, and require that nothing is left."""

    def repair(by_hand, change_plan=lambda plan: plan, url=None):
        before = project.live.execute("SELECT id, last_name, code, age, school_id FROM students")
        with plan_for(project, by_hand) as found:
            (plan,) = found.plans
            assert plan.is_proved, found.result.databases[0].proof
            plan = change_plan(plan)
            outcome = run(replace(plan, url=url) if url else plan)
        assert project.compare("--only-gap", "drift").findings == []
        after = project.live.execute("SELECT id, last_name, code, age, school_id FROM students")
        assert sorted(after) == sorted(before)
        return outcome

    return repair


def test_a_commit_whose_answer_is_lost(project, repaired):
    with CommitProxy(project.live.url, arrives=True) as proxy:
        outcome = repaired(DRIFT, url=make_url(proxy.url))
        assert proxy.was_cut
    assert outcome.together == 3


SLOW = """
ALTER TABLE students DROP CONSTRAINT uq_code, DROP CONSTRAINT ck_age, DROP CONSTRAINT fk_school;
DROP INDEX ix_last_name; CREATE INDEX ix_age ON students (age);
"""


def test_statements_outside_of_the_transaction(repaired):
    outcome = repaired(DRIFT + SLOW)
    assert (outcome.together, outcome.separate) == (6, 5)


def test_rows_that_do_not_fit_leave_nothing_behind(project, plan_for):
    drift = "ALTER TABLE students DROP CONSTRAINT uq_code; UPDATE students SET code = 'x'"
    with (
        plan_for(project, drift) as found,
        pytest.raises(RepairError, match="could not create unique index") as caught,
    ):
        run(found.plans[0])
    assert "Nothing was changed in the live database." in caught.value.hint
    assert project.live.execute("SELECT to_regclass('uq_code')") == [(None,)]


def test_an_index_of_another_session_is_not_dropped(project, plan_for):
    with plan_for(project, "DROP INDEX ix_last_name; UPDATE students SET last_name = ''") as found:

        def create(step):
            if "repairing" in step:
                project.by_hand("CREATE UNIQUE INDEX ix_last_name ON students (id)")

        with pytest.raises(RepairError, match="already exists"):
            run(found.plans[0], create)
    assert len(project.live.execute("SELECT 'ix_last_name'::regclass")) == 1


INDEX_LATER = "DROP INDEX ix_last_name; ALTER TABLE students ALTER COLUMN age TYPE bigint"


def test_an_index_that_was_not_finished(project, plan_for, repaired):

    def end_waiting():
        waiting_for_lock(project.live)
        project.live.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")

    with plan_for(project, INDEX_LATER) as found, closing(connect(project.live.url)) as writer:

        def write():  # CREATE INDEX CONCURRENTLY waits for this transaction
            writer.cursor().execute("INSERT INTO schools VALUES (0)")
            writer.cursor().execute("UPDATE students SET last_name = last_name")
            threading.Thread(target=end_waiting).start()

        with pytest.raises(ConnectionFailedError) as caught:
            run(found.plans[0], at_statement(2, write))
    error = caught.value
    assert "1 of 2 statements are done and committed." in error.hint
    assert "an invalid index" in error.hint
    invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    assert project.live.execute(invalid) == [(1,)]
    repaired("")


@contextmanager
def altering(project):
    """A migration that alters the table while an index build waits for its transaction.

    Gives a function that begins the migration; its argument ends it. The migration must not fail.
    """
    with closing(connect(project.live.url)) as migration, ThreadPoolExecutor() as threads:
        cursor = migration.cursor()
        altered = []

        def alter(end):
            waiting_for_lock(project.live)
            cursor.execute(f"ALTER TABLE students ADD COLUMN extra integer; {end}")

        def begin(end):
            # Without a repair that gives way, the server would end this session.
            cursor.execute("SET deadlock_timeout = '700ms'; UPDATE students SET age = age")
            altered.append(threads.submit(alter, end))

        yield lambda end: lambda: begin(end)
        altered[0].result()


def once_at_statement(number, do):
    """Call a function when the plan comes to a statement for the first time."""
    todo = [do]
    return at_statement(number, lambda: todo and todo.pop()())


def test_an_index_gives_way_to_a_migration(project, plan_for):
    with plan_for(project, INDEX_LATER) as found, altering(project) as alter:
        outcome = run(found.plans[0], once_at_statement(2, alter("ROLLBACK")))
    assert (outcome.together, outcome.separate) == (1, 1)
    assert project.compare("--only-gap", "drift").findings == []


def test_no_index_is_built_after_a_migration(project, plan_for):
    commit = "UPDATE alembic_version SET version_num = '0002'; COMMIT"
    with (
        plan_for(project, INDEX_LATER) as found,
        altering(project) as alter,
        pytest.raises(RepairError, match="a migration has run") as caught,
    ):
        run(found.plans[0], once_at_statement(2, alter(commit)))
    assert caught.value.hint.startswith("1 of 2 statements are done and committed. Run")
    assert project.live.execute("SELECT to_regclass('ix_last_name')") == [(None,)]


GRANTED = """
GRANT SELECT ON codes TO PUBLIC; GRANT SELECT (id) ON codes TO pg_monitor;
DROP VIEW codes;
ALTER TABLE students ALTER COLUMN code TYPE varchar(50);
CREATE VIEW codes AS SELECT id, code FROM students;
GRANT SELECT ON codes TO PUBLIC; GRANT INSERT (id) ON codes TO pg_monitor;
"""
PRIVILEGES = """
SELECT relacl::text, (SELECT attacl::text FROM pg_attribute
    WHERE attrelid = c.oid AND attname = 'id')
FROM pg_class c WHERE relname = 'codes'
"""


def test_what_is_created_again_keeps_its_privileges(project, plan_for):
    with plan_for(project, GRANTED) as found:
        (plan,) = found.plans
        before = project.live.execute(PRIVILEGES)
        assert None not in before[0]
        steps = [step for step in plan.plan.steps if "INSERT" not in step.statement]
        assert len(steps) == len(plan.plan.steps) - 1
        with pytest.raises(RepairError, match="other privileges: view public"):
            run(replace(plan, plan=replace(plan.plan, steps=tuple(steps))))
        assert project.live.execute(PRIVILEGES) == before
        run(plan)
    assert project.live.execute(PRIVILEGES) == before


def test_a_user_whose_transactions_are_read_only(project, repaired):
    project.by_hand(f'ALTER DATABASE "{project.live.name}" SET default_transaction_read_only = on')
    try:
        repaired("SET transaction_read_only = off; " + DRIFT)
    finally:
        project.by_hand(
            f'SET transaction_read_only = off; ALTER DATABASE "{project.live.name}" '
            "RESET default_transaction_read_only"
        )


def test_values_are_converted_with_the_time_zone_of_the_database(sketch, pg16, plan_for):
    """The copy has this time zone too, so the rewrite is seen and literals mean the same there."""
    project = sketch(pg16)
    zone = "SET TimeZone = 'Asia/Kathmandu'"
    project.by_hand([f"ALTER DATABASE {project.live.name} {zone}", zone])
    project.revision(
        "0001",
        'op.execute("CREATE TABLE notes (made timestamptz, "\n'
        "    \"until timestamptz DEFAULT '2030-01-01'::timestamptz)\")",
    )
    project.upgrade()
    project.by_hand("INSERT INTO notes VALUES ('2026-01-01 12:00+00')")
    before = project.live.execute("SELECT extract(epoch FROM made) FROM notes")
    drift = "ALTER TABLE notes ALTER COLUMN made TYPE timestamp"
    with plan_for(project, drift, gaps=(Gap.DRIFT,)) as found:
        (plan,) = found.plans
        (step,) = found.result.databases[0].steps
        assert step.address.name == "made"
        assert "rewrite" in {hazard.name for hazard in step.hazards}
        run(plan)
    assert project.compare("--only-gap", "drift").findings == []
    assert project.live.execute("SELECT extract(epoch FROM made) FROM notes") == before
