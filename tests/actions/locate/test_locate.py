"""Where a database really is: built at each revision, stamped wrong or never, changed by hand."""

import pytest

from driftcheck.actions.locate import locate
from driftcheck.config.settings import Settings
from driftcheck.databases.location import parse_url
from driftcheck.databases.reading import Scope
from driftcheck.errors import ExitCode
from driftcheck.sources.live import read_live

# What upgrade is told, and the states that leave the schema which is there then.
BUILT = {
    "0001": ["0001", "0002"],
    "0002": ["0001", "0002"],
    "0003": ["0003", "0004"],
    "0004": ["0003", "0004"],
    "0005": ["0005"],
    "0006": ["0006"],
    "0007": ["0007"],
    "left1": ["left1"],
    "left2": ["left2"],
    "merge": ["left2+right", "merge"],
    "0008": ["0008"],
    "0009": ["0009"],
}

# Upgraded to, done by hand, the nearest, and what differs from that.
CHANGED = {
    "a column is gone": ("0006", "ALTER TABLE students DROP age", ["0007"], []),
    "a column is extra": (
        "0005",
        "ALTER TABLE students ADD extra integer",
        ["0005"],
        ["extra column public.students.extra"],
    ),
    "a column is of another type": (
        "0003",
        "ALTER TABLE students ALTER age TYPE bigint",
        ["0003", "0004"],
        ["changed column public.students.age"],
    ),
    "a whole table is gone, with all that it had": (
        "0007",
        "DROP TABLE students",
        ["0007"],
        ["missing table public.students"],
    ),
    "another table is there, which no revision makes": (
        "left1",
        "CREATE TABLE notes (id integer PRIMARY KEY, a text, b text, c text, UNIQUE (a, b))",
        ["left1"],
        ["extra table public.notes"],
    ),
    "more changes than there were tables to create": (
        "0002",
        "ALTER TABLE students ADD a integer, ADD b integer, ADD c integer",
        ["0001", "0002"],
        [
            "extra column public.students.c",
            "extra column public.students.b",
            "extra column public.students.a",
        ],
    ),
}


def test_a_database_that_is_built_at_each_revision(project, fitted, database, pg18):
    live = database(pg18)
    for revision, states in BUILT.items():
        project.upgrade(revision, live.text_url)
        assert fitted(live.text_url) == (states, []), revision


def test_a_database_on_one_branch_only(project, fitted, database, pg18):
    """No replay along one line passes it: it goes left first."""
    live = database(pg18)
    project.upgrade("right", live.text_url)
    assert fitted(live.text_url) == (["right"], [])


def test_an_empty_database(fitted, database, pg18):
    assert fitted(database(pg18).text_url) == ([""], [])


@pytest.mark.parametrize("case", CHANGED)
def test_a_database_that_was_changed_by_hand(project, fitted, database, pg18, case):
    upgrade, by_hand, states, changes = CHANGED[case]
    live = database(pg18)
    project.upgrade(upgrade, live.text_url)
    live.execute(by_hand)
    assert fitted(live.text_url, (upgrade,)) == (states, changes)


def test_of_several_that_are_as_near_the_stamped_one_is_taken(project, fitted, database, pg18):
    live = database(pg18)
    project.upgrade("0006", live.text_url)
    live.execute("ALTER TABLE students ALTER full_name TYPE varchar(40)")
    changes = ["changed column public.students.full_name"]
    assert fitted(live.text_url, ("0005",)) == (["0005"], changes)
    assert fitted(live.text_url, ("0006",)) == (["0006"], changes)


def test_what_a_walk_keeps_is_what_a_full_reading_says(project, walk, database, pg18):
    """Also in the order of its kinds, by which it is told and built."""
    live = database(pg18)
    for step in walk.steps:
        if step.revision.identifier in BUILT:
            project.upgrade(step.revision.identifier, live.text_url)
            if step.after.applied == walk.ancestry([step.revision.identifier]):
                read = read_live(parse_url(live.text_url, named="it"), (), Scope()).snapshot
                kept = step.after.reading.objects
                assert kept == read.objects
                assert [a.kind for a in kept] == [a.kind for a in read.objects]
    empty = {step.revision.identifier for step in walk.steps if not step.changes}
    assert empty == {"0002", "0004", "merge"}


@pytest.fixture
def located(project, server, database, pg18):
    """Build a database, do something to it, and locate it."""

    def run(upgrade, *by_hand):
        live = database(pg18)
        if upgrade:
            project.upgrade(upgrade, live.text_url)
        for statement in by_hand:
            live.execute(statement)
        settings = Settings(root=project.root, shadow=server, database_url=live.text_url)
        report = locate(settings)
        (one,) = report.databases
        return report.exit_code, [f.rule for f in one.findings], one

    return run


def stamp(revision):
    return f"UPDATE alembic_version SET version_num = '{revision}'"


def test_where_the_stamp_says(located):
    code, rules, one = located("0004")
    assert (code, rules) == (ExitCode.CLEAN, [])
    assert one.revision_match.as_stamped
    assert one.revision_match.states == (("0003",), ("0004",))


def test_recorded_and_never_ran(located):
    code, rules, one = located("0005", stamp("0007"))
    assert (code, rules) == (ExitCode.FOUND, ["locate-elsewhere"])
    (finding,) = one.findings
    assert finding.message == (
        "the live database is stamped with 0007, but its schema is that of 0005: "
        "2 revisions are recorded but did not run"
    )
    assert finding.remedies[0].code == "alembic stamp 0005\nalembic upgrade head"


def test_ran_and_not_recorded(located):
    code, rules, one = located("0009", stamp("0001"))
    assert (code, rules) == (ExitCode.FOUND, ["locate-elsewhere"])
    assert one.findings[0].message.endswith("of 0009: 12 revisions are not recorded but did run")
    assert one.findings[0].remedies[0].code == "alembic stamp 0009"


def test_never_stamped(located):
    code, rules, one = located("0006", "DROP TABLE alembic_version")
    assert (code, rules) == (ExitCode.FOUND, ["locate-unstamped"])
    assert one.revision_match.states == (("0006",),)


def test_stamped_with_what_no_file_has(located):
    code, rules, one = located("0006", stamp("gone"))
    assert (code, rules) == (ExitCode.FOUND, ["stamp-unknown", "locate-elsewhere"])
    assert one.findings[1].remedies[0].code.startswith("alembic stamp --purge 0006\n")


def test_what_an_unknown_revision_may_explain(located):
    _, rules, one = located("0005", stamp("gone"), "ALTER TABLE schools ADD x integer")
    assert rules == ["stamp-unknown", "locate-nearest", "drift-column-extra"]
    assert one.findings[2].message.endswith(
        "revision gone, which no migration file defines, may explain the difference"
    )
    assert [remedy.name for remedy in one.findings[2].remedies] == ["get the migration file"]


def test_drift_on_top_of_a_wrong_stamp(located):
    code, rules, one = located("0005", stamp("0001"), "ALTER TABLE schools ADD x integer")
    assert (code, rules) == (ExitCode.FOUND, ["locate-nearest", "drift-column-extra"])
    assert one.findings[0].message.endswith(
        "stamped 0001, matches no revision: the nearest is 0005, with 1 change"
    )
    assert dict(one.findings[1].definitions) == {"revision": None, "live": "integer"}


def test_drift_where_the_stamp_is_right(located):
    code, rules, one = located("0005", "ALTER TABLE schools ADD x integer")
    assert (code, rules) == (ExitCode.FOUND, ["locate-nearest", "drift-column-extra"])
    assert one.revision_match.as_stamped
    assert one.findings[0].remedies == ()
    assert dict(one.findings[1].definitions) == {"stamped": None, "live": "integer"}


def test_a_recorded_revision_is_not_unrecorded(located):
    """The nearest state is before the stamp. The revision of the stamp has run in part there."""
    _, rules, one = located(
        "left2", "DROP TABLE schools CASCADE", "ALTER TABLE rooms ADD x integer"
    )
    assert "stamp-behind-in-part" not in rules
    assert one.revision_match.states


def test_a_new_database_is_where_it_should_be(located):
    code, rules, one = located("", "CREATE VIEW nothing AS SELECT 1")
    assert (code, rules) == (ExitCode.FOUND, ["locate-nearest", "drift-view-extra"])
    assert one.revision_match.as_stamped


def test_several_stamps_on_two_branches(located):
    code, rules, one = located(
        "left2", stamp("left1"), "INSERT INTO alembic_version VALUES ('right')"
    )
    assert (code, rules) == (ExitCode.FOUND, ["stamp-several", "locate-elsewhere"])
    assert (
        "of left2: 1 revision is recorded but did not run, 1 revision is not recorded but did run"
        in (one.findings[1].message)
    )
