"""A history with every kind of operation and with branches, walked once per test session."""

import pytest

from driftcheck.actions.locate.nearest_state import nearest_state
from driftcheck.actions.timeline.blame import DatabaseHistory
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.databases.location import parse_url
from driftcheck.databases.reading import Scope
from driftcheck.databases.version_table import VersionTable
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.walks import HistoryWalker
from driftcheck.pipeline.opening import open_project
from driftcheck.sources.live import read_live

_VERSIONS = VersionTable("", "alembic_version")

# The revision, its parent, its operations.
HISTORY = (
    (
        "0001",
        None,
        """
op.create_table("schools", sa.Column("id", sa.Integer, primary_key=True))
op.create_table(
    "students",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20)),
    sa.Column("school_id", sa.Integer, sa.ForeignKey("schools.id")),
)
op.create_index("ix_students_name", "students", ["name"])
""",
    ),
    ("0002", "0001", 'op.execute("INSERT INTO schools VALUES (1)")'),
    ("0003", "0002", 'op.add_column("students", sa.Column("age", sa.Integer))'),
    ("0004", "0003", ""),
    ("0005", "0004", 'op.alter_column("students", "name", new_column_name="full_name")'),
    ("0006", "0005", 'op.alter_column("students", "full_name", type_=sa.String(64))'),
    ("0007", "0006", 'op.drop_column("students", "age")'),
    ("left1", "0007", 'op.add_column("schools", sa.Column("city", sa.Text))'),
    ("left2", "left1", 'op.create_table("rooms", sa.Column("id", sa.Integer))'),
    ("right", "0007", 'op.create_table("clubs", sa.Column("id", sa.Integer))'),
    ("merge", ("left2", "right"), ""),
    ("0008", "merge", 'op.rename_table("clubs", "teams")'),
    (
        "0009",
        "0008",
        """
op.execute("CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n'")
op.execute('CREATE TABLE "Odd ""Name" (id integer)')
op.execute("CREATE INDEX city ON schools (city)")
""",
    ),
)


def write_history(project, revisions=HISTORY):
    for name, after, lines in revisions:
        project.revision(name, lines.strip(), after)


@pytest.fixture(scope="session")
def walking():
    """Return a function that walks the history of a project."""

    def walked(project, shadow=None):
        settings = Settings(root=project.root, shadow=shadow, gaps=(Gap.DRIFT,))

        def progress(_step):
            pass

        with open_project(settings, progress) as opened:
            walked = HistoryWalker(opened, Replays(opened)).walk({})
        assert walked.history.fault is None
        (walk,) = walked.walks.values()
        return walk

    return walked


@pytest.fixture(scope="session")
def server(pg18):
    """The URL of the server for shadow databases, which has the live databases too."""
    return pg18.server.set(database="postgres").render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def project(sketch, pg18):
    project = sketch(pg18)
    write_history(project)
    yield project
    project.live.close()
    project.live.shadow.drop()


@pytest.fixture(scope="session")
def walk(project, server, walking):
    return walking(project, server)


@pytest.fixture(scope="session")
def records(walk):
    return [DatabaseHistory("live", walk, ())]


@pytest.fixture(scope="session")
def fitted(walk):
    """Find the nearest states of the database at a URL: their names, and the changes."""

    def hold(url, preferred=()):
        live = read_live(parse_url(url, named="it"), [_VERSIONS], Scope()).snapshot
        nearest = nearest_state(
            walk, live, (), lambda state: walk.heads_of(state.applied) == preferred
        )
        names = ["+".join(walk.heads_of(state.applied)) for state in nearest.states]
        return names, [f"{change.type} {change.address}" for change in nearest.changes]

    return hold
