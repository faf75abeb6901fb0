"""Golden files of the formats of history and blame; test_formats.py says how to renew them."""

import json
from pathlib import Path

import pytest

from driftcheck.errors import ExitCode
from driftcheck.judging.comparison import Difference
from driftcheck.judging.findings import Origin
from driftcheck.judging.timeline import (
    Blame,
    Break,
    DatabaseTimeline,
    Event,
    ObjectHistory,
    RevisionEvents,
    Timeline,
)
from driftcheck.judging.timeline import HistoryEntry as Entry
from driftcheck.judging.timeline import SchemaOperation as Operation
from driftcheck.reports import OutputStyle, blame, history
from driftcheck.schema import Address
from tests.reports.test_formats import check_golden

from .conftest import HOSTILE

GOLDEN = Path(__file__).parent / "golden_timeline"

STUDENTS = Address("table", "public", ("students",))
NAME = Address("column", "public", ("students", "name"))
FULL_NAME = Address("column", "public", ("students", "full_name"))
INDEX = Address("index", "public", ("ix_students_name",))
TWICE = Address("function", "public", ("twice",), "integer")

TABLE = Event(
    Operation.MADE,
    STUDENTS,
    definition="table",
    parts=(NAME, Address("column", "public", ("students", "id"))),
    line=21,
)
RENAMED = Event(Operation.RENAMED, FULL_NAME, old_address=NAME, part_of=STUDENTS, line=18)
LONGER = Event(
    Operation.ALTERED,
    FULL_NAME,
    part_of=STUDENTS,
    definition="character varying(64) NOT NULL",
    differences=(
        Difference("nullable", wanted=True, actual=False),
        Difference("type", "character varying(20)", "character varying(64)"),
    ),
    line=19,
)
BODY = Event(
    Operation.ALTERED,
    TWICE,
    definition="CREATE FUNCTION ...",
    differences=(Difference("definition", "AS $$\nSELECT n + n\n$$", "AS $$\nSELECT 2 * n\n$$"),),
)
NEW_INDEX = Event(Operation.MADE, INDEX, part_of=STUDENTS, definition="btree (full_name)", line=24)
GONE = Event(Operation.DROPPED, INDEX, part_of=STUDENTS, definition="btree (full_name)", line=15)

REVISIONS = (
    RevisionEvents("0414d1b7a2ae", "create students", "migrations/versions/0414d1.py", (TABLE,)),
    RevisionEvents("535c87e5c862", "the first schools", "migrations/versions/535c87.py", ()),
    RevisionEvents(
        "8f2b6c1d0a9e",
        "full names, which may be longer than the names that there were until now",
        "migrations/versions/8f2b6c.py",
        (RENAMED, LONGER, NEW_INDEX, BODY),
    ),
    RevisionEvents("9f57c900cc71", "", "migrations/versions/9f57c9.py", (GONE,)),
)
BREAK = Break(
    Origin("a1b2c3d4e5f6", "migrations/versions/a1b2c3.py", 12), 'relation "x" already exists'
)
ODD = Address("table", HOSTILE, (HOSTILE,))
ODD_EVENT = Event(
    Operation.ALTERED, ODD, differences=(Difference("comment", HOSTILE, f"{HOSTILE}\n{HOSTILE}"),)
)
ODD_REVISION = RevisionEvents("0001", HOSTILE, HOSTILE, (ODD_EVENT,))


def _database(*revisions):
    return DatabaseTimeline("school", "postgresql", "16.4", revisions)


TIMELINES = {
    "history": Timeline("school", (_database(*REVISIONS),)),
    "history-broken": Timeline("school", (_database(*REVISIONS[:2]),), BREAK),
    "history-hostile": Timeline(HOSTILE, (_database(ODD_REVISION),)),
}
BLAMES = {
    "blame": Blame(
        "school",
        (
            ObjectHistory(
                "school",
                FULL_NAME,
                "character varying(64) NOT NULL",
                (
                    Entry(REVISIONS[0], TABLE, NAME),
                    Entry(REVISIONS[2], RENAMED, FULL_NAME),
                    Entry(REVISIONS[2], LONGER, FULL_NAME),
                ),
            ),
        ),
    ),
    "blame-dropped": Blame(
        "school",
        (
            ObjectHistory(
                "school",
                INDEX,
                None,
                (Entry(REVISIONS[2], NEW_INDEX, INDEX), Entry(REVISIONS[3], GONE, INDEX)),
            ),
            ObjectHistory("archive", INDEX, "btree (full_name)", ()),
        ),
        BREAK,
    ),
    "blame-hostile": Blame(
        HOSTILE, (ObjectHistory(HOSTILE, ODD, HOSTILE, (Entry(ODD_REVISION, ODD_EVENT, ODD),)),)
    ),
}
CASES = [
    *((name, one, history.FORMATS) for name, one in TIMELINES.items()),
    *((name, one, blame.FORMATS) for name, one in BLAMES.items()),
]
PAGES = {
    "": OutputStyle(),
    "-40-columns": OutputStyle(width=40),
    "-ascii": OutputStyle(encoding="ascii"),
}


@pytest.mark.parametrize(("name", "value", "forms"), CASES, ids=[name for name, *_ in CASES])
def test_forms(name, value, forms):
    for suffix, page in PAGES.items():
        text = forms["terminal"](value, page)
        check_golden(text, GOLDEN / f"{name}{suffix}.txt")
        assert {c for c in text if not c.isprintable()} <= {"\n", "\t"}
        text.encode(page.encoding)
    text = forms["json"](value, OutputStyle())
    check_golden(text, GOLDEN / f"{name}.json")
    assert json.loads(text)["exit_code"] == value.exit_code


def test_no_golden_file_is_left_over():
    known = {f"{name}{page}.txt" for name, *_ in CASES for page in PAGES}
    known |= {f"{name}.json" for name, *_ in CASES}
    assert {file.name for file in GOLDEN.iterdir()} == known


def test_a_break_is_no_success():
    assert TIMELINES["history"].exit_code is ExitCode.CLEAN
    assert TIMELINES["history-broken"].exit_code is ExitCode.CANNOT_CHECK
