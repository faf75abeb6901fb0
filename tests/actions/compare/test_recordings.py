"""All recordings of one run at once: of the replay, of autogenerate and of the project's URL."""

import pytest

from tests.kept import variables

REVISION = """
import os
from pathlib import Path
op.create_table(os.environ["TABLE"], sa.Column("id", sa.Integer, primary_key=True))
op.execute(Path("rows.sql").read_text())
"""
MODELS = 'Table("students", metadata, Column("id", Integer, primary_key=True))'
ENV = """
import os
from alembic import context
from alembic.operations import ops
from sqlalchemy import create_engine
from models import metadata

def process(context, revision, directives):
    with open("runs", "a") as runs:
        runs.write("ran\\n")
    if "VARIABLE" in os.environ:
        directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp("SELECT 1"))

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, process_revision_directives=process
    )
    with context.begin_transaction():
        context.run_migrations()
"""
STEP = "SELECT 1"
DRIFT = "ALTER TABLE students ADD age integer"


@pytest.fixture
def project(sketch, pg18, tmp_path):
    """A project, and a way to compare it in a process of its own."""
    made = sketch(pg18)
    (made.root / "migrations" / "env.py").write_text(ENV)
    (made.root / "rows.sql").write_text(STEP)
    (made.root / "runs").write_text("")
    made.models(MODELS)
    made.revision("0001", REVISION)
    made.by_hand(
        "CREATE TABLE students (id serial PRIMARY KEY);"
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
        "INSERT INTO alembic_version VALUES ('0001')"
    )
    environment = {
        "DATABASE_URL": made.url,
        "DRIFTCHECK_CACHE_DIR": str(tmp_path / "cache"),
        "TABLE": "students",
        **variables(pg18),
    }

    def ask(*options, **more):
        """Return the rules, how the history was got, and whether autogenerate has run."""
        before = (made.root / "runs").read_text()
        result = made.compare(*options, **environment, **more)
        assert result.stdout, result.stderr
        rules = [rule for rule, _ in result.findings]
        has_run = (made.root / "runs").read_text() != before
        return rules, result.database["replay"], has_run

    made.ask = ask
    return made


def test_a_full_check_is_followed_by_quick_ones(project):
    assert project.ask() == ([], "fresh", True)
    assert project.ask() == ([], "cached", False)
    drift = "--only-gap", "drift"
    trace = project.root / "trace"
    (project.root / "models.py").write_text(
        f"open({str(trace)!r}, 'a').close()\n" + (project.root / "models.py").read_text()
    )
    assert project.ask(*drift) == ([], "cached", False)
    assert trace.exists()  # the models have changed, so a full check ran
    trace.unlink()
    assert project.ask(*drift) == ([], "cached", False)
    assert not trace.exists()
    assert project.ask(VARIABLE="1") == (["pending-operation"], "cached", True)
    (project.root / "rows.sql").write_text(DRIFT)
    rules, how, _ = project.ask(*drift)
    assert (how, rules) == ("fresh", ["drift-column-missing"])
