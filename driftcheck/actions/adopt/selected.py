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
        stamped: The revisions that live has, or is to be stamped with before the upgrade.
        others: The changes of drift of findings that are not adopted.
        not_made: The changes of drift that cannot be made in a shadow database.
    """

    database: DatabaseState
    judged: Sequence[Judged]
    left: Sequence[NotAdopted]
    stamped: tuple[str, ...]
    others: tuple[Change, ...] = ()
    not_made: tuple[Change, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether live has other drift, which is not adopted."""
        return bool(self.others or self.not_made)

    @property
    def drift(self) -> list[Change]:
        """The changes of drift that are adopted."""
        return [change for each in self.judged for change in drift_of(each)]

    def without(self, error: NotMadeError) -> Selected:
        """Leave out the drift that cannot be made in a shadow database.

        Raises:
            NotMadeError: None of the drift is about the object that cannot be changed.
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
        others = list[Change]()
        for change in self.others:
            is_refused = any(obj.address in error.reasons for obj in objects_of([change]))
            (not_made if is_refused else others).append(change)
        if len(not_made) == len(self.not_made):
            raise error
        return replace(
            self,
            judged=rest,
            left=left,
            others=tuple(others),
            not_made=tuple(not_made),
        )


def drift_of(judged: Judged) -> Sequence[Change]:
    """Return the changes of a finding that are drift."""
    return judged.changes.get(Gap.DRIFT, ())
