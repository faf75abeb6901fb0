"""The events of ``driftcheck watch``: what one round found that the round before had not found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What has happened."""

    NEW = "new"
    """A finding that the round before did not have."""
    GONE = "gone"
    """A finding of the round before that does not exist any more."""
    UNCHECKED = "unchecked"
    """A database could be checked before, and cannot be checked now."""
    CHECKED = "checked"
    """A database can be checked again."""
    REMOVED = "removed"
    """A database is no longer one of those that are checked."""
    HISTORY = "history"
    """The history has other heads: the files of the project were changed."""


@dataclass(frozen=True)
class WatchEvent:
    """One event.

    Attributes:
        type: What has happened.
        at: When the round that noticed it began.
        database: The name of the database; empty if no round could be made yet.
        text: The finding or the reason, in one sentence.
        finding: The finding as it is kept, for ``new`` and ``gone``: the keys of
            ``findings.KEPT``.
    """

    type: EventType
    at: datetime
    database: str
    text: str
    finding: Mapping[str, Any] = field(default_factory=dict)
