"""What ``driftcheck repair --apply`` has done to one live database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RepairOutcome:
    """The repair of one live database, which was read again and has no planned drift left.

    Attributes:
        name: The database's bind key or, without binds, its own name.
        location: The URL without password.
        together: The number of statements that ran in one transaction.
        separate: The number of statements that were committed one by one.
    """

    name: str
    location: str
    together: int
    separate: int
