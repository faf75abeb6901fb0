"""Reports of every sort: one for each test that asks for a ``sample``, all as ``samples``."""

from dataclasses import replace
from datetime import date

import pytest

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.judging.findings import (
    Evidence,
    Finding,
    IgnoredFinding,
    Origin,
    PhantomOperation,
    Remedy,
    Severity,
    SourceLine,
    Verdict,
)
from driftcheck.judging.report import (
    Check,
    Coverage,
    DatabaseReport,
    Report,
    RevisionMatch,
    Simulation,
    SimulationStep,
)
from driftcheck.schema import Address

STUDENTS = Address("table", "public", ("students",))
LAST_NAME = Address("column", "public", ("students", "last_name"))
AGE = Address("column", "public", ("students", "age"))
VARCHAR = "character varying(64) NOT NULL"

UPGRADE = Remedy("upgrade", "Run the migrations on this database.", "shell", "flask db upgrade")

HOSTILE = "[bold]x[/bold]\x1b[31m\x9b2J\u202edrop\u2066\r\n\u00a0\u200b'\"\\"
"""Markup, escape sequences of both sorts, bidi overrides, line ends, spaces that are none."""

NASTY = (
    "@team #1 ]]><b>&amp;</b> | `` ~~~ *x* _y_ [a](http://b) www.c.d 100%,a=b::error::##[error] "
    "$x$ \n```\n# Schüler 学生 🎓 \x00\ufffe\udc80\x1b[2J"
)
"""What would mean something to a form for CI: calls, markup, commands, no character of XML."""


def database(*findings, **changes):
    facts = {
        "name": "school",
        "location": "postgresql://app@localhost:5432/school",
        "dialect": "postgresql",
        "server_version": "16.4",
        "stamped": ("0414d1b7a2ae",),
        "heads": ("0414d1b7a2ae",),
        "coverage": Coverage({"tables": 1, "columns": 3, "primary keys": 1, "triggers": 0}),
    }
    return DatabaseReport(findings=findings, **{**facts, **changes})


def report(*findings, **changes):
    return Report("school", (database(*findings, **changes),))


def dropped_by_hand():
    return Finding(
        rule="drift-column-missing",
        severity=Severity.ERROR,
        verdict=Verdict.DRIFT,
        change=ChangeType.MISSING,
        address=LAST_NAME,
        part_of=STUDENTS,
        message="Column public.students.last_name is missing from the database.",
        definitions={
            Side.MODELS: VARCHAR,
            Side.HEAD: VARCHAR,
            Side.STAMPED: VARCHAR,
            Side.LIVE: None,
        },
        impact="What reads or writes the column fails here, and only here.",
        remedies=(
            Remedy(
                "repair",
                "Put the column back as the migrations made it.",
                "sql",
                "ALTER TABLE public.students ADD COLUMN last_name character varying(64) NOT NULL;",
            ),
            Remedy(
                "adopt",
                "Write a migration that drops it everywhere, and take it out of the models.",
                "python",
                "op.drop_column('students', 'last_name')",
                loses_data=True,
            ),
        ),
        evidence=Evidence("its tombstone is at attnum 3: it was there and was dropped", 3),
        phantom=PhantomOperation(
            "op.add_column('students', sa.Column('last_name', sa.String(length=64), "
            "nullable=False))",
            LAST_NAME,
            'ERROR:  column "last_name" of relation "students" already exists',
        ),
        origin=Origin("0414d1b7a2ae", "migrations/versions/0414d1b7a2ae_create_students.py", 21),
    )


def new_in_models(verdict=Verdict.PENDING, live=None):
    return Finding(
        rule=f"{verdict}-column-missing",
        severity=Severity.ERROR,
        verdict=verdict,
        change=ChangeType.MISSING,
        address=AGE,
        part_of=STUDENTS,
        message="Column public.students.age is in the models, and no migration makes it.",
        definitions={
            Side.MODELS: "integer",
            Side.HEAD: None,
            Side.STAMPED: None,
            Side.LIVE: live,
        },
        impact="A database made by the migrations lacks it, and the code fails there.",
        remedies=(
            Remedy(
                "write the migration",
                "No migration carries it yet; this one would.",
                "python",
                "op.add_column('students', sa.Column('age', sa.Integer(), nullable=True))",
            ),
        ),
        parent_origin=Origin("0414d1b7a2ae", "migrations/versions/0414d1b7a2ae_create_students.py"),
        declared=SourceLine("school/models.py", 17),
    )


def conflict():
    return Finding(
        rule="conflict-column-changed",
        severity=Severity.ERROR,
        verdict=Verdict.CONFLICT,
        change=ChangeType.CHANGED,
        address=LAST_NAME,
        part_of=STUDENTS,
        message="Column public.students.last_name was changed in the models and in the database, "
        "to different types.",
        definitions={
            Side.MODELS: "text NOT NULL",
            Side.HEAD: VARCHAR,
            Side.STAMPED: VARCHAR,
            Side.LIVE: "character varying(32) NOT NULL",
        },
        differences=(Difference("type", "character varying(64)", "character varying(32)"),),
    )


def function_changed():
    body = "BEGIN\n\tNEW.changed := now();\n\tRETURN NEW;\nEND"
    other = body.replace("now()", "clock_timestamp()")
    return Finding(
        rule="drift-function-changed",
        severity=Severity.WARNING,
        verdict=Verdict.DRIFT,
        change=ChangeType.CHANGED,
        address=Address("function", "public", ("touch",), ""),
        message="Function public.touch() is not the one that the migrations made.",
        definitions={Side.HEAD: body, Side.STAMPED: body, Side.LIVE: other},
        differences=(
            Difference("body", body, other),
            Difference("security_definer", wanted=False, actual=True),
            Difference("settings", ("search_path=public",), None),
        ),
        remedies=(
            Remedy(
                "repair",
                "Put the function back.",
                "sql",
                f"CREATE OR REPLACE FUNCTION public.touch() RETURNS trigger AS $$\n{body}\n$$;",
            ),
        ),
        blind_spot=True,
    )


def not_applied(table):
    definition = "id bigint, name text"
    return Finding(
        rule="unapplied-table-missing",
        severity=Severity.NOTE,
        verdict=Verdict.UNAPPLIED,
        change=ChangeType.MISSING,
        address=Address("table", "public", (table,)),
        message=f"Table public.{table} is made by a migration that has not run here.",
        definitions={
            Side.MODELS: definition,
            Side.HEAD: definition,
            Side.STAMPED: None,
            Side.LIVE: None,
        },
        parts=tuple(Address("column", "public", (table, name)) for name in ("id", "name")),
        remedies=(UPGRADE,),
    )


def history_broken():
    return Finding(
        rule="history-broken",
        severity=Severity.ERROR,
        message="The history does not build from nothing: revision 8f2b6c1d0a9e fails.",
        impact="A new colleague, a test run or a new server cannot make the database.",
        details='(psycopg2.errors.UndefinedTable) relation "lessons" does not exist\n'
        "[SQL: ALTER TABLE lessons ADD COLUMN room TEXT]",
        remedies=(
            Remedy("bootstrap", "Say in [tool.driftcheck] what has to be there beforehand."),
        ),
        origin=Origin("8f2b6c1d0a9e", "migrations/versions/8f2b6c1d0a9e_room.py", 18),
    )


def colleague_fails():
    return Finding(
        rule="colleague-upgrade-fails",
        severity=Severity.ERROR,
        message="the upgrade from 0414d1b7a2ae fails at the migration that migrate would write now",
        impact="Everybody whose database nobody touched gets this error.",
        why="Column public.students.last_name was dropped by hand: the migrations make it, the "
        "live database lacks it. Revision 0414d1b7a2ae has made column "
        "public.students.last_name already: "
        "migrations/versions/0414d1b7a2ae_create_students.py:21.",
        details='column "last_name" of relation "students" already exists\n'
        "ALTER TABLE students ADD COLUMN last_name VARCHAR(64) NOT NULL",
        remedies=dropped_by_hand().remedies,
        origin=Origin("unwritten", "unwritten_what_migrate_would_write_now.py", 22),
    )


STANDS = SimulationStep("her database stands at 0414d1b7a2ae, as the live one")
RUNS = SimulationStep("upgrade has nothing to run: that is the head")
FAILS = SimulationStep(
    "upgrade fails in the migration that migrate would write now",
    succeeded=False,
    code="21       with op.batch_alter_table('students', schema=None) as batch_op:\n"
    "22 >         batch_op.add_column(sa.Column('last_name', sa.String(length=64)))",
)


def hostile():
    address = Address("column", HOSTILE, (HOSTILE, HOSTILE))
    return Finding(
        rule="drift-column-changed",
        severity=Severity.ERROR,
        verdict=Verdict.DRIFT,
        change=ChangeType.CHANGED,
        address=address,
        part_of=Address("table", HOSTILE, (HOSTILE,)),
        message=f"Column {address.sql} is changed.",
        definitions={Side.STAMPED: HOSTILE, Side.LIVE: HOSTILE + "!"},
        differences=(Difference(HOSTILE, HOSTILE, HOSTILE + "!"), Difference("a", HOSTILE[:9], 1)),
        impact=HOSTILE,
        remedies=(Remedy(HOSTILE, HOSTILE, "sql", HOSTILE),),
        phantom=PhantomOperation(HOSTILE, address, HOSTILE),
        origin=Origin(HOSTILE, HOSTILE, 1),
        details=HOSTILE + "\udc80",
        why=HOSTILE,
    )


def nasty():
    address = Address("column", "public", (NASTY, NASTY))
    return Finding(
        rule="drift-column-missing",
        severity=Severity.ERROR,
        verdict=Verdict.DRIFT,
        change=ChangeType.MISSING,
        address=address,
        part_of=Address("table", "public", (NASTY,)),
        message=f"column {address.sql} was dropped by hand",
        definitions={Side.STAMPED: NASTY, Side.LIVE: None},
        impact=NASTY,
        remedies=(Remedy("repair", NASTY, "sql", NASTY), Remedy("decide", NASTY)),
        phantom=PhantomOperation(NASTY, address, NASTY),
        origin=Origin(NASTY, f"migrations/{NASTY}", 7),
        details=NASTY,
    )


def nasty_report():
    facts = {"name": NASTY, "notes": (NASTY,), "ignored": (IgnoredFinding(nasty(), NASTY),)}
    return Report(NASTY, (database(nasty(), **facts),), command=NASTY)


def ignored_report():
    """One that is ignored for ever and one until a day; a third is to know of, and a last fails."""
    ignored = (
        IgnoredFinding(dropped_by_hand(), "The old application still lacks it."),
        IgnoredFinding(function_changed(), "Tried out here.", date(2027, 1, 31)),
    )
    expired = Finding(
        "ignore-expired",
        Severity.WARNING,
        "an entry of ignore in [tool.driftcheck] ended on 2026-11-01: drift-index-*",
        declared=SourceLine("pyproject.toml"),
    )
    return report(expired, conflict(), ignored=ignored, environment="migrations/env.py")


def hostile_report():
    facts = dict.fromkeys(("name", "location", "dialect", "server_version", "replay"), HOSTILE)
    lists = dict.fromkeys(("stamped", "heads", "notes"), (HOSTILE,))
    counts = Coverage({HOSTILE: 2}, {HOSTILE: 1})
    return Report(
        HOSTILE, (database(hostile(), **facts, **lists, coverage=counts),), command=HOSTILE
    )


def located(states, *findings, changes=0, as_stamped=False):
    place = RevisionMatch(states, changes, as_stamped, states_compared=24)
    one = database(*findings, gaps=(Gap.DRIFT,), revision_match=place)
    return Report("school", (one,), frozenset({Gap.DRIFT}), command="driftcheck locate")


def at_another_revision():
    return Finding(
        rule="locate-elsewhere",
        severity=Severity.ERROR,
        message="the live database is stamped with 0414d1b7a2ae, but its schema is that of "
        "535c87e5c862 or 9f57c900cc71: at least 2 revisions are recorded and never ran",
        impact="upgrade begins at the wrong revision here.",
        remedies=(
            Remedy(
                "stamp",
                "Record where it is, and run what comes after that.",
                "shell",
                "flask db stamp 9f57c900cc71\nflask db upgrade",
            ),
        ),
    )


def like_no_revision():
    yield Finding(
        rule="locate-nearest",
        severity=Severity.ERROR,
        message="the live database, stamped 0414d1b7a2ae, has the schema of no revision: the "
        "nearest is 535c87e5c862, with 1 change",
    )
    dropped = dropped_by_hand()
    yield replace(dropped, definitions={Side.REVISION: VARCHAR, Side.LIVE: None})


def many():
    """Five hundred columns dropped by hand, of fifty tables, and an index that is merely noted."""
    findings = []
    for number in range(500):
        table, name = f"table_{number % 50:02}", f"column_{number:03}"
        address = Address("column", "public", (table, name))
        findings.append(
            Finding(
                rule="drift-column-missing",
                severity=Severity.NOTE if number % 50 == 0 else Severity.ERROR,
                verdict=Verdict.DRIFT,
                change=ChangeType.MISSING,
                address=address,
                part_of=Address("table", "public", (table,)),
                message=f"Column {address.sql} is missing from the database.",
                phantom=PhantomOperation(f"op.add_column('{table}', ...)", address)
                if number < 15
                else None,
            )
        )
    return report(*findings, coverage=Coverage({"tables": 50, "columns": 900}))


CLEAN = report(replay="cached")
TUTORIAL = report(
    dropped_by_hand(),
    coverage=Coverage(
        {"tables": 1, "columns": 2, "primary keys": 1}, {"base type": 1}, ("owners", "privileges")
    ),
)
SAMPLES = {
    "clean": CLEAN,
    "tutorial": TUTORIAL,
    "pending": report(new_in_models()),
    "hand-applied": report(new_in_models(Verdict.HAND_APPLIED, live="integer")),
    "conflict": report(conflict()),
    "function-changed": report(function_changed(), notes=("Triggers are compared too.",)),
    "unapplied": report(not_applied("courses"), not_applied("lessons"), heads=("8f2b6c1d0a9e",)),
    "history-broken": report(
        history_broken(), gaps=(Gap.PENDING,), coverage=Coverage({}), stamped=()
    ),
    "gate": replace(
        report(history_broken(), gaps=(Gap.PENDING,)),
        command="driftcheck gate",
        subject="2 new revisions, against origin/main: 8f2b6c1d0a9e and 9f57c900cc71",
        checks=(
            Check("one head, merged with the base too", True),
            Check("the history builds from nothing", False),
            Check("hazards of the new revisions", None, "the history does not build"),
        ),
    ),
    "several-databases": Report(
        "school",
        (
            database(dropped_by_hand()),
            database(name="archive", location="sqlite:///archive.db", dialect="sqlite"),
        ),
    ),
    "colleague-fails": report(
        colleague_fails(), gaps=(), simulations=(Simulation("0414d1b7a2ae", (STANDS, RUNS, FAILS)),)
    ),
    "colleague-gets-through": report(
        gaps=(), simulations=(Simulation("0414d1b7a2ae", (STANDS, RUNS)),)
    ),
    "colleague-from-everywhere": report(
        colleague_fails(),
        gaps=(),
        simulations=(
            Simulation("an empty database", (SimulationStep("her database is empty"), RUNS)),
            Simulation(
                "0414d1b7a2ae",
                (STANDS, SimulationStep("rows are put into every table", None), FAILS),
            ),
        ),
    ),
    "hostile": hostile_report(),
    "located": located((("0414d1b7a2ae",),), as_stamped=True),
    "located-elsewhere": located((("535c87e5c862",), ("9f57c900cc71",)), at_another_revision()),
    "located-nearest": located((("535c87e5c862", "8f2b6c1d0a9e"),), *like_no_revision(), changes=1),
    "hostile-play": report(
        colleague_fails(),
        gaps=(),
        simulations=(
            Simulation(
                HOSTILE, (SimulationStep(HOSTILE, None), SimulationStep(HOSTILE, False, HOSTILE))
            ),
        ),
    ),
    "nasty": nasty_report(),
    "ignored": ignored_report(),
    "only-ignored": report(ignored=(IgnoredFinding(dropped_by_hand(), "It is known."),)),
    "many": many(),
    "nothing-compared": report(coverage=Coverage({})),
    "not-all-compared": replace(
        report(coverage=Coverage({"tables": 1}, {"base type": 2, "large object": 1})),
        strict_coverage=True,
    ),
}


def pytest_generate_tests(metafunc):
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
    if "small_sample" in metafunc.fixturenames:  # of which a person would read every line
        small = {name: report for name, report in SAMPLES.items() if name != "many"}
        metafunc.parametrize("small_sample", small.values(), ids=small)


@pytest.fixture
def samples():
    return SAMPLES
