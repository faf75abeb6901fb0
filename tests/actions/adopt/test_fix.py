"""A merged revision with a phantom operation runs afterwards, with and without the drift."""

import pytest

from driftcheck.actions.adopt.fix import fix
from driftcheck.config.settings import Settings
from driftcheck.errors import CannotCheckError, ConfigurationError
from tests.kept import used

MERGED = """\
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("students", sa.Column("last_name", sa.String(64)))
    op.add_column("students", sa.Column("age", sa.Integer()))
    op.create_index("ix_last_name", "students", ["last_name"])


def downgrade():
    op.drop_index("ix_last_name", table_name="students")
    op.drop_column("students", "age")
    op.drop_column("students", "last_name")
"""


@pytest.fixture
def project(sketch, pg18):
    project = sketch(pg18)
    project.revision(
        "0001",
        'op.create_table("students", sa.Column("id", sa.Integer()),'
        ' sa.Column("last_name", sa.String(64)))\n'
        'op.create_index("ix_last_name", "students", ["last_name"])',
    )
    project.upgrade()
    project.by_hand("ALTER TABLE students DROP last_name")
    (project.root / "migrations" / "versions" / "0002.py").write_text(MERGED)
    return project


def test_only_the_phantom_operations_look_first(project, pg18):
    with used(pg18):
        fixed = fix(Settings(root=project.root), "0002")
    assert fixed.is_proved, fixed.failed
    assert [attempt.description for attempt in fixed.attempts] == [
        "upgrade of a database without the drift to 0002",
        "upgrade of a database without the drift to the heads",
        "upgrade of a database with the drift to 0002",
        "both kinds of databases end with the same schema",
    ]
    assert '    op.add_column("students", sa.Column("age", sa.Integer()))' in fixed.text
    assert "if 'last_name' not in [" in fixed.text
    assert "if 'ix_last_name' not in [" in fixed.text
    assert fixed.text.count("# The upgrade leaves this") == 2
    assert (project.root / "migrations" / "versions" / "0002.py").read_text() == MERGED


def test_a_revision_that_runs_needs_no_fix(project, pg18):
    with used(pg18), pytest.raises(ConfigurationError, match="0001 needs no fix"):
        fix(Settings(root=project.root), "0001")


def test_another_failure_is_told(project, pg18):
    path = project.root / "migrations" / "versions" / "0002.py"
    path.write_text(MERGED.replace('op.add_column("students", sa.Column("age"', 'op.execute("x"'))
    path.write_text(path.read_text().replace(", sa.Integer()))", ")"))
    with used(pg18), pytest.raises(CannotCheckError, match="cannot be fixed"):
        fix(Settings(root=project.root), "0002")


def test_a_whole_identifier_is_preferred_to_the_beginning_of_others(project, pg18):
    project.revision("00", "pass", "0002")
    with used(pg18), pytest.raises(ConfigurationError, match="does not name one") as error:
        fix(Settings(root=project.root), "0")
    assert error.value.hint == "The revisions that begin so: 00, 0001, 0002"
    with used(pg18), pytest.raises(CannotCheckError, match="revision 0002 fails"):
        fix(Settings(root=project.root), "00")
