"""The gate's test cases as data: a project, the changes of a branch, the expected findings.

Every case starts with revision 0001 and its models, committed to ``main``, where a branch is
created. The keys of a case:

``models``    the models of the branch; by default those of the base
``before``    further revisions that the base has before the branch
``branch``    revisions of the branch; an empty table deletes a revision of the base
``base``      revisions added to ``main`` after the branch; an empty table deletes a revision
``findings``  the findings that fail the check, each with rule, file and line
``notes``     the other findings
``says``      strings that the report contains
``unchecked`` the number of checks that could not be made
``options``   settings, as in ``[tool.driftcheck]``
``live``      SQL that is run on a live database at the head; the live database is then checked
``server``    whether the case needs PostgreSQL; the default is SQLite
``private``   whether its shadows are on a private server

A revision has the keys ``after``, ``up`` and ``down``, or ``text`` for the whole file.
"""

import os
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

import pytest

from driftcheck.actions.gate import gate
from driftcheck.config.settings import load_settings

HERE = Path(__file__).parent
MODELS = 'Table("students", metadata, Column("id", Integer, primary_key=True))\n'
FIRST = {
    "up": 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))',
    "down": 'op.drop_table("students")',
}
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = {name!r}
down_revision = {after!r}


def upgrade():
{up}


def downgrade():
{down}
"""


@pytest.fixture(scope="session", autouse=True)
def plain_git(tmp_path_factory):
    """Ignore the machine's git configuration, and give commits a fixed author and date."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
            patch.setenv(name, os.devnull)
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "Ann")
            patch.setenv(f"GIT_{who}_EMAIL", "ann@example.com")
            patch.setenv(f"GIT_{who}_DATE", "2026-01-01T00:00:00Z")
        yield


def git(directory, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Project:
    """A small project in a git repository. Its configured database cannot be reached."""

    def __init__(self, sketch, *, server=False):
        self.sketch = sketch
        self.root = sketch.root
        if server:
            sketch.name_database("postgresql+psycopg2://nobody@127.0.0.1:1/school")
        else:
            sketch.name_database(f"sqlite:///{self.root}/nowhere/school.db")
        self.versions = self.root / "migrations" / "versions"
        git(self.root, "init", "--quiet", "--initial-branch", "main")

    def move_to(self, root):
        """Use another working tree of the project."""
        self.root = self.sketch.root = root
        self.versions = root / "migrations" / "versions"

    def begin(self, before=None, models=MODELS, first=FIRST):
        """Commit the base, and create the branch."""
        self.sketch.models(models)
        self.write({"0001": first, **(before or {})})
        self.commit("begin")
        git(self.root, "checkout", "--quiet", "-b", "branch")

    def write(self, revisions):
        for name, revision in revisions.items():
            path = self.versions / f"{name}.py"
            if revision:
                source = revision["text"] if "text" in revision else written(name, **revision)
                path.write_text(source)
            else:
                path.unlink()

    def commit(self, message):
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", message)

    def advance(self, revisions):
        """Add revisions to the base, and return to the branch."""
        self.commit("branch")
        git(self.root, "checkout", "--quiet", "main")
        self.write(revisions)
        self.commit("base")
        git(self.root, "checkout", "--quiet", "branch")

    def gate(self, **options):
        return gate(load_settings(self.root, {"base": "main", **options}))


def written(name, up="pass", down="pass", after=None):
    return REVISION.format(
        name=name, after=after, up=indent(up.strip(), "    "), down=indent(down.strip(), "    ")
    )


@pytest.fixture
def project(sketch):
    """A project at the root of its repository, on a new branch."""
    project = Project(sketch())
    project.begin()
    return project


@dataclass
class Case:
    """A test case, as in its file."""

    models: str = ""
    before: dict = field(default_factory=dict)
    branch: dict = field(default_factory=dict)
    base: dict = field(default_factory=dict)
    findings: list[list[str]] = field(default_factory=list)
    notes: list[list[str]] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    unchecked: int = 0
    options: dict = field(default_factory=dict)
    live: str | None = None
    server: bool = False
    private: bool = False

    def run(self, sketch, pg18):
        maker = pg18() if self.server else None
        project = Project(sketch(maker), server=self.server)
        project.begin(self.before)
        if self.models:
            project.sketch.models(self.models)
        project.write(self.branch)
        if self.base:
            project.advance(self.base)
        options = dict(self.options)
        if self.server and not self.private:
            url = maker.server.set(database="postgres")
            options["shadow"] = url.render_as_string(hide_password=False)
        if self.live is not None:
            project.sketch.upgrade()
            project.sketch.by_hand(self.live)
            options["database_url"] = project.sketch.url
        return project.gate(**options)


def _cases():
    for path in sorted(HERE.glob("*.toml")):
        for name, case in tomllib.loads(path.read_text()).items():
            yield pytest.param(Case(**case), id=f"{path.stem}-{name}")


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", list(_cases()))
