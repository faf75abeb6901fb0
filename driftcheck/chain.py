"""The chain that driftcheck looks along: four schemas, and the three gaps between them."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """The four schemas, in the order of the chain; then two live ones held side by side.

    A revision stands for stamped where live is held against another than its stamp's.
    """

    MODELS = "models"
    HEAD = "head"
    STAMPED = "stamped"
    REVISION = "revision"
    LIVE = "live"
    FIRST = "first"
    SECOND = "second"


class Gap(StrEnum):
    """What lies between two neighbours of the chain, in its order; then between two live ones."""

    PENDING = "pending"
    UNAPPLIED = "unapplied"
    DRIFT = "drift"
    DIFFERENCE = "difference"

    @property
    def between(self) -> tuple[Side, Side]:
        """The side as it should be, and the side as it is."""
        return _BETWEEN[self]


_BETWEEN = {
    Gap.PENDING: (Side.MODELS, Side.HEAD),
    Gap.UNAPPLIED: (Side.HEAD, Side.STAMPED),
    Gap.DRIFT: (Side.STAMPED, Side.LIVE),
    Gap.DIFFERENCE: (Side.FIRST, Side.SECOND),
}

CHAIN = (Gap.PENDING, Gap.UNAPPLIED, Gap.DRIFT)
"""The gaps of the chain, in its order."""
