"""A plan that cannot be run to its end leaves the live database as it was."""

import threading
import time
from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from driftcheck.actions.repair import planned, running
from driftcheck.actions.repair.running import run_plan
from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.plan import PlanStep
from driftcheck.databases.postgresql import repair_session
from driftcheck.databases.postgresql.repair_session import LOCK_KEY
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.errors import (
    ConnectionFailedError,
    LockUnavailableError,
    OutcomeUnknownError,
    RepairError,
)
from driftcheck.process.interrupt import interruption
from driftcheck.schema import Address
from tests.actions.repair.commit_proxy import CommitProxy
from tests.actions.repair.conftest import MODELS, REVISION, ROWS
from tests.kept import used

DRIFT = """
ALTER TABLE students ALTER COLUMN age TYPE bigint;
ALTER TABLE schools RENAME COLUMN name TO label;
DROP VIEW codes;
"""
UNCHANGED = "Nothing was changed in the live database."
STUDENTS = Address("table", "public", ("students",))


@pytest.fixture(scope="module")
def drifted(sketch, pg16):
    """A project with drift, and its plan. Every test leaves the live database as it was."""
    project = sketch(pg16)
    project.models(MODELS)
    project.revision("0001", REVISION.strip())
    project.upgrade()
    project.by_hand(ROWS)
    project.by_hand(DRIFT)
    with used(pg16), planned(Settings(root=project.root)) as found:
        (plan,) = found.plans
        assert plan.is_proved
        assert len(plan.plan.transaction) == len(plan.plan.steps) == 3
        yield project, plan
    project.live.close()
    project.live.shadow.drop()


@pytest.fixture
def state(drifted):
    """Everything that a repair could change in the live database."""
    project, plan = drifted

    def read():
        with closing(connect(project.live.url)) as connection:
            schema = plan.reader.read(connection)
        rows = project.live.execute("SELECT s::text FROM students s ORDER BY 1")
        schools = project.live.execute("SELECT s::text FROM schools s ORDER BY 1")
        return schema.objects, rows, schools

    return read


@pytest.fixture
def unchanged(state):
    """Hold the live database against what it was before the test."""
    before = state()
    yield
    assert state() == before


@pytest.fixture
def run(monkeypatch):
    """Run a plan with short time limits."""
    monkeypatch.setattr(running, "_FIRST_WAIT_SECONDS", 0.02)

    def run(plan, progress=lambda _: None, *, lock=0.3, statement=30.0):
        return run_plan(plan, RepairLimits(lock, statement), progress)

    return run


def with_steps(plan, *added):
    """The plan with further statements of the transaction."""
    steps = (*plan.plan.transaction, *(PlanStep(text, STUDENTS) for text in added))
    return replace(plan, plan=replace(plan.plan, steps=steps))


def at_statement(number, do):
    """Call a function when the plan comes to a statement."""

    def progress(step):
        if f"statement {number} of" in step:
            do()

    return progress


def waiting_for_lock(live):
    """Wait until a session waits for a lock."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    end = time.monotonic() + 20
    while live.execute(query) == [(0,)]:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_statement_that_fails_undoes_those_before_it(drifted, run, unchanged):
    _, plan = drifted
    with pytest.raises(RepairError, match="division by zero") as caught:
        run(with_steps(plan, "SELECT 1 / 0"))
    assert UNCHANGED in caught.value.hint
    assert caught.value.details == "SELECT 1 / 0"


def test_what_is_not_planned_is_not_committed(drifted, run, unchanged):
    _, plan = drifted
    with pytest.raises(RepairError, match=r"table public\.surprise") as caught:
        run(with_steps(plan, "CREATE TABLE public.surprise ()"))
    assert UNCHANGED in caught.value.hint


def test_a_plan_that_leaves_something_is_not_committed(drifted, run, unchanged):
    _, plan = drifted
    some = replace(plan, plan=replace(plan.plan, steps=plan.plan.transaction[1:]))
    with pytest.raises(RepairError, match="the schema is not as planned") as caught:
        run(some)
    assert UNCHANGED in caught.value.hint


def test_a_plan_for_another_schema_is_not_run(drifted, run):
    project, plan = drifted
    project.by_hand("ALTER TABLE schools ADD COLUMN city text")
    try:
        with pytest.raises(RepairError, match="was changed after the plan was made") as caught:
            run(plan)
        assert "column public.schools.city" in caught.value.message
        assert UNCHANGED in caught.value.hint
        assert project.live.execute("SELECT city FROM schools LIMIT 1") == [(None,)]
    finally:
        project.by_hand("ALTER TABLE schools DROP COLUMN city")


def test_a_change_of_another_session_during_the_plan_is_named(drifted, run):
    project, plan = drifted
    meanwhile = at_statement(1, lambda: project.by_hand("CREATE TABLE meanwhile ()"))
    try:
        with pytest.raises(RepairError, match="was changed after the plan was made") as caught:
            run(plan, meanwhile)
        assert "table public.meanwhile" in caught.value.message
        assert UNCHANGED in caught.value.hint
    finally:
        project.by_hand("DROP TABLE meanwhile")


def test_one_repair_at_a_time(drifted, run, unchanged):
    project, plan = drifted
    with closing(connect(project.live.url)) as other:
        other.cursor().execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        with pytest.raises(
            LockUnavailableError, match=r"another repair of .* is running"
        ) as caught:
            run(plan)
        assert f"Process {other.info.backend_pid}: " in caught.value.details
    assert UNCHANGED in caught.value.hint


def test_a_lock_that_is_not_released(drifted, run, unchanged):
    project, plan = drifted
    with closing(connect(project.live.url)) as other:
        other.cursor().execute("SELECT * FROM students")
        with pytest.raises(LockUnavailableError, match=r"in 5 tries: .* lock timeout") as caught:
            run(plan, lock=0.05)
        assert f"Process {other.info.backend_pid}: " in caught.value.details
        assert "application driftcheck, idle in transaction" in caught.value.details
    assert UNCHANGED in caught.value.hint
    assert "--lock-timeout" in caught.value.hint


def test_a_migration_in_flight(drifted, run, unchanged):
    project, plan = drifted
    with closing(connect(project.live.url)) as migration:
        migration.cursor().execute("SELECT version_num FROM alembic_version")
        with pytest.raises(LockUnavailableError, match="in 5 tries") as caught:
            run(plan, lock=0.05)
        assert "LOCK TABLE public.alembic_version" in caught.value.details
        assert f"Process {migration.info.backend_pid}: " in caught.value.details


def test_a_migration_that_has_committed(drifted, run):
    project, plan = drifted
    with closing(connect(project.live.url)) as migration:
        migration.cursor().execute("UPDATE alembic_version SET version_num = '0002'")
        threading.Thread(
            target=lambda: (waiting_for_lock(project.live), migration.commit())
        ).start()
        try:
            with pytest.raises(RepairError, match="a migration has run") as caught:
                run(plan, lock=20)
            assert "is now at 0002" in caught.value.message
            assert UNCHANGED in caught.value.hint
        finally:
            project.by_hand("UPDATE alembic_version SET version_num = '0001'")


def test_no_migration_begins_during_a_repair(drifted, run, unchanged):
    project, plan = drifted
    refused = []

    def migrate():
        with closing(connect(project.live.url)) as migration:
            cursor = migration.cursor()
            cursor.execute("SET lock_timeout = '20ms'")
            try:
                cursor.execute("SELECT version_num FROM alembic_version")
            except psycopg2.errors.LockNotAvailable:
                refused.append(True)

    with pytest.raises(RepairError):
        run(with_steps(plan, "SELECT 1 / 0"), at_statement(1, migrate))
    assert refused == [True]


def test_a_terminated_session(drifted, run, unchanged):
    project, plan = drifted

    def terminate():
        project.live.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        )

    with pytest.raises(ConnectionFailedError, match="was lost") as caught:
        run(plan, at_statement(2, terminate))
    assert UNCHANGED in caught.value.hint


def test_a_time_limit(drifted, run, unchanged):
    _, plan = drifted
    with pytest.raises(RepairError, match="statement timeout") as caught:
        run(with_steps(plan, "SELECT pg_sleep(20)"), statement=1.0)
    assert UNCHANGED in caught.value.hint
    assert "--timeout" in caught.value.hint


def test_a_connection_that_is_lost_before_the_commit_arrives(drifted, run, unchanged):
    project, plan = drifted
    with CommitProxy(project.live.url, arrives=False) as proxy:
        with pytest.raises(RepairError, match="the server has rolled back") as caught:
            run(replace(plan, url=make_url(proxy.url)))
        assert proxy.was_cut
    assert UNCHANGED in caught.value.hint


def test_an_outcome_that_nobody_can_tell(drifted, run, unchanged, monkeypatch):
    monkeypatch.setattr(repair_session, "_SECONDS_TO_ASK", 0.3)
    project, plan = drifted
    with (
        CommitProxy(project.live.url, arrives=False, answers_later=False) as proxy,
        pytest.raises(OutcomeUnknownError, match="was lost") as caught,
    ):
        run(replace(plan, url=make_url(proxy.url)))
    assert "It is not known whether the repair was committed." in caught.value.hint
    assert "Run the command again" in caught.value.hint


def test_a_signal_tells_what_was_changed(drifted, run, unchanged):
    _, plan = drifted
    told = []

    def end():
        told.append(interruption.about_live)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(plan, at_statement(2, end))
    interruption.about_live = ""
    assert told == [UNCHANGED.removesuffix(".")]
