"""Histories that do not run on an empty database: every bootstrap, and its cache."""

import sys

import pytest

from tests.kept import variables

MODELS = """
Table("students", metadata,
    Column("id", Integer), Column("name", Text), Column("age", Integer){more})
"""
TABLE = "CREATE TABLE IF NOT EXISTS students (id integer, name text{more})"
IMPORTS = """
engine = create_engine({url!r}, poolclass=pool.NullPool)
with engine.begin() as connection:
    connection.exec_driver_sql({table!r})
"""
CALLABLE = """
def students(connection):
    connection.exec_driver_sql({table!r})
"""
COMMAND = """
import os
from sqlalchemy import create_engine
with create_engine(os.environ["DRIFTCHECK_SHADOW_URL"]).begin() as connection:
    connection.exec_driver_sql({table!r})
"""


def write_sql(project, more=""):
    (project.root / "students.sql").write_text(TABLE.format(more=more))
    return "students.sql"


def write_models(project, more=""):
    project.models(MODELS.format(more=more and ', Column("extra", Integer)'))
    return "create_all@0001"


def write_import(project, more=""):
    table = TABLE.format(more=more)
    project.models(MODELS.format(more="") + IMPORTS.format(url=project.url, table=table))
    path = project.root / "models.py"
    path.write_text("from sqlalchemy import pool\n" + path.read_text())
    return "import"


def write_callable(project, more=""):
    (project.root / "beginning.py").write_text(CALLABLE.format(table=TABLE.format(more=more)))
    return "beginning:students"


def write_command(project, more=""):
    (project.root / "beginning.py").write_text(COMMAND.format(table=TABLE.format(more=more)))
    return f"command: {sys.executable} beginning.py"


@pytest.fixture
def standing(sketch, pg18):
    """A project whose only revision stands on a table that is made elsewhere."""
    project = sketch(pg18)
    project.models(MODELS.format(more=""))
    project.revision("0001", 'op.add_column("students", sa.Column("age", sa.Integer()))')
    project.by_hand(TABLE.format(more=""))
    project.upgrade()
    project.compare_so = lambda *options: project.compare(*options, **variables(pg18))
    return project


def test_without_a_bootstrap_the_ways_out_are_told(standing):
    result = standing.compare_so()
    assert result.findings == [("history-broken", "")]
    remedies = {one["name"] for one in result.database["findings"][0]["remedy"]}
    assert remedies == {"start from a base snapshot", "bootstrap"}


@pytest.mark.parametrize(
    "write", [write_sql, write_models, write_import, write_callable, write_command]
)
def test_a_bootstrap(standing, write):
    bootstrap = write(standing)

    standing.by_hand("ALTER TABLE students DROP name")
    dropped = standing.compare_so("--bootstrap", bootstrap)
    assert dropped.stdout, dropped.stderr
    assert dropped.findings == [("drift-column-missing", "public.students.name")]
    (finding,) = dropped.database["findings"]
    assert finding["origin"] is None, "no revision made what the bootstrap made"

    write(standing, ", extra integer")
    moved = standing.compare_so("--bootstrap", bootstrap)
    assert moved.database["replay"] == "fresh"
    assert "public.students.extra" in [address for _, address in moved.findings]


@pytest.mark.parametrize("write", [write_sql, write_command])
def test_what_may_be_kept_of_a_bootstrap(standing, write):
    bootstrap = write(standing)
    runs = [standing.compare_so("--bootstrap", bootstrap) for _ in range(2)]
    assert [(run.status, run.findings) for run in runs] == [(0, []), (0, [])]
    how = [run.database["replay"] for run in runs]
    assert how == ["fresh", "fresh" if write is write_command else "cached"]


def test_a_base_snapshot(standing):
    written = standing.run("snapshot", "--write", "base.json")
    assert (written.status, written.stdout, written.stderr) == (
        0,
        "",
        "base.json: 5 objects at 0001\n",
    )
    (standing.root / "pyproject.toml").write_text(
        '[tool.driftcheck]\nbase-snapshot = "base.json"\n'
    )
    standing.revision("0002", 'op.create_table("schools", sa.Column("id", sa.Integer()))', "0001")

    behind = standing.compare_so("--only-gap", "drift", "--only-gap", "unapplied")
    assert (behind.status, behind.findings) == (0, [("unapplied-table-missing", "public.schools")])

    standing.by_hand("ALTER TABLE students DROP name")
    dropped = standing.compare_so("--only-gap", "drift")
    assert dropped.findings == [("drift-column-missing", "public.students.name")]
    assert dropped.database["replay"] == "cached"

    assert standing.run("snapshot", "--write", "base.json").status == 0
    taken_anew = standing.compare_so("--only-gap", "drift")
    assert (taken_anew.status, taken_anew.findings) == (0, [])
    assert taken_anew.database["replay"] == "fresh"


def test_a_new_database_is_not_where_a_bootstrap_ends(standing, database, pg18):
    new = database(pg18)
    result = standing.compare_so("--bootstrap", write_sql(standing), "-d", new.text_url)
    assert result.findings == []
    assert "drift" not in result.database["gaps"]


def test_a_check_that_the_server_prints_in_other_words_is_no_drift(standing):
    """Made from how it was printed, ``IN`` on a varchar is printed in yet another way."""
    standing.by_hand("ALTER TABLE students ADD grade varchar(1) CHECK (grade IN ('a', 'b'))")
    standing.run("snapshot", "--write", "base.json")
    (standing.root / "pyproject.toml").write_text(
        '[tool.driftcheck]\nbase-snapshot = "base.json"\n'
    )
    clean = standing.compare_so("--only-gap", "drift")
    assert (clean.status, clean.findings) == (0, []), clean.stdout

    standing.by_hand("ALTER TABLE students RENAME name TO full_name")
    renamed = standing.compare_so("--only-gap", "drift")
    assert renamed.findings == [("drift-column-renamed", "public.students.name")]
