"""What git alone tells: how many heads there are, also after the merge; what became of the base's.

Two branches can each be right, and together have two heads, or the same identifier twice.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from driftcheck.actions.gate.merge import (
    Merge,
    Revisions,
    ancestors_of,
    heads_of,
    missing_parents,
)
from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.pipeline.faults import fault
from driftcheck.sources.files import relative

_MERGE = Remedy("merge", "Or join the heads with a merge revision.", "shell", "alembic merge heads")


class Branch:
    """The working tree's revisions beside the base's, as findings.

    Args:
        merge: The virtual merge.
        root: The project's directory, to which files are told.
    """

    def __init__(self, merge: Merge, root: Path) -> None:
        self._merge = merge
        self._root = root
        self._base = str(merge.base)

    def faults(self) -> list[Finding]:
        """Everything, what keeps the history from being loaded first."""
        return [*self.unloadable(), *self._twice(), *self._heads(), *self._edited()]

    def unloadable(self) -> Iterator[Finding]:
        """What keeps Alembic from loading the history, now or after the merge."""
        ours, merged = self._merge.ours.revisions, self._merge.merged
        told = set()
        for one, parent in missing_parents(ours):
            told.add((one.revision, parent))
            yield self._missing("gate-parent-missing", one, parent)
        for one, parent in missing_parents(merged):
            if (one.revision, parent) not in told:
                yield self._missing("gate-parent-gone-after-merge", one, parent)

    def origin(self, one: RevisionFile, *parts: str) -> Origin:
        """The line of a revision's file where a part of it stands."""
        file = relative(self._merge.repository.root / one.path, self._root)
        return Origin(one.revision, file, one.line_of(*parts))

    def first_edit(self) -> Origin | None:
        """Where the branch first departs from the base's own revisions."""
        for at, parts in self._merge.edited.items():
            return self.origin(self._merge.ours.revisions[at], *parts)
        for one in self._merge.deleted.values():
            return self.origin(one)
        return None

    def _missing(self, rule: str, one: RevisionFile, parent: str) -> Finding:
        had = {**self._merge.before.revisions, **self._merge.theirs.revisions}
        deleted = had.get(parent)
        known = heads_of({at: r for at, r in self._merge.merged.items() if at != one.revision})
        remedies = [Remedy("give it back", f"Bring back {deleted.path}.")] if deleted else []
        remedies += [_come_after(one, head) for head in known[:1]]
        return fault(
            rule,
            origin=self.origin(one, "down_revision"),
            remedies=tuple(remedies),
            revision=one.revision,
            parent=parent,
            base=self._base,
        )

    def _twice(self) -> Iterator[Finding]:
        for one, other in self._merge.twice:
            yield fault(
                "gate-identifier-twice",
                origin=self.origin(one, "revision"),
                remedies=(Remedy("name it anew", "Give the revision an identifier of its own."),),
                revision=one.revision,
                other=other.path,
            )

    def _heads(self) -> Iterator[Finding]:
        """Heads that the base has not: of the working tree, and of the merge."""
        told = set()
        for rule, revisions in (
            ("gate-several-heads", self._merge.ours.revisions),
            ("gate-heads-after-merge", self._merge.merged),
        ):
            for one, head in self._surplus(revisions):
                if one.revision in told:
                    continue
                told.add(one.revision)
                yield fault(
                    rule,
                    origin=self.origin(one, "down_revision"),
                    remedies=_ways_to_one_head(one, head),
                    details="heads: " + ", ".join(heads_of(revisions)),
                    revision=one.revision,
                    parent=", ".join(one.down) or "nothing",
                    count=len(heads_of(revisions)),
                    base=self._base,
                )

    def _surplus(self, revisions: Revisions) -> Iterator[tuple[RevisionFile, str]]:
        """The first new revision on the way to each surplus head, and what it should come after.

        A head that the base has stays where it is; so does a branch that was begun on purpose,
        with a label of its own.
        """
        heads = heads_of(revisions)
        kept = [head for head in heads if head not in self._merge.new]
        for head in heads:
            if head in kept:
                continue
            first = self._first_new(head, revisions)
            beside = [one for one in kept if _are_related(first, one, revisions)]
            if beside and not first.labels:
                yield first, beside[0]
            else:
                kept.append(head)

    def _first_new(self, head: str, revisions: Revisions) -> RevisionFile:
        """The new revision that a new head began with."""
        one, seen = revisions[head], {head}
        while len(one.down) == 1 and one.down[0] in self._merge.new.keys() - seen:
            one = revisions[one.down[0]]
            seen.add(one.revision)
        return one

    def _edited(self) -> Iterator[Finding]:
        for at, parts in self._merge.edited.items():
            one = self._merge.ours.revisions[at]
            undoing = all(part.startswith("downgrade") for part in parts)
            yield fault(
                "gate-downgrade-edited" if undoing else "gate-revision-edited",
                origin=self.origin(one, *parts),
                remedies=() if undoing else (_NEW_REVISION,),
                revision=at,
                base=self._base,
                parts=", ".join(parts),
            )
        for one in self._merge.deleted.values():
            yield fault(
                "gate-revision-deleted",
                origin=self.origin(one),
                remedies=(
                    Remedy(
                        "give it back",
                        "Bring the file back.",
                        "shell",
                        f"git restore --source {self._merge.base.identity[:10]} -- "
                        + shlex.quote(f":/{one.path}"),
                    ),
                ),
                revision=one.revision,
                base=self._base,
            )


_NEW_REVISION = Remedy(
    "write a new one", "Leave the revision as it was, and make the change in one of its own."
)


def _are_related(first: RevisionFile, head: str, revisions: Revisions) -> bool:
    """Whether a head lies on the branch that a revision turns off from, or it on none at all."""
    return not first.down or not ancestors_of(head, revisions).isdisjoint(first.down)


def _come_after(one: RevisionFile, head: str) -> Remedy:
    return Remedy(
        "put it after the other",
        f"In {one.path}, let the revision come after {head}.",
        "python",
        f"down_revision = {head!r}",
    )


def _ways_to_one_head(one: RevisionFile, head: str) -> tuple[Remedy, ...]:
    if len(one.down) > 1:
        return (_MERGE,)
    return _come_after(one, head), _MERGE
