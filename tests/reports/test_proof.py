"""The forms of a proof, held against golden files as those of a report are.

UPDATE_GOLDEN=1 python -m pytest tests/reports/test_proof.py
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from driftcheck.errors import ExitCode
from driftcheck.judging.mutation_results import DatabaseProof, Outcome, Proof, Tried
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.proof import FORMS
from driftcheck.schema import Address

HERE = Path(__file__).parent / "golden_proof"
ESSAY = Address("column", "public", ("students", "essay"))
STUDENTS = Address("table", "public", ("students",))
HOSTILE = Address("table", "a\nb", ('x\u202e"\x1b[31m',))


def tried(address, doing, outcome, *, told=(), reason="", sql="ALTER TABLE …"):
    return Tried(address, doing, (sql,), outcome, told, reason)


FOUND = (
    tried(STUDENTS, "drop", Outcome.FOUND),
    tried(STUDENTS, "truncate", Outcome.QUIET),
    tried(STUDENTS, "not of", Outcome.NOT_APPLICABLE, reason="refused: no typed table"),
    tried(ESSAY, "rename", Outcome.FOUND),
    tried(ESSAY, "set cycle", Outcome.NOT_APPLICABLE, reason="it is so already"),
    tried(ESSAY, "set no cycle", Outcome.NOT_APPLICABLE, reason="it is so already"),
)
FAULTS = (
    tried(
        ESSAY,
        "set compression pglz",
        Outcome.MISSED,
        reason="changed in pg_attribute",
        sql="ALTER TABLE ONLY public.students ALTER COLUMN essay SET COMPRESSION pglz",
    ),
    tried(
        STUDENTS,
        "analyze",
        Outcome.FALSE_ALARM,
        told=("changed table public.students (options)", "extra index public.more"),
        sql="ANALYZE public.students",
    ),
)
DATABASE = DatabaseProof(
    "school", "postgresql", "18.4", ("0414d1b7a2ae",), FOUND, 6, shadows="On a private server."
)
SAMPLES = {
    "found": Proof("school", (DATABASE,)),
    "faults": Proof(
        "school", (replace(DATABASE, tried=(*FOUND, *FAULTS), possible=12345, seed=7),)
    ),
    "nothing": Proof("school", (replace(DATABASE, tried=(), possible=0),)),
    "hostile": Proof(
        "sch\x1bool",
        (
            replace(
                DATABASE,
                tried=(
                    tried(
                        HOSTILE,
                        "drop\n",
                        Outcome.MISSED,
                        told=("x\x07",),
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
def test_a_form(name, ending):
    form, page = PAGES[ending]
    text = FORMS[form](SAMPLES[name], page)
    file = HERE / f"{name}.{ending}"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode()


def test_no_golden_file_is_left_over():
    assert {file.name for file in HERE.iterdir()} == {f"{n}.{e}" for n in SAMPLES for e in PAGES}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_nothing_that_a_terminal_obeys_comes_through(form, encoding):
    text = FORMS[form](SAMPLES["hostile"], OutputStyle(encoding=encoding, full=True))
    assert {c for c in text if not c.isprintable()} <= {"\n", "\t"}
    text.encode(encoding)


def test_what_it_exits_with():
    codes = {name: proof.exit_code for name, proof in SAMPLES.items()}
    assert codes == {
        "found": ExitCode.CLEAN,
        "faults": ExitCode.FOUND,
        "nothing": ExitCode.CANNOT_CHECK,
        "hostile": ExitCode.FOUND,
    }
