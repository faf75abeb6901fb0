"""Advises on version tables of Alembic that autogenerate would drop."""

from __future__ import annotations

from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Remedy, Verdict
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.faults.exclusion import HOW_TO_EXCLUDE, excluding_code
from driftcheck.schema import Snapshot

_COLUMNS = ["version_num"]
"""Source: ``alembic/ddl/impl.py``, ``version_table_impl``."""


def is_of_another_project(judged: Judged, live: Snapshot | None) -> bool:
    """Return whether a finding is about a version table that the project does not use.

    Args:
        judged: The finding.
        live: The live schema, if it is known.
    """
    address = judged.finding.address
    if live is None or address is None or address.kind != "table":
        return False
    if (judged.finding.verdict, judged.finding.change) != (Verdict.DRIFT, ChangeType.EXTRA):
        return False
    parts = (part.address for part in live.parts.get(address, ()))
    return [part.name for part in parts if part.kind == "column"] == _COLUMNS


def exclude_table_of_another_project(name: str) -> Remedy:
    """Return the remedy for the version table of another project.

    Args:
        name: The name of the table.
    """
    summary = (
        "The table has the column of Alembic's version table: probably another project records "
        f"its revisions in it. Do not drop it. {HOW_TO_EXCLUDE}"
    )
    return Remedy("exclude the version table", summary, "python", excluding_code(name))


def exclude_own_table(name: str) -> Remedy:
    """Return the remedy for an operation that drops the version table of the project.

    Alembic leaves its table out of the comparison only under the schema that it is configured
    with. Reflection gives tables of the default schema and of the search path no schema.

    Args:
        name: The name of the table.
    """
    summary = (
        "Never run this operation: it drops the table in which Alembic records the revisions. "
        "Autogenerate does not recognize the table, because it does not find it under the schema "
        f"that version_table_schema names. {HOW_TO_EXCLUDE}"
    )
    return Remedy("exclude the version table", summary, "python", excluding_code(name))
