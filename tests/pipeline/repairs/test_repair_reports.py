"""The remedies and the repair script of a report, read from two databases."""

import json
from contextlib import closing

import psycopg2
import pytest

from driftcheck.actions.diff import difference
from driftcheck.chain import Gap, Side
from driftcheck.databases.connection import connect
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.judge import changes_of, judge
from driftcheck.pipeline.repairs.plan_proof import Proof
from driftcheck.pipeline.repairs.repair import RepairBasis, repair_script
from driftcheck.reports import json as json_report

CATALOG = catalog_for("postgresql")

TABLE = "CREATE TABLE students (id integer PRIMARY KEY, last_name text NOT NULL);"
WITHOUT_NAME = "CREATE TABLE students (id integer PRIMARY KEY);"
ROW = "INSERT INTO students VALUES (1);"


def _read(database):
    with closing(connect(database.url)) as connection:
        return CATALOG.read(connection, Scope())


def _report(database, server, first, second):
    opened = [database(server, first), database(server, second)]
    report = difference(*(entry.url for entry in opened), Scope())
    return opened[1], json.loads(json_report.render(report))["databases"][0]


def _remedies(report):
    return [
        (remedy["name"], remedy["language"], remedy["code"])
        for finding in report["findings"]
        for remedy in finding["remedy"]
    ]


def test_a_column_that_must_have_values_is_added_to_an_empty_table(database, pg16):
    _, report = _report(database, pg16, TABLE, WITHOUT_NAME)
    added = "ALTER TABLE public.students ADD COLUMN last_name text NOT NULL;"
    assert _remedies(report) == [("align", "sql", added)]


def test_what_values_a_column_gets_is_left_to_a_person(database, pg16):
    second, report = _report(database, pg16, TABLE, WITHOUT_NAME + ROW)
    added = "ALTER TABLE public.students ADD COLUMN last_name text;"
    fill = (
        "Set column public.students.last_name in every row of public.students, because nothing "
        "determines its values. Then run: "
        "ALTER TABLE public.students ALTER COLUMN last_name SET NOT NULL"
    )
    assert _remedies(report) == [("align", "sql", added), ("manual step", "text", fill)]
    assert report["repair"]["manual_steps"] == [fill]
    second.execute(added)


def test_whether_a_row_has_no_value_is_not_known(database, pg16):
    nullable = TABLE.replace("NOT NULL", "")
    assert nullable != TABLE
    _, report = _report(database, pg16, TABLE, nullable + ROW)
    fill = (
        "Set column public.students.last_name in each row of public.students that has no value, "
        "because nothing determines its values. Then run: "
        "ALTER TABLE public.students ALTER COLUMN last_name SET NOT NULL"
    )
    assert _remedies(report) == [("manual step", "text", fill)]


def test_the_script_takes_a_view_down_once_for_several_findings(database, pg16):
    view = "CREATE VIEW v AS SELECT id, a, b FROM t;"
    _, report = _report(
        database,
        pg16,
        f"CREATE TABLE t (id integer, a text, b text); {view}",
        f"CREATE TABLE t (id integer, a varchar(9), b varchar(9)); {view}",
    )
    steps = [(step["statement"][:11], step["finding"]) for step in report["repair"]["steps"]]
    assert steps == [
        ("DROP VIEW p", "public.v"),
        ("ALTER TABLE", "public.t.a"),
        ("ALTER TABLE", "public.t.b"),
        ("CREATE VIEW", "public.v"),
        ("ALTER VIEW ", "public.v"),
    ]
    assert report["repair"]["steps"][1]["hazards"] == ["lock", "rewrite"]


def test_a_secret_that_is_not_read_is_not_dropped(database, pg16):
    wrapper = "CREATE FOREIGN DATA WRAPPER f; CREATE FOREIGN DATA WRAPPER g;"
    rest = "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'x');"
    _, report = _report(
        database,
        pg16,
        f"{wrapper} CREATE SERVER s FOREIGN DATA WRAPPER f; {rest}",
        f"{wrapper} CREATE SERVER s FOREIGN DATA WRAPPER g; {rest}",
    )
    assert {language for _, language, _ in _remedies(report)} == {"text"}
    assert report["repair"]["steps"] == []


def test_a_script_that_the_server_refuses_is_a_manual_step(database, pg16):
    """The copy has a view of its own, which the plan does not know and which keeps the column."""
    wanted, actual = (_read(database(pg16, text)) for text in (WITHOUT_NAME, TABLE))
    snapshots = {Side.FIRST: wanted, Side.SECOND: actual}
    changes = {Gap.DIFFERENCE: changes_of(Gap.DIFFERENCE, snapshots)}
    judged = judge(changes, snapshots, CATALOG.describe, CATALOG.note)
    copy = database(pg16, TABLE, "CREATE VIEW names AS SELECT last_name FROM students")

    def run_on_copy(plans, _wanted, _actual):
        (plan,) = plans
        with pytest.raises(psycopg2.Error) as raised:
            copy.execute(plan.script)
        return Proof({0: str(raised.value).splitlines()[0]})

    script = repair_script(judged, RepairBasis(CATALOG, wanted, actual, prove=run_on_copy))
    assert script.steps == ()
    (step,) = script.manual_steps
    assert "other objects depend on it" in step
    assert "DROP COLUMN last_name" in step
