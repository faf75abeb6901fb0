"""What each revision does, as seen in the database; and histories of other sorts."""

import pytest

from driftcheck.actions.locate.nearest_state import nearest_state
from driftcheck.actions.timeline.blame import DatabaseHistory, resolve_object
from driftcheck.actions.timeline.history import history
from driftcheck.actions.timeline.revision_events import revision_events
from driftcheck.config.settings import Settings
from driftcheck.databases.location import parse_url
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ExitCode, UsageError
from driftcheck.sources.live import read_live

DONE = {
    "0001": [
        "made table public.schools",
        "made table public.students",
    ],
    "0002": [],
    "0003": ["made column public.students.age"],
    "0004": [],
    "0005": ["renamed column public.students.full_name", "altered index public.ix_students_name"],
    "0006": ["altered column public.students.full_name"],
    "0007": ["dropped column public.students.age"],
    "left1": ["made column public.schools.city"],
    "left2": ["made table public.rooms"],
    "right": ["made table public.clubs"],
    "merge": [],
    "0008": ["renamed table public.teams"],
    "0009": [
        "made function public.twice(integer)",
        'made table public."Odd ""Name"',
        "made index public.city",
    ],
}


def told(revisions):
    return {
        revision.revision: [f"{event.operation} {event.address}" for event in revision.events]
        for revision in revisions
    }


def test_what_each_revision_does(walk):
    assert told(revision_events(walk, catalog_for("postgresql"), ())) == DONE


@pytest.fixture(scope="module")
def asked(project, server):
    def ask(*revisions, since=""):
        timeline = history(Settings(root=project.root, shadow=server), revisions, since)
        (database,) = timeline.databases
        assert timeline.exit_code is ExitCode.CLEAN
        return told(database.revisions)

    return ask


def test_a_range(asked):
    assert asked("0005", "head") == {name: DONE[name] for name in ("0005", "0009")}
    assert list(asked(since="left1")) == ["left2", "merge", "0008", "0009"]


@pytest.mark.parametrize(
    "arguments", [{"revisions": ["nope"]}, {"since": "nope"}, {"revisions": ["000"]}]
)
def test_a_revision_that_is_none(project, server, arguments):
    with pytest.raises(UsageError, match=r"nope|000"):
        history(Settings(root=project.root, shadow=server), **arguments)


def test_a_history_that_breaks(sketch, server, pg18):
    project = sketch(pg18)
    project.revision("0001", 'op.create_table("a", sa.Column("id", sa.Integer))')
    project.revision("0002", 'op.execute("DROP TABLE nothing")', "0001")
    timeline = history(Settings(root=project.root, shadow=server))
    assert told(timeline.databases[0].revisions) == {"0001": ["made table public.a"]}
    assert timeline.exit_code is ExitCode.CANNOT_CHECK
    assert (timeline.broken.origin.revision, timeline.broken.origin.line) == ("0002", 9)
    assert "nothing" in timeline.broken.message
    project.live.close()
    project.live.shadow.drop()


SQLITE = (
    ("0001", None, 'op.create_table("a", sa.Column("id", sa.Integer), sa.Column("b", sa.Text))'),
    ("0002", "0001", "op.execute(\"INSERT INTO a VALUES (1, 'x')\")"),
    (
        "0003",
        "0002",
        'with op.batch_alter_table("a") as t:\n    t.alter_column("b", type_=sa.String(9))',
    ),
    ("0004", "0003", 'op.create_index("ix_a", "a", ["b"])'),
)


def test_sqlite(sketch, walking):
    project = sketch()
    for name, after, lines in SQLITE:
        project.revision(name, lines, after)
    walk = walking(project)
    assert told(revision_events(walk, catalog_for("sqlite"), ())) == {
        "0001": ["made table a"],
        "0002": [],
        "0003": ["altered column a.b"],
        "0004": ["made index ix_a"],
    }
    records = [DatabaseHistory("live", walk, ())]
    column = records[0].of_object(resolve_object("a.b", records))
    assert [m.revision.revision for m in column.entries] == ["0001", "0003"]
    for revision, states in (
        ("0001", ["0001", "0002"]),
        ("0002", ["0001", "0002"]),
        ("0003", ["0003"]),
        ("0004", ["0004"]),
    ):
        project.upgrade(revision)
        live = read_live(parse_url(project.url, named="it"), (), Scope()).snapshot
        found = nearest_state(walk, live.without(walk.hidden), (), lambda _: False)
        assert [walk.heads_of(s.applied)[0] for s in found.states] == states
        assert not found.changes
