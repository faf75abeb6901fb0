"""The working tree's revisions beside the base's, and what a merge of the two would hold.

Three sides, as in any merge: ours is the working tree as it is, committed or not; theirs the base
as it is now; before, where the two went separate ways. Revisions are known by their identifiers,
whatever their files are called.
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
from driftcheck.sources.files import version_places

Revisions = Mapping[str, RevisionFile]
"""Revisions by their identifiers."""


@dataclass
class Side:
    """The revisions of one side.

    Attributes:
        revisions: Those that could be read.
        twice: Files that claim an identifier which another has.
        unreadable: Files that do not say what they are, with the reason and the text.
        places: The directories that they lie in, as they would lie in the working tree.
    """

    revisions: dict[str, RevisionFile] = field(default_factory=dict)
    twice: list[RevisionFile] = field(default_factory=list)
    unreadable: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    places: tuple[Path, ...] = ()

    def add(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Read files into it."""
        for path, text in files:
            try:
                found = read_revision(path, text)
            except UnreadableError as error:
                self.unreadable[path] = str(error), text
                continue
            if found.revision in self.revisions:
                self.twice.append(found)
            self.revisions.setdefault(found.revision, found)

    def add_loaded(self, scripts: Mapping[str, Script]) -> None:
        """Take what files are from what was loaded from them, by their paths."""
        for path in self.unreadable.keys() & scripts.keys():
            _, text = self.unreadable.pop(path)
            found = from_loaded(path, text, scripts[path])
            self.revisions.setdefault(found.revision, found)


@dataclass(frozen=True)
class Merge:
    """A virtual merge of the working tree with the base.

    Attributes:
        repository: The repository.
        base: The base.
        ours: The working tree's revisions.
        theirs: The base's.
        before: Those of the commit where the two went separate ways.
        outside: The version locations that are not in the repository: the same on every side.
    """

    repository: Repository
    base: Commit
    ours: Side
    theirs: Side
    before: Side
    outside: tuple[Path, ...] = ()

    @cached_property
    def new(self) -> Revisions:
        """What the base lacks and never had."""
        known = {**self.before.revisions, **self.theirs.revisions}
        return {at: one for at, one in self.ours.revisions.items() if at not in known}

    @cached_property
    def ahead(self) -> Revisions:
        """What came to the base since, and the working tree lacks."""
        known = {**self.before.revisions, **self.ours.revisions}
        return {at: one for at, one in self.theirs.revisions.items() if at not in known}

    @cached_property
    def deleted(self) -> Revisions:
        """What the working tree has no more, and the base still has."""
        before, ours = self.before.revisions, self.ours.revisions
        theirs = self.theirs.revisions
        return {at: one for at, one in theirs.items() if at in before and at not in ours}

    @cached_property
    def edited(self) -> dict[str, tuple[str, ...]]:
        """The revisions of the base that the working tree has otherwise, and what of them."""
        found = {}
        for at, one in self.ours.revisions.items():
            theirs, before = self.theirs.revisions.get(at), self.before.revisions.get(at)
            if theirs is None or (before is not None and not one.changed_since(before)):
                continue
            if parts := one.changed_since(theirs):
                found[at] = parts
        return found

    @cached_property
    def twice(self) -> list[tuple[RevisionFile, RevisionFile]]:
        """Revisions of ours with an identifier that another has, in the working tree or the base.

        Both may be right on their own: numbers are given out on every branch.
        """
        ours, theirs = self.ours.revisions, self.theirs.revisions
        found = [(one, ours[one.revision]) for one in self.ours.twice]
        for at, one in ours.items():
            other = theirs.get(at)
            if other is not None and at not in self.before.revisions and other.path != one.path:
                found.append((one, other))
        return found

    @cached_property
    def merged(self) -> Revisions:
        """What a merge with the base would hold."""
        gone = {at for at in self.before.revisions if at not in self.theirs.revisions}
        ours = {at: one for at, one in self.ours.revisions.items() if at not in gone}
        return {**self.ahead, **ours}

    @cached_property
    def old(self) -> Revisions:
        """Those of ours that are not new."""
        return {at: one for at, one in self.ours.revisions.items() if at not in self.new}

    def complete(self, script: ScriptDirectory) -> None:
        """Learn of files that do not say what they are from what Alembic has loaded of them.

        The base's are taken for what the working tree has at the same path.
        """
        scripts = {_named(self.repository, Path(s.path)): s for s in script.walk_revisions()}
        for side in {id(side): side for side in (self.ours, self.theirs, self.before)}.values():
            side.add_loaded(scripts)

    @property
    def rebuilds_base(self) -> bool:
        """Whether the base's schema is not simply built by our files: it is built by its own."""
        return bool(self.edited or self.deleted or self.ahead)


def heads_of(revisions: Revisions) -> tuple[str, ...]:
    """The revisions that no other comes after."""
    followed = {down for one in revisions.values() for down in one.down}
    return tuple(sorted(at for at in revisions if at not in followed))


def ancestors_of(revision: str, revisions: Revisions) -> set[str]:
    """A revision, and all that it comes after."""
    found: set[str] = set()
    waiting = [revision]
    while waiting:
        at = waiting.pop()
        if at in revisions and at not in found:
            found.add(at)
            waiting += revisions[at].down
    return found


def missing_parents(revisions: Revisions) -> Iterator[tuple[RevisionFile, str]]:
    """The revisions that come after one which is not there, with that."""
    for one in revisions.values():
        yield from ((one, down) for down in one.down if down not in revisions)


def in_order(revisions: Revisions) -> list[RevisionFile]:
    """Revisions, each after those of them that it comes after or depends on."""
    left, found = dict(revisions), []
    while left:
        ready = [one for one in left.values() if not _waits(one, left)]
        found += sorted(ready, key=lambda one: one.revision)
        left = {at: one for at, one in left.items() if one not in ready}
        if not ready:  # they go round in a circle, which Alembic does not load
            break
    return found


def _waits(one: RevisionFile, for_: Revisions) -> bool:
    """Whether a revision needs one of others; what it depends on may be cut short, or a label."""
    names = (*one.down, *one.depends_on)
    return any(
        other.revision.startswith(name) or name in other.labels
        for other in for_.values()
        if other is not one
        for name in names
    )


def read_merge(script: ScriptDirectory, named: str | None) -> Merge:
    """Read the three sides of a merge with the base.

    Args:
        script: The script directory; its revisions need not be loaded.
        named: The base, as the user calls it; ``None`` for the usual one.

    Raises:
        ConfigurationError: The migrations are in no git repository, or there is no such base.
        CannotCheckError: Git cannot say where the two went separate ways.
    """
    repository = Repository.holding(Path(script.dir))
    base = repository.base(named)
    fork = repository.fork(base)
    places, below = version_places(script), bool(_is_recursive(script))
    tracked = [place for place in places if repository.path_of(place) is not None]
    outside = [place for place in places if place not in tracked]
    ours = Side(places=tuple(tracked))
    ours.add(_on_disk(repository, tracked, below=below))
    theirs = _committed(repository, base, ours, below=below)
    same = fork.identity == base.identity
    before = theirs if same else _committed(repository, fork, ours, below=below)
    for side in {id(side): side for side in (ours, theirs, before)}.values():
        side.add(_on_disk(repository, outside, below=below))
    return Merge(repository, base, ours, theirs, before, tuple(outside))


def _is_recursive(script: ScriptDirectory) -> bool:
    return getattr(script, "recursive_version_locations", False)  # Alembic 1.10


def _on_disk(
    repository: Repository, places: Iterable[Path], *, below: bool
) -> Iterator[tuple[str, bytes]]:
    for place in places:
        for file in sorted(place.rglob("*.py") if below else place.glob("*.py")):
            if file.is_file() and is_revision_file(file.name):
                yield _named(repository, file), file.read_bytes()


def _named(repository: Repository, file: Path) -> str:
    """A file as a side names it: from the root of the repository, where it lies within."""
    return repository.path_of(file) or str(file.resolve())


def _committed(repository: Repository, commit: Commit, ours: Side, *, below: bool) -> Side:
    """A side as a commit has it: where ours has its files or, were they moved, elsewhere."""
    side = Side(places=ours.places)
    side.add(_in_commit(repository, commit, ours.places, below=below))
    if side.revisions:
        return side
    elsewhere = []
    for place in repository.directories_with(commit, "^down_revision"):
        there = Side()
        there.add(_in_commit(repository, commit, [place], below=False))
        if not there.revisions.keys().isdisjoint(ours.revisions):
            elsewhere.append(place)
    side.places = tuple(elsewhere) or ours.places
    side.add(_in_commit(repository, commit, elsewhere, below=False))
    return side


def _in_commit(
    repository: Repository, commit: Commit, places: Iterable[Path], *, below: bool
) -> Iterator[tuple[str, bytes]]:
    for place in places:
        within = repository.path_of(place)
        files = {
            path: identity
            for path, identity in repository.files(commit, place).items()
            if is_revision_file(path) and "__pycache__" not in path
            if below or PurePosixPath(path).parent.as_posix() == within
        }
        texts = repository.contents(files.values())
        yield from ((path, texts[identity]) for path, identity in files.items())


def write_out(merge: Merge, directories: Sequence[Path], into: Path) -> None:
    """Write the base's files in some directories of the repository below another."""
    for directory in directories:
        files = merge.repository.files(merge.base, directory)
        texts = merge.repository.contents(files.values())
        for path, identity in files.items():
            file = into / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(texts[identity])
