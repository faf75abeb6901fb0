"""The statements that undo a change, and those that make it again."""

from __future__ import annotations

from driftcheck.databases.postgresql.catalog import PostgreSQLCatalog
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.pipeline.repairs.change_plan import redo, undo
from driftcheck.schema import Address, SchemaObject

PUPILS = Address("table", "public", ("pupils",))
STORED = {
    "options": None,
    "tablespace": None,
    "replica_identity": False,
    "valid": True,
    "comment": None,
}
UNIQUE = SchemaObject(
    Address("unique constraint", "public", ("pupils", "uq")),
    {"definition": "UNIQUE (age)", "index_comment": None, **STORED},
    PUPILS,
)
INDEX = SchemaObject(
    Address("index", "public", ("ix",)),
    {"definition": "btree (age)", "unique": True, "only": False, "statistics": None, **STORED},
    PUPILS,
)


def test_an_object_that_replaces_another_is_created_after_the_other_is_dropped() -> None:
    change = Change(ChangeType.CHANGED, UNIQUE, INDEX)
    assert undo([change], PostgreSQLCatalog()).statements == (
        "DROP INDEX public.ix",
        "ALTER TABLE public.pupils ADD CONSTRAINT uq UNIQUE (age)",
    )
    assert redo([change], PostgreSQLCatalog()).statements == (
        "ALTER TABLE public.pupils DROP CONSTRAINT uq",
        "CREATE UNIQUE INDEX ix ON public.pupils USING btree (age)",
    )
