"""Who made an object, and who changed it: under other names, in its table, and once it is gone."""

import pytest

from driftcheck.actions.timeline.blame import blame, resolve_object
from driftcheck.config.settings import Settings
from driftcheck.errors import UsageError

# What is asked for, and each revision that had to do with it, what it did, and on which line.
BLAMED = {
    "table students": [
        ("0001", "made table public.students", 10),
        ("0003", "made column public.students.age", 9),
        ("0005", "renamed column public.students.full_name", 9),
        ("0005", "altered index public.ix_students_name", 9),
        ("0006", "altered column public.students.full_name", 9),
        ("0007", "dropped column public.students.age", 9),
    ],
    "public.students.full_name": [
        ("0001", "made table public.students", 10),
        ("0005", "renamed column public.students.full_name", 9),
        ("0006", "altered column public.students.full_name", 9),
    ],
    "students.age": [
        ("0003", "made column public.students.age", 9),
        ("0007", "dropped column public.students.age", 9),
    ],
    "students.name": [
        ("0001", "made table public.students", 10),
        ("0005", "renamed column public.students.full_name", 9),
    ],
    "teams.id": [
        ("right", "made table public.clubs", 9),
        ("0008", "renamed table public.teams", 9),
    ],
    "TEAMS": [
        ("right", "made table public.clubs", 9),
        ("0008", "renamed table public.teams", 9),
    ],
    "ix_students_name": [
        ("0001", "made table public.students", 10),
        ("0005", "altered index public.ix_students_name", 9),
    ],
    "twice( integer )": [("0009", "made function public.twice(integer)", 9)],
    '"Odd ""Name".id': [("0009", 'made table public."Odd ""Name"', 10)],
    "schools.city": [("left1", "made column public.schools.city", 9)],
    "index city": [("0009", "made index public.city", 11)],
}


@pytest.mark.parametrize("name", BLAMED)
def test_blame(records, name):
    history = records[0].of_object(resolve_object(name, records))
    told = [
        (m.revision.revision, f"{m.event.operation} {m.event.address}", m.event.line)
        for m in history.entries
    ]
    assert told == BLAMED[name]


def test_made_and_last_changed(records):
    column = records[0].of_object(resolve_object("students.full_name", records))
    assert column.creation.revision.revision == "0001"
    assert column.last_change.revision.revision == "0006"
    assert column.definition == "character varying(64)"
    assert column.entries[1].event.old_address.name == "name"

    dropped = records[0].of_object(resolve_object("students.age", records))
    assert dropped.definition is None
    assert dropped.last_change.revision.file == "migrations/versions/0007.py"

    function = records[0].of_object(resolve_object("twice", records))
    assert function.last_change is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("students.fullname", "Did you mean 'column public.students.full_name'?"),
        ("ix_student_name", "Did you mean 'index public.ix_students_name'?"),
        ("view students", "table public.students"),
        ("students.age.x", "students.age"),
        ('"Students"', "table public.students"),
        ("twice(text)", "function public.twice(integer)"),
        ("", "driftcheck history"),
        ('"', "driftcheck history"),
        ("xyzzy", "driftcheck history"),
    ],
)
def test_a_name_that_nothing_has(records, name, hint):
    with pytest.raises(UsageError) as raised:
        resolve_object(name, records)
    assert hint in raised.value.hint


def test_a_name_that_several_have(sketch, server, pg18):
    project = sketch(pg18)
    project.revision(
        "0001",
        'op.execute("CREATE TABLE a (x integer)")\n'
        "op.execute(\"CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT 1'\")\n"
        "op.execute(\"CREATE FUNCTION f(a integer) RETURNS text LANGUAGE sql AS 'SELECT 1'\")\n"
        'op.execute("CREATE TABLE b (a integer, CONSTRAINT a CHECK (a > 0))")',
    )
    settings = Settings(root=project.root, shadow=server)
    with pytest.raises(UsageError) as raised:
        blame(settings, "f")
    assert raised.value.hint == (
        "Name one of them: 'function public.f(integer)', 'function public.f(text)'."
    )
    with pytest.raises(UsageError, match="matches 2 objects"):
        blame(settings, "b.a")
    found = blame(settings, "check constraint b.a")
    assert [m.event.operation for m in found.histories[0].entries] == ["made"]
    project.live.close()
    project.live.shadow.drop()
