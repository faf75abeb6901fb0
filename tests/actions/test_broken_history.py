"""A history that breaks at its second revision: nothing is claimed about the revisions after it."""

import json

import pytest

from driftcheck.errors import ExitCode

MODELS = 'Table("users", metadata, Column("id", Integer, primary_key=True), Column("slug", Text))'


@pytest.fixture(scope="module")
def project(sketch):
    project = sketch()
    project.models(MODELS)
    project.revision(
        "r1", 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))'
    )
    project.revision("r2", 'op.execute("SELECT slug FROM users")', "r1")
    project.revision("r3", 'op.add_column("users", sa.Column("slug", sa.Text))', "r2")
    project.upgrade("r1")
    return project


def blamed(project, name):
    text = project.run("blame", name)
    values = json.loads(project.run("blame", name, "--format", "json").stdout)
    assert values["broken"]["revision"] == "r2"
    assert text.status == ExitCode.CANNOT_CHECK
    return " ".join(text.stdout.split())


def test_blame_does_not_know_what_a_later_revision_creates(project):
    text = blamed(project, "users.slug")
    assert text.startswith("No revision before r2 creates 'users.slug'. ")
    assert "The history fails at revision r2: later revisions are not known" in text


def test_blame_knows_what_happened_before(project):
    assert "Made by r1, not changed before r2." in blamed(project, "users.id")


STAMPS = {
    "r1": [("history-broken", "")],
    "r3": [("history-broken", ""), ("locate-incomplete", "")],
}


@pytest.mark.parametrize("stamp", STAMPS)
def test_locate_at_a_revision_before(project, stamp):
    project.by_hand(f"UPDATE alembic_version SET version_num = '{stamp}'")
    assert project.run("locate", "--format", "json").findings == STAMPS[stamp]


def test_locate_and_compare_do_not_know_later_revisions(project):
    project.by_hand("UPDATE alembic_version SET version_num = 'r1'")
    project.by_hand("ALTER TABLE users ADD slug TEXT")
    located = project.run("locate", "--format", "json")
    compared = project.compare()
    assert located.findings == [("history-broken", ""), ("locate-incomplete", "")]
    assert compared.findings == [("drift-column-extra", "users.slug"), ("history-broken", "")]
    for result in (located, compared):
        assert "no migration creates it" not in result.stdout
        assert "alembic stamp" not in result.stdout


def test_the_advice_to_make_a_snapshot_names_the_project_as_it_was_named(project):
    (broken,) = (
        finding
        for finding in project.compare("-c", "alembic.ini").database["findings"]
        if finding["rule"] == "history-broken"
    )
    snapshot = broken["remedy"][-1]
    assert snapshot["code"] == "driftcheck snapshot --write base.json -c alembic.ini"
    assert 'base-snapshot = "base.json"' in snapshot["summary"]
