"""``driftcheck selftest`` on a small project, through the command line."""

import json

from click.testing import CliRunner

from driftcheck.cli.commands import cli
from driftcheck.databases.postgresql.catalog.columns import Column


def test_a_project_is_tested_and_its_live_database_left_unchanged(pg_school):
    project = pg_school.project
    before = pg_school.on_server()
    result = project.run(
        "selftest", "--sample", "40", "--format", "json", DRIFTCHECK_SHADOW=pg_school.shadow
    )
    assert result.status == 0, result.stderr + result.stdout
    (database,) = json.loads(result.stdout)["databases"]
    assert database["begun"] == 40 < database["possible"]
    assert database["seed"] == 0
    assert set(database["kinds"]) <= {
        "schema",
        "table",
        "column",
        "primary key",
        "sequence",
        "database",
    }
    assert database["total"]["found"] > 10
    assert project.live.execute("SELECT version_num FROM alembic_version") == [("0001",)]
    assert pg_school.on_server() == before


def test_a_missed_mutation_is_reported_with_its_sql(pg_school, monkeypatch):
    normalize = Column.normalize

    def without_nullable(self, attributes):
        del attributes["nullable"]
        normalize(self, attributes)

    monkeypatch.setattr(Column, "normalize", without_nullable)
    monkeypatch.setattr(Column, "summary", lambda *_: "column")
    monkeypatch.chdir(pg_school.project.root)
    monkeypatch.setenv("DRIFTCHECK_SHADOW", pg_school.shadow)
    pg_school.project.revision(
        "0002", 'op.add_column("students", sa.Column("age", sa.Integer()))', after="0001"
    )
    arguments = ["selftest", "--all", "--no-cache"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.return_value == 1
    assert "✗ missed: column public.students.age: set not null" in result.output
    assert "ALTER TABLE public.students ALTER COLUMN age SET NOT NULL;" in result.output
    assert "changed in pg_attribute" in result.output
    assert "1 mutation missed, 0 false alarms (exit code 1)" in result.output


def test_an_expression_that_is_printed_differently_is_no_false_alarm(sketch, pg18):
    project = sketch(pg18)
    project.revision(
        "0001",
        'op.execute("""CREATE FUNCTION known(q varchar) RETURNS boolean LANGUAGE sql'
        " BEGIN ATOMIC SELECT q IN ('a', 'b'); END\"\"\")",
    )
    result = project.run("selftest", "--all", "--no-cache")
    assert result.status == 0, result.stderr + result.stdout
    assert "without a false alarm" in result.stdout


def test_a_sqlite_project_is_tested(school):
    result = school.run("selftest", "--format", "json")
    assert result.status == 0, result.stderr + result.stdout
    (database,) = json.loads(result.stdout)["databases"]
    assert database["dialect"] == "sqlite"
    assert database["total"]["found"] > 10


def test_a_mariadb_project_is_tested(sketch, mariadb_database):
    live = mariadb_database()
    project = sketch()
    project.name_database(live.text_url)
    lines = """op.create_table("students", sa.Column("id", sa.Integer, primary_key=True))"""
    project.revision("0001", lines)
    result = project.run("selftest", "--format", "json")
    assert result.status == 0, result.stderr + result.stdout
    (database,) = json.loads(result.stdout)["databases"]
    assert database["total"]["found"] > 10
    assert live.execute("SHOW TABLES") == ()


def test_a_history_that_does_not_build_is_refused(pg_school, refused):
    project = pg_school.project
    project.revision("0002", 'op.drop_column("students", "nothing")', after="0001")
    result = project.run("selftest", DRIFTCHECK_SHADOW=pg_school.shadow)
    refused(result, 3, "0002", "nothing", "bootstrap")


def test_no_mutation_can_be_applied(pg_school):
    result = pg_school.project.run(
        "selftest", "--schema", "nowhere", DRIFTCHECK_SHADOW=pg_school.shadow
    )
    assert result.status == 3
    assert "No mutation could be applied" in result.stdout
