"""On MariaDB, each statement is committed by itself, and the migration is proved without rows."""

import shutil

import pytest

from driftcheck.actions.adopt import AdoptOptions, adopt
from driftcheck.config.settings import Settings
from tests.actions.adopt.test_acceptance import TEMPLATE, written

TABLE = """
op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.String(40)), sa.Column("age", sa.Integer(), nullable=False),
    sa.Column("city", sa.String(40)), sa.CheckConstraint("age > 5", name="old_enough"))
op.create_index("ix_city", "students", ["city"])
op.create_table("gone", sa.Column("id", sa.Integer(), primary_key=True))
op.execute("CREATE VIEW named AS SELECT name FROM students")
"""
BY_HAND = (
    "ALTER TABLE students DROP age, DROP CONSTRAINT old_enough, ADD nick_name varchar(20)",
    "ALTER TABLE students MODIFY name varchar(50)",
    "DROP INDEX ix_city ON students",
    "CREATE INDEX by_hand ON students (name)",
    "CREATE TABLE made (id integer PRIMARY KEY)",
    "DROP TABLE gone",
    "CREATE OR REPLACE VIEW named AS SELECT name, city FROM students",
    "CREATE VIEW old_names AS SELECT name FROM students",
)


@pytest.fixture
def project(sketch, mariadb_database):
    live = mariadb_database()
    project = sketch()
    project.name_database(live.text_url)
    project.live, project.url = live, live.text_url
    project.revision("0001", TABLE)
    shutil.copy(TEMPLATE, project.root / "migrations")
    project.upgrade()
    return project


def test_it_is_adopted(project):
    project.live.execute(*BY_HAND)
    adoption = adopt(Settings(root=project.root), AdoptOptions())
    assert adoption.is_proved, (adoption.failed, adoption.text)
    assert [w for w in adoption.warnings if "commits each statement" in w]
    assert [w for w in adoption.warnings if "without rows" in w]
    written(project, adoption)
    project.upgrade()
    result = project.compare("--only-gap", "drift")
    assert (result.status, result.findings) == (0, []), result.stdout
