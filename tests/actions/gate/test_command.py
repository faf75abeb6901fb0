"""The command ``driftcheck gate``: its exit codes and its output."""

import pytest

from driftcheck.cli.commands import cli
from driftcheck.errors import ConfigurationError
from driftcheck.reports import render

FIRST = {"up": 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'}


def test_findings_are_reported_with_their_lines(project):
    project.write({"0002": {"after": "0001"}, "0003": {"after": "0001"}})
    result = project.sketch.run("gate", "--base", "main", "--fail-on", "none")
    assert result.status == 1
    assert result.stderr == ""
    assert "migrations/versions/0003.py:5" in result.stdout
    assert "✗ one head, also after a merge with the base" in result.stdout
    assert "then run `driftcheck gate` again." in " ".join(result.stdout.split())


def test_an_unknown_base_is_a_usage_error(project):
    result = project.sketch.run("gate", "--base", "origin/next")
    assert result.status == 2
    assert result.stdout == ""
    assert "driftcheck: 'origin/next' names no commit" in result.stderr
    assert "git fetch origin +next:refs/remotes/origin/next" in result.stderr


@pytest.mark.parametrize("word", ["drft", "drift-columns", "hazard-loc", "index-build"])
def test_fail_on_rejects_unknown_rules(word, project, monkeypatch):
    monkeypatch.chdir(project.root)
    with pytest.raises(ConfigurationError, match=word):
        cli.main(["gate", "--fail-on", word], standalone_mode=False)


def test_a_role_that_the_first_replay_created(project):
    """On a private server, the second replay finds the role of the first."""
    project.sketch.name_database("postgresql+psycopg2://nobody@127.0.0.1:1/school")
    project.write({"0001": {**FIRST, "up": FIRST["up"] + '\nop.execute("CREATE ROLE teacher")'}})
    project.commit("a role")
    project.write({"0002": {"after": "0001"}})
    result = project.sketch.run("gate", "--base", "branch")
    assert result.status == 0, result.stdout
    assert "✓ the new revisions run on the base's schema" in result.stdout


def test_checks_that_an_error_prevents_are_not_passed(project):
    """The newest revision of the base imports a module that the branch lacks."""
    beginning = 'revision = "b001"\ndown_revision = None\nbranch_labels = ("library",)\n'
    project.write({"b001": {"text": beginning + "def upgrade(): pass\ndef downgrade(): pass\n"}})
    needs = 'import nowhere\nrevision = "0009"\ndown_revision = "0001"\n'
    project.advance({"0009": {"text": needs + "def upgrade(): nowhere.go()\n"}})
    report = project.gate()
    assert [check.name for check in report.checks if check.broken] == [
        "the new revisions run on the base's schema",
        "their downgrades restore the previous schema",
        "an upgraded base has the same schema as a new database",
        "hazards to tables in use",
        "statements of the running code that the new revisions break",
    ]
    assert not any(map(report.fails, report.findings))
    assert report.exit_code == 3
    assert "Not every check could be made" in render(report)


LEAVES_A_FILE = """
import pathlib

pathlib.Path({path!r}).touch()
revision = "0002"
down_revision = "0001"


def upgrade():
    pass


def downgrade():
    pass
"""
OF_THE_BASE = "the revision files of branch"


def test_files_of_the_base_run_where_the_branch_changes_a_revision(project, tmp_path):
    loaded = tmp_path / "loaded"
    project.write({"0002": {"text": LEAVES_A_FILE.format(path=str(loaded))}})
    project.commit("the base has 0002")
    project.write({"0002": {"after": "0001", "up": "sa.text('')"}})
    (database,) = project.gate(base="branch").databases
    assert loaded.exists()
    assert any(note.startswith(OF_THE_BASE) for note in database.notes)


def test_files_of_the_base_do_not_run_where_the_branch_only_adds_revisions(project):
    project.write({"0002": {"after": "0001"}})
    (database,) = project.gate(base="branch").databases
    assert not any(note.startswith(OF_THE_BASE) for note in database.notes)
