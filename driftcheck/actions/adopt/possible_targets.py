"""Makes the targets of a migration for as many findings as possible.

Drift is made in restricted shadow databases first. What a role without privileges cannot make is
tried as a superuser, if the migration has no text of the live databases that would be run then.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from driftcheck.actions.adopt.selected import Selected
from driftcheck.actions.adopt.selection import names_of
from driftcheck.actions.adopt.targets import NotMadeError, Target, TargetMaker
from driftcheck.actions.adopt.text_of_live import runs_no_text
from driftcheck.actions.adopt.trusted_targets import TrustedTargetMaker
from driftcheck.chain import Side
from driftcheck.databases.location import DatabaseKey
from driftcheck.judging.adoption import NotAdopted
from driftcheck.judging.findings import Finding
from driftcheck.pipeline.building.head import Head, is_restricted
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.project.shadow_sets import ShadowSet

_BY_ITSELF = "{} Without the other changes it can be adopted: --only {}."


@dataclass(frozen=True)
class Targets:
    """What a migration is about.

    Attributes:
        selected: What is adopted of each database, without what cannot be made in a shadow
            database.
        schemas: The schema of each database that the migration leads to.
    """

    selected: Sequence[Selected]
    schemas: Mapping[DatabaseKey, Target]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that the migration is about."""
        return tuple(each.finding for one in self.selected for each in one.judged)

    @property
    def left(self) -> tuple[NotAdopted, ...]:
        """The findings of drift that it leaves out."""
        return tuple(each for one in self.selected for each in one.left)

    def drop_shadows(self) -> None:
        """Drop the shadows that were made for the targets."""
        for target in self.schemas.values():
            target.drop_shadows()


class PossibleTargets:
    """Makes targets.

    Args:
        opened: The opened project.
        replays: Reads and stamps its shadows.
        renames: Leaves out the changes that only follow from a rename.
        head_shadows: Returns shadows at the heads of the history.
    """

    def __init__(
        self,
        opened: OpenedProject,
        replays: Replays,
        renames: RenameFollower,
        head_shadows: Callable[[], ShadowSet],
    ) -> None:
        self._head_shadows = head_shadows
        self._head = Head(head_shadows, replays)
        self._head.require_rights()
        self._restricted = TargetMaker(opened.shadows, replays, renames, opened.progress)
        self._trusted = TrustedTargetMaker(opened.shadows, replays)

    def make(self, selected: Sequence[Selected]) -> Targets:
        """Make the targets of a migration.

        Args:
            selected: The findings to adopt.

        Raises:
            NotMadeError: It is not known which finding cannot be made.
        """
        targets = self._made(selected, self._make_restricted)
        if not any(each.needs_rights for each in targets.left):
            return targets
        trusted = self.with_rights(selected, targets)
        if trusted is not None:
            return trusted
        rest = map(self._with_advice, selected, targets.selected)
        return replace(targets, selected=[*rest])

    def with_rights(self, selected: Sequence[Selected], others: Targets) -> Targets | None:
        """Make the targets as a superuser.

        Args:
            selected: The findings to adopt.
            others: Other targets for them; their shadows are dropped if these take their place.

        Returns:
            The targets; ``None`` if the database would run text of the live databases, or if there
            are targets for fewer findings.
        """
        if not all(map(_runs_no_text, selected)) or is_restricted(self._head.shadows):
            return None
        try:
            targets = self._made(selected, self._make_trusted)
        except NotMadeError:
            return None
        if len(targets.findings) < len(others.findings):
            targets.drop_shadows()
            return None
        others.drop_shadows()
        return targets

    def _with_advice(self, wanted: Selected, made: Selected) -> Selected:
        """Name the findings that are left out and can be adopted by themselves."""
        drift = {id(each.finding): each for each in wanted.judged}
        left = []
        for each in made.left:
            judged = drift.get(id(each.finding)) if each.needs_rights else None
            if judged is not None and self._can_be_made(replace(wanted, judged=[judged])):
                name = next(names_of(each.finding), "")
                reason = _BY_ITSELF.format(each.reason, shlex.quote(name))
                left.append(replace(each, reason=reason))
            else:
                left.append(each)
        return replace(made, left=left)

    def _can_be_made(self, one: Selected) -> bool:
        """Whether the target for a finding can be made as a superuser."""
        nothing = Targets([replace(one, judged=[])], {})
        targets = self.with_rights([one], nothing)
        if targets is None:
            return False
        targets.drop_shadows()
        return bool(targets.findings)

    def _made(self, selected: Sequence[Selected], make: Callable[[Selected], Target]) -> Targets:
        """Make targets, without the findings that cannot be made."""
        made, targets = [], dict[DatabaseKey, Target]()
        for one in selected:
            rest = one
            while rest.judged:
                try:
                    targets[rest.database.database_key] = make(rest)
                except NotMadeError as error:
                    rest = rest.without(error)
                else:
                    break
            made.append(rest)
        return Targets(made, targets)

    def _make_restricted(self, one: Selected) -> Target:
        return self._restricted.make(
            one.database, self._head_shadows(), one.drift, one.not_made, one.stamped
        )

    def _make_trusted(self, one: Selected) -> Target:
        key = one.database.database_key
        return self._trusted.make(key, self._head.shadows, one.drift, one.stamped)


def _runs_no_text(one: Selected) -> bool:
    database = one.database
    return runs_no_text(one.drift, database.catalog, database.snapshots[Side.HEAD])
