"""The texts of findings about hazards are filled with the names of their table and object."""

import pytest

from driftcheck.actions.gate.hazard_findings import hazard_findings
from driftcheck.actions.gate.hazard_watch import Hazard
from driftcheck.judging.rules import HAZARDS
from driftcheck.pipeline.table_effects import HazardKind
from driftcheck.schema import Address
from driftcheck.sources.statement_log import ExecutedStatement

TABLE = Address("table", "public", ("Parcels",))
COLUMN = Address("column", "public", ("Parcels", "Weight"))


def texts_of(kind, tmp_path):
    """Return the message, the impact and the texts of the remedies of a hazard."""
    statement = ExecutedStatement("0002", str(tmp_path / "0002.py"), 9, "ALTER TABLE ...")
    hazard = Hazard(kind, COLUMN, "bigint to integer", TABLE, statement, "AccessExclusiveLock")
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
        (HazardKind.CONSTRAINT, 'ALTER TABLE public."Parcels" VALIDATE CONSTRAINT "Weight";'),
        (HazardKind.INDEX_BUILD, "op.create_index('Weight', ..., postgresql_concurrently=True)"),
        (HazardKind.LOCK, "SET lock_timeout"),
    ],
)
def test_the_code_of_remedies_names_the_object(kind, code, tmp_path):
    assert code in "\n".join(texts_of(kind, tmp_path))
