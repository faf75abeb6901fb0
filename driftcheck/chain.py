"""The chain that driftcheck looks along: four schemas, and the three gaps between them."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """The four schemas, in the order of the chain."""

    MODELS = "models"
    HEAD = "head"
    STAMPED = "stamped"
    LIVE = "live"


class Gap(StrEnum):
    """What lies between two neighbours of the chain, in the order of the chain."""

    PENDING = "pending"
    UNAPPLIED = "unapplied"
    DRIFT = "drift"

    @property
    def between(self) -> tuple[Side, Side]:
        """The side as it should be, and the side as it is."""
        sides = list(Side)
        index = list(Gap).index(self)
        return sides[index], sides[index + 1]
