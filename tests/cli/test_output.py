"""What goes where: the report and nothing else to stdout, made for whoever reads it."""

import json
import os
import pty
import subprocess
import sys

import pytest

from driftcheck import __version__

NOISE = """
import logging, os, sys, warnings
print("printed")
sys.stderr.write("written\\n")
os.system("echo echoed")
logging.warning("logged")
warnings.warn("warned")
"""


@pytest.fixture
def noisy(school):
    (school.root / "models.py").write_text(NOISE + (school.root / "models.py").read_text())
    school.revision("0002", 'print("migrated"); import os; os.system("echo echoed")', "0001")
    return school


def on_a_terminal(project, *arguments, **variables):
    """What a run writes where stdout is a terminal."""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "driftcheck", *arguments],
        cwd=project.root,
        env={**os.environ, "TERM": "xterm", **variables},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    told = b""
    try:
        while chunk := os.read(ours, 65536):
            told += chunk
    except OSError:  # so it ends on Linux
        pass
    os.close(ours)
    assert done.stderr == b""
    return told.decode()


def test_json_is_all_there_is_on_stdout(noisy):
    result = noisy.compare("--no-cache")
    assert json.loads(result.stdout)["exit_code"] == result.status == 0
    assert result.stderr == ""


def test_a_report_in_a_file(noisy):
    result = noisy.compare("-o", "report.json")
    assert (result.status, result.stdout, result.stderr) == (0, "", "")
    assert json.loads((noisy.root / "report.json").read_text())["version"] == 1


def test_version(school):
    result = school.run("--version")
    assert result.status == 0
    assert result.stdout.split()[-1] == __version__


def test_a_pipe_gets_no_colour(school):
    result = school.run("compare")
    assert (result.status, result.stderr) == (0, "")
    assert "In step" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_terminal_gets_colour_unless_it_says_no(school):
    assert "\x1b[" in on_a_terminal(school, "compare")
    assert "\x1b[" not in on_a_terminal(school, "compare", NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(school, "compare", TERM="dumb")


def test_where_shadows_are_made_is_told_to_who_asks(pg_school):
    words = "Shadow databases are on the server of"
    said = {"DRIFTCHECK_SHADOW": pg_school.shadow}
    plain, full = (pg_school.project.run("compare", *o, **said) for o in ([], ["--verbose"]))
    assert words not in plain.stdout
    assert words in full.stdout
    database = pg_school.project.compare(**said).database
    assert database["shadows"].startswith(words)
    assert database["shadows"].endswith("--shadow says so.")
    assert database["notes"] == []


def test_only_a_gap_that_counts_fails(school):
    school.by_hand("ALTER TABLE students ADD age integer")
    assert school.run("compare").status == 1
    assert school.run("compare", "--fail-on", "none").status == 0
    assert school.run("compare", "--fail-on", "pending, unapplied").status == 0
    assert school.run("compare", "--only-gap", "pending").status == 0
