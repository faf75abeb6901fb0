"""Chooses the remedy for a revision that fails because tables contain rows."""

from __future__ import annotations

import re

from driftcheck.judging.findings import Remedy

_FOR_ROWS = (
    (
        re.compile(r"null value|contains null|NOT NULL", re.IGNORECASE),
        Remedy(
            "give the rows a value",
            "Add the column with a server_default, or nullable; fill it in the same migration, "
            "and set it NOT NULL after that.",
        ),
    ),
    (
        re.compile(r"unique|duplicate", re.IGNORECASE),
        Remedy(
            "remove the duplicates",
            "Make duplicate values different in the migration before it creates the index, or do "
            "not create the index.",
        ),
    ),
)
_BY_HAND = Remedy(
    "change the rows first",
    "Change or delete the rows that the statement fails on in the migration, before the statement.",
)


def remedy_for_rows(message: str) -> Remedy:
    """Return the remedy for an error that only tables with rows cause.

    Args:
        message: The message of the database.
    """
    fitting = (remedy for pattern, remedy in _FOR_ROWS if pattern.search(message))
    return next(fitting, _BY_HAND)
