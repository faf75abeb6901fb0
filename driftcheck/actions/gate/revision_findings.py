"""Findings about the revision files, from git alone: heads, parents, identifiers, edited revisions.

Two branches can each be correct, and have two heads or the same identifier twice after a merge.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from driftcheck.actions.gate.merge import (
    Merge,
    Revisions,
    ancestors_of,
    heads_of,
    missing_parents,
)
from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.pipeline.faults.faults import fault
from driftcheck.project.project import Project
from driftcheck.sources.files import relative

_NEW_REVISION = Remedy(
    "write a new revision", "Restore the revision, and make the change in a new revision."
)


class RevisionFindings:
    """Compares the working tree's revisions with the base's revisions.

    Args:
        merge: The virtual merge.
        project: The project; paths are reported relative to its directory.
    """

    def __init__(self, merge: Merge, project: Project) -> None:
        self._merge = merge
        self._root = project.root
        self._command = project.command
        self._base = str(merge.base)

    def all(self) -> list[Finding]:
        """All findings; the ones that keep Alembic from loading the history come first."""
        return [*self.missing_parents(), *self._duplicates(), *self._heads(), *self._edited()]

    def missing_parents(self) -> Iterator[Finding]:
        """Revisions without a parent, now or after the merge: Alembic cannot load the history."""
        reported = set()
        for revision, parent in missing_parents(self._merge.ours.revisions):
            reported.add((revision.revision, parent))
            yield self._missing_parent("gate-parent-missing", revision, parent)
        for revision, parent in missing_parents(self._merge.merged):
            if (revision.revision, parent) not in reported:
                yield self._missing_parent("gate-parent-gone-after-merge", revision, parent)

    def origin(self, revision: RevisionFile, *parts: str) -> Origin:
        """The line of the first of the given parts in the file of a revision."""
        file = relative(self._merge.repository.root / revision.path, self._root)
        return Origin(revision.revision, file, revision.line_of(*parts))

    def first_edit(self) -> Origin | None:
        """The first place where the branch edits or deletes a revision of the base."""
        for identifier, parts in self._merge.edited.items():
            return self.origin(self._merge.ours.revisions[identifier], *parts)
        for revision in self._merge.deleted.values():
            return self.origin(revision)
        return None

    def _missing_parent(self, rule: str, revision: RevisionFile, parent: str) -> Finding:
        merge = self._merge
        known = {**merge.ancestor.revisions, **merge.theirs.revisions}
        deleted = known.get(parent)
        others = {key: r for key, r in merge.merged.items() if key != revision.revision}
        remedies = [Remedy("restore it", f"Restore {deleted.path}.")] if deleted else []
        remedies += [_set_parent(revision, head) for head in heads_of(others)[:1]]
        return fault(
            rule,
            origin=self.origin(revision, "down_revision"),
            remedies=tuple(remedies),
            revision=revision.revision,
            parent=parent,
            base=self._base,
        )

    def _duplicates(self) -> Iterator[Finding]:
        for revision, other in self._merge.duplicates:
            yield fault(
                "gate-identifier-twice",
                origin=self.origin(revision, "revision"),
                remedies=(Remedy("change the identifier", "Give the revision a new identifier."),),
                revision=revision.revision,
                other=other.path,
            )

    def _heads(self) -> Iterator[Finding]:
        """Heads that the branch adds: in the working tree, and after the merge."""
        reported = set()
        for rule, revisions in (
            ("gate-several-heads", self._merge.ours.revisions),
            ("gate-heads-after-merge", self._merge.merged),
        ):
            heads = heads_of(revisions)
            for revision, head in self._added_heads(revisions):
                if revision.revision in reported:
                    continue
                reported.add(revision.revision)
                yield fault(
                    rule,
                    origin=self.origin(revision, "down_revision"),
                    remedies=self._single_head_remedies(revision, head),
                    details="heads: " + ", ".join(heads),
                    revision=revision.revision,
                    parent=", ".join(revision.down_revisions) or "nothing",
                    count=len(heads),
                    base=self._base,
                )

    def _single_head_remedies(self, revision: RevisionFile, head: str) -> tuple[Remedy, ...]:
        summary = "Or join the heads with a merge revision."
        merge = Remedy("merge", summary, "shell", self._command("merge", "heads"))
        if len(revision.down_revisions) > 1:
            return (merge,)
        return _set_parent(revision, head), merge

    def _added_heads(self, revisions: Revisions) -> Iterator[tuple[RevisionFile, str]]:
        """The first new revision of each head that the branch adds, with its proposed new parent.

        A head of the base stays as it is. So does a head whose first new revision has a branch
        label: that branch was started on purpose.

        Example: the base is ``1 <- 2``, and the branch adds ``3`` and ``4`` as ``1 <- 3 <- 4``.
        The heads are ``2`` and ``4``. The result is ``(3, "2")``: revision 3 should follow 2.
        """
        heads = heads_of(revisions)
        kept = [head for head in heads if head not in self._merge.new]
        for head in heads:
            if head in kept:
                continue
            first = self._first_new(head, revisions)
            related = [other for other in kept if _are_related(first, other, revisions)]
            if related and not first.labels:
                yield first, related[0]
            else:
                kept.append(head)

    def _first_new(self, head: str, revisions: Revisions) -> RevisionFile:
        """The first of the new revisions that lead to a new head."""
        revision, visited = revisions[head], {head}
        while len(revision.down_revisions) == 1:
            (down,) = revision.down_revisions
            if down not in self._merge.new or down in visited:
                break
            revision = revisions[down]
            visited.add(down)
        return revision

    def _edited(self) -> Iterator[Finding]:
        for identifier, parts in self._merge.edited.items():
            only_downgrade = all(part.startswith("downgrade") for part in parts)
            yield fault(
                "gate-downgrade-edited" if only_downgrade else "gate-revision-edited",
                origin=self.origin(self._merge.ours.revisions[identifier], *parts),
                remedies=() if only_downgrade else (_NEW_REVISION,),
                revision=identifier,
                base=self._base,
                parts=", ".join(parts),
            )
        for revision in self._merge.deleted.values():
            command = f"git restore --source {self._merge.base.identity[:10]} -- "
            path = shlex.quote(f":/{revision.path}")
            yield fault(
                "gate-revision-deleted",
                origin=self.origin(revision),
                remedies=(Remedy("restore it", "Restore the file.", "shell", command + path),),
                revision=revision.revision,
                base=self._base,
            )


def _are_related(first: RevisionFile, head: str, revisions: Revisions) -> bool:
    """Whether a head belongs to the branch that a revision starts from; a root belongs to all."""
    if not first.down_revisions:
        return True
    return not ancestors_of(head, revisions).isdisjoint(first.down_revisions)


def _set_parent(revision: RevisionFile, head: str) -> Remedy:
    return Remedy(
        "change its parent",
        f"In {revision.path}, set down_revision to {head}.",
        "python",
        f"down_revision = {head!r}",
    )
