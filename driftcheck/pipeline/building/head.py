"""Shadows at the head of a history, as autogenerate needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from driftcheck.databases.location import DatabaseKey
from driftcheck.pipeline.building.replays import Replays
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Value


@dataclass(frozen=True)
class HeadShadows:
    """Returns shadows at the head, when they are needed.

    Attributes:
        whole: Returns shadows with the whole schema.
        part: Returns shadows with the part that changes of some objects can concern, given values
            in which other objects can be named; ``None`` if that is not possible.
    """

    whole: Callable[[], ShadowSet]
    part: Callable[[DatabaseKey, Iterable[Address], Iterable[Value]], ShadowSet | None] = (
        lambda *_: None
    )


class Head:
    """The shadows of the whole head.

    Args:
        make: Returns shadows at the head.
        replays: Replays the history.
    """

    def __init__(self, make: Callable[[], ShadowSet], replays: Replays) -> None:
        self._make = make
        self._replays = replays
        self._known: ShadowSet | None = None
        self._needs_rights = False

    def require_rights(self) -> None:
        """Have the history replayed if the shadows are restricted ones: these do not suffice."""
        self._needs_rights = True

    @property
    def shadows(self) -> ShadowSet:
        """The shadows, which are made when they are needed first.

        A replay gives shadows that are not restricted unless it starts from a base snapshot.
        """
        if self._known is None:
            self._known = self._make()
        can_replay = self._needs_rights and not self._replays.start_from_base_snapshot
        if can_replay and is_restricted(self._known):
            self._known = self._replays.upgrade_to_heads()
        return self._known


def is_restricted(shadow_set: ShadowSet) -> bool:
    """Return whether shadows belong to a role without rights."""
    return any(shadow.role for shadow in shadow_set.shadows.values())
