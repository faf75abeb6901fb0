"""Advises on views that the models map as tables.

Autogenerate does not see views, and writes an operation that creates the table.
"""

from __future__ import annotations

from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Remedy, Verdict
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.faults.exclusion import HOW_TO_EXCLUDE, excluding_code
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.replay import RevisionFailure

_READ_LIKE_TABLES = ("view", "materialized view", "foreign table")


def mapped_view(judged: Judged, head: Snapshot | None) -> Address | None:
    """Return what the migrations create under the name of a table that they do not create.

    Args:
        judged: The finding.
        head: The schema that the migrations build, if it is known.
    """
    address = judged.finding.address
    if head is None or address is None or address.kind != "table":
        return None
    if (judged.finding.verdict, judged.finding.change) != (Verdict.PENDING, ChangeType.MISSING):
        return None
    named = (address._replace(kind=kind) for kind in _READ_LIKE_TABLES)
    return next((each for each in named if each in head.objects), None)


def is_table_over_view(failure: RevisionFailure) -> bool:
    """Return whether an operation cannot create a table because there is a view of its name.

    Args:
        failure: The failure of the operation.
    """
    is_of_table = failure.statement.split()[:2] == ["CREATE", "TABLE"]
    existing = failure.existing
    return is_of_table and existing is not None and existing[0].kind in _READ_LIKE_TABLES


def exclude_view(view: Address) -> Remedy:
    """Return the remedy for a view that the models map as a table.

    Args:
        view: The view, the materialized view or the foreign table.
    """
    summary = (
        f"The migrations create {view}, so no table of this name can be created. If the models "
        f"only read it, leave it to the migrations. {HOW_TO_EXCLUDE}"
    )
    return Remedy("exclude the view", summary, "python", excluding_code(view.name))
