"""The schemas of one database as a fleet: tenants are equal under their own names only."""

from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config

from driftcheck.actions.fleet.schema_reading import SplitSnapshot
from driftcheck.databases.connection import connect_read_only
from driftcheck.databases.postgresql.catalog import PostgreSQLCatalog
from driftcheck.databases.reading import Scope
from tests.actions.fleet.conftest import Fleet

ENVIRONMENT = """\
from alembic import context
from sqlalchemy import MetaData, create_engine, text

tenant = context.get_x_argument(as_dictionary=True).get("tenant", "public")
with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    with connection.begin():
        connection.execute(text(f'SET search_path TO "{tenant}"'))
    connection.dialect.default_schema_name = tenant
    context.configure(connection=connection, target_metadata=MetaData())
    with context.begin_transaction():
        context.run_migrations()
"""
OBJECTS = """\
op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))
op.add_column("students", sa.Column("name", sa.Text()))
op.create_table("marks", sa.Column("student", sa.Integer(), sa.ForeignKey("students.id")))
op.execute("CREATE TYPE mood AS ENUM ('good')")
op.execute("ALTER TABLE marks ADD mood mood DEFAULT 'good'")
op.execute("CREATE VIEW names AS SELECT name, mood FROM students JOIN marks ON student = id")
op.execute("CREATE FUNCTION f(s students) RETURNS mood LANGUAGE sql RETURN 'good'::mood")
op.create_index("ix_students_name", "students", ["name"])
"""
SCHEMAS = ("--schemas", "tenant*", "-x", "tenant={schema}")


@pytest.fixture
def tenants(sketch, pg18):
    """A project, and a database with three tenants, another schema, and a tenant behind."""
    project = sketch(pg18)
    (project.root / "migrations" / "env.py").write_text(ENVIRONMENT)
    project.revision("0001", OBJECTS)
    project.revision("0002", 'op.create_table("more", sa.Column("id", sa.Integer()))', "0001")
    for tenant, revision in [
        ("tenant_a", "head"),
        ("tenant-B.1", "head"),
        ("tenant_c", "head"),
        ("tenant_d", "0001"),
        ("other", "head"),
    ]:
        project.by_hand(f'CREATE SCHEMA "{tenant}"')
        config = Config(project.root / "alembic.ini")
        config.cmd_opts = type("Options", (), {"x": [f"tenant={tenant}"]})
        command.upgrade(config, revision)
    return project


def check(project, *options, source=SCHEMAS):
    fleet = Fleet(project, None)
    fleet.state = None
    return fleet.run("-d", project.url, *options, source=source)


def test_tenants(tenants):
    tenants.by_hand("DROP INDEX tenant_c.ix_students_name")
    result = check(tenants)
    assert result.status == 1, result.stderr
    assert {name: stamped for name, (stamped, _) in result.clusters.items()} == {
        "tenant-B.1, tenant_a": ["0002"],
        "tenant_c": ["0002"],
        "tenant_d": ["0001"],
    }
    assert result.clusters["tenant-B.1, tenant_a"][1] == []
    assert result.clusters["tenant_c"][1] == ["drift-index-missing"]
    assert "4 schemas" in check(tenants, "--format", "terminal").stdout
    assert "-x tenant=tenant_c" in result.report["clusters"][1]["members"][0]["command"]


def test_a_reference_to_another_tenant_is_drift(tenants):
    """It has the same definition as the key of the other tenant."""
    tenants.by_hand(
        "ALTER TABLE tenant_c.marks DROP CONSTRAINT marks_student_fkey, "
        "ADD CONSTRAINT marks_student_fkey FOREIGN KEY (student) REFERENCES tenant_a.students"
    )
    clusters = check(tenants).clusters
    assert clusters["tenant-B.1, tenant_a"][1] == []
    assert clusters["tenant_c"][1] == ["drift-foreign-key-changed"]


def test_a_tenant_without_a_version_table(tenants):
    tenants.by_hand("DROP TABLE tenant_c.alembic_version")
    clusters = check(tenants).clusters
    assert clusters["tenant-B.1, tenant_a"][1] == []
    assert clusters["tenant_c"][1] == ["stamp-missing"]


def test_a_version_table_that_is_not_read(tenants):
    tenants.by_hand(
        "ALTER TABLE tenant_c.alembic_version RENAME TO kept",
    )
    tenants.by_hand("CREATE VIEW tenant_c.alembic_version AS SELECT * FROM tenant_c.kept")
    result = check(tenants)
    assert result.clusters["tenant-B.1, tenant_a"][1] == []
    assert "is a view, so it is not read" in result.not_checked["tenant_c"]["reason"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ((*SCHEMAS, "--resume"), "cannot be used with --schemas"),
        (("--schemas", "tenant*"), "a -x argument must say how env.py learns the schema"),
        (("--schemas", "tenant*", "-x", "other={schema}"), "does not work in the schema"),
        (("--schemas", "none*", "-x", "tenant={schema}"), "no schema of"),
    ],
)
def test_wrong_use(tenants, source, words):
    result = check(tenants, source=source)
    assert (result.status in (2, 3), result.stdout) == (True, "")
    assert words in result.stderr


def digests(made):
    with closing(connect_read_only(made.url)) as connection:
        snapshot = PostgreSQLCatalog().read(connection, Scope(dependencies=False))
    split = SplitSnapshot(snapshot, ["one", "two"])
    return split.digest("one"), split.digest("two")


@pytest.mark.parametrize(
    ("statement", "is_equal"),
    [
        ("CREATE TABLE {s}.t (id serial)", True),
        ("CREATE TABLE {s}.t (name text DEFAULT '{s}.x')", False),
        ("CREATE TABLE {s}.t (name text DEFAULT 'it''s {s}.x')", False),
        ("CREATE TABLE {s}.t (name text CHECK (name <> '{s}'))", False),
        ("CREATE TABLE {s}.t (); COMMENT ON TABLE {s}.t IS '{s}'", False),
        ("CREATE TABLE {s}.t (id int); CREATE VIEW {s}.v AS SELECT id FROM {s}.t", True),
        ("CREATE TABLE {s}.t (id int); CREATE VIEW {s}.v AS SELECT id FROM one.t", False),
        ("CREATE TABLE {s}.{s} (id int)", False),
        (
            "CREATE DOMAIN {s}.d AS int; CREATE FUNCTION {s}.f({s}.d) RETURNS {s}.d RETURN $1",
            True,
        ),
    ],
)
def test_digests(database, pg18, statement, is_equal):
    made = database(pg18, "CREATE SCHEMA one; CREATE SCHEMA two")
    for schema in ("one", "two"):
        made.execute(statement.format(s=schema))
    one, two = digests(made)
    assert (one == two) == is_equal


def test_what_belongs_to_no_member_counts(database, pg18):
    made = database(pg18, "CREATE SCHEMA one; CREATE SCHEMA two")
    before = digests(made)
    made.execute("CREATE TABLE two.t (id int)")
    assert digests(made)[0] == before[0]
    made.execute("CREATE TABLE public.t (id int)")
    assert digests(made)[0] != before[0]
