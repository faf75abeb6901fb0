"""Sample reports: each for the tests with a parameter ``sample``, all as ``samples``."""

from dataclasses import replace
from datetime import date

import pytest

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.judging.findings import (
    AttributeValues,
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
    HistoryRevision,
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
"""Markup, escape sequences of both types, bidi overrides, line ends, unusual spaces."""

NASTY = (
    "@team #1 ]]><b>&amp;</b> | `` ~~~ *x* _y_ [a](http://b) www.c.d 100%,a=b::error::##[error] "
    "$x$ \n```\n# Schüler 学生 🎓 \x00\ufffe\udc80\x1b[2J"
)
"""Text with a meaning in formats for CI: mentions, markup, commands, characters XML forbids."""


HISTORY = (
    HistoryRevision("0414d1b7a2ae", "create students", "migrations/versions/0414d1b7a2ae.py"),
    HistoryRevision(
        "8f2b6c1d0a9e", "create rooms", "migrations/versions/8f2b6c1d0a9e.py", ("0414d1b7a2ae",)
    ),
)


def database(*findings, **changes):
    facts = {
        "name": "school",
        "location": "postgresql://app@localhost:5432/school",
        "dialect": "postgresql",
        "server_version": "16.4",
        "stamped": ("0414d1b7a2ae",),
        "heads": ("0414d1b7a2ae",),
        "history": HISTORY[:1],
        "coverage": Coverage({"tables": 1, "columns": 3, "primary keys": 1, "triggers": 0}),
    }
    return DatabaseReport(findings=findings, **{**facts, **changes})


def report(*findings, **changes):
    return Report("school", (database(*findings, **changes),))


def dropped_column():
    return Finding(
        rule="drift-column-missing",
        severity=Severity.ERROR,
        verdict=Verdict.DRIFT,
        change=ChangeType.MISSING,
        address=LAST_NAME,
        part_of=STUDENTS,
        message="column public.students.last_name was dropped outside the migrations: it is "
        "missing from the live database",
        definitions={
            Side.MODELS: VARCHAR,
            Side.HEAD: VARCHAR,
            Side.STAMPED: VARCHAR,
            Side.LIVE: None,
        },
        impact="Code that uses it fails on this database only.",
        remedies=(
            Remedy(
                "repair",
                "Change the live database back to the schema that the migrations build.",
                "sql",
                "ALTER TABLE public.students ADD COLUMN last_name character varying(64) NOT NULL;",
            ),
            Remedy(
                "adopt",
                "Change the models to match the database, write this into a migration, and stamp "
                "this database with the migration.",
                "python",
                "op.drop_column('students', 'last_name')",
                loses_data=True,
            ),
        ),
        evidence=Evidence(
            "pg_attribute has a dropped column at attnum 3: the column existed and was dropped", 3
        ),
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
        message="column public.students.age is in the models, but no migration creates it",
        definitions={
            Side.MODELS: "integer",
            Side.HEAD: None,
            Side.STAMPED: None,
            Side.LIVE: live,
        },
        impact="The application expects it, and a database built by the migrations does not "
        "have it.",
        remedies=(
            Remedy(
                "write the migration",
                "Run migrate, which writes these operations.",
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
        message="column public.students.last_name was changed in the models and, differently, "
        "outside the migrations",
        definitions={
            Side.MODELS: "text NOT NULL",
            Side.HEAD: VARCHAR,
            Side.STAMPED: VARCHAR,
            Side.LIVE: "character varying(32) NOT NULL",
        },
        differences=(Difference("type", "character varying(64)", "character varying(32)"),),
        attribute_values=(
            AttributeValues(
                "type",
                {
                    Side.MODELS: "text",
                    Side.HEAD: "character varying(64)",
                    Side.STAMPED: "character varying(64)",
                    Side.LIVE: "character varying(32)",
                },
            ),
        ),
    )


def hand_altered():
    """A column whose type live has as the models have it, and not as the migrations make it."""
    return replace(
        conflict(),
        rule="hand-applied-column-changed",
        verdict=Verdict.HAND_APPLIED,
        address=AGE,
        message="column public.students.age was altered outside the migrations and now matches "
        "the models; no migration alters it",
        definitions={
            Side.MODELS: "bigint",
            Side.HEAD: "integer",
            Side.STAMPED: "integer",
            Side.LIVE: "bigint",
        },
        differences=(Difference("type", "bigint", "integer"),),
        attribute_values=(
            AttributeValues(
                "type",
                {
                    Side.MODELS: "bigint",
                    Side.HEAD: "integer",
                    Side.STAMPED: "integer",
                    Side.LIVE: "bigint",
                },
            ),
        ),
    )


def enum_changed():
    before, after = ("sad", "ok", "happy", "glad"), ("sad", "angry", "ok", "glad")
    return Finding(
        rule="drift-enum-changed",
        severity=Severity.ERROR,
        verdict=Verdict.DRIFT,
        change=ChangeType.CHANGED,
        address=Address("enum", "public", ("mood",)),
        message="enum public.mood was altered outside the migrations: it differs from the "
        "migrated schema",
        definitions={Side.STAMPED: ", ".join(before), Side.LIVE: ", ".join(after)},
        differences=(Difference("values", before, after),),
        attribute_values=(AttributeValues("values", {Side.STAMPED: before, Side.LIVE: after}),),
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
        message="function public.touch() was altered outside the migrations: it differs from the "
        "migrated schema",
        definitions={Side.HEAD: body, Side.STAMPED: body, Side.LIVE: other},
        differences=(
            Difference("body", body, other),
            Difference("security_definer", wanted=False, actual=True),
            Difference("settings", ("search_path=public",), None),
        ),
        attribute_values=tuple(
            AttributeValues(name, {Side.HEAD: value, Side.STAMPED: value, Side.LIVE: in_live})
            for name, value, in_live in (
                ("body", body, other),
                ("security_definer", False, True),
                ("settings", ("search_path=public",), None),
            )
        ),
        remedies=(
            Remedy(
                "repair",
                "Change the live database back to the schema that the migrations build.",
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
        message=f"table public.{table} is created by a migration that has not run on this database",
        definitions={
            Side.MODELS: definition,
            Side.HEAD: definition,
            Side.STAMPED: None,
            Side.LIVE: None,
        },
        parts=tuple(Address("column", "public", (table, name)) for name in ("id", "name")),
        remedies=(UPGRADE,),
    )


def differs_between_databases():
    name = Address("column", "public", ("students", "name"))
    definitions = {Side.FIRST: "character varying(64)", Side.SECOND: "text"}
    return Finding(
        rule="difference-column-changed",
        severity=Severity.ERROR,
        verdict=Verdict.DIFFERENCE,
        change=ChangeType.CHANGED,
        address=name,
        part_of=STUDENTS,
        message="column public.students.name differs between the two databases",
        definitions=definitions,
        differences=(Difference("type", "character varying(64)", "text"),),
        attribute_values=(AttributeValues("type", definitions),),
        remedies=(
            Remedy(
                "align",
                "Change the second database to match the first.",
                "sql",
                "ALTER TABLE public.students ALTER COLUMN name TYPE character varying(64);",
            ),
        ),
    )


def history_broken():
    return Finding(
        rule="history-broken",
        severity=Severity.ERROR,
        message="the migration history does not run: revision 8f2b6c1d0a9e fails",
        impact="No new database can be built, and a database that has not run this revision cannot "
        "be upgraded.",
        details='(psycopg2.errors.UndefinedTable) relation "lessons" does not exist\n'
        "[SQL: ALTER TABLE lessons ADD COLUMN room TEXT]",
        remedies=(
            Remedy("fix the revision", "Change the revision so that it runs on an empty database."),
        ),
        origin=Origin("8f2b6c1d0a9e", "migrations/versions/8f2b6c1d0a9e_room.py", 18),
    )


def upgrade_fails():
    return Finding(
        rule="colleague-upgrade-fails",
        severity=Severity.ERROR,
        message="the upgrade from 0414d1b7a2ae fails at the migration that migrate would write now",
        impact="Every database that was changed by migrations only gets this error: colleagues' "
        "databases, CI, production.",
        why="Column public.students.last_name was dropped outside the migrations: it is missing "
        "from the live database. Revision 0414d1b7a2ae has made column "
        "public.students.last_name already: "
        "migrations/versions/0414d1b7a2ae_create_students.py:21.",
        details='column "last_name" of relation "students" already exists\n'
        "ALTER TABLE students ADD COLUMN last_name VARCHAR(64) NOT NULL",
        remedies=dropped_column().remedies,
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
        message=f"column {address.sql} was altered outside the migrations",
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
        message=f"column {address.sql} was dropped outside the migrations",
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
    """A report with an ignored finding, one ignored until a day, a warning, and one that fails."""
    ignored = (
        IgnoredFinding(dropped_column(), "The old application does not use it."),
        IgnoredFinding(function_changed(), "Tried out here.", date(2027, 1, 31)),
        IgnoredFinding(
            new_in_models(), "The finding is in the baseline of 2026-11-29.", in_baseline=True
        ),
    )
    expired = Finding(
        "ignore-expired",
        Severity.WARNING,
        "an ignore entry in [tool.driftcheck] expired on 2026-11-01: drift-index-*",
        declared=SourceLine("pyproject.toml"),
    )
    return report(expired, conflict(), ignored=ignored, environment="migrations/env.py")


def hostile_report():
    facts = dict.fromkeys(("name", "location", "dialect", "server_version", "replay"), HOSTILE)
    lists = dict.fromkeys(("stamped", "heads", "notes"), (HOSTILE,))
    counts = Coverage({HOSTILE: 2}, {HOSTILE: 1})
    facts["history"] = (HistoryRevision(HOSTILE, HOSTILE, HOSTILE),)
    return Report(
        HOSTILE, (database(hostile(), **facts, **lists, coverage=counts),), command=HOSTILE
    )


def located(states, *findings, changes=0, as_stamped=False):
    match = RevisionMatch(states, changes, as_stamped, states_compared=24)
    located_database = database(*findings, gaps=(Gap.DRIFT,), revision_match=match)
    return Report(
        "school", (located_database,), frozenset({Gap.DRIFT}), command="driftcheck locate"
    )


def at_another_revision():
    return Finding(
        rule="locate-elsewhere",
        severity=Severity.ERROR,
        message="the live database is stamped with 0414d1b7a2ae, but its schema is that of "
        "535c87e5c862 or 9f57c900cc71: at least 2 revisions are recorded and never ran",
        impact="An upgrade starts at the wrong revision: it skips migrations that never ran, or "
        "repeats migrations that did.",
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
        message="the schema of the live database, stamped 0414d1b7a2ae, matches no revision: the "
        "nearest is 535c87e5c862, with 1 change",
    )
    dropped = dropped_column()
    yield replace(dropped, definitions={Side.REVISION: VARCHAR, Side.LIVE: None})


def many():
    """A report of five hundred missing columns of fifty tables, ten of them notes."""
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
                message=f"column {address.sql} is missing",
                phantom=PhantomOperation(f"op.add_column('{table}', ...)", address)
                if number < 15
                else None,
            )
        )
    return report(*findings, coverage=Coverage({"tables": 50, "columns": 900}))


CLEAN = report(replay="cached")
TUTORIAL = report(
    dropped_column(),
    coverage=Coverage(
        {"tables": 1, "columns": 2, "primary keys": 1},
        {"access method": 1},
        ("owners", "privileges"),
    ),
)
SAMPLES = {
    "clean": CLEAN,
    "tutorial": TUTORIAL,
    "pending": report(new_in_models()),
    "hand-applied": report(new_in_models(Verdict.HAND_APPLIED, live="integer")),
    "conflict": report(conflict()),
    "function-changed": report(function_changed(), notes=("Triggers are compared too.",)),
    "several-verdicts": report(
        replace(new_in_models(), severity=Severity.NOTE, rule="pending-column-unsaid"),
        new_in_models(),
        hand_altered(),
        enum_changed(),
        dropped_column(),
        conflict(),
        history_broken(),
    ),
    "unapplied": report(
        not_applied("courses"), not_applied("lessons"), heads=("8f2b6c1d0a9e",), history=HISTORY
    ),
    "history-broken": report(
        history_broken(),
        gaps=(Gap.PENDING,),
        coverage=Coverage({}),
        stamped=(),
        history=HISTORY,
    ),
    "gate": replace(
        report(history_broken(), gaps=(Gap.PENDING,), history=HISTORY),
        command="driftcheck gate",
        subject="2 new revisions, against origin/main: 8f2b6c1d0a9e and 9f57c900cc71",
        checks=(
            Check("one head, merged with the base too", True),
            Check("the history builds from nothing", False),
            Check("hazards of the new revisions", None, "the history does not build"),
        ),
    ),
    "two-databases": Report(
        "two databases",
        (
            database(
                differs_between_databases(),
                name="two databases",
                location="first postgresql://localhost/school, second postgresql://localhost/copy",
                gaps=(Gap.DIFFERENCE,),
                stamped=(),
                heads=(),
                history=(),
            ),
        ),
        frozenset({Gap.DIFFERENCE}),
        command="driftcheck diff",
    ),
    "several-databases": Report(
        "school",
        (
            database(dropped_column()),
            database(name="archive", location="sqlite:///archive.db", dialect="sqlite"),
        ),
    ),
    "colleague-fails": report(
        upgrade_fails(), gaps=(), simulations=(Simulation("0414d1b7a2ae", (STANDS, RUNS, FAILS)),)
    ),
    "colleague-gets-through": report(
        gaps=(), simulations=(Simulation("0414d1b7a2ae", (STANDS, RUNS)),)
    ),
    "colleague-from-everywhere": report(
        upgrade_fails(),
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
        upgrade_fails(),
        gaps=(),
        simulations=(
            Simulation(
                HOSTILE, (SimulationStep(HOSTILE, None), SimulationStep(HOSTILE, False, HOSTILE))
            ),
        ),
    ),
    "nasty": nasty_report(),
    "ignored": ignored_report(),
    "only-ignored": report(ignored=(IgnoredFinding(dropped_column(), "It is known."),)),
    "many": many(),
    "nothing-compared": report(coverage=Coverage({})),
    "not-all-compared": replace(
        report(coverage=Coverage({"tables": 1}, {"access method": 2, "large object": 1})),
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
