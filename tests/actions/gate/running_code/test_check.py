"""The check of the running code: when it is made, and how its findings are told."""

import json
import os
import shutil

import pytest

from driftcheck.actions.gate.running_code import check as check_module
from driftcheck.judging.findings import SourceLine
from driftcheck.reports import render
from tests.actions.gate.conftest import Project, git
from tests.actions.gate.running_code.conftest import (
    CREATED,
    STUDENTS,
    WITHOUT_AGE,
    WITHOUT_NAME,
    broken,
    check_of,
)
from tests.conftest import ROOT

NAME = "read column students.name"
AGE = "read column students.age"
INSERT = "insert a row into teachers"


def test_each_finding_has_its_revision_and_the_line_of_the_base(students):
    students.sketch.models(
        '# moved down\nTable("students", metadata, Column("id", Integer, primary_key=True))'
    )
    students.write({"0002": WITHOUT_NAME, "0003": WITHOUT_AGE})
    report = students.gate(fail_on=["gate-breaks-running-code"])

    assert broken(report) == [
        (NAME, "0002", SourceLine("models.py", 9)),
        (AGE, "0003", SourceLine("models.py", 10)),
    ]
    assert report.exit_code == 1
    assert check_of(report).passed is False
    result, _ = (
        result
        for result in json.loads(render(report, "sarif"))["runs"][0]["results"]
        if result["ruleId"] == "gate-breaks-running-code"
    )
    places = [*result["locations"], *result["relatedLocations"]]
    assert [
        (place["physicalLocation"]["artifactLocation"]["uri"], place["physicalLocation"]["region"])
        for place in places
    ] == [
        ("migrations/versions/0002.py", {"startLine": 8}),
        ("models.py", {"startLine": 9}),
    ]


def test_with_rows(students):
    students.write({"0002": WITHOUT_NAME})
    assert broken(students.gate(with_data=True)) == [(NAME, "0002", SourceLine("models.py", 9))]


def test_what_cannot_break_it_starts_no_process(students, monkeypatch):
    monkeypatch.delattr(check_module, "CodeProcess")
    up = (
        'op.create_table("schools", sa.Column("id", sa.Integer()))\n'
        'op.create_index("by_age", "students", ["age"])'
    )
    students.write({"0002": {"after": "0001", "up": up}})
    check = check_of(students.gate())
    assert (check.passed, check.why) == (True, "none found")


READ_BY_EXPRESSION = (
    STUDENTS
    + """
from sqlalchemy.types import TypeDecorator


class Number(TypeDecorator):
    impl = Integer
    cache_ok = True

    def column_expression(self, column):
        return literal_column("(SELECT max(name) FROM students)")


Table("numbers", metadata, Column("id", Integer, primary_key=True), Column("number", Number))
Table("letters", metadata, Column("id", Integer, primary_key=True))
"""
)


def test_an_unchanged_table_whose_type_reads_a_changed_one(sketch):
    project = Project(sketch())
    up = "\n".join(
        (
            CREATED["up"],
            'op.create_table("numbers", sa.Column("id", sa.Integer(), primary_key=True))',
            'op.add_column("numbers", sa.Column("number", sa.Integer()))',
            'op.create_table("letters", sa.Column("id", sa.Integer(), primary_key=True))',
        )
    )
    project.begin(models=READ_BY_EXPRESSION, first={"up": up})
    project.write({"0002": WITHOUT_NAME})
    said = [what for what, _, _ in broken(project.gate())]
    assert said == [NAME, "read column numbers.number"]


def test_models_of_the_base_that_cannot_be_imported(students):
    students.sketch.models("import nowhere")
    students.commit("broken")
    git(students.root, "branch", "--force", "main")
    students.sketch.models(STUDENTS)
    students.write({"0002": WITHOUT_NAME})
    report = students.gate()
    assert broken(report) == []
    assert check_of(report).passed is None
    assert "No module named 'nowhere'" in check_of(report).why
    assert not check_of(report).broken


def test_code_that_ends_its_process(students):
    students.sketch.models("import os\nos._exit(5)")
    students.commit("broken")
    git(students.root, "branch", "--force", "main")
    students.sketch.models(STUDENTS)
    students.write({"0002": WITHOUT_NAME})
    assert "os._exit(5)" in check_of(students.gate()).why


def test_a_project_that_python_imports_from_its_working_tree(students, monkeypatch, tmp_path):
    """As one that is installed in editable mode, and needs a module that git ignores."""
    package = students.root / "src" / "school"
    package.mkdir(parents=True)
    (students.root / ".gitignore").write_text("generated.py\n__pycache__/\n")
    (package / "__init__.py").write_text("")
    (package / "generated.py").write_text('NAME = "name"\n')
    declared = package / "tables.py"
    declared.write_text(
        "from sqlalchemy import *\n\nfrom school.generated import NAME\n\nmetadata = MetaData()\n"
        'Table("students", metadata, Column("id", Integer, primary_key=True),\n'
        "    Column(NAME, String(50)))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    students.sketch.models("from school.tables import metadata")
    students.commit("a package")
    git(students.root, "branch", "--force", "main")
    declared.write_text(declared.read_text().replace("Column(NAME, String(50))", ""))
    students.write({"0002": WITHOUT_NAME})
    result = students.sketch.run_anew(
        "gate", "--base", "main", "--format", "json", PYTHONPATH=os.environ["PYTHONPATH"]
    )
    findings = json.loads(result.stdout)["databases"][0]["findings"]
    (found,) = [each for each in findings if each["rule"] == "gate-breaks-running-code"]
    assert found["address"] == "students.name"
    assert git(students.root, "status", "--porcelain", "--ignored=no").count("\n") == 1


def test_a_column_with_a_default_breaks_nothing(students):
    up = "ALTER TABLE students ADD COLUMN town TEXT NOT NULL DEFAULT 'here'"
    students.write({"0002": {"after": "0001", "up": f"op.execute({up!r})"}})
    report = students.gate()
    assert broken(report) == []
    assert check_of(report).why == "none found"


def test_a_column_with_a_dot_and_a_key(sketch):
    """It is not taken for a property of a class."""
    students = Project(sketch())
    models = (
        'Table("students", metadata, Column("id", Integer),\n    Column("a.b", Integer, key="ab"))'
    )
    create = 'CREATE TABLE students (id int, "a.b" int)'
    students.begin(models=models, first={"up": f"op.execute({create!r})"})
    drop = 'ALTER TABLE students DROP "a.b"'
    students.write({"0002": {"after": "0001", "up": f"op.execute({drop!r})"}})
    report = students.gate()
    assert broken(report) == [('read column students."a.b"', "0002", SourceLine("models.py", 5))]


def test_a_view_that_takes_no_rows_any_more(students):
    students.sketch.models(f'{STUDENTS}\nTable("names", metadata, Column("name", String(50)))')
    view = "CREATE VIEW names AS SELECT name FROM students"
    writes = "INSERT INTO students (name) VALUES (NEW.name)"
    trigger = f"CREATE TRIGGER to_students INSTEAD OF INSERT ON names BEGIN {writes}; END"
    up = f"op.execute({view!r})\nop.execute({trigger!r})"
    students.write({"0002": {"after": "0001", "up": up}})
    students.commit("a view")
    git(students.root, "branch", "--force", "main")
    up = 'op.execute("DROP TRIGGER to_students")'
    students.write({"0003": {"after": "0002", "up": up}})
    assert broken(students.gate()) == [
        ("insert a row into names", "0003", SourceLine("models.py", 13))
    ]


@pytest.mark.parametrize(("column", "mention"), [("Age", "AGE"), ("$age", '"$age"')])
def test_a_check_constraint_on_two_columns(sketch, column, mention):
    """Which ages the code writes is not known, in whatever way the condition names the column."""
    students = Project(sketch())
    create = (
        f'CREATE TABLE students (id integer PRIMARY KEY, "{column}" integer NOT NULL, mood text'
    )
    students.begin(
        models='Table("students", metadata, Column("id", Integer, primary_key=True), '
        f'Column("{column}", Integer, nullable=False), Column("mood", Enum("good", "bad")))',
        first={"up": f"op.execute({create + ')'!r})"},
    )
    check = f", CHECK ({mention} > 20 OR mood IS NULL))"
    up = f'op.execute("DROP TABLE students")\nop.execute({create + check!r})'
    students.write({"0002": {"after": "0001", "up": up}})
    assert broken(students.gate()) == []


def test_a_mariadb_database(sketch, mariadb_database):
    live = mariadb_database()
    students = Project(sketch())
    students.sketch.name_database(live.text_url)
    students.begin(models=ON_MARIADB, first=CREATED_ON_MARIADB)
    students.write({"0002": {"after": "0001", "up": CHANGED_ON_MARIADB}})
    students.sketch.models(ON_MARIADB)
    assert broken(students.gate(shadow="same-server")) == [
        ("read column students.name", "0002", SourceLine("models.py", 6)),
        ("write 'bad' to students.mood", "0002", SourceLine("models.py", 7)),
        ("write a text of 50 characters to students.code", "0002", SourceLine("models.py", 8)),
        (
            "insert a row into teachers without a value for town",
            "0002",
            SourceLine("models.py", 10),
        ),
    ]


ON_MARIADB = """
Table("students", metadata,
    Column("id", Integer, primary_key=True), Column("name", String(50)),
    Column("mood", Enum("good", "bad")),
    Column("code", String(50)))

Table("teachers", metadata, Column("id", Integer, primary_key=True))
"""
CREATED_ON_MARIADB = {
    "up": """
op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.String(50)), sa.Column("mood", sa.Enum("good", "bad")),
    sa.Column("code", sa.String(50)))
op.create_table("teachers", sa.Column("id", sa.Integer(), primary_key=True))
"""
}
CHANGED_ON_MARIADB = """
op.execute("ALTER TABLE students DROP name, MODIFY mood ENUM('good'), MODIFY code varchar(5)")
op.execute("ALTER TABLE students ADD note text")
op.execute("ALTER TABLE teachers ADD town text NOT NULL")
"""


ASYNCHRONOUS = """
import asyncio

from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models import metadata


def run(connection):
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(
        context.config.get_main_option("sqlalchemy.url"), poolclass=NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
"""


def test_an_asynchronous_project(sketch, pg18):
    students = Project(sketch())
    students.sketch.name_database("postgresql+asyncpg://nobody@127.0.0.1:1/school")
    (students.root / "migrations" / "env.py").write_text(ASYNCHRONOUS)
    students.begin(models=STUDENTS, first=CREATED)
    up = "ALTER TABLE students ALTER age TYPE date USING now(), DROP name"
    students.write({"0002": {"after": "0001", "up": f"op.execute({up!r})"}})
    server = pg18.server.set(database="postgres").render_as_string(hide_password=False)
    result = students.sketch.run("gate", "--base", "main", "--shadow", server, "--format", "json")
    assert broken_in(result) == [
        "read column public.students.name",
        "write 100001 to public.students.age",
    ]


def test_several_databases(sketch, tmp_path):
    students = Project(sketch())
    shutil.copytree(BINDS, students.root, dirs_exist_ok=True)
    (students.root / "alembic.ini").unlink()
    (students.root / "models.py").write_text((BINDS / "models.py").read_text())
    students.commit("begin")
    git(students.root, "checkout", "--quiet", "-b", "branch")
    students.write({"0002": {"text": IN_LIBRARY}})
    urls = {name: f"sqlite:///{tmp_path}/{name}" for name in ("DATABASE_URL", "DATABASE_URL_2")}
    result = students.sketch.run("gate", "--base", "main", "--format", "json", **urls)
    assert result.stdout, result.stderr
    found = [
        (database["name"], finding["address"])
        for database in json.loads(result.stdout)["databases"]
        for finding in database["findings"]
        if finding["rule"] == "gate-breaks-running-code"
    ]
    assert found == [("library", "books")]


BINDS = ROOT / "tests" / "projects" / "flask" / "binds"
IN_LIBRARY = """
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade(engine_name):
    if engine_name == "library":
        op.execute("ALTER TABLE books ADD COLUMN title TEXT NOT NULL DEFAULT 1")
        op.execute("ALTER TABLE books RENAME TO volumes")


def downgrade(engine_name):
    raise NotImplementedError
"""


def broken_in(result):
    assert result.stdout, result.stderr
    findings = json.loads(result.stdout)["databases"][0]["findings"]
    return [
        finding["message"].partition(" cannot ")[2]
        for finding in findings
        if finding["rule"] == "gate-breaks-running-code"
    ]
