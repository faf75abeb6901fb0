"""The texts of findings about hazards are filled with the names of their table and object."""

from types import SimpleNamespace

import pytest

from driftcheck.actions.gate.hazard_findings import hazard_findings
from driftcheck.actions.gate.hazard_watch import Hazard
from driftcheck.judging.rules import HAZARDS
from driftcheck.pipeline.repairs.table_effects import HazardKind
from driftcheck.schema import Address
from driftcheck.sources.statement_log import ExecutedStatement

TABLE = Address("table", "public", ("Parcels",))
COLUMN = Address("column", "public", ("Parcels", "Weight"))


def texts_of(kind, tmp_path, change="bigint to integer"):
    """Return the message, the impact and the texts of the remedies of a hazard."""
    statement = ExecutedStatement("0002", str(tmp_path / "0002.py"), 9, "ALTER TABLE ...")
    hazard = Hazard(kind, COLUMN, change, TABLE, statement, "AccessExclusiveLock")
    (finding,) = hazard_findings([hazard], tmp_path)
    texts = [text for remedy in finding.remedies for text in (remedy.summary, remedy.code)]
    return [finding.message, finding.impact, *texts]


def test_every_hazard_has_a_rule():
    assert {kind.value for kind in HazardKind} == set(HAZARDS)


@pytest.mark.parametrize("kind", HazardKind)
def test_no_placeholder_is_left(kind, tmp_path):
    texts = texts_of(kind, tmp_path)
    assert [text for text in texts if "{" in text or "}" in text] == []
    assert all(texts[:2])


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (
            HazardKind.NOT_NULL,
            (
                'ALTER TABLE public."Parcels" ADD CONSTRAINT "Parcels_Weight_not_null" '
                'CHECK ("Weight" IS NOT NULL)'
            ),
        ),
        (HazardKind.LOCK, "SET lock_timeout"),
    ],
)
def test_the_code_of_remedies_names_the_object(kind, code, tmp_path):
    assert code in "\n".join(texts_of(kind, tmp_path))


def test_the_code_of_remedies_is_the_sql_of_the_object(tmp_path):
    sql = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nALTER TABLE t VALIDATE c"
    assert texts_of(HazardKind.CONSTRAINT, tmp_path, sql)[-1] == f"{sql};"
    sql = "CREATE UNIQUE INDEX CONCURRENTLY i ON t ('a');\nALTER TABLE t ADD UNIQUE USING INDEX i"
    code = texts_of(HazardKind.INDEX_BUILD, tmp_path, sql)[-1]
    executed = []
    block = code.replace("with op.get_context().autocommit_block():", "if True:")
    exec(block, {"op": SimpleNamespace(execute=executed.append)})  # noqa: S102
    assert ";\n".join(executed) == sql


@pytest.mark.parametrize("kind", [HazardKind.INDEX_BUILD, HazardKind.CONSTRAINT])
def test_what_cannot_be_done_without_blocking_has_no_code(kind, tmp_path):
    assert texts_of(kind, tmp_path, "")[-2:] == [
        "The server cannot do this for the table without blocking writes.",
        "",
    ]
