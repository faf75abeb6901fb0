"""Plans on SQLite, which run in one transaction, and on MariaDB, where each statement commits."""

import os
import signal
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from driftcheck.actions.repair import planned, running
from driftcheck.actions.repair.running import read_for_repair, run_plan
from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.mysql.repair_session import lock_name
from driftcheck.databases.own_work import own_work
from driftcheck.databases.plan import PlanStep
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.errors import CatalogError, LockUnavailableError, RepairError
from driftcheck.schema import Address
from driftcheck.sources.live import read_live

MODELS = """
Table("schools", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))
Table(
    "students",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20)),
    Column("school_id", ForeignKey("schools.id", name="fk_school")),
    Index("ix_name", "name"),
)
"""
REVISION = """
op.create_table(
    "schools", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20))
)
op.create_table(
    "students",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20)),
    sa.Column("school_id", sa.Integer, sa.ForeignKey("schools.id", name="fk_school")),
)
op.create_index("ix_name", "students", ["name"])
op.execute("CREATE VIEW names AS SELECT id, name FROM students")
"""
ROWS = (
    "INSERT INTO schools VALUES (1, 'a'), (2, 'b')",
    "INSERT INTO students VALUES (1, 'x', 1), (2, 'y', 2), (3, NULL, 1)",
)
STUDENTS = "SELECT id, name, school_id FROM students ORDER BY id"
AT = Address("table", "", ("students",))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(running, "_FIRST_WAIT_SECONDS", 0.02)


@contextmanager
def plan_of(project):
    settings = Settings(root=project.root)
    with planned(settings, read=read_for_repair) as found:
        (plan,) = found.plans
        assert plan.is_proved, found.result.databases[0].proof
        yield plan


def run(plan, progress=lambda _: None):
    return run_plan(plan, RepairLimits(0.1, 30), progress)


def with_steps(plan, *added):
    steps = (*plan.plan.steps, *(PlanStep(text, AT) for text in added))
    return replace(plan, plan=replace(plan.plan, steps=steps))


def in_step(project):
    project.models(MODELS)
    project.revision("0001", REVISION.strip())
    project.upgrade()
    return project


@pytest.fixture
def file(sketch):
    project = in_step(sketch())
    project.by_hand(";".join(ROWS))
    project.by_hand(
        "DROP VIEW names; DROP INDEX ix_name; ALTER TABLE students ADD COLUMN age integer;"
        "CREATE TABLE extra (id integer)"
    )
    return project


def opened(path):
    """Open the live database while a project is open, whose code may not do that."""
    with own_work():
        return closing(sqlite3.connect(path))


def content(path):
    with opened(path) as connection:
        return list(connection.iterdump())


def test_sqlite(file):
    with plan_of(file) as plan:
        outcome = run(plan)
    assert outcome.separate == 0
    assert file.compare("--only-gap", "drift").findings == []
    with opened(file.live) as connection:
        rows = [(1, "x", 1), (2, "y", 2), (3, None, 1)]
        assert connection.execute(STUDENTS).fetchall() == rows


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("INSERT INTO nowhere VALUES (1)", "no such table: nowhere"),
        ("CREATE TABLE surprise (id integer)", "not as planned: table surprise"),
        ("DELETE FROM schools WHERE id = 2", "rows that do not exist, in the table students"),
        ("ATTACH '/tmp/other.db' AS other", "not authorized"),
    ],
)
def test_sqlite_undoes_everything(file, added, message):
    before = content(file.live)
    with plan_of(file) as plan, pytest.raises(RepairError, match=message) as caught:
        run(with_steps(plan, added))
    assert "Nothing was changed in the live database." in caught.value.hint
    assert content(file.live) == before


def test_sqlite_is_locked_by_another_program(file):
    before = content(file.live)
    with plan_of(file) as plan, opened(file.live) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockUnavailableError, match="has locked the file"):
            run(plan)
    assert content(file.live) == before


def test_sqlite_after_a_kill(file):
    before = content(file.live)
    child = os.fork()
    if not child:
        connection = sqlite3.connect(file.live, isolation_level=None)
        connection.execute("PRAGMA cache_size = 1")  # so that pages are written before the commit
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE big AS SELECT zeroblob(100000) AS data")
        connection.execute("CREATE TABLE bigger AS SELECT zeroblob(1000000) AS data")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    done = file.run("repair")
    assert done.status == 3
    assert "a transaction that was not ended" in done.stderr
    assert "driftcheck repair --apply" in done.stderr
    with pytest.raises(CatalogError), planned(Settings(root=file.root)):
        pass
    with plan_of(file):
        assert content(file.live) == before


@pytest.mark.parametrize("read", [read_live, read_for_repair])
def test_a_file_that_is_no_database(file, read):
    Path(file.live).write_bytes(b"something else" * 100)
    with (
        pytest.raises(CatalogError, match="cannot be read"),
        planned(Settings(root=file.root), read=read),
    ):
        pass


def test_sqlite_leaves_a_column_to_a_person_with_its_foreign_key(file):
    file.by_hand("ALTER TABLE students ADD COLUMN friend integer REFERENCES schools (id)")
    with plan_of(file) as plan:
        assert "friend" not in " ".join(plan.plan.statements)
        key, column = plan.plan.manual_steps
        assert "op.batch_alter_table('students')" in key
        assert column == "After that, run: ALTER TABLE students DROP COLUMN friend"
        run(plan)


def test_sqlite_drops_an_index_before_its_column(sketch):
    """A column with a new name is in the index."""
    project = in_step(sketch())
    project.by_hand("DROP VIEW names; ALTER TABLE students RENAME name TO full_name")
    with plan_of(project) as plan:
        order = [step.statement for step in plan.plan.steps]
    assert order.index("DROP INDEX ix_name") < order.index(
        "ALTER TABLE students DROP COLUMN full_name"
    )


SHELVES = """
op.create_table(
    "shelves",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("school_id", sa.Integer(), sa.ForeignKey("schools.id", name="fk_shelf")),
)
op.create_index("ix_shelves_school_id", "shelves", ["school_id"])
"""


@pytest.fixture
def mariadb_project(sketch, mariadb_database):
    live = mariadb_database()
    project = sketch()
    project.name_database(live.text_url)
    project.live, project.url = live, live.text_url
    in_step(project)
    live.execute(
        *ROWS,
        "DROP VIEW names",
        "ALTER TABLE students DROP INDEX ix_name",
        "ALTER TABLE schools ADD COLUMN city integer",
    )
    return project


def is_repaired(project):
    assert project.compare("--only-gap", "drift").findings == []
    rows = ((1, "x", 1), (2, "y", 2), (3, None, 1))
    return project.live.execute(STUDENTS) == rows


def test_mariadb_says_what_it_cannot_undo_and_goes_on(mariadb_project):
    with plan_of(mariadb_project) as plan:
        first, *others = plan.plan.steps
        assert len(others) == 2
        broken = PlanStep("ALTER TABLE nowhere ADD a integer", AT)
        steps = (first, broken, *others)
        with pytest.raises(RepairError, match="nowhere") as caught:
            run(replace(plan, plan=replace(plan.plan, steps=steps)))
    assert "1 of 4 statements are done and committed." in caught.value.hint
    assert "Run the command again" in caught.value.hint
    with plan_of(mariadb_project) as plan:
        assert len(plan.plan.steps) == 2
        assert run(plan).together == 0
    assert is_repaired(mariadb_project)


def test_mariadb_notices_what_is_not_planned(mariadb_project):
    live = mariadb_project.live

    def meanwhile(step):
        if "statement 2 of" in step:
            live.execute("CREATE TABLE meanwhile (id integer)")

    with plan_of(mariadb_project) as plan:
        with pytest.raises(RepairError, match="table meanwhile") as caught:
            run(plan, meanwhile)
        assert "2 of 3 statements are done and committed." in caught.value.hint
        live.execute("DROP TABLE meanwhile")
        with pytest.raises(RepairError, match="was changed after the plan was made"):
            run(plan)


CODE = """
op.execute("CREATE FUNCTION one() RETURNS int DETERMINISTIC RETURN 1")
op.execute("CREATE VIEW ones AS SELECT one() AS n")
op.execute("CREATE TRIGGER t BEFORE INSERT ON schools FOR EACH ROW SET NEW.name = one()")
"""


def test_mariadb_proves_what_does_not_use_stored_code(mariadb_project):
    mariadb_project.revision("0002", CODE, after="0001")
    mariadb_project.upgrade()
    live = mariadb_project.live
    live.execute(
        "DROP FUNCTION one",
        "CREATE FUNCTION two() RETURNS int DETERMINISTIC RETURN 2",
        "CREATE OR REPLACE VIEW ones AS SELECT two() AS n",
        "CREATE VIEW more AS SELECT n FROM ones",
        "DROP TRIGGER t",
    )
    with plan_of(mariadb_project) as plan:
        steps = [step.address.name for step in plan.plan.steps]
    assert sorted(steps) == ["city", "ix_name", "more", "names", "one", "ones", "t", "two"]
    found = mariadb_project.run("repair", "--apply", "--yes", "--allow", "data-loss", COLUMNS="200")
    assert found.status == 0, found.stderr
    assert "Proved: the plan was run on a copy of the schema" in found.stdout
    untried = ("more", "one", "ones", "t", "two")
    skipped = ", ".join(str(i) for i, name in enumerate(steps, 1) if name in untried)
    assert f"driftcheck's own rights: step {skipped}." in " ".join(found.stdout.split())
    assert is_repaired(mariadb_project)


def test_mariadb_drops_a_foreign_key_before_its_index_changes(mariadb_project):
    """A column with a new name is in the index and in the foreign key."""
    mariadb_project.revision("0002", SHELVES, after="0001")
    mariadb_project.upgrade()
    mariadb_project.live.execute("ALTER TABLE shelves RENAME COLUMN school_id TO at_school")
    with plan_of(mariadb_project) as plan:
        order = [s.statement for s in plan.plan.steps if "shelves" in s.statement]
    assert order[0] == "ALTER TABLE `shelves` DROP FOREIGN KEY `fk_shelf`"
    assert order[-1].startswith("ALTER TABLE `shelves` ADD CONSTRAINT `fk_shelf`")


def test_mariadb_does_not_call_a_plan_proved_of_which_nothing_was_tried(mariadb_project):
    live = mariadb_project.live
    mariadb_project.run("repair", "--apply", "--yes", "--allow", "data-loss")
    live.execute("CREATE FUNCTION one() RETURNS int DETERMINISTIC RETURN 1")
    found = mariadb_project.run("repair", "--apply", "--yes", "--allow", "data-loss")
    assert found.status == 0, found.stderr
    assert "Proved" not in found.stdout
    assert "Not run on the copy, which has no stored functions" in " ".join(found.stdout.split())
    assert is_repaired(mariadb_project)


def test_mariadb_runs_one_repair_at_a_time(mariadb_project):
    name = mariadb_project.live.name
    with (
        plan_of(mariadb_project) as plan,
        closing(connect(mariadb_project.live.url)) as other,
    ):
        other.cursor().execute("SELECT GET_LOCK(%s, 0)", (lock_name(name),))
        with pytest.raises(LockUnavailableError, match="another repair"):
            run(plan)


def test_mariadb_does_not_wait_for_ever(mariadb_project, monkeypatch):
    monkeypatch.setattr(running, "TRIES", 2)
    with (
        plan_of(mariadb_project) as plan,
        closing(connect(mariadb_project.live.url)) as other,
    ):
        cursor = other.cursor()
        cursor.execute("START TRANSACTION")
        for table in ("students", "schools"):
            cursor.execute(f"SELECT * FROM {table}")
        with pytest.raises(LockUnavailableError, match="in 2 tries") as caught:
            run(plan)
    assert "--lock-timeout" in caught.value.hint


def test_names_of_locks_are_short_enough():
    assert lock_name("a") == "driftcheck repair a"
    assert len(lock_name("x" * 64)) <= 64
    assert lock_name("x" * 64) != lock_name("x" * 63 + "y")


SEATS = """
op.create_table(
    "seats",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("bought", sa.Date, nullable=False),
    sa.Column("color", sa.String(10), nullable=False, server_default="red"),
    sa.Column("height", sa.Integer, nullable=False),
)
"""


def test_mariadb_invents_no_values(mariadb_project):
    """A new column that is NOT NULL would be filled with 0 or ``0000-00-00``."""
    mariadb_project.revision("0002", SEATS.strip(), after="0001")
    mariadb_project.upgrade()
    live = mariadb_project.live
    live.execute(
        "ALTER TABLE seats MODIFY number integer NULL, MODIFY color varchar(10) DEFAULT 'red'",
        "ALTER TABLE seats MODIFY height integer NULL, DROP bought",
        "INSERT INTO seats (id, number, color, height) VALUES (1, 7, NULL, 9), (2, NULL, 'a', 9)",
    )

    with plan_of(mariadb_project) as plan:
        steps = [each for each in plan.plan.statements if "seats" in each]
        by_hand = plan.plan.manual_steps

    assert steps == [
        "UPDATE `seats` SET `color` = 'red' WHERE `color` IS NULL",
        (
            "ALTER TABLE `seats` MODIFY COLUMN `color` varchar(10)"
            " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'red'"
        ),
        "ALTER TABLE `seats` MODIFY COLUMN `height` int(11) NOT NULL",
        "ALTER TABLE `seats` ADD COLUMN `bought` date NULL",
    ]
    assert sorted(text.partition(",")[0] for text in by_hand) == [
        "Set column seats.bought in every row of `seats`",
        "Set column seats.number in each row of `seats` that has no value",
    ]
