"""The items of ``pytest --driftcheck``, in projects that a pytest of its own checks."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytest_plugins = ("pytester",)

TABLE = 'op.create_table("students", sa.Column("id", sa.Integer, primary_key=True))'
MODELS = """
Table("students", metadata, Column("id", Integer, primary_key=True), Column("name", Text){more})
"""
TEST = "def test_own():\n    pass\n"
OUTCOME = re.compile(r"^(?:tests/)?driftcheck::(\S+) (?:<- \S+ )?(\w+)", re.MULTILINE)


class Project:
    """A project, and a way to run its tests."""

    def __init__(self, sketch, pytester):
        self.sketch = sketch
        self._pytester = pytester
        sketch.models(MODELS.format(more=""))
        self.write("test_own.py", TEST)

    def write(self, name, text):
        (self.sketch.root / name).write_text(text)

    def revision(self, name, up, down=None, after=None):
        path = self.sketch.revision(name, up, after)
        if down is not None:
            path.write_text(path.read_text() + f"\n\ndef downgrade():\n    {down}\n")

    def sound(self):
        """Write a history in which all is right."""
        self.revision("a", TABLE, 'op.drop_table("students")')
        add, drop = 'op.add_column("students", ', 'op.drop_column("students", "name")'
        self.revision("b", f'{add}sa.Column("name", sa.Text))', drop, "a")
        return self

    def run(self, *options):
        """Run pytest, with warnings as errors."""
        os.chdir(self.sketch.root)  # pytester returns to where it was
        return self._pytester.runpytest_subprocess("-v", "-W", "error", *options)

    def outcomes(self, *options):
        """Run pytest with the option, and return the outcome of each item, and all text."""
        text = self.run("--driftcheck", *options).stdout.str()
        return dict(OUTCOME.findall(text)), text


@pytest.fixture
def project(sketch, pytester):
    return Project(sketch(), pytester)


SOUND = {
    "one-head": "PASSED",
    "builds-from-nothing": "PASSED",
    "nothing-pending": "PASSED",
    "down-and-up[a]": "PASSED",
    "down-and-up[b]": "PASSED",
    "both-ways-meet": "PASSED",
}


def test_a_sound_history(project):
    outcomes, text = project.sound().outcomes()
    assert outcomes == SOUND
    assert [*outcomes] == [*SOUND]
    assert "collected 7 items" in text
    assert "test_own.py::test_own PASSED" in text


def test_without_the_option(project):
    """Nothing is added, and nothing is imported."""
    project.write(
        "test_own.py",
        "import sys\n\ndef test_own():\n"
        "    known = [name for name in sys.modules if name.startswith('driftcheck.')]\n"
        "    assert known == ['driftcheck.pytest_plugin']\n"
        "    assert 'sqlalchemy' not in sys.modules\n",
    )
    result = project.run()
    result.assert_outcomes(passed=1)


def test_the_import_of_the_plugin():
    code = (
        "import pytest, sys; before = {*sys.modules}; import driftcheck.pytest_plugin; "
        "print(sorted({*sys.modules} - before))"
    )
    printed = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert printed.stdout == b"['driftcheck', 'driftcheck.pytest_plugin']\n"


def test_faults(project):
    """A column without a migration, a downgrade that is wrong, one that does nothing, two heads."""
    project.sketch.models(MODELS.format(more=', Column("born", Date)'))
    project.revision("a", TABLE, 'op.drop_table("students")')
    add = 'op.add_column("students", sa.Column("name", sa.Text))'
    project.revision("b", f'{add}\nop.create_table("rooms", sa.Column("id", sa.Integer))', "pass")
    text = (project.sketch.root / "migrations/versions/b.py").read_text()
    wrong = text.replace("    pass\n", '    op.drop_table("rooms")\n')
    project.write("migrations/versions/b.py", wrong.replace("= None", "= 'a'"))
    project.revision("c", 'op.create_index("i", "students", ["id"])', "pass", "a")
    outcomes, text = project.outcomes("-rs")
    assert outcomes == {
        "one-head": "FAILED",
        "builds-from-nothing": "PASSED",
        "nothing-pending": "FAILED",
        "down-and-up[a]": "PASSED",
        "down-and-up[b]": "FAILED",
        "down-and-up[c]": "SKIPPED",
        "both-ways-meet": "PASSED",
    }
    assert "The migrations must have one head." in text
    assert "history-several-heads" in text
    assert "✗ column students.born is in the models, but no migration creates it" in text
    assert "The downgrade of revision b must restore the schema before it" in text
    assert "after the downgrade of revision b, column students.name still exists" in text
    assert "migrations/versions/b.py:13" in text
    assert "revision c changes the schema, but its downgrade does nothing" in text

    again, _ = project.outcomes("--lf", "-x", "-k", "not head")
    assert [*again] == ["nothing-pending"]
    _, text = project.outcomes("--collect-only", "-q", "-m", "driftcheck")
    assert "<CheckItem down-and-up[b]>" in text
    assert "test_own" not in text


def test_a_revision_that_fails(project):
    project.sound()
    project.revision("c", "op.execute('SELECT * FROM gone')", "pass", "b")
    project.revision("d", "pass", "pass", "c")
    outcomes, text = project.outcomes()
    assert outcomes == {
        "one-head": "PASSED",
        "builds-from-nothing": "FAILED",
        "nothing-pending": "SKIPPED",
        "down-and-up[a]": "PASSED",
        "down-and-up[b]": "PASSED",
        "down-and-up[c]": "FAILED",
        "down-and-up[d]": "SKIPPED",
        "both-ways-meet": "SKIPPED",
    }
    assert "the migration history does not run: revision c fails" in text
    assert "no such table: gone" in text
    assert "revision c fails" in text


def test_ways_that_do_not_meet(project):
    """A revision that depends on what an earlier one has left in the memory of the same run."""
    project.sound()
    project.revision("c", "op.get_context().left = True", "pass", "b")
    rooms = 'op.create_table("rooms", sa.Column("id", sa.Integer))'
    up = f'if not hasattr(op.get_context(), "left"):\n    {rooms}'
    project.revision("d", up, 'op.execute("DROP TABLE IF EXISTS rooms")', "c")
    outcomes, text = project.outcomes("-k", "ways or builds")
    assert outcomes == {"builds-from-nothing": "PASSED", "both-ways-meet": "FAILED"}
    assert "on a database upgraded from revision to revision, table rooms still exists" in text


def test_several_databases(pytester, tmp_path, monkeypatch):
    """Both have no downgrade, which is said once."""
    root = tmp_path / "binds"
    shutil.copytree(ROOT / "tests" / "projects" / "flask" / "binds", root)
    monkeypatch.setenv("FLASK_APP", "app")
    for name in ("DATABASE_URL", "DATABASE_URL_2"):
        monkeypatch.setenv(name, f"sqlite:///{tmp_path}/{name}")
    os.chdir(root)
    options = "-W", "error", "-rs", "-c", os.devnull, "--rootdir", root
    result = pytester.runpytest_subprocess("--driftcheck", *options)
    result.assert_outcomes(passed=4, skipped=1)
    assert result.stdout.str().count("its downgrade does nothing") == 1


def test_another_order(project):
    """A plugin may run the items in any order: a revision may come after a later one."""
    project.sound()
    project.write("conftest.py", "def pytest_collection_modifyitems(items):\n    items.reverse()\n")
    outcomes, _ = project.outcomes()
    assert [*outcomes] == [*reversed(SOUND)]
    assert outcomes == SOUND


def test_what_the_project_ignores(project):
    project.sound()
    project.sketch.models(MODELS.format(more=', Column("born", Date)'))
    entry = '[[tool.driftcheck.ignore]]\nrule = "pending-*"\nreason = "Later."\n'
    project.write("pyproject.toml", entry)
    outcomes, _ = project.outcomes("-k", "pending")
    assert outcomes == {"nothing-pending": "PASSED"}


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("migrations/versions/c.py", "revision = 'c'\ndown_revision = 'gone'\n", "gone"),
        ("models.py", "import os\nos._exit(3)\n", "the process with os._exit(3)"),
        ("pyproject.toml", "[tool.driftcheck]\nunknown = 1\n", "has an unknown key: unknown"),
    ],
)
def test_a_project_that_does_not_load(project, file, text, told):
    project.sound().write(file, text)
    outcomes, printed = project.outcomes()
    assert outcomes == {"project-loads": "FAILED"}
    assert told in printed
    assert "test_own.py::test_own PASSED" in printed
    assert "Traceback" not in printed
    assert "INTERNALERROR" not in printed


def test_xdist_and_another_directory(project):
    """Each worker has a process of its own, and all have the same items."""
    project.sound()
    (project.sketch.root / "tests").mkdir()
    project.write("tests/pytest.ini", "[pytest]\ndriftcheck_root = ..\n")
    result = project.run("--driftcheck", "-n", "2", "-c", "tests/pytest.ini")
    result.assert_outcomes(passed=7)
