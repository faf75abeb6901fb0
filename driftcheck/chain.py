"""The chain of schemas that driftcheck compares, and the gaps between them."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """A schema that is compared.

    The first four form the chain, in this order; ``REVISION`` takes the place of ``STAMPED``
    when live is compared with a revision that the database is not stamped with. ``FIRST`` and
    ``SECOND`` are two live databases that are compared with each other.
    """

    MODELS = "models"
    HEAD = "head"
    STAMPED = "stamped"
    REVISION = "revision"
    LIVE = "live"
    FIRST = "first"
    SECOND = "second"


class Gap(StrEnum):
    """The differences between two adjacent schemas of the chain, or between two live databases."""

    PENDING = "pending"
    UNAPPLIED = "unapplied"
    DRIFT = "drift"
    DIFFERENCE = "difference"

    @property
    def between(self) -> tuple[Side, Side]:
        """The wanted side and the actual side."""
        return _BETWEEN[self]


_BETWEEN = {
    Gap.PENDING: (Side.MODELS, Side.HEAD),
    Gap.UNAPPLIED: (Side.HEAD, Side.STAMPED),
    Gap.DRIFT: (Side.STAMPED, Side.LIVE),
    Gap.DIFFERENCE: (Side.FIRST, Side.SECOND),
}

CHAIN = (Gap.PENDING, Gap.UNAPPLIED, Gap.DRIFT)
"""The gaps of the chain, in its order."""
