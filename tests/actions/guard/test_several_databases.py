"""The plugin in ``Migrate()`` of a Flask app with two databases, run as its users run it."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import flask_migrate
import pytest

pytestmark = pytest.mark.needs("alembic>=1.18")  # plugins; test_hooks.py tests the hook
APP = Path(__file__).parents[2] / "projects" / "flask" / "binds"
TEMPLATE = Path(flask_migrate.__file__).parent / "templates" / "flask-multidb" / "script.py.mako"
PLUGINS = 'Migrate(app, db, autogenerate_plugins=["alembic.autogenerate.*", "driftcheck.guard"])'


class Project:
    """An app whose second database has a column that no migration creates."""

    def __init__(self, root):
        self.root = root
        shutil.copytree(APP, root)
        shutil.copy(TEMPLATE, root / "migrations")
        app, models = root / "app.py", root / "models.py"
        app.write_text(app.read_text().replace("Migrate(app, db)", PLUGINS))
        assert self.run("upgrade").returncode == 0
        with closing(sqlite3.connect(root / "library.db")) as connection:
            connection.execute("ALTER TABLE books ADD COLUMN extra INTEGER")
        models.write_text(models.read_text() + "    title = db.Column(db.String(64))\n")

    def run(self, *arguments, **variables):
        own = {
            "DATABASE_URL": f"sqlite:///{self.root}/main.db",
            "DATABASE_URL_2": f"sqlite:///{self.root}/library.db",
        }
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", "db", *arguments],
            cwd=self.root,
            env=os.environ | own | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def written(self):
        files = (self.root / "migrations" / "versions").glob("*_second.py")
        return [path.read_text() for path in files]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


def test_each_database_is_judged_with_its_own_drift(project):
    result = project.run("migrate", "-m", "second", DRIFTCHECK_GUARD="strip")
    assert result.returncode == 0, result.stderr
    (text,) = project.written
    main, _, library = text.partition("def upgrade_library")
    assert "driftcheck" not in main
    upgrade, _, downgrade = library.partition("def downgrade_library")
    code = [line for line in upgrade.splitlines() if not line.lstrip().startswith("#")]
    assert "title" in "".join(code)
    assert "extra" not in "".join(code)
    assert "#         batch_op.drop_column('extra')" in upgrade
    assert "extra" not in downgrade


def test_settings_that_name_one_of_them_are_the_reason_that_is_told(project):
    (project.root / "pyproject.toml").write_text(
        '[tool.driftcheck]\ndatabase-url = "sqlite:///main.db"\nguard.required = true\n'
    )
    result = project.run("migrate", "-m", "second")
    assert result.returncode != 0
    assert "database-url in [tool.driftcheck] names one" in result.stderr
    assert project.written == []
