"""Digests of the output of SHOW CREATE, which show whether a mutation changed anything.

They share no query with the kinds, which read the information schema.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from driftcheck.databases.mysql.catalog.kind import quote
from driftcheck.databases.reading import Cursor

_LISTS = {
    "tables": ("SHOW FULL TABLES WHERE table_type <> 'VIEW'", 0, "TABLE", 1),
    "views": ("SHOW FULL TABLES WHERE table_type = 'VIEW'", 0, "VIEW", 1),
    "triggers": ("SHOW TRIGGERS", 0, "TRIGGER", 2),
    "functions": ("SHOW FUNCTION STATUS WHERE db = DATABASE()", 1, "FUNCTION", 2),
    "procedures": ("SHOW PROCEDURE STATUS WHERE db = DATABASE()", 1, "PROCEDURE", 2),
    "events": ("SHOW EVENTS", 1, "EVENT", 3),
}
"""By the name for reports: the statement that lists the objects, the place of the name in its rows,
the keyword for SHOW CREATE, and the place of the definition in its row."""

_NOT_OF_SCHEMA = {
    "TABLE": re.compile(r" AUTO_INCREMENT=\d+| STARTS TIMESTAMP'[^']*'"),
    "EVENT": re.compile(r" STARTS '[^']*'"),
}
"""By the keyword: counters, and the times at which something was created."""


def definition_digests(connection: Any) -> dict[str, str]:
    """The digest of the definitions of each type of object, in the connection's database."""
    with closing(connection.cursor()) as cursor:
        digests = {name: _digest(_definitions(cursor, *how)) for name, how in _LISTS.items()}
        cursor.execute("SELECT @@collation_database")
        digests["database"] = str((cursor.fetchone() or ("",))[0])
        return digests


def _definitions(
    cursor: Cursor, listing: str, name: int, keyword: str, place: int
) -> Iterator[str]:
    cursor.execute(listing)
    for row in [*cursor.fetchall()]:
        cursor.execute(f"SHOW CREATE {keyword} {quote(row[name])}")
        definition = str((cursor.fetchone() or ())[place])
        yield (
            _NOT_OF_SCHEMA[keyword].sub("", definition) if keyword in _NOT_OF_SCHEMA else definition
        )


def _digest(definitions: Iterator[str]) -> str:
    return hashlib.sha256("\0".join(sorted(definitions)).encode()).hexdigest()
