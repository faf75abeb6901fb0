"""The report formats of a selftest, compared with golden files.

UPDATE_GOLDEN=1 python -m pytest tests/reports/test_selftest.py
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from driftcheck.errors import ExitCode
from driftcheck.judging.mutation_results import (
    DatabaseResult,
    MutationResult,
    Outcome,
    SelftestResult,
)
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.selftest import FORMATS
from driftcheck.schema import Address

HERE = Path(__file__).parent / "golden_selftest"
ESSAY = Address("column", "public", ("students", "essay"))
STUDENTS = Address("table", "public", ("students",))
HOSTILE = Address("table", "a\nb", ('x\u202e"\x1b[31m',))


def result(address, description, outcome, *, reported=(), reason="", sql="ALTER TABLE …"):
    return MutationResult(address, description, (sql,), outcome, reported, reason)


PASSED = (
    result(STUDENTS, "drop", Outcome.DETECTED),
    result(STUDENTS, "truncate", Outcome.QUIET),
    result(STUDENTS, "not of", Outcome.NOT_APPLICABLE, reason="refused: no typed table"),
    result(ESSAY, "rename", Outcome.DETECTED),
    result(ESSAY, "set cycle", Outcome.NOT_APPLICABLE, reason="no effect"),
    result(ESSAY, "set no cycle", Outcome.NOT_APPLICABLE, reason="no effect"),
)
FAILED = (
    result(
        ESSAY,
        "set compression pglz",
        Outcome.MISSED,
        reason="changed in pg_attribute",
        sql="ALTER TABLE ONLY public.students ALTER COLUMN essay SET COMPRESSION pglz",
    ),
    result(
        STUDENTS,
        "analyze",
        Outcome.FALSE_ALARM,
        reported=("changed table public.students (options)", "extra index public.more"),
        sql="ANALYZE public.students",
    ),
)
DATABASE = DatabaseResult(
    "school", "postgresql", "18.4", ("0414d1b7a2ae",), PASSED, 6, shadows="On a private server."
)
SAMPLES = {
    "passed": SelftestResult("school", (DATABASE,)),
    "failed": SelftestResult(
        "school", (replace(DATABASE, results=(*PASSED, *FAILED), possible=12345, seed=7),)
    ),
    "nothing": SelftestResult("school", (replace(DATABASE, results=(), possible=0),)),
    "hostile": SelftestResult(
        "sch\x1bool",
        (
            replace(
                DATABASE,
                results=(
                    result(
                        HOSTILE,
                        "drop\n",
                        Outcome.MISSED,
                        reported=("x\x07",),
                        reason="y\u202e",
                        sql="DROP \x1b[31m",
                    ),
                ),
                notes=("a\tb\x9b",),
            ),
        ),
    ),
}
PAGES = {
    "txt": ("terminal", OutputStyle()),
    "narrow.txt": ("terminal", OutputStyle(width=40)),
    "json": ("json", OutputStyle()),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("ending", PAGES)
def test_a_format(name, ending):
    format_, page = PAGES[ending]
    text = FORMATS[format_](SAMPLES[name], page)
    file = HERE / f"{name}.{ending}"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode()


def test_no_golden_file_is_left_over():
    assert {file.name for file in HERE.iterdir()} == {f"{n}.{e}" for n in SAMPLES for e in PAGES}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_control_characters_are_replaced(format_, encoding):
    text = FORMATS[format_](SAMPLES["hostile"], OutputStyle(encoding=encoding, full=True))
    assert {c for c in text if not c.isprintable()} <= {"\n", "\t"}
    text.encode(encoding)


def test_exit_codes():
    codes = {name: selftest.exit_code for name, selftest in SAMPLES.items()}
    assert codes == {
        "passed": ExitCode.CLEAN,
        "failed": ExitCode.FOUND,
        "nothing": ExitCode.CANNOT_CHECK,
        "hostile": ExitCode.FOUND,
    }
