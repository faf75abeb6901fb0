"""A plan is tried with rows, step by step: what it does to tables is seen, and what is lost."""

from contextlib import closing

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.plan import Hazard, Plan, PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import undo
from driftcheck.pipeline.repairs.repair_trial import TrialInput, try_plan
from driftcheck.pipeline.repairs.table_effects import HazardKind
from driftcheck.schema import Address

STUDENTS = Address("table", "public", ("students",))
CODE = Address("column", "public", ("students", "code"))
ACTUAL = "CREATE TABLE students (id integer PRIMARY KEY, code varchar(40), school integer);"


@pytest.fixture
def read(database, pg16, catalog):
    """Return a function that reads the schema that statements create."""

    def read_schema(statements):
        made = database(pg16, statements)
        with closing(connect(made.url)) as connection:
            return catalog.read(connection, Scope())

    return read_schema


@pytest.fixture
def try_steps(read, pg16):
    """Return a function that tries statements on a schema that they should not change."""

    def tried(*statements, wanted=ACTUAL, separate=()):
        steps = [PlanStep(text, STUDENTS) for text in statements]
        steps += [
            PlanStep(text, STUDENTS, None, frozenset({Hazard.NOT_IN_TRANSACTION}), is_separate=True)
            for text in separate
        ]
        tried = TrialInput(Plan(tuple(steps)), read(wanted), read(ACTUAL))
        return try_plan(tried, lambda: pg16.make("trial", None, restricted=True))

    return tried


def test_rows_that_are_lost_are_told(try_steps):
    proof = try_steps("DELETE FROM students WHERE id = (SELECT min(id) FROM students)").proof
    assert STUDENTS in proof.lost
    assert not proof.holds


def test_values_that_are_changed_are_told(try_steps):
    assert try_steps("UPDATE students SET code = NULL").proof.lost == (CODE,)


def test_an_object_that_is_left_is_told(try_steps):
    proof = try_steps("ALTER TABLE students ALTER COLUMN code TYPE varchar(50)").proof
    assert proof.left == (CODE,)
    assert not proof.lost


def test_a_refused_step_is_named(try_steps):
    trial = try_steps("ALTER TABLE students ADD c integer", "ALTER TABLE students DROP d")
    assert trial.refused_step == 1
    assert trial.proof.refused == {0: 'column "d" of relation "students" does not exist'}


def test_locks_and_rewrites_are_seen(try_steps):
    trial = try_steps(
        "CREATE INDEX i ON students (code)",
        "ALTER TABLE students ALTER COLUMN code TYPE integer USING 1",
        "ALTER TABLE students ADD c integer",
    )
    first, second, third = (trial.effects[number] for number in range(3))
    assert first.locks == {STUDENTS: "ShareLock"}
    assert [effect[0] for _, effect in first.effects] == [HazardKind.INDEX_BUILD]
    assert second.locks == {STUDENTS: "AccessExclusiveLock"}
    assert HazardKind.REWRITE in {effect[0] for _, effect in second.effects}
    assert third.locks == {}  # the lock is held already


def test_a_step_that_generated_rows_prevent_runs_on_an_empty_table(try_steps):
    check = "ALTER TABLE students ADD CONSTRAINT none CHECK (id < 0)"
    trial = try_steps(check, wanted=f"{ACTUAL}{check}")
    assert trial.proof.holds
    assert trial.depending == {
        0: 'check constraint "none" of relation "students" is violated by some row'
    }


def test_only_the_table_of_an_index_that_generated_rows_prevent_is_empty(read, pg16):
    """The name of an index does not say which table it is on."""
    index = "CREATE INDEX numbers ON students ((code::integer));"
    schools, column = "CREATE TABLE schools (id integer);", "ALTER TABLE schools ADD c integer"
    plan = Plan(
        (
            PlanStep(index, Address("index", "public", ("numbers",))),
            PlanStep(column, Address("table", "public", ("schools",))),
        )
    )
    actual = f"{ACTUAL}{schools}"
    tried = TrialInput(plan, read(f"{actual}{index}{column}"), read(actual))
    trial = try_plan(tried, lambda: pg16.make("trial", None, restricted=True))
    assert trial.proof.holds
    assert "invalid input syntax" in trial.depending[0]
    assert trial.has_rows


def test_a_unique_key_is_tried_with_rows(try_steps):
    unique = "ALTER TABLE students ADD CONSTRAINT one UNIQUE (code)"
    trial = try_steps(unique, wanted=f"{ACTUAL}{unique}")
    assert trial.proof.holds
    assert trial.has_rows
    assert not trial.depending


def test_a_step_outside_of_a_transaction_runs_there(try_steps):
    index = "CREATE INDEX CONCURRENTLY i ON public.students (code)"
    trial = try_steps(separate=[index], wanted=f"{ACTUAL}CREATE INDEX i ON students (code)")
    assert trial.proof.holds
    assert trial.effects[0].locks == {}


def test_a_step_that_the_role_of_the_copy_may_not_run_is_left_out(read, pg16):
    """Only a superuser creates an event trigger: neither the copy nor the step has it."""
    function = "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    trigger = "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();"
    wanted, actual = (
        read(f"{ACTUAL}{function}"),
        read(f"{ACTUAL}{function}{trigger}ALTER TABLE students ADD c int"),
    )
    event = Address("event trigger", "", ("e",))
    other = Address("event trigger", "", ("g",))
    plan = Plan(
        (
            PlanStep("ALTER EVENT TRIGGER e RENAME TO g", other),
            PlanStep("DROP EVENT TRIGGER g", other),
            PlanStep("ALTER TABLE students DROP c", STUDENTS),
        )
    )
    trial = try_plan(
        TrialInput(plan, wanted, actual, renamed={event: other}),
        lambda: pg16.make("trial", None, restricted=True),
    )
    assert trial.proof.holds, trial.proof
    assert trial.effects.keys() == {2}


def test_an_expression_that_is_printed_differently_afterwards_is_equal(read, pg16, catalog):
    """PostgreSQL prints a condition in another way if it is created from what was printed."""
    table = "CREATE TABLE t (s varchar(9), CONSTRAINT c CHECK (s IN ({})))"
    wanted, actual = read(table.format("'a', 'b'")), read(table.format("'a', 'c'"))
    plan = undo(compare(wanted, actual, same_lineage=True), catalog, wanted, actual)

    def make():
        return pg16.make("trial", None, restricted=True)

    assert try_plan(TrialInput(plan, wanted, actual), make).proof.left
    trial = try_plan(TrialInput(plan, wanted, actual, maker=lambda: pg16), make)
    assert trial.proof.holds
    assert {address.name for address, *_ in trial.replacements} == {"c"}


def test_an_expression_that_the_plan_does_not_create_keeps_its_text(read, pg16, catalog):
    """Only the copy is created from printed text, so only there does the other check differ."""
    table = "CREATE TABLE t (s varchar(9), CONSTRAINT c CHECK (s IN ('a', 'b')){})"
    other = ", CONSTRAINT d CHECK (s IN ('c', 'd'))"
    wanted = read(table.format(other))
    actual = read(table.format(other) + "; ALTER TABLE t DROP CONSTRAINT c")
    plan = undo(compare(wanted, actual, same_lineage=True), catalog, wanted, actual)
    trial = try_plan(
        TrialInput(plan, wanted, actual, maker=lambda: pg16),
        lambda: pg16.make("trial", None, restricted=True),
    )
    assert trial.proof.holds
    assert {address.name for address, *_ in trial.replacements} == {"c"}


def test_a_renamed_table_keeps_its_rows(read, pg16, catalog):
    wanted, actual = (
        read("CREATE TABLE pupils (id integer, a text)"),
        read("CREATE TABLE students (id integer, a text)"),
    )
    changes = compare(wanted, actual, same_lineage=True)
    plan = undo(changes, catalog, wanted, actual)
    renamed = {STUDENTS: Address("table", "public", ("pupils",))}
    trial = try_plan(
        TrialInput(plan, wanted, actual, renamed=renamed),
        lambda: pg16.make("trial", None, restricted=True),
    )
    assert plan.statements == ("ALTER TABLE public.students RENAME TO pupils",)
    assert trial.proof.holds
