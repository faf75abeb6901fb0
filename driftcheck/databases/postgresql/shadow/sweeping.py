"""Drops the shadow databases of killed runs, and no others."""

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
    """The result of dropping the shadows of killed runs.

    Attributes:
        dropped: The names of the dropped shadows.
        kept: An error for each shadow that could not be dropped.
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

    A database is a shadow if it has the name of a shadow and, if it has a mark, the mark agrees.

    Args:
        cursor: A cursor of the server, in autocommit mode.
        marks_query: A query for the mark and the name of each database that has a mark.
        within: Opens a session in a database of the server.
        everything: Whether to drop shadows in use too. Only for a server of this process.
    """
    cursor.execute(marks_query)
    marks = {name: text for text, name in cursor.fetchall()}
    cursor.execute(_NAMED, (NAME_PREFIX,))
    swept = Swept()
    for (name,) in cursor.fetchall():
        if not _may_be_dropped(name, marks.get(name), everything=everything):
            continue
        try:
            drop_database(cursor, name, within)
            swept.dropped.append(name)
        except NotDroppedError as error:
            swept.kept.append(error)
    return swept


def _may_be_dropped(name: str, marked: str | None, *, everything: bool) -> bool:
    """Return whether a database is a shadow of a killed run."""
    origin = origin_of(name)
    if origin is None:
        return False
    if marked is not None:
        mark = Mark.parse(marked)
        if mark is None or not agrees(name, mark):
            return False
    return everything or origin.is_abandoned
