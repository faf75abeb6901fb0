"""What goes where: the report and nothing else to stdout, made for whoever reads it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

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
    result = noisy.run_anew("compare", "--format", "json", "--no-cache")
    assert json.loads(result.stdout)["exit_code"] == result.status == 0
    assert result.stderr == ""


def test_a_report_in_a_file(noisy):
    result = noisy.run_anew("compare", "--format", "json", "-o", "report.json")
    assert (result.status, result.stdout, result.stderr) == (0, "", "")
    assert json.loads((noisy.root / "report.json").read_text())["version"] == 1


def test_several_forms_at_once(school):
    school.by_hand("CREATE TABLE audit_x (id integer); CREATE TABLE more (id integer)")
    (school.root / "pyproject.toml").write_text(
        "[tool.driftcheck]\n"
        'ignore = [{rule = "drift-*", address = "audit_*", reason = "so"}, '
        '{rule = "pending-column-*", reason = "so"}, {rule = "unapplied-*", reason = "so"}]\n'
    )
    (school.root / ".git").mkdir()
    forms = ["--format", "sarif=a.sarif", "--format", "json", "--format", "markdown=a.md"]
    result = school.run("compare", "--only-gap", "drift", "--only-gap", "pending", *forms)
    assert (result.status, result.stderr) == (1, "")
    assert [f["rule"] for f in result.database["findings"]] == [
        "ignore-unmatched",
        "drift-table-extra",
    ]
    assert [one["finding"]["address"] for one in result.database["ignored"]] == ["audit_x"]
    (run,) = json.loads((school.root / "a.sarif").read_text())["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["ignore-unmatched", "drift-table-extra"]
    assert "1 finding ignored" in (school.root / "a.md").read_text()


def test_a_form_for_ci_names_files_as_the_repository_knows_them(school):
    models = school.root / "models.py"
    lines = [*models.read_text().splitlines(), 'Table("more", metadata, Column("id", Integer))']
    models.write_text("\n".join(lines))
    (school.root.parent / ".git").mkdir()
    result = school.run("compare", "--format", "github", "--format", "json=a.json")
    (school.root.parent / ".git").rmdir()
    place = f"file={school.root.name}/models.py,line={len(lines)},title=pending-table-missing"
    assert place in result.stdout
    (database,) = json.loads((school.root / "a.json").read_text())["databases"]
    (finding,) = database["findings"]
    assert finding["location"] == {"file": "models.py", "line": len(lines)}


def test_what_two_databases_may_differ_in(school):
    school.by_hand("CREATE TABLE audit_x (id integer)")
    assert school.run("diff", "sqlite:///live.db", "sqlite:///live.db").status == 0
    other = school.root / "other.db"
    other.write_bytes(school.live.read_bytes())
    school.by_hand("DROP TABLE audit_x")
    urls = ("sqlite:///other.db", "sqlite:///live.db")
    assert school.run("diff", *urls).status == 1
    (school.root / "pyproject.toml").write_text(
        '[tool.driftcheck]\nignore = [{rule = "*", address = "audit_*", reason = "so"}]\n'
    )
    result = school.run("diff", *urls)
    assert result.status == 0
    assert "No finding fails the check; 1 finding ignored." in result.stdout


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
    assert database["shadows"].endswith("as --shadow requests.")
    assert database["notes"] == []


def test_only_a_gap_that_counts_fails(school):
    school.by_hand("ALTER TABLE students ADD age integer")
    assert school.run("compare").status == 1
    assert school.run("compare", "--fail-on", "none").status == 0
    assert school.run("compare", "--fail-on", "pending, unapplied").status == 0
    assert school.run("compare", "--only-gap", "pending").status == 0


def test_whoever_stops_reading_is_told_nothing(school):
    with school.start("compare") as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_report_that_stdout_cannot_take(school):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "driftcheck", "compare"],
            cwd=school.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "cannot write to stdout: No space left on device" in done.stderr


def test_warnings_of_the_server_while_connecting_do_not_reach_stderr(sketch, pg18):
    """libpq prints them before a driver can take them over."""
    project = sketch(pg18)
    unknown = f"ALTER DATABASE {project.live.name} SET default_text_search_config = 'unknown'"
    project.live.execute(unknown)
    result = project.run_anew("diff", project.url, project.url)
    assert result.stderr == ""
