"""One plan for all drift of a live database, tried on a copy, repairs the database."""

import re

import psycopg2
import pytest

from driftcheck.chain import Gap
from driftcheck.databases.plan import Hazard
from driftcheck.errors import ExitCode
from driftcheck.pipeline.object_lookup import NoSuchObjectError

DRIFT = """
ALTER TABLE students DROP CONSTRAINT uq_code, DROP CONSTRAINT ck_age, DROP CONSTRAINT fk_school;
DROP VIEW codes;
ALTER TABLE students ALTER COLUMN code TYPE varchar(20);
CREATE VIEW codes AS SELECT id, code FROM students;
ALTER TABLE students RENAME age TO years;
ALTER TABLE schools ADD COLUMN city text;
DROP INDEX ix_last_name;
CREATE TABLE junk (id integer);
"""


def statements(plan, address):
    return [step.statement for step in plan.plan.steps if str(step.address) == address]


def hazards(result, text):
    (step,) = (step for step in result.databases[0].steps if text in step.statement)
    return {hazard.name: hazard for hazard in step.hazards}


def test_a_plan_repairs_all_drift_and_keeps_the_rows(project, plan_for, run_plan):
    before = project.live.execute("SELECT id, last_name, code, age, school_id FROM students")
    with plan_for(project, DRIFT) as found:
        (plan,), result = found.plans, found.result
    assert result.exit_code == ExitCode.FOUND
    assert plan.is_proved, result.databases[0].proof
    assert statements(plan, "column public.students.age") == [
        "ALTER TABLE public.students RENAME COLUMN years TO age"
    ]
    run_plan(project, plan)
    assert project.compare().findings == []
    after = project.live.execute("SELECT id, last_name, code, age, school_id FROM students")
    assert sorted(after) == sorted(before)


def test_a_table_is_moved_out_of_a_schema_before_this_is_dropped(project, plan_for, run_plan):
    drift = "CREATE SCHEMA other; ALTER TABLE students SET SCHEMA other"
    with plan_for(project, drift) as found:
        (plan,) = found.plans
    assert plan.is_proved, plan.proof
    assert [step.statement for step in plan.plan.steps] == [
        "ALTER TABLE other.students SET SCHEMA public",
        "DROP SCHEMA other",
    ]
    run_plan(project, plan)
    assert project.compare().findings == []


def test_a_default_fills_a_column_that_becomes_not_null(project, plan_for, run_plan):
    change = "ALTER TABLE students ALTER code SET DEFAULT 'none', ALTER code SET NOT NULL"
    project.revision("0002", f'op.execute("{change}")', "0001")
    project.upgrade()
    drift = "ALTER TABLE students ALTER code DROP NOT NULL; UPDATE students SET code = NULL"
    project.by_hand("ALTER TABLE students DROP CONSTRAINT uq_code")
    with plan_for(project, drift, "public.students.code") as found:
        (plan,) = found.plans
    assert plan.is_proved, plan.proof
    run_plan(project, plan)
    assert project.live.execute("SELECT DISTINCT code FROM students") == [("none",)]


PUBLISHED = """
op.execute("CREATE TABLE notes (words text NOT NULL DEFAULT 'none')")
op.execute("CREATE UNLOGGED TABLE drafts (words text)")
op.execute("CREATE PUBLICATION changes FOR {members}")
"""


@pytest.fixture(params=["ALL TABLES", "TABLES IN SCHEMA public", "TABLE notes"])
def publishing_project(request, sketch, pg16):
    """A project with a publication. Only superusers create the first two, so a copy lacks them."""
    made = sketch(pg16)
    made.models('Table("notes", metadata, Column("words", Text, nullable=False))')
    made.revision("0001", PUBLISHED.format(members=request.param).strip())
    made.upgrade()
    yield made
    made.live.close()
    made.live.shadow.drop()


def test_a_default_cannot_fill_a_published_table_without_replica_identity(
    publishing_project, plan_for, run_plan
):
    drift = "ALTER TABLE notes ALTER words DROP NOT NULL; INSERT INTO notes VALUES (NULL)"
    refusal = 'cannot update table "notes" because it does not have a replica identity'
    with plan_for(publishing_project, drift) as found:
        (plan,), (repair,) = found.plans, found.result.databases
    assert not plan.is_proved
    assert refusal in repair.proof[0]
    with pytest.raises(psycopg2.Error, match=refusal):
        run_plan(publishing_project, plan)


def test_a_published_table_becomes_unlogged_again(publishing_project, plan_for, run_plan):
    with plan_for(publishing_project, "ALTER TABLE drafts SET LOGGED") as found:
        (plan,) = found.plans
    assert plan.is_proved, plan.proof
    run_plan(publishing_project, plan)


def test_rows_that_a_policy_hides_are_kept(project, plan_for):
    secured = "ALTER TABLE students ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    project.revision("0002", f'op.execute("{secured}")', "0001")
    project.upgrade()
    with plan_for(project, "CREATE POLICY everyone ON students USING (true)") as found:
        (plan,) = found.plans
    assert plan.is_proved, plan.proof


def test_what_takes_long_runs_after_the_transaction(project, plan_for, run_plan):
    drift = """
    ALTER TABLE students DROP CONSTRAINT uq_code, DROP CONSTRAINT ck_age, DROP CONSTRAINT fk_school;
    ALTER TABLE schools DROP CONSTRAINT schools_pkey;
    DROP INDEX ix_last_name; CREATE INDEX ix_age ON students (age);
    """
    with plan_for(project, drift) as found:
        (plan,) = found.plans
    assert plan.is_proved, plan.proof
    assert [step.statement.partition(" ON ")[0] for step in plan.plan.separate] == [
        "DROP INDEX CONCURRENTLY IF EXISTS public.ix_age",
        "CREATE UNIQUE INDEX CONCURRENTLY uq_code",
        "ALTER TABLE public.students ADD CONSTRAINT uq_code UNIQUE USING INDEX uq_code",
        "ALTER TABLE public.students VALIDATE CONSTRAINT ck_age",
        "CREATE INDEX CONCURRENTLY ix_last_name",
        "ALTER TABLE public.students VALIDATE CONSTRAINT fk_school",
    ]
    together = [step.statement for step in plan.plan.transaction]
    assert [re.split(" CHECK| REFERENCES", statement)[0] for statement in together] == [
        "ALTER TABLE public.schools ADD CONSTRAINT schools_pkey PRIMARY KEY (id)",  # for fk_school
        "ALTER TABLE public.students ADD CONSTRAINT ck_age",
        "ALTER TABLE public.students ADD CONSTRAINT fk_school FOREIGN KEY (school_id)",
    ]
    run_plan(project, plan)
    assert project.compare().findings == []


def test_an_interrupted_repair_is_finished_by_the_next(project, plan_for, run_plan):
    """A build that failed leaves an invalid index, and constraints are not validated yet."""
    project.by_hand("DROP INDEX ix_last_name; UPDATE students SET last_name = 'x'")
    with pytest.raises(psycopg2.Error):
        project.by_hand("CREATE UNIQUE INDEX CONCURRENTLY ix_last_name ON students (last_name)")
    drift = """
    ALTER TABLE students DROP CONSTRAINT ck_age;
    ALTER TABLE students ADD CONSTRAINT ck_age CHECK (age > 0) NOT VALID;
    """
    with plan_for(project, drift) as found:
        (plan,) = found.plans
    assert plan.is_proved, plan.proof
    assert plan.plan.transaction == ()
    assert [step.statement.partition(" USING ")[0] for step in plan.plan.separate] == [
        "DROP INDEX CONCURRENTLY IF EXISTS public.ix_last_name",
        "ALTER TABLE public.students VALIDATE CONSTRAINT ck_age",
        "CREATE INDEX CONCURRENTLY ix_last_name ON public.students",
    ]
    run_plan(project, plan)
    assert project.compare().findings == []


def test_an_invalid_index_is_built_again(project, plan_for, run_plan):
    project.by_hand(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_last_name'::regclass"
    )
    with plan_for(project, "") as found:
        (plan,) = found.plans
    assert [step.statement for step in plan.plan.separate] == [
        "REINDEX INDEX CONCURRENTLY public.ix_last_name"
    ]
    run_plan(project, plan)
    assert project.compare().findings == []


def test_tables_without_rows_are_repaired_in_the_transaction(project, plan_for):
    drift = (
        "TRUNCATE students; DROP INDEX ix_last_name; ALTER TABLE students DROP CONSTRAINT ck_age"
    )
    with plan_for(project, drift) as found:
        (plan,) = found.plans
    assert plan.is_proved
    assert plan.plan.separate == ()
    assert len(plan.plan.transaction) == 2


def test_not_null_on_a_large_table_is_proved_by_a_check_first(project, plan_for, run_plan):
    drift = """
    ALTER TABLE students ALTER COLUMN last_name DROP NOT NULL;
    ANALYZE students;
    UPDATE pg_class SET reltuples = 2000000 WHERE relname = 'students';
    """
    with plan_for(project, drift) as found:
        (plan,) = found.plans
    (added,) = plan.plan.transaction
    assert added.statement.endswith(
        "ADD CONSTRAINT last_name_is_not_null CHECK (last_name IS NOT NULL) NOT VALID"
    )
    assert [
        step.statement.removeprefix("ALTER TABLE public.students ") for step in plan.plan.separate
    ] == [
        "VALIDATE CONSTRAINT last_name_is_not_null",
        "ALTER COLUMN last_name SET NOT NULL",
        "DROP CONSTRAINT last_name_is_not_null",
    ]
    assert plan.is_proved, plan.proof
    run_plan(project, plan)
    assert project.compare().findings == []


def test_what_a_rename_leaves_behind_is_repaired_too(sketch, pg16, plan_for, run_plan):
    """A view follows the table that it names, also when the table is renamed back."""
    project = sketch(pg16)
    project.revision(
        "0001",
        'op.execute("CREATE TABLE data_1 (id integer)")\n'
        'op.execute("CREATE VIEW data AS SELECT id FROM data_1")\n'
        'op.execute("CREATE VIEW named AS SELECT id FROM data")',
    )
    project.upgrade()
    drift = """
    DROP VIEW named; DROP VIEW data; ALTER TABLE data_1 RENAME TO data;
    CREATE VIEW named AS SELECT id FROM data;
    """
    with plan_for(project, drift, gaps=(Gap.DRIFT,)) as found:
        (plan,) = found.plans
    assert plan.is_proved, plan.proof
    assert "CREATE OR REPLACE VIEW public.named" in plan.plan.script
    run_plan(project, plan)
    assert project.compare("--only-gap", "drift").findings == []


def test_nothing_to_repair(project, plan_for):
    with plan_for(project, "") as found:
        assert found.plans == ()
        assert found.result.exit_code == ExitCode.CLEAN


def test_what_a_step_does_is_measured(project, plan_for):
    drift = """
    ALTER TABLE students DROP CONSTRAINT uq_code, ALTER COLUMN age TYPE bigint;
    ALTER TABLE schools ADD COLUMN city text;
    ANALYZE;
    """
    with plan_for(project, drift) as found:
        result, (plan,) = found.result, found.plans
    retyped = hazards(result, "TYPE integer")
    assert retyped["rewrite"].rows == 200
    assert retyped["lock"].lock == "ACCESS EXCLUSIVE"
    assert "age changes from bigint to integer, and some values may" in retyped["data loss"].text
    built = hazards(result, "CONCURRENTLY uq_code")
    assert built.keys() == {"scan", "not in a transaction"}
    assert "while other sessions read and write, and fails if two rows are equal" in (
        built["scan"].text
    )
    assert hazards(result, "USING INDEX uq_code")["lock"].text.endswith(
        "until the step ends (ACCESS EXCLUSIVE)"
    )
    lost = [step.statement for step in plan.plan.steps if Hazard.DATA_LOSS in step.hazards]
    assert lost == [
        "ALTER TABLE public.schools DROP COLUMN city",
        "ALTER TABLE public.students ALTER COLUMN age TYPE integer",
    ]


def test_an_enum_that_loses_a_value_loses_no_data(sketch, pg16, plan_for):
    """A row that has the value is not changed: the server refuses the step."""
    project = sketch(pg16)
    project.revision(
        "0001",
        "op.execute(\"CREATE TYPE mood AS ENUM ('sad', 'ok')\")\n"
        'op.execute("CREATE TABLE students (id integer, mood mood)")',
    )
    project.upgrade()
    project.by_hand("INSERT INTO students VALUES (1, 'ok')")
    with plan_for(project, "ALTER TYPE mood ADD VALUE 'bad'", gaps=(Gap.DRIFT,)) as found:
        result, (plan,) = found.result, found.plans
    assert plan.is_proved, plan.proof
    assert "USING mood::text::public.mood" in plan.plan.script
    assert not plan.plan.loses_data
    refused = hazards(result, "USING mood::text::public.mood")["rows"]
    assert "a value in column public.students.mood that the new type" in refused.text


def test_what_does_not_come_back_is_said(project, plan_for):
    drift = "ALTER TABLE students DROP COLUMN last_name, DROP COLUMN age"
    with plan_for(project, drift) as found:
        (repair,), (plan,) = found.result.databases, found.plans
    age, name = sorted(repair.not_restored)
    assert "public.students.age do not come back. Every row gets NULL." in age
    assert "public.students.last_name do not come back." in name
    (step,) = repair.manual_steps
    assert "ALTER COLUMN last_name SET NOT NULL" in step.text
    assert plan.is_proved
    assert [str(address) for address in plan.remaining] == ["column public.students.last_name"]


def test_one_object_is_repaired_alone(project, plan_for, run_plan):
    with plan_for(project, DRIFT, "students.ck_age") as found:
        (plan,) = found.plans
    assert plan.is_proved
    assert {plan.findings[n].address.name for n in plan.plan.findings} == {"age", "ck_age"}
    run_plan(project, plan)
    left = {address for _, address in project.compare().findings}
    assert "public.students.ck_age" not in left
    assert {"public.junk", "public.students.code", "public.ix_last_name"} <= left


def test_a_table_names_its_parts(project, plan_for):
    with plan_for(project, DRIFT, "schools") as found:
        (plan,) = found.plans
    assert plan.plan.statements == ("ALTER TABLE public.schools DROP COLUMN city",)


def test_a_name_without_drift_is_refused(project, plan_for):
    with (
        pytest.raises(NoSuchObjectError) as raised,
        plan_for(project, DRIFT, "students.ck_agee"),
    ):
        pass
    assert "check constraint public.students.ck_age" in raised.value.hint


def test_ignored_findings_are_not_repaired(project, plan_for):
    (project.root / "pyproject.toml").write_text(
        '[[tool.driftcheck.ignore]]\nrule = "drift-table-extra"\nreason = "of another team"\n'
    )
    drift = "CREATE TABLE junk (id integer); DROP INDEX ix_last_name"
    project.by_hand(drift)
    done = project.run("repair")
    assert "DROP TABLE" not in done.stdout
    assert "CREATE INDEX CONCURRENTLY ix_last_name" in done.stdout
    assert "1 ignored finding is not repaired." in done.stdout


def test_a_change_that_the_models_have_is_named(project, plan_for):
    text = (project.root / "models.py").read_text()
    added = text.replace('Column("age"', 'Column("nick", Text), Column("age"')
    (project.root / "models.py").write_text(added)
    with plan_for(project, "ALTER TABLE students ADD COLUMN nick text") as found:
        (note,) = found.result.databases[0].notes
    assert "The models declare column public.students.nick" in note


def test_a_plan_that_was_not_tried_is_not_proved(project, plan_for, pg16):
    server = pg16.server.set(database="postgres").render_as_string(hide_password=False)
    with plan_for(project, "DROP INDEX ix_last_name", shadow=server) as found:
        (plan,), (repair,) = found.plans, found.result.databases
    assert not plan.is_proved
    assert repair.proof[0].startswith("Not proved: SQL that comes from a live database is not run")


def test_the_schema_is_read_again_as_it_was_read(project, plan_for):
    with plan_for(project, DRIFT) as found:
        (plan,) = found.plans
        connection = project.live.connection
        connection.autocommit = False
        assert plan.is_unchanged(plan.reader.read(connection))
        connection.rollback()
        assert plan.left(plan.live)
        connection.cursor().execute("ALTER TABLE schools ADD COLUMN street text")
        assert not plan.is_unchanged(plan.reader.read(connection))
        connection.rollback()
        for step in plan.plan.transaction:
            connection.cursor().execute(step.statement)
        deferred = {step.address for step in plan.plan.separate}
        assert set(plan.left(plan.reader.read(connection))) == deferred
        assert plan.left(plan.reader.read(connection), deferred) == ()
        connection.rollback()
