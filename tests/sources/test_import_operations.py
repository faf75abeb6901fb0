"""Operations that revisions run when they are imported: which ones, and that a replay has them."""

import shutil
from pathlib import Path

import alembic
import pytest

from driftcheck.sources.import_operations import uses_operations

TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
HEAD = "from alembic import op\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "connection = op.get_bind()\n",
        HEAD
        + "try:\n    mood.create(op.get_bind(), checkfirst=True)\nexcept NameError:\n    pass\n",
        "from alembic import op as operations\noperations.execute('select 1')\n",
        "import alembic\nif True:\n    alembic.op.execute('select 1')\n",
        HEAD + "def upgrade():\n    pass\n\n\ntables = inspect(\n    op.get_bind()\n)\n",
    ],
)
def test_operations_outside_of_functions_are_found(text, tmp_path):
    file = tmp_path / "0001.py"
    file.write_text(text)
    assert uses_operations(file)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "def upgrade():\n    op.execute('select 1')\n",
        HEAD + "class Steps:\n    def run(self):\n        op.execute('select 1')\n",
        HEAD + "if True:\n    def upgrade():\n        op.execute('select 1')\n",
        HEAD + 'TEXT = """\nop.execute is not called here\n"""\n',
        "import operator as op\nadd = op.add\n",
        HEAD + "run = lambda: op.get_bind()\n",
        HEAD + "def upgrade(:\n",
    ],
)
def test_other_modules_have_none(text, tmp_path):
    file = tmp_path / "0001.py"
    file.write_text(text)
    assert not uses_operations(file)


def test_a_type_that_a_revision_creates_when_it_is_imported(sketch, pg18):
    project = sketch(pg18)
    columns = 'Column("id", Integer, primary_key=True), Column("mood", Enum("sad", name="moods"))'
    project.models(f'Table("pupils", metadata, {columns})')
    project.revision(
        "0001", 'op.create_table("pupils", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    path = project.revision("0002", 'op.add_column("pupils", sa.Column("mood", moods))', "0001")
    path.write_text(
        path.read_text()
        + "\n\nfrom sqlalchemy.dialects.postgresql import ENUM\n\n"
        + 'moods = ENUM("sad", name="moods", create_type=False)\n'
        + "moods.create(op.get_bind(), checkfirst=True)\n"
    )
    project.upgrade()

    first, again = project.compare(), project.compare()

    assert (first.status, first.findings) == (0, []), first.stdout
    assert (again.status, again.findings) == (0, []), again.stdout
    project.by_hand("ALTER TYPE moods ADD VALUE 'happy'")
    assert [rule for rule, *_ in project.compare().findings] == ["drift-enum-changed"]


def test_what_a_revision_creates_on_import_stays_dropped(sketch, pg18):
    """The code has run for the old revisions. The new one is adopted without it."""
    project = sketch(pg18)
    path = project.revision("0001", 'op.create_table("pupils", sa.Column("id", sa.Integer()))')
    path.write_text(
        path.read_text()
        + "\n\nfrom sqlalchemy.dialects.postgresql import ENUM\n\n"
        + 'ENUM("sad", name="moods").create(op.get_bind(), checkfirst=True)\n'
    )
    project.revision("0002", 'op.execute("DROP TYPE moods")', "0001")
    shutil.copy(TEMPLATE, project.root / "migrations")
    project.upgrade()
    project.by_hand("ALTER TABLE pupils ADD COLUMN age integer")

    drift, adoption = project.compare("--only-gap", "drift"), project.run("adopt", "--yes")

    assert [rule for rule, *_ in drift.findings] == ["drift-column-extra"], drift.stdout
    assert adoption.status == 0, adoption.stdout + adoption.stderr
    assert "extra: enum" not in adoption.stdout
