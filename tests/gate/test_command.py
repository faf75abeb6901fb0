"""``driftcheck gate`` as a command: what it exits with, and what it says where."""

import pytest

from driftcheck.cli.main import cli
from driftcheck.errors import ConfigurationError
from driftcheck.reports import render

FIRST = {"up": 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'}


def test_it_says_what_it_found_and_where(project):
    project.write({"0002": {"after": "0001"}, "0003": {"after": "0001"}})
    result = project.sketch.run("gate", "--base", "main", "--fail-on", "none")
    assert result.status == 1
    assert result.stderr == ""
    assert "migrations/versions/0003.py:5" in result.stdout
    assert "✗ one head, merged with the base too" in result.stdout
    assert "run `driftcheck gate` again" in result.stdout


def test_a_base_that_is_not_there_is_wrong_use(project):
    result = project.sketch.run("gate", "--base", "origin/next")
    assert result.status == 2
    assert result.stdout == ""
    assert "driftcheck: 'origin/next' names no commit" in result.stderr
    assert "git fetch origin +next:refs/remotes/origin/next" in result.stderr


@pytest.mark.parametrize("said", ["drft", "drift-columns", "hazard-loc", "index-build"])
def test_what_is_no_rule_cannot_fail_a_check(said, project, monkeypatch):
    monkeypatch.chdir(project.root)
    with pytest.raises(ConfigurationError, match=said):
        cli.main(["gate", "--fail-on", said], standalone_mode=False)


def test_a_role_that_the_first_replay_has_made(project):
    """On a private server the second replay finds it there; nobody else does."""
    project.sketch.name_database("postgresql+psycopg2://nobody@127.0.0.1:1/school")
    project.write({"0001": {**FIRST, "up": FIRST["up"] + '\nop.execute("CREATE ROLE teacher")'}})
    project.commit("a role")
    project.write({"0002": {"after": "0001"}})
    result = project.sketch.run("gate", "--base", "branch")
    assert result.status == 0, result.stdout
    assert "✓ the new revisions run on the base's schema" in result.stdout


def test_what_an_error_keeps_from_being_checked_has_not_passed(project):
    """The base's newest revision needs a module that the branch does not have yet."""
    beginning = 'revision = "b001"\ndown_revision = None\nbranch_labels = ("library",)\n'
    project.write({"b001": {"text": beginning + "def upgrade(): pass\ndef downgrade(): pass\n"}})
    needs = 'import nowhere\nrevision = "0009"\ndown_revision = "0001"\n'
    project.advance({"0009": {"text": needs + "def upgrade(): nowhere.go()\n"}})
    report = project.gate()
    assert [one.name for one in report.checks if one.broken] == [
        "the new revisions run on the base's schema",
        "their downgrades lead back",
        "both ways lead to the same schema",
        "hazards to tables in use",
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
