"""``driftcheck adopt``: what is written when, and the exit codes."""

import json

import pytest

from tests.actions.adopt.test_acceptance import TEMPLATE


@pytest.fixture
def project(sketch):
    project = sketch()
    project.models('Table("t", metadata, Column("id", Integer), Column("name", Text))')
    project.revision(
        "0001", 'op.create_table("t", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))'
    )
    (project.root / "migrations" / "script.py.mako").write_text(TEMPLATE.read_text())
    project.upgrade()
    project.by_hand("ALTER TABLE t DROP name")
    return project


def revisions(project):
    return sorted((project.root / "migrations" / "versions").glob("*.py"))


def test_it_is_shown_and_not_written_without_agreement(project):
    result = project.run("adopt")
    assert result.status == 1
    assert "if 'name' in columns('t'):" in result.stdout
    assert "✓ both kinds of databases end with the same schema" in result.stdout
    assert "Write the migration with --yes" in result.stderr
    assert len(revisions(project)) == 1


def test_it_is_written_and_runs(project):
    result = project.run("adopt", "--yes", "--format", "json", "--message", "No names")
    assert result.status == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["proved"], found["head"], found["warnings"] != []) == (True, "0001", True)
    assert (project.root / found["file"]).read_text() == found["text"]
    assert "no_names" in found["file"]
    project.upgrade()
    assert project.compare("--only-gap", "drift").status == 0
    assert project.run("adopt").status == 0


def test_what_is_not_proved_is_not_written(project):
    template = project.root / "migrations" / "script.py.mako"
    template.write_text(
        template.read_text().replace('${downgrades if downgrades else "pass"}', "pass")
    )
    result = project.run("adopt", "--yes")
    assert result.status == 1
    assert "the migration is not proved" in result.stderr
    assert len(revisions(project)) == 1


def test_a_hook_that_fails_is_named(project):
    hook = "hooks = tidy\ntidy.type = exec\ntidy.executable = /nonexistent/tidy\n"
    ini = project.root / "alembic.ini"
    ini.write_text(f"{ini.read_text()}\n[post_write_hooks]\n{hook}")
    result = project.run("adopt", "--yes")
    assert result.status == 3
    assert "The hook tidy of [post_write_hooks] in the Alembic configuration" in result.stderr
    assert len(revisions(project)) == 1


def test_the_help_has_an_example(project):
    assert "driftcheck adopt --only" in project.run("adopt", "--help").stdout


def test_a_merged_revision_is_fixed(project):
    path = project.revision("0002", 'op.drop_column("t", "nothing")', "0001")
    project.revision("0003", 'op.add_column("t", sa.Column("age", sa.Integer()))', "0002")
    path.write_text(path.read_text() + "\n\ndef downgrade():\n    pass\n")
    before = path.read_text()
    result = project.run("adopt", "--fix", "0002", "--yes")
    assert result.status == 1  # downgrade() does not say which column it was
    assert "the migration is not proved" in result.stderr
    assert path.read_text() == before
    result = project.run("adopt", "--fix", "0002", "--yes", "--allow-unproved")
    assert result.status == 0, result.stderr
    assert "+    if 'nothing' in [" in result.stdout
    assert path.read_text() != before
    project.upgrade()


def test_a_fix_is_not_combined_with_a_selection(project):
    assert project.run("adopt", "--fix", "0001", "--only", "t").status == 2
