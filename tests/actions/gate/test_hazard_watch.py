"""The hazards of statements to tables in use, on real servers."""

from contextlib import closing

import pytest

from driftcheck.actions.gate.hazard_watch import HazardWatch
from driftcheck.databases.connection import connect, own_engine
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.sources.statement_log import ExecutedStatement

IN_USE = """
CREATE TABLE schools (id integer PRIMARY KEY, code text);
CREATE UNIQUE INDEX ix_code ON schools (code);
CREATE TABLE students (
    id integer PRIMARY KEY, name varchar(50) CONSTRAINT short CHECK (length(name) < 50), note text,
    age integer, big bigint, price numeric(10, 2), born timestamp, school_id integer);
CREATE INDEX ix_age ON students (age);
CREATE TABLE "Odd 'name" (id integer);
INSERT INTO schools VALUES (1, 'a');
INSERT INTO students VALUES (1, 'Ann', 'x', 20, 1, 1.5, now(), 1);
"""
ALL, WRITES = "AccessExclusiveLock", "ShareLock"
BOTH_WRITES = "ShareRowExclusiveLock"

# A statement, and its hazards: the kind, the object, the lock on the table.
CASES = {
    "ALTER TABLE students ADD email text": {("lock", "table public.students", ALL)},
    "ALTER TABLE students ADD email text NOT NULL DEFAULT 'x'": {
        ("lock", "table public.students", ALL)
    },
    "DO $$ BEGIN ALTER TABLE students ADD email text; END $$": {
        ("lock", "table public.students", ALL)
    },
    'ALTER TABLE "Odd \'name" ADD email text NOT NULL': {
        ("required-column", 'column public."Odd \'name".email', ALL)
    },
    "ALTER TABLE students ADD token uuid DEFAULT gen_random_uuid()": {
        ("rewrite", "table public.students", ALL)
    },
    "ALTER TABLE students ADD number integer GENERATED ALWAYS AS IDENTITY": {
        ("rewrite", "table public.students", ALL)
    },
    "ALTER TABLE students ALTER big TYPE integer": {
        ("rewrite", "table public.students", ALL),
        ("narrower-type", "column public.students.big", ALL),
    },
    "ALTER TABLE students ALTER age TYPE bigint": {("rewrite", "table public.students", ALL)},
    "ALTER TABLE students ALTER name TYPE varchar(40)": {
        ("rewrite", "table public.students", ALL),
        ("narrower-type", "column public.students.name", ALL),
    },
    "ALTER TABLE students ALTER name TYPE varchar(60)": {("lock", "table public.students", ALL)},
    "ALTER TABLE students ALTER name TYPE text": {("lock", "table public.students", ALL)},
    "ALTER TABLE students ALTER note TYPE varchar(9)": {
        ("rewrite", "table public.students", ALL),
        ("narrower-type", "column public.students.note", ALL),
    },
    "ALTER TABLE students ALTER price TYPE numeric(12, 2)": {
        ("lock", "table public.students", ALL)
    },
    "ALTER TABLE students ALTER price TYPE numeric(10, 4)": {
        ("rewrite", "table public.students", ALL),
        ("narrower-type", "column public.students.price", ALL),
    },
    "ALTER TABLE students ALTER born TYPE date": {
        ("rewrite", "table public.students", ALL),
        ("narrower-type", "column public.students.born", ALL),
    },
    "ALTER TABLE students ALTER note SET NOT NULL": {
        ("not-null", "column public.students.note", ALL)
    },
    "ALTER TABLE students DROP note": {("column-dropped", "column public.students.note", ALL)},
    "DROP TABLE students": {("table-dropped", "table public.students", ALL)},
    "TRUNCATE students": {("rows-removed", "table public.students", ALL)},
    "CREATE INDEX ix_name ON students (name)": {("index-build", "index public.ix_name", WRITES)},
    "ALTER TABLE students ADD CONSTRAINT one UNIQUE (name)": {
        ("index-build", "index public.one", ALL)
    },
    "ALTER TABLE schools ADD CONSTRAINT one UNIQUE USING INDEX ix_code": {
        ("lock", "table public.schools", ALL)
    },
    "ALTER TABLE students ADD CONSTRAINT grown CHECK (age > 5)": {
        ("constraint", "check constraint public.students.grown", ALL)
    },
    "ALTER TABLE students ADD CONSTRAINT grown CHECK (age > 5) NOT VALID": {
        ("lock", "table public.students", ALL)
    },
    "ALTER TABLE students ADD CONSTRAINT fk FOREIGN KEY (school_id) REFERENCES schools": {
        ("constraint", "foreign key public.students.fk", BOTH_WRITES),
        ("lock", "table public.schools", BOTH_WRITES),
    },
    "CREATE TABLE grades (id integer REFERENCES students)": {
        ("lock", "table public.students", BOTH_WRITES)
    },
    "CREATE TABLE teachers (id integer)": set(),
    "COMMENT ON TABLE students IS 'x'": set(),
    "ALTER TABLE students ALTER note SET STATISTICS 50": set(),
    "LOCK TABLE students IN EXCLUSIVE MODE": {
        ("lock", "table public.students", "ExclusiveLock"),
    },
}


@pytest.fixture
def catalog():
    return catalog_for("postgresql")


@pytest.fixture
def run(database, pg):
    """Run statements on tables in use, and return the hazards."""
    url = database(pg, IN_USE).url

    def run_and_watch(*statements, autocommit=False):
        watch = HazardWatch(url)
        engine = own_engine(url)
        if autocommit:
            engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
                watch.observe(ExecutedStatement("0002", "0002.py", 9, statement), connection)
        return {(h.kind.value, str(h.address), h.lock) for h in watch.hazards}

    return run_and_watch


CREATIONS = {
    "CREATE UNIQUE INDEX ix_note ON students (note)": "DROP INDEX ix_note",
    "ALTER TABLE students ADD CONSTRAINT one UNIQUE (age) DEFERRABLE INITIALLY DEFERRED": (
        "ALTER TABLE students DROP CONSTRAINT one"
    ),
    "ALTER TABLE students ADD CONSTRAINT grown CHECK (age > 5)": (
        "ALTER TABLE students DROP CONSTRAINT grown"
    ),
    "ALTER TABLE students ADD CONSTRAINT fk FOREIGN KEY (school_id) REFERENCES schools": (
        "ALTER TABLE students DROP CONSTRAINT fk"
    ),
}


@pytest.mark.parametrize("statement", CREATIONS)
def test_the_sql_that_blocks_no_writes_creates_the_same_object(database, pg16, catalog, statement):
    """The SQL runs outside of a transaction, and leaves the schema that the statement leaves."""
    made = database(pg16, IN_USE)
    watch = HazardWatch(made.url)
    with own_engine(made.url).begin() as connection:
        connection.exec_driver_sql(statement)
        watch.observe(ExecutedStatement("0002", "0002.py", 9, statement), connection)
    (hazard,) = (hazard for hazard in watch.hazards if hazard.change)
    assert ("CONCURRENTLY" in hazard.change) or ("NOT VALID" in hazard.change)
    wanted = read(made, catalog)
    made.execute(CREATIONS[statement])
    assert read(made, catalog) != wanted
    for sql in hazard.change.split(";\n"):
        made.execute(sql)
    assert read(made, catalog) == wanted


def read(made, catalog):
    with closing(connect(made.url)) as connection:
        return catalog.read(connection, Scope()).objects


def test_an_exclusion_constraint_has_no_such_sql(database, pg16):
    made = database(pg16, "CREATE TABLE t (r int4range)")
    watch = HazardWatch(made.url)
    with own_engine(made.url).connect() as connection:
        statement = "ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&)"
        connection.exec_driver_sql(statement)
        watch.observe(ExecutedStatement("0002", "0002.py", 9, statement), connection)
    assert [(hazard.kind, hazard.change) for hazard in watch.hazards] == [("index-build", "")]


def test_hazards_of_each_statement(run):
    hazards = {statement: run(statement) for statement in CASES}
    assert hazards == CASES


def test_a_lock_that_is_already_held_is_not_reported_again(run):
    assert run("LOCK TABLE students", "ALTER TABLE students ADD email text") == {
        ("lock", "table public.students", ALL)
    }


def test_a_table_of_the_same_revision_is_not_in_use(run):
    assert run("CREATE TABLE teachers (id integer)", "ALTER TABLE teachers ADD name text") == set()


def test_a_constraint_that_is_validated_later_is_only_a_lock(run):
    assert run(
        "ALTER TABLE students ADD CONSTRAINT grown CHECK (age > 5) NOT VALID",
        "ALTER TABLE students VALIDATE CONSTRAINT grown",
    ) == {("lock", "table public.students", ALL)}


def test_outside_of_transactions(run):
    assert run("CREATE INDEX CONCURRENTLY ix_name ON students (name)", autocommit=True) == set()
    built = run("CREATE INDEX ix_note ON students (note)", autocommit=True)
    assert built == {("index-build", "index public.ix_note", "")}
