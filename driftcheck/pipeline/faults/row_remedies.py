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
_IN_CODE = Remedy(
    "see what the migration expects of the rows",
    "Its code fails, and no statement. Have the code accept rows that it does not expect. If no "
    "database has such rows, write an entry of ignore with the reason.",
)


def remedy_for_rows(message: str, statement: str) -> Remedy:
    """Return the remedy for an error that only tables with rows cause.

    Args:
        message: The message of the database, or of the exception that the migration raises.
        statement: The statement that the database refuses; empty if the migration itself raises the
            exception.
    """
    if not statement:
        return _IN_CODE
    fitting = (remedy for pattern, remedy in _FOR_ROWS if pattern.search(message))
    return next(fitting, _BY_HAND)
