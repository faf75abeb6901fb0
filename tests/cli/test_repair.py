"""``driftcheck repair`` on the command line: exit codes, formats, the script."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kept import variables

DRIFT = "INSERT INTO students VALUES (1); ALTER TABLE students ADD age integer"
DROP = "ALTER TABLE public.students DROP COLUMN age"


@pytest.fixture
def pg_school(pg_school, pg18):
    """Let its runs make their shadows on the server of the tests, and start none."""
    pg_school.project.variables = variables(pg18)
    return pg_school


@pytest.fixture
def drifted(pg_school):
    pg_school.project.by_hand(DRIFT)
    return pg_school.project


def test_nothing_to_repair(pg_school):
    done = pg_school.project.run("repair")
    assert done.status == 0, done.stderr
    assert done.stdout.endswith("There is nothing to repair.\n")


def test_in_json(drifted):
    done = drifted.run("repair", "--format", "json")
    assert done.status == 1
    report = json.loads(done.stdout)
    assert report["exit_code"] == 1
    (database,) = report["databases"]
    assert database["proved"], database["proof"]
    (step,) = database["steps"]
    assert step["statement"] == DROP
    assert [hazard["hazard"] for hazard in step["hazards"]] == ["data loss", "lock"]


@pytest.mark.skipif(shutil.which("psql") is None, reason="there is no psql on this machine")
def test_the_script_runs_in_psql(drifted):
    done = drifted.run("repair", "--output", "repair.sql")
    assert done.status == 1, done.stderr
    url = drifted.live.url
    place = [
        "-h",
        url.query["host"],
        "-p",
        url.query["port"],
        "-U",
        url.username,
        drifted.live.name,
    ]
    path = drifted.root / "repair.sql"
    subprocess.run(["psql", "-qX", *place, "-f", path], check=True, capture_output=True)
    assert drifted.compare().findings == []
    assert drifted.live.execute("SELECT id FROM students") == [(1,)]


def test_a_script_is_not_written_without_drift(pg_school):
    project = pg_school.project
    assert project.run("repair", "--output", "repair.sql").status == 0
    assert not (project.root / "repair.sql").exists()


def test_a_name_without_drift(drifted, refused):
    done = drifted.run("repair", "--only", "students.aeg")
    refused(done, 2, "no drift is found at", "column public.students.age")


def test_a_history_that_fails(drifted):
    drifted.revision("0002", "raise ValueError(1)", "0001")
    done = drifted.run("repair")
    assert done.status == 1
    assert "No repair was planned" in done.stdout


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="there is no sqlite3 on this machine")
def test_a_file(school):
    school.by_hand(DRIFT)
    done = school.run("repair", "--output", "repair.sql")
    assert done.status == 1, done.stderr
    script = Path(school.root / "repair.sql").read_text()
    subprocess.run(
        ["sqlite3", school.live], input=script, text=True, check=True, capture_output=True
    )
    assert school.run("repair").status == 0


def test_models_that_are_empty(school, refused):
    """The hint names a command that has the option."""
    school.models("")
    refused(school.run("repair"), 3, "the models are empty", "run driftcheck compare --only-gap")
    assert school.run("compare", "--only-gap", "drift").status == 0
