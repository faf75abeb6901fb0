"""Cases of the gate as data: a project, what a branch makes of it, what is found and on which line.

Every case begins with the revision 0001 and its models, committed to ``main``. Then a branch is
made. Of a case:

``models``    the models of the branch; the base's, where it says nothing
``before``    revisions that the base has besides
``branch``    revisions of the branch; an empty one deletes that of the base
``base``      revisions that come to ``main`` after the branch was made; an empty one deletes
``findings``  the rule of each, with file and line
``notes``     those that do not fail the check
``says``      is told somewhere
``unchecked`` how many of the checks could not be made
``options``   settings, as ``[tool.driftcheck]`` has them
``live``      what was done by hand to a live database at the head, which is named then
``server``    whether it takes PostgreSQL; else, SQLite

A revision is ``after``, ``up`` and ``down`` or, where that does not do, the ``text`` of its file.
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
    """Keep the machine's configuration out of it, and give commits an author and a date."""
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
    """A small project in a git repository, whose configured database cannot be reached."""

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
        """Look at another working tree of the project."""
        self.root = self.sketch.root = root
        self.versions = root / "migrations" / "versions"

    def begin(self, before=None):
        """Commit the base and turn off from it."""
        self.sketch.models(MODELS)
        self.write({"0001": FIRST, **(before or {})})
        self.commit("begin")
        git(self.root, "checkout", "--quiet", "-b", "branch")

    def write(self, revisions):
        for name, said in revisions.items():
            path = self.versions / f"{name}.py"
            if said:
                path.write_text(said["text"] if "text" in said else written(name, **said))
            else:
                path.unlink()

    def commit(self, message):
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", message)

    def advance(self, revisions):
        """Let revisions come to the base, and return to the branch."""
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
    """A project at the top of a repository of its own, where a branch was begun."""
    made = Project(sketch())
    made.begin()
    return made


@dataclass
class Case:
    """A case, as its file says it."""

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

    def run(self, sketch, pg18):
        maker = pg18() if self.server else None
        made = Project(sketch(maker), server=self.server)
        made.begin(self.before)
        if self.models:
            made.sketch.models(self.models)
        made.write(self.branch)
        if self.base:
            made.advance(self.base)
        options = dict(self.options)
        if self.server:
            url = maker.server.set(database="postgres")
            options["shadow"] = url.render_as_string(hide_password=False)
        if self.live is not None:
            made.sketch.upgrade()
            made.sketch.by_hand(self.live)
            options["database_url"] = made.sketch.url
        return made.gate(**options)


def _cases():
    for path in sorted(HERE.glob("*.toml")):
        for name, said in tomllib.loads(path.read_text()).items():
            yield pytest.param(Case(**said), id=f"{path.stem}-{name}")


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", list(_cases()))
