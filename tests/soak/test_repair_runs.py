"""Repairs that are ended, or that meet other sessions, at random moments: never a lost state.

After each, the live database is as it was, or repaired, or a part of the plan is committed that the
next run names and finishes. Its rows are those that it had.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing

import psycopg2
import pytest

from driftcheck.actions.repair import planned
from driftcheck.actions.repair.running import run_plan
from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.errors import DriftcheckError
from driftcheck.process.interrupt import interruption
from tests.actions.repair.conftest import MODELS, REVISION
from tests.kept import used, variables

pytestmark = pytest.mark.soak

ENDS = 100
MEETINGS = 50
ROWS = """
INSERT INTO schools SELECT n, 'school ' || n FROM generate_series(1, 3) n;
INSERT INTO students SELECT n, 'name ' || n, 'code ' || n, n, 1 + n % 3
FROM generate_series(1, 20000) n;
ANALYZE;
"""
DRIFT = """
ALTER TABLE students ALTER COLUMN age TYPE bigint, DROP CONSTRAINT uq_code;
ALTER TABLE students DROP CONSTRAINT ck_age;
ALTER TABLE schools RENAME COLUMN name TO label;
DROP VIEW codes;
DROP INDEX ix_last_name;
"""
ALTERATIONS = (
    ("ALTER TABLE students ADD COLUMN extra text", "ALTER TABLE students DROP COLUMN extra"),
    (
        "ALTER TABLE schools ADD CONSTRAINT c CHECK (id > 0)",
        "ALTER TABLE schools DROP CONSTRAINT c",
    ),
    ("CREATE INDEX extra ON students (school_id)", "DROP INDEX extra"),
    ("CREATE TABLE extra (id integer)", "DROP TABLE extra"),
)
UPGRADES = """
import sys
from alembic import command
from alembic.config import Config

config = Config("alembic.ini", stdout=sys.stderr)
print("ready", flush=True)
for line in sys.stdin:
    name, revision = line.split()
    try:
        getattr(command, name)(config, revision)
    except Exception as error:
        print("failed", type(error).__name__, str(error).replace("\\n", " "), flush=True)
    else:
        print("done", flush=True)
"""


@pytest.fixture
def moments():
    """Return a generator of random numbers; DRIFTCHECK_SEED repeats those of a failed run."""
    seed = os.environ.get("DRIFTCHECK_SEED") or str(time.time_ns() % 10**6)
    sys.stderr.write(f"DRIFTCHECK_SEED={seed}\n")  # pytest shows it where the test fails
    return random.Random(seed)  # noqa: S311


class Repairs:
    """A project whose live database gets the same drift again and again, and the plan for it."""

    def __init__(self, project, plan, environment):
        self.project = project
        self.live = project.live
        self.plan = plan
        self.outcomes = Counter()
        self._environment = environment
        self._rows = self._read_rows()

    def run(self):
        """Run the plan in this process. Return the message of its error, if any."""
        try:
            run_plan(self.plan, RepairLimits(2, 60), lambda _: None)
        except DriftcheckError as error:
            return f"{error.message}\n{error.hint}"
        finally:
            interruption.about_live = ""
        return ""

    def run_in_child(self):
        """Run the plan in a fork of this process, and return its number."""
        child = os.fork()
        if not child:
            code = 99
            try:
                code = 1 if self.run() else 0
            finally:
                os._exit(code)
        return child

    def schema(self):
        with closing(connect(self.live.url)) as connection:
            return self.plan.reader.read(connection)

    def settle(self):
        """Wait until the server has noticed that the repair is gone."""
        end = time.monotonic() + 15
        while self.live.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"):
            assert time.monotonic() < end
            time.sleep(0.02)

    def look(self, *, error=None):
        """Classify the live database, have the next run finish what is begun, and drift again."""
        assert self._read_rows() == self._rows
        now = self.schema()
        if self.plan.is_unchanged(now):
            outcome = "as before"
            assert error != ""
        elif not self.plan.left(now):
            outcome = "repaired"
        else:
            outcome = "begun, and finished by the next run"
            assert error != ""
            if error is not None:
                assert "statements are done and committed" in error or "index" in error, error
            result = self.project.run(
                "repair", "--apply", "--yes", "--allow", "data-loss", **self._environment
            )
            assert result.status == 0, (result.stdout, result.stderr)
            assert self.plan.left(self.schema()) == ()
        self.outcomes[outcome] += 1
        if outcome != "as before":
            self.live.execute(DRIFT)
        assert self.plan.is_unchanged(self.schema())

    def tell(self, name):
        sys.stderr.write(f"{name}: {dict(self.outcomes)}\n")

    def _read_rows(self):
        query = """
        SELECT md5(string_agg(concat_ws('|', id, last_name, code, age, school_id), ',' ORDER BY id))
        FROM students"""
        return self.live.execute(query), self.live.execute("SELECT count(*) FROM schools")


@pytest.fixture
def project(sketch, pg16):
    project = sketch(pg16)
    project.models(MODELS)
    project.revision("0001", REVISION.strip())
    project.upgrade()
    project.by_hand(ROWS)
    project.by_hand(DRIFT)
    yield project
    project.live.close()
    project.live.shadow.drop()


@pytest.fixture
def migrate(project):
    """Run commands of Alembic in a process of its own, which is started before a plan is made."""
    with subprocess.Popen(
        [sys.executable, "-c", UPGRADES],
        cwd=project.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as alembic:
        assert alembic.stdout.readline() == "ready\n"

        def migrate(name, revision):
            alembic.stdin.write(f"{name} {revision}\n")
            alembic.stdin.flush()
            return alembic.stdout.readline().strip()

        yield migrate
        alembic.stdin.close()


@pytest.fixture
def repairs(project, pg16):
    with used(pg16), planned(Settings(root=project.root)) as found:
        (plan,) = found.plans
        assert plan.is_proved, plan.proof
        assert plan.plan.transaction
        assert plan.plan.separate
        yield Repairs(project, plan, variables(pg16))


def time_of_a_run(repairs):
    began = time.monotonic()
    child = repairs.run_in_child()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    takes = time.monotonic() - began
    repairs.look()
    return takes


def test_kills_and_terminated_sessions(repairs, moments):
    takes = time_of_a_run(repairs)
    for number in range(ENDS):
        child = repairs.run_in_child()
        time.sleep(moments.uniform(0, takes * 1.1))
        if number % 2:
            os.kill(child, signal.SIGKILL)
        else:
            repairs.live.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            )
        os.waitpid(child, 0)
        repairs.settle()
        repairs.look()
    repairs.tell("ended")
    assert len(repairs.outcomes) > 1


def test_alterations_of_other_sessions(repairs, moments):
    takes = time_of_a_run(repairs)
    refused = Counter()
    for _ in range(MEETINGS):
        alteration, undo = moments.choice(ALTERATIONS)
        delay = moments.uniform(0, takes)

        def alter(alteration=alteration, delay=delay):
            time.sleep(delay)
            with closing(connect(repairs.live.url)) as connection:
                connection.autocommit = True
                try:
                    connection.cursor().execute(alteration)
                except psycopg2.Error as error:
                    refused[str(error).partition("\n")[0]] += 1

        other = threading.Thread(target=alter)
        other.start()
        message = repairs.run()
        other.join()
        undo = undo.replace("COLUMN", "COLUMN IF EXISTS").replace(
            "CONSTRAINT", "CONSTRAINT IF EXISTS"
        )
        repairs.live.execute(undo.replace("X e", "X IF EXISTS e").replace("LE e", "LE IF EXISTS e"))
        repairs.look(error=message)
    sys.stderr.write(f"alterations refused: {dict(refused)}\n")
    repairs.tell("beside ALTER TABLE")


def test_upgrades_at_the_same_time(migrate, repairs, moments):
    project = repairs.project
    project.revision(
        "0002",
        'op.add_column("students", sa.Column("grade", sa.Integer))\n'
        'op.create_index("ix_grade", "students", ["grade"])',
        "0001",
    )
    path = project.root / "migrations" / "versions" / "0002.py"
    path.write_text(
        path.read_text() + '\n\ndef downgrade():\n    op.drop_column("students", "grade")\n'
    )
    takes = time_of_a_run(repairs)
    for _ in range(MEETINGS):
        answers = []
        delay = moments.uniform(-takes / 2, takes)

        def upgrade(delay=delay, answers=answers):
            time.sleep(max(0.0, delay))
            answers.append(migrate("upgrade", "head"))

        other = threading.Thread(target=upgrade)
        other.start()
        time.sleep(max(0.0, -delay))
        message = repairs.run()
        other.join()
        assert answers == ["done"]  # the repair gives way
        assert migrate("downgrade", "0001") == "done"
        repairs.look(error=message)
    repairs.tell("beside alembic upgrade")
