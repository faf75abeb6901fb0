"""What is adopted of one database, and the drift of it that is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from driftcheck.actions.adopt.targets import NotMadeError
from driftcheck.chain import Gap
from driftcheck.judging.adoption import NotAdopted
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, objects_of
from driftcheck.pipeline.database_state import DatabaseState


@dataclass(frozen=True)
class Selected:
    """What is adopted of one database.

    Attributes:
        database: The state of the database.
        judged: The findings that are adopted.
        left: The findings of drift that are left out.
        is_partial: Whether live has other drift, which is not adopted.
        stamped: The revisions that live has, or is to be stamped with before the upgrade.
        not_made: The changes of drift that cannot be made in a shadow database.
    """

    database: DatabaseState
    judged: Sequence[Judged]
    left: Sequence[NotAdopted]
    is_partial: bool
    stamped: tuple[str, ...]
    not_made: tuple[Change, ...] = ()

    @property
    def drift(self) -> list[Change]:
        """The changes of drift that are adopted."""
        return [change for each in self.judged for change in drift_of(each)]

    def without(self, error: NotMadeError) -> Selected:
        """Leave out the findings that cannot be made in a shadow database.

        Raises:
            NotMadeError: None of the findings that are left is about the object that cannot be
                changed.
        """
        rest, left, not_made = [], [*self.left], [*self.not_made]
        for each in self.judged:
            found = (error.reasons.get(obj.address) for obj in objects_of(drift_of(each)))
            reason = next(filter(None, found), "")
            if reason:
                left.append(NotAdopted(each.finding, reason, needs_rights=error.needs_rights))
                not_made += drift_of(each)
            else:
                rest.append(each)
        if len(rest) == len(self.judged):
            raise error
        return replace(self, judged=rest, left=left, is_partial=True, not_made=tuple(not_made))


def drift_of(judged: Judged) -> Sequence[Change]:
    """Return the changes of a finding that are drift."""
    return judged.changes.get(Gap.DRIFT, ())
