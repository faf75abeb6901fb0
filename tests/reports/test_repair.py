"""The report formats of a repair, compared with golden files.

UPDATE_GOLDEN=1 python -m pytest tests/reports/test_repair.py
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.judging.repair_result import (
    DatabaseRepair,
    RepairResult,
    ResultManualStep,
    ResultStep,
    StepHazard,
)
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.repair import FORMATS
from driftcheck.reports.repair.script import script
from driftcheck.schema import Address
from tests.reports.conftest import HOSTILE, NASTY

HERE = Path(__file__).parent / "golden_repair"
STUDENTS = Address("table", "public", ("students",))
LAST_NAME = Address("column", "public", ("students", "last_name"))
CITY = Address("column", "public", ("students", "city"))
INDEX = Address("index", "public", ("ix_city",))


def finding(address, message, rule="drift-column-missing"):
    return Finding(rule, Severity.ERROR, message, Verdict.DRIFT, address=address)


MISSING = finding(LAST_NAME, "column public.students.last_name was dropped outside the migrations")
EXTRA = finding(
    CITY, "column public.students.city was created outside the migrations", "drift-column-extra"
)
FAULT = Finding("stamp-unknown", Severity.ERROR, "the stamp 0042 is not in the history")
LOCK = StepHazard(
    "lock",
    "blocks reads and writes of table public.students (about 1,200,000 rows) until COMMIT (ACCESS "
    "EXCLUSIVE)",
    STUDENTS,
    1_200_000,
    "ACCESS EXCLUSIVE",
)


def step(statement, address, found=None, *hazards, **facts):
    return ResultStep(statement, address, f"{statement};", found, hazards, **facts)


STEPS = (
    step(
        "ALTER TABLE public.students DROP COLUMN city",
        CITY,
        EXTRA,
        StepHazard("data loss", "loses data: the values of column public.students.city", STUDENTS),
        LOCK,
    ),
    step("ALTER TABLE public.students ADD COLUMN last_name character varying(64)", LAST_NAME),
    step(
        "CREATE INDEX CONCURRENTLY ix_city ON public.students (last_name)",
        INDEX,
        MISSING,
        StepHazard("not in a transaction", "cannot run in a transaction"),
        is_separate=True,
        runs_in_transaction=False,
    ),
)
SCHOOL = DatabaseRepair(
    "school",
    "postgresql://app@localhost:5432/school",
    "postgresql",
    "16.4",
    ("0414d1b7a2ae",),
    client_settings=(r"\set ON_ERROR_STOP on",),
)
PLANNED = replace(
    SCHOOL,
    findings=(MISSING, EXTRA),
    steps=STEPS,
    manual_steps=(ResultManualStep("Set it in every row.", LAST_NAME, MISSING),),
    not_restored=("The values of column public.students.last_name do not come back.",),
    is_proved=True,
    proof=("Proved: the plan was run on a copy of the schema.", "Only the manual step is left."),
    notes=("1 ignored finding is not repaired.",),
)
REFUSED = replace(
    SCHOOL,
    findings=(EXTRA,),
    steps=STEPS[:1],
    proof=("Not proved: Step 1 fails on a copy of the schema: no such column.",),
    is_atomic=False,
)
STRANGE = Address("table", NASTY, (HOSTILE,))
STRANGE_FINDING = finding(STRANGE, HOSTILE)
SAMPLES = {
    "planned": RepairResult("school", (PLANNED,), ExitCode.FOUND),
    "refused": RepairResult("school", (REFUSED,), ExitCode.FOUND),
    "nothing": RepairResult("school", (SCHOOL,)),
    "fault": RepairResult("school", (replace(SCHOOL, faults=(FAULT,)),), ExitCode.FOUND),
    "hostile": RepairResult(
        HOSTILE,
        (
            replace(
                SCHOOL,
                name=NASTY,
                findings=(STRANGE_FINDING,),
                steps=(step(HOSTILE, STRANGE, STRANGE_FINDING, StepHazard("lock", NASTY)),),
                manual_steps=(ResultManualStep(NASTY, STRANGE),),
                not_restored=(HOSTILE,),
                proof=(NASTY,),
            ),
        ),
        ExitCode.FOUND,
    ),
}
STYLES = {
    "": OutputStyle(),
    ".narrow": OutputStyle(width=40),
    ".ascii": OutputStyle(encoding="ascii"),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("style", STYLES)
def test_in_terminal(name, style):
    text = FORMATS["terminal"](SAMPLES[name], STYLES[style])
    _hold(HERE / f"{name}{style}.txt", text)
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("name", SAMPLES)
def test_in_json(name):
    text = FORMATS["json"](SAMPLES[name], OutputStyle())
    _hold(HERE / f"{name}.json", text)
    (database,) = json.loads(text)["databases"]
    assert [s["statement"] for s in database["steps"]] == [
        s.statement for s in SAMPLES[name].databases[0].steps
    ]


@pytest.mark.parametrize("name", ["planned", "refused", "hostile"])
def test_as_a_script(name):
    (repair,) = SAMPLES[name].databases
    _hold(HERE / f"{name}.sql", script(repair))


def test_no_comment_of_a_script_ends_before_its_line():
    (repair,) = SAMPLES["hostile"].databases
    quiet = replace(repair, steps=())
    assert all(line.startswith(("--", "\\set")) or not line for line in script(quiet).splitlines())


def _hold(path, text):
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    assert text == path.read_bytes().decode("utf-8", errors="surrogateescape")
