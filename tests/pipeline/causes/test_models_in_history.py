"""Revisions that create the tables of the models: only the cause is reported."""

import pytest

ENVIRONMENT = """\
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from alembic import context
from sqlalchemy import create_engine, pool

from models import metadata

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = 'Table("a", metadata, Column("id", Integer, primary_key=True){})\n'
WAYS = {
    "create_all": "from models import metadata\nmetadata.create_all(op.get_bind())",
    "a table": "from models import metadata\nmetadata.tables['a'].create(op.get_bind())",
    "without an import": "op.get_context().opts['target_metadata'].create_all(op.get_bind())",
}
WRITTEN_OUT = 'op.create_table("a", sa.Column("id", sa.Integer, primary_key=True))'
ADDED = 'op.add_column("a", sa.Column("n", sa.Integer))'
OWN_METADATA = """
metadata = sa.MetaData()
sa.Table("a", metadata, sa.Column("id", sa.Integer, primary_key=True))
metadata.create_all(op.get_bind())
"""


@pytest.fixture
def project(sketch):
    project = sketch()
    (project.root / "migrations" / "env.py").write_text(ENVIRONMENT)
    project.models(MODELS.format(""))
    project.by_hand(
        "CREATE TABLE a (id INTEGER NOT NULL, PRIMARY KEY (id));"
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
        "INSERT INTO alembic_version VALUES ('r1')"
    )
    return project


def severities(result):
    return {f["rule"]: f["severity"] for f in result.database["findings"]}


@pytest.mark.parametrize("way", WAYS)
def test_a_revision_creates_the_tables_of_the_models(project, way):
    project.revision("r1", WAYS[way])
    for options in ((), (), ("--no-cache",)):
        result = project.compare(*options)
        assert (result.status, severities(result)) == (0, {"history-uses-models": "warning"})

    project.models(MODELS.format(', Column("n", Integer)'))
    for command, options in (("compare", ()), ("compare", ("--no-cache",)), ("locate", ())):
        result = project.run(command, "--format", "json", *options)
        found = severities(result)
        found.pop("locate-nearest", None)
        assert (result.status, found) == (1, {"history-uses-models": "error"})
        (cause,) = (f for f in result.database["findings"] if f["rule"] == "history-uses-models")
        assert cause["details"] == "column a.n is missing from the live database"
        assert "outside the migrations" not in result.stdout

    project.revision("r2", ADDED, "r1")
    result = project.compare()
    assert severities(result) == {"history-uses-models": "error", "history-broken": "error"}
    assert "elete" not in result.stdout

    project.revision("r1", WRITTEN_OUT)
    result = project.compare()
    assert (result.status, result.findings) == (0, [("unapplied-column-missing", "a.n")])


def test_a_change_of_another_table_is_drift(project):
    project.models(MODELS.format("") + 'Table("b", metadata, Column("id", Integer))\n')
    project.revision(
        "r1",
        "from models import metadata\nmetadata.tables['a'].create(op.get_bind())\n"
        'op.create_table("b", sa.Column("id", sa.Integer))',
    )
    project.by_hand("CREATE TABLE b (id INTEGER, x TEXT)")
    result = project.compare()
    assert severities(result) == {"history-uses-models": "warning", "drift-column-extra": "error"}


def test_tables_of_the_revision_itself_are_no_models(project):
    project.revision("r1", OWN_METADATA)
    result = project.compare()
    assert (result.status, result.findings) == (0, [])
