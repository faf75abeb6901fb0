"""A virtual merge of the working tree's revisions with the base's revisions.

As in git, there are three sides: *ours* is the working tree, committed or not; *theirs* is the base
as it is now; the *ancestor* is their merge base. Revisions are compared by identifier,
whatever their files are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from alembic.script import Script, ScriptDirectory

from driftcheck.actions.gate.repository import Commit, Repository
from driftcheck.actions.gate.revision_files import (
    RevisionFile,
    UnreadableError,
    from_loaded,
    is_revision_file,
    read_revision,
)
from driftcheck.sources.files import version_locations

Revisions = Mapping[str, RevisionFile]
"""Revisions by their identifiers."""


@dataclass
class RevisionSet:
    """The revisions of one side of the merge.

    Attributes:
        revisions: The revisions whose files could be read.
        duplicates: Files with an identifier that another file already has.
        unreadable: Files whose identifiers are not literals: the reason and the content, by path.
        locations: The version locations, as paths in the working tree.
    """

    revisions: dict[str, RevisionFile] = field(default_factory=dict)
    duplicates: list[RevisionFile] = field(default_factory=list)
    unreadable: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    locations: tuple[Path, ...] = ()

    def add(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Parse files, given as path and content, and add their revisions."""
        for path, content in files:
            try:
                revision = read_revision(path, content)
            except UnreadableError as error:
                self.unreadable[path] = str(error), content
                continue
            if revision.revision in self.revisions:
                self.duplicates.append(revision)
            self.revisions.setdefault(revision.revision, revision)

    def add_loaded(self, scripts: Mapping[str, Script]) -> None:
        """Add unreadable files by what Alembic loaded from them, given by path."""
        for path in self.unreadable.keys() & scripts.keys():
            _, content = self.unreadable.pop(path)
            revision = from_loaded(path, content, scripts[path])
            self.revisions.setdefault(revision.revision, revision)


@dataclass(frozen=True)
class Merge:
    """A virtual merge of the working tree with the base.

    Attributes:
        repository: The repository.
        base: The commit of the base.
        ours: The revisions of the working tree.
        theirs: The revisions of the base.
        ancestor: The revisions of the merge base.
        external_locations: Version locations outside of the repository. They are the same on
            every side.
    """

    repository: Repository
    base: Commit
    ours: RevisionSet
    theirs: RevisionSet
    ancestor: RevisionSet
    external_locations: tuple[Path, ...] = ()

    @cached_property
    def new(self) -> Revisions:
        """The revisions that the branch adds: neither the base nor the ancestor has them."""
        known = {**self.ancestor.revisions, **self.theirs.revisions}
        ours = self.ours.revisions
        return {identifier: ours[identifier] for identifier in ours if identifier not in known}

    @cached_property
    def only_in_base(self) -> Revisions:
        """The revisions that were added to the base since the ancestor, and that ours lacks."""
        known = {**self.ancestor.revisions, **self.ours.revisions}
        theirs = self.theirs.revisions
        return {identifier: theirs[identifier] for identifier in theirs if identifier not in known}

    @cached_property
    def deleted(self) -> Revisions:
        """The revisions that the branch has deleted, and the base still has."""
        ancestor, ours = self.ancestor.revisions, self.ours.revisions
        return {
            identifier: revision
            for identifier, revision in self.theirs.revisions.items()
            if identifier in ancestor and identifier not in ours
        }

    @cached_property
    def edited(self) -> dict[str, tuple[str, ...]]:
        """The revisions of the base that the branch has edited, with the edited parts."""
        edited = {}
        for identifier, revision in self.ours.revisions.items():
            theirs = self.theirs.revisions.get(identifier)
            ancestor = self.ancestor.revisions.get(identifier)
            if theirs is None or (ancestor is not None and not revision.changed_since(ancestor)):
                continue
            if parts := revision.changed_since(theirs):
                edited[identifier] = parts
        return edited

    @cached_property
    def duplicates(self) -> list[tuple[RevisionFile, RevisionFile]]:
        """Revisions of ours with the other file that has the same identifier.

        The other file may be in the base: where identifiers are numbers, two branches easily take
        the same one.
        """
        ours, theirs = self.ours.revisions, self.theirs.revisions
        duplicates = [(revision, ours[revision.revision]) for revision in self.ours.duplicates]
        for identifier, revision in ours.items():
            other = theirs.get(identifier)
            is_new = identifier not in self.ancestor.revisions
            if other is not None and is_new and other.path != revision.path:
                duplicates.append((revision, other))
        return duplicates

    @cached_property
    def merged(self) -> Revisions:
        """The revisions after a merge with the base."""
        deleted_in_base = self.ancestor.revisions.keys() - self.theirs.revisions.keys()
        ours = self.ours.revisions
        kept = {key: ours[key] for key in ours if key not in deleted_in_base}
        return {**self.only_in_base, **kept}

    @cached_property
    def existing(self) -> Revisions:
        """The revisions of ours that are not new."""
        ours = self.ours.revisions
        return {identifier: ours[identifier] for identifier in ours if identifier not in self.new}

    def complete(self, script: ScriptDirectory) -> None:
        """Add the unreadable files to each side, by what Alembic has loaded from the working tree.

        An unreadable file of the base counts as equal to the working tree's file at its path.
        """
        scripts = {
            _path(self.repository, Path(loaded.path)): loaded for loaded in script.walk_revisions()
        }
        for side in _distinct(self.ours, self.theirs, self.ancestor):
            side.add_loaded(scripts)

    @property
    def base_has_other_files(self) -> bool:
        """Whether only the base's own files can build the base's schema, and not ours."""
        return bool(self.edited or self.deleted or self.only_in_base)


def _distinct(*sides: RevisionSet) -> list[RevisionSet]:
    """The sides without repetition: where HEAD contains the base, *theirs* is the ancestor."""
    return list({id(side): side for side in sides}.values())


def heads_of(revisions: Revisions) -> tuple[str, ...]:
    """The identifiers of the revisions that are no other revision's parent."""
    parents = {down for revision in revisions.values() for down in revision.down_revisions}
    return tuple(sorted(identifier for identifier in revisions if identifier not in parents))


def ancestors_of(identifier: str, revisions: Revisions) -> set[str]:
    """The identifiers of a revision and of all its ancestors."""
    ancestors: set[str] = set()
    queue = [identifier]
    while queue:
        current = queue.pop()
        if current in revisions and current not in ancestors:
            ancestors.add(current)
            queue += revisions[current].down_revisions
    return ancestors


def missing_parents(revisions: Revisions) -> Iterator[tuple[RevisionFile, str]]:
    """Each revision whose parent does not exist, with the identifier of the parent."""
    for revision in revisions.values():
        for down in revision.down_revisions:
            if down not in revisions:
                yield revision, down


def in_order(revisions: Revisions) -> list[RevisionFile]:
    """Sort revisions topologically: parents and dependencies first, else by identifier."""
    remaining, ordered = dict(revisions), []
    while remaining:
        ready = [revision for revision in remaining.values() if not _waits(revision, remaining)]
        ordered += sorted(ready, key=lambda revision: revision.revision)
        for revision in ready:
            del remaining[revision.revision]
        if not ready:  # a cycle, which Alembic does not load
            break
    return ordered


def _waits(revision: RevisionFile, remaining: Revisions) -> bool:
    """Whether a parent or a dependency of a revision is among the remaining ones.

    ``depends_on`` may name a revision by the beginning of its identifier, or by a label.
    """
    names = (*revision.down_revisions, *revision.depends_on)
    return any(
        other.revision.startswith(name) or name in other.labels
        for other in remaining.values()
        if other is not revision
        for name in names
    )


def read_merge(script: ScriptDirectory, base_name: str | None) -> Merge:
    """Read the three sides of a merge with the base.

    Args:
        script: The script directory. Its revisions need not be loaded.
        base_name: The base as the user names it; ``None`` for the default.

    Raises:
        ConfigurationError: The migrations are in no git repository, or the base does not exist.
        CannotCheckError: Git cannot find the merge base.
    """
    repository = Repository.containing(Path(script.dir))
    base = repository.base(base_name)
    merge_base = repository.merge_base(base)
    locations, recursive = version_locations(script), bool(_is_recursive(script))
    tracked = [path for path in locations if repository.relative_path(path) is not None]
    external = [path for path in locations if path not in tracked]
    ours = RevisionSet(locations=tuple(tracked))
    ours.add(_files_on_disk(repository, tracked, recursive=recursive))
    theirs = _committed_revisions(repository, base, ours, recursive=recursive)
    ancestor = theirs
    if merge_base.identity != base.identity:
        ancestor = _committed_revisions(repository, merge_base, ours, recursive=recursive)
    for side in _distinct(ours, theirs, ancestor):
        side.add(_files_on_disk(repository, external, recursive=recursive))
    return Merge(repository, base, ours, theirs, ancestor, tuple(external))


def _is_recursive(script: ScriptDirectory) -> bool:
    return getattr(script, "recursive_version_locations", False)  # new in Alembic 1.10


def _files_on_disk(
    repository: Repository, locations: Iterable[Path], *, recursive: bool
) -> Iterator[tuple[str, bytes]]:
    for location in locations:
        for file in sorted(location.rglob("*.py") if recursive else location.glob("*.py")):
            if file.is_file() and is_revision_file(file.name):
                yield _path(repository, file), file.read_bytes()


def _path(repository: Repository, file: Path) -> str:
    """The path of a file from the repository's root; an absolute path outside of it."""
    return repository.relative_path(file) or str(file.resolve())


def _committed_revisions(
    repository: Repository, commit: Commit, ours: RevisionSet, *, recursive: bool
) -> RevisionSet:
    """The revisions of a commit.

    They are read from the version locations of the working tree. If the commit has no revision
    there, the version locations were moved: the revisions are then read from each directory of
    the commit that has a revision of ours.
    """
    side = RevisionSet(locations=ours.locations)
    side.add(_files_in_commit(repository, commit, ours.locations, recursive=recursive))
    if side.revisions:
        return side
    moved = []
    for directory in repository.directories_with(commit, "^down_revision"):
        candidate = RevisionSet()
        candidate.add(_files_in_commit(repository, commit, [directory], recursive=False))
        if not candidate.revisions.keys().isdisjoint(ours.revisions):
            moved.append(directory)
    side.locations = tuple(moved) or ours.locations
    side.add(_files_in_commit(repository, commit, moved, recursive=False))
    return side


def _files_in_commit(
    repository: Repository, commit: Commit, locations: Iterable[Path], *, recursive: bool
) -> Iterator[tuple[str, bytes]]:
    for location in locations:
        directory = repository.relative_path(location)
        objects = {
            path: identity
            for path, identity in repository.files(commit, location).items()
            if is_revision_file(path) and "__pycache__" not in path
            if recursive or PurePosixPath(path).parent.as_posix() == directory
        }
        contents = repository.contents(objects.values())
        yield from ((path, contents[identity]) for path, identity in objects.items())


def export_base_files(merge: Merge, directories: Sequence[Path], destination: Path) -> None:
    """Write the base's files of some directories of the repository below another directory."""
    for directory in directories:
        objects = merge.repository.files(merge.base, directory)
        contents = merge.repository.contents(objects.values())
        for path, identity in objects.items():
            file = destination / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(contents[identity])
