"""locate, blame and history as people run them."""

import json

import pytest


@pytest.fixture(scope="module")
def school(sketch):
    project = sketch()
    project.revision("0001", 'op.create_table("students", sa.Column("id", sa.Integer))')
    project.revision("0002", 'op.add_column("students", sa.Column("age", sa.Integer))', "0001")
    project.upgrade()
    return project


def test_locate(school):
    there = school.run("locate")
    assert (there.status, there.stderr) == (0, "")
    assert "✓ the schema is that of 0002, as stamped" in there.stdout
    school.by_hand("UPDATE alembic_version SET version_num = '0001'")
    elsewhere = school.run("locate", "--format", "json")
    assert elsewhere.status == 1
    assert elsewhere.findings == [("locate-elsewhere", "")]
    assert elsewhere.database["revision_match"]["states"] == [["0002"]]


def test_blame(school):
    found = school.run("blame", "students.age")
    assert (found.status, found.stderr) == (0, "")
    assert "migrations/versions/0002.py:9" in found.stdout
    assert found.stdout.endswith("✓ Made by 0002, not changed since.\n")
    unknown = school.run("blame", "students.aeg")
    assert (unknown.status, unknown.stdout) == (2, "")
    assert "Did you mean 'column students.age'?" in unknown.stderr


def test_history(school):
    found = school.run("history", "--since", "0001", "--format", "json")
    assert (found.status, found.stderr) == (0, "")
    (revision,) = json.loads(found.stdout)["databases"][0]["revisions"]
    assert (revision["revision"], revision["events"][0]["address"]) == ("0002", "students.age")
    assert school.run("history", "0003").status == 2
