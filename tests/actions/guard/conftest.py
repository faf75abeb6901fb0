"""Projects whose migrations are guarded, and the commands of Alembic in this process."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from driftcheck.actions.guard import child

STUDENTS = """
op.create_table(
    "students",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("first_name", sa.String(64)),
    sa.Column("last_name", sa.String(64)),
)
"""
PLUGINS = 'options = {"autogenerate_plugins": ["alembic.autogenerate.*", "driftcheck.guard"]}\n'
DROPPED = "ALTER TABLE students DROP COLUMN last_name"


def models(*columns, options=PLUGINS):
    """The models: a table of students with these columns."""
    written = "".join(f", {column}" for column in columns)
    table = f'Table("students", metadata, Column("id", Integer, primary_key=True){written})\n'
    return table + options


FIRST, LAST, AGE = (
    'Column("first_name", String(64))',
    'Column("last_name", String(64))',
    'Column("age", Integer)',
)


class Guarded:
    """A project, and the commands of Alembic that are guarded."""

    def __init__(self, sketch):
        self.sketch = sketch

    @property
    def config(self):
        return Config(self.sketch.root / "alembic.ini")

    def migrate(self):
        """Run ``alembic revision --autogenerate``; returns the text of the file."""
        script = command.revision(self.config, "second", autogenerate=True)
        return script and Path(script.path).read_text(encoding="utf-8")

    def check(self, url=None):
        config = self.config
        if url is not None:
            config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        command.check(config)

    @property
    def files(self):
        return sorted(p.name for p in (self.sketch.root / "migrations" / "versions").glob("*.py"))


@pytest.fixture
def in_forks(monkeypatch):
    """Run the check of the guard in forks of a process that has its imports."""

    def use(sketch):
        def run(arguments, environment):
            return sketch.starter.run("driftcheck", arguments, sketch.root, dict(environment))

        monkeypatch.setattr(child, "_run", run)

    return use


@pytest.fixture
def guarded(sketch, in_forks, monkeypatch):
    """Make a project with one table, in step, whose migrations are guarded."""

    def make(text=None, maker=None):
        project = sketch(maker)
        (project.root / "migrations" / "script.py.mako").write_text(TEMPLATE)
        project.models(text or models(FIRST, LAST))
        project.revision("0001", STUDENTS.strip())
        project.upgrade()
        in_forks(project)
        monkeypatch.chdir(project.root)
        return Guarded(project)

    return make


TEMPLATE = '''\
"""${message}"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
