"""The tutorial from start to end, in separate processes: flask and driftcheck."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ERROR = 'column "last_name" of relation "students" already exists'
FIRST = "migrations/versions/0414d1b7a2ae_create_students.py"
AGE = "    age = db.Column(db.Integer)\n"
LAST_NAME = "    last_name = db.Column(db.String(64), nullable=False)\n"


class Developer:
    """A developer with a checkout of the sample application and a database."""

    def __init__(self, checkout, live, starter):
        self._starter = starter
        self.checkout = checkout
        self.live = live
        self.models = checkout / "sample_app" / "models.py"
        self._variables = {
            "DATABASE_URL": live.text_url,
            "FLASK_APP": "sample_app",
            "PYTHONPATH": str(checkout),
        }

    def run(self, module, *arguments, status=0):
        environment = os.environ | self._variables
        code, out, err = self._starter.run(module, arguments, self.checkout, environment)
        assert code == status, out + err
        return out + err

    def flask(self, *arguments, status=0):
        return self.run("flask", "db", *arguments, status=status)

    def git(self, *arguments):
        identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        command = ["git", *identity, *arguments]
        subprocess.run(command, cwd=self.checkout, check=True, capture_output=True)

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def driftcheck(self, *arguments, status=0):
        return self.run("driftcheck", *arguments, status=status)

    def change_models(self, old, new):
        text = self.models.read_text(encoding="utf-8")
        assert old in text
        self.models.write_text(text.replace(old, new), encoding="utf-8")

    def migrations(self):
        return set((self.checkout / "migrations" / "versions").glob("*.py"))


@pytest.fixture
def developers(tmp_path, database, pg18, starter):
    """You, a colleague, and another who does as is right: all at the same point."""
    for name in ("you", "colleague", "other"):
        for part in ("sample_app", "migrations"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, tmp_path / name / part, ignore=ignored)
    yours = database(pg18)
    you = Developer(tmp_path / "you", yours, starter)
    you.flask("upgrade")
    you.git("init", "--quiet", "--initial-branch", "main")
    you.commit("begin")
    copies = [
        Developer(tmp_path / name, database(pg18, template=yours), starter)
        for name in ("colleague", "other")
    ]
    return you, *copies


def test_the_tutorial(developers):
    you, colleague, other = developers

    # Before the drop, everything is green.
    assert "✓ The upgrade succeeds" in you.driftcheck("simulate-colleague")

    # You drop a column by hand, and later the model gets a new one.
    you.live.execute("ALTER TABLE students DROP last_name")
    you.change_models(LAST_NAME, LAST_NAME + AGE)
    before = you.migrations()
    told = you.driftcheck("simulate-colleague", status=1)
    assert f"\n    {ERROR}\n" in told
    assert "public.students.last_name was dropped outside the migrations" in told
    assert f"{FIRST}:21" in told
    assert you.migrations() == before

    # You write the migration all the same, and it runs on your database.
    you.git("checkout", "--quiet", "-b", "age")
    you.flask("migrate", "-m", "add age")
    you.flask("upgrade")
    (bad,) = you.migrations() - before
    you.commit("add age")

    # The gate refuses the merge, and names both places.
    you.git("checkout", "--quiet", "-b", "merged", "main")
    you.git("merge", "--quiet", "--no-ff", "--message", "merge", "age")
    told = you.driftcheck("gate", "--base", "main", status=1)
    assert "history-duplicate" in told
    assert ERROR in told
    assert f"migrations/versions/{bad.name}:2" in told
    assert FIRST in told

    # It is merged all the same.
    told = you.driftcheck("simulate-colleague", status=1)
    assert f"\n    {ERROR}\n" in told
    assert f"migrations/versions/{bad.name}:2" in told
    assert f"{FIRST}:21" in told

    # That is what your colleague gets then.
    shutil.copytree(you.checkout, colleague.checkout, dirs_exist_ok=True)
    assert ERROR in colleague.flask("upgrade", status=1)

    # The right way: what was to go by hand goes by a migration.
    other.git("init", "--quiet", "--initial-branch", "main")
    other.commit("begin")
    other.change_models(LAST_NAME, AGE)
    other.flask("migrate", "-m", "age for last name")
    told = other.driftcheck("simulate-colleague", "--all", "--with-data")
    assert "✓ The upgrade succeeds in all 3 simulations" in told
    told = other.driftcheck("gate", "--base", "main")
    assert "✓ their downgrades restore the previous schema" in told
    other.flask("upgrade")
    assert "✓ In step" in other.driftcheck("compare")
