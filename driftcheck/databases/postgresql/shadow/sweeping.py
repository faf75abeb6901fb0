"""Drops the shadow databases that killed runs have left on a PostgreSQL server, and no others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from driftcheck.databases.postgresql.shadow.dropping import NotDroppedError, drop_database
from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import NAME_PREFIX, agrees, origin_of

_NAMED = "SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname::text, %s)"


@dataclass
class Swept:
    """What became of the shadows that killed runs had left.

    Attributes:
        dropped: Their names.
        kept: What could not be dropped, and why.
    """

    dropped: list[str] = field(default_factory=list)
    kept: list[NotDroppedError] = field(default_factory=list)


def sweep(
    cursor: Any,
    marks_query: str,
    within: Callable[[str], AbstractContextManager[Any]],
    *,
    everything: bool = False,
) -> Swept:
    """Drop the abandoned shadows of a server.

    A database is one where its name says so and its mark, if there is one yet, says the same.

    Args:
        cursor: Of a session of the server, where every statement is committed at once.
        marks_query: The SQL that answers with the mark and the name of each marked database.
        within: Opens a session of the database of a name.
        everything: Drop those in use as well: for a server that nobody else can be using.
    """
    cursor.execute(marks_query)
    marks = {name: text for text, name in cursor.fetchall()}
    cursor.execute(_NAMED, (NAME_PREFIX,))
    swept = Swept()
    for (name,) in cursor.fetchall():
        if not _may_go(name, marks.get(name), everything=everything):
            continue
        try:
            drop_database(cursor, name, within)
            swept.dropped.append(name)
        except NotDroppedError as error:
            swept.kept.append(error)
    return swept


def _may_go(name: str, marked: str | None, *, everything: bool) -> bool:
    origin = origin_of(name)
    if origin is None:
        return False
    if marked is not None:
        mark = Mark.parse(marked)
        if mark is None or not agrees(name, mark):
            return False
    return everything or origin.is_abandoned
