"""A database that create_all() built and that is stamped with the head: one cause, said once."""

import runpy

import pytest
from sqlalchemy import create_engine

from tests.kept import variables

MODELS = """
Table("students", metadata, Column("id", Integer, primary_key=True),
      Column("name", String(80), nullable=False), Column("email", Text, index=True),
      UniqueConstraint("name"))
"""
MIGRATIONS = """
op.create_table("students", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40)), sa.Column("email", sa.Text),
    sa.UniqueConstraint("name", name="one_name"))
op.create_table("old_logs", sa.Column("id", sa.Integer))
op.execute("CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n'")
"""
STAMP = """
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('r1')
"""
LONGER = "character varying(40) → character varying(80)"
CAUSE = ("live-made-by-models", "")


@pytest.fixture(scope="module")
def project(sketch, pg18):
    project = sketch(pg18)
    project.models(MODELS)
    project.revision("r1", MIGRATIONS.strip())
    yield project
    project.live.close()
    project.live.shadow.drop()


@pytest.fixture
def compared(project, database, pg18):
    """Create the models in a new database, change it, and compare it."""

    def compare(*statements, options=()):
        live = database(pg18)
        metadata = runpy.run_path(str(project.root / "models.py"))["metadata"]
        engine = create_engine(live.url)
        metadata.create_all(engine)
        engine.dispose()
        for statement in (STAMP, *statements):
            live.execute(statement)
        project.made = live
        return project.compare("--database-url", live.text_url, *options, **variables(pg18))

    return compare


def test_the_cause_and_its_remedy(project, compared, pg18):
    result = compared()
    assert (result.status, result.findings) == (1, [CAUSE])
    (cause,) = result.database["findings"]
    assert sorted(cause["details"].splitlines()) == [
        f"column public.students.name: NULL → NOT NULL; {LONGER}",
        "function public.twice(integer): only in the migrations",
        "index public.ix_students_email: only in the models",
        "table public.old_logs: only in the migrations",
        "unique constraint public.students.one_name: has another name in the models",
    ]
    assert "outside the migrations" not in result.stdout

    migration, rest = cause["remedy"]
    path = project.revision("r2", migration["code"], "r1")
    try:
        project.made.execute(rest["code"])
        project.made.execute("UPDATE alembic_version SET version_num = 'r2'")
        url = project.made.text_url
        after = project.compare("--database-url", url, **variables(pg18))
        assert [f for f in after.database["findings"] if f["severity"] != "note"] == []
    finally:
        path.unlink()


def test_only_the_gaps_that_count_fail(compared):
    assert compared(options=["--fail-on", "unapplied"]).status == 0


def test_other_drift_stays(compared):
    result = compared("ALTER TABLE students ADD extra text")
    assert result.findings == [("drift-column-extra", "public.students.extra"), CAUSE]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "DROP INDEX ix_students_email",
            ("pending-index-missing", "public.ix_students_email"),
        ),
        (
            "ALTER TABLE students ALTER name TYPE varchar(60)",
            ("conflict-column-changed", "public.students.name"),
        ),
    ],
)
def test_a_database_that_differs_from_the_models_has_other_causes(compared, statement, finding):
    result = compared(statement)
    assert CAUSE not in result.findings
    assert finding in result.findings
