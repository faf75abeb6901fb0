"""Faults of a project, found in real runs: refused models, roles, collations of a database."""

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.pipeline.faults.faults import remarked
from tests.kept import variables


def messages(result, rule):
    return [f["message"] for f in result.database["findings"] if f["rule"] == rule]


def test_a_statement_of_the_models_that_the_database_refuses(sketch):
    project = sketch()
    columns = 'Column("id", Integer, primary_key=True)'
    project.models(
        f'Table("pupils", metadata, {columns}, Index("twice", "id"))\n'
        f'Table("teachers", metadata, {columns}, Index("twice", "id"))\n'
    )
    tables = [f'op.create_table("{t}", sa.{columns})' for t in ("pupils", "teachers")]
    lines = [line.replace("Integer", "sa.Integer()") for line in tables]
    project.revision("0001", "\n".join([*lines, 'op.create_index("twice", "pupils", ["id"])']))
    project.upgrade()
    result = project.compare()
    (message,) = messages(result, "models-refused")
    assert message.startswith("the database refuses a statement of the models: ")
    assert "twice already exists" in message
    (finding,) = [f for f in result.database["findings"] if f["rule"] == "pending-operation"]
    assert "op.create_index('twice', 'teachers')" in finding["message"]
    assert "twice already exists" in finding["details"]
    assert [r["name"] for r in finding["remedy"]] == ["correct the declaration"]
    assert result.status == 1


def test_pending_changes_are_reported_although_autogenerate_fails(sketch):
    project = sketch()
    columns = 'Column("id", Integer, primary_key=True), Column("age", Integer)'
    failing = 'options = {"compare_type": lambda *_: 1 / 0}'
    project.models(f'Table("pupils", metadata, {columns})\n{failing}')
    project.revision(
        "0001", 'op.create_table("pupils", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.upgrade()
    result = project.compare()
    assert [f["rule"] for f in result.database["findings"]] == ["pending-column-missing"]
    assert "whether migrate would write anything was not checked" in result.stdout
    assert "division by zero" in result.stdout
    assert result.status == 1


def test_a_role_that_a_migration_creates_on_a_shared_server(sketch, pg18):
    project = sketch(pg18)
    project.revision("0001", 'op.execute("CREATE ROLE made_by_a_migration")')
    server = pg18.server.set(database="postgres").render_as_string(hide_password=False)
    try:
        result = project.compare(DRIFTCHECK_SHADOW=server)
    finally:
        project.live.execute("DROP ROLE IF EXISTS made_by_a_migration")
    assert messages(result, "history-makes-roles") == [
        "the migrations created a role on a shared server: made_by_a_migration"
    ]


@pytest.fixture
def builtin_collation(database, pg18):
    """A database with a collation provider that has versions, recorded with an old one."""
    admin = database(pg18)
    admin.execute(
        "CREATE DATABASE builtin TEMPLATE template0"
        " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
    )
    admin.execute("UPDATE pg_database SET datcollversion = '0.1' WHERE datname = 'builtin'")
    connection = connect(admin.url.set(database="builtin"))
    yield connection
    connection.close()
    admin.execute("DROP DATABASE builtin")


def test_a_database_whose_collation_has_another_version(builtin_collation):
    remarks = catalog_for("postgresql").read(builtin_collation, Scope()).remarks
    (finding,) = (f for f in remarked(remarks) if f.rule == "live-database-collation-version")
    assert finding.message == (
        "the collation of database builtin was created with version 0.1, but its provider now has "
        "version 1"
    )
    assert "ALTER DATABASE ... REFRESH COLLATION VERSION" in finding.impact


PUPILS = (
    'Table("pupils", metadata, Column("id", Integer, primary_key=True), Column("age", Integer))'
)
CREATE_PUPILS = 'op.create_table("pupils", sa.Column("id", sa.Integer(), primary_key=True){})'


def test_a_column_that_was_added_to_a_revision_after_it_had_run(sketch, pg18):
    project = sketch(pg18)
    project.variables = variables(pg18)
    project.models(PUPILS)
    project.revision("0001", CREATE_PUPILS.format(""))
    project.upgrade()
    project.revision("0001", CREATE_PUPILS.format(', sa.Column("age", sa.Integer())'))
    (finding,) = project.compare().database["findings"]
    assert finding["rule"] == "drift-column-missing"
    assert finding["message"] == (
        "column public.pupils.age is missing from the live database: its table was created "
        "without it"
    )
    assert "revision 0001 was changed after it had run" in finding["why"]


def test_a_naming_convention_that_was_set_after_a_revision_had_run(sketch, pg18):
    project = sketch(pg18)
    project.variables = variables(pg18)
    project.models(PUPILS)
    project.revision(
        "0001",
        'op.create_table("pupils", sa.Column("id", sa.Integer()), sa.Column("age", sa.Integer()), '
        'sa.PrimaryKeyConstraint("id"))',
    )
    project.upgrade()
    project.models('metadata.naming_convention = {"pk": "pk_%(table_name)s"}\n' + PUPILS)
    (finding,) = project.compare().database["findings"]
    assert finding["rule"] == "drift-primary-key-renamed"
    assert "was created there without a name, or renamed" in finding["message"]


def test_a_database_that_is_not_stamped(sketch):
    project = sketch()
    project.models(PUPILS)
    project.revision("0001", CREATE_PUPILS.format(', sa.Column("age", sa.Integer())'))
    project.upgrade()
    project.by_hand("DROP TABLE alembic_version")
    (finding,) = project.compare().database["findings"]
    assert finding["rule"] == "stamp-missing"
    assert [remedy["name"] for remedy in finding["remedy"]] == ["stamp", "find the revision"]


@pytest.mark.needs("alembic>=1.12")  # compares types without being told to
def test_an_operation_that_migrate_writes_again_after_it_has_run(sketch, pg18):
    project = sketch(pg18)
    project.variables = variables(pg18)
    project.models('Table("pupils", metadata, Column("grade", Float(24)))')
    project.revision("0001", 'op.create_table("pupils", sa.Column("grade", sa.Float(24)))')
    project.upgrade()
    (finding,) = project.compare().database["findings"]
    assert finding["rule"] == "pending-operation"
    assert "migrate writes it again after it has run" in finding["details"]
    assert "type_=sa.Float(precision=24)" in finding["details"]
    assert [remedy["name"] for remedy in finding["remedy"]] == ["correct the declaration"]
