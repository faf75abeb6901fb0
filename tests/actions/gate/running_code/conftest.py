"""Projects whose models a branch changes."""

import pytest

from tests.actions.gate.conftest import Project

STUDENTS = """
Table(
    "students",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50)),
    Column("age", Integer),
)
"""
CREATED = {
    "up": 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True),\n'
    '    sa.Column("name", sa.String(50)), sa.Column("age", sa.Integer()))'
}
WITHOUT_NAME = {"after": "0001", "up": 'op.execute("ALTER TABLE students DROP COLUMN name")'}
WITHOUT_AGE = {"after": "0002", "up": 'op.execute("ALTER TABLE students DROP COLUMN age")'}


@pytest.fixture
def students(sketch):
    """A project on SQLite, on a new branch, whose models have a table with three columns."""
    project = Project(sketch())
    project.begin(models=STUDENTS, first=CREATED)
    return project


def broken(report):
    """The findings about the running code: what it cannot do, the revision, the line."""
    return [
        (finding.message.partition(" cannot ")[2], finding.origin.revision, finding.declared)
        for finding in report.findings
        if finding.rule == "gate-breaks-running-code"
    ]


def check_of(report):
    """The last check of a report, which is about the running code."""
    return report.checks[-1]
