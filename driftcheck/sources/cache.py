"""Caches the snapshots of a replay, under a key of everything that can change its result."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TextIO

import alembic
import sqlalchemy
from alembic.script import ScriptDirectory

from driftcheck import __version__
from driftcheck.errors import ConfigurationError
from driftcheck.sources.files import fingerprint, history_files
from driftcheck.storage.entries import Digested, Entries, key_of
from driftcheck.storage.snapshot_file import FORMAT, SnapshotFile, load, parts_of


class CachedSnapshot(NamedTuple):
    """An entry of the cache.

    Attributes:
        file: The snapshot.
        digest: A digest of the whole entry.
    """

    file: SnapshotFile
    digest: str


class Cache:
    """The cached snapshots of a project, in the user's cache directory.

    Args:
        script: The script directory, with its revisions loaded.
        others: Other values that can change the result of a replay: the bootstrap, options.
        read: The entries that this process has read, by their keys. They are not read again.
    """

    def __init__(
        self,
        script: ScriptDirectory,
        others: Iterable[str],
        read: MutableMapping[str, CachedSnapshot],
    ) -> None:
        self._script = script
        self._read = read
        revisions = {Path(revision.path).resolve() for revision in script.walk_revisions()}
        rest = [file for file in history_files(script) if file not in revisions]
        versions = __version__, FORMAT, alembic.__version__, sqlalchemy.__version__
        self._common = [fingerprint(rest), *map(str, versions), *others]
        self._entries = Entries("replays")

    def key(self, revisions: Iterable[str], *more: str) -> str:
        """The key of the schema at some revisions: a hash that includes the files up to them.

        Args:
            revisions: The revisions.
            more: Other values that can change this schema.
        """
        wanted = sorted(revisions)
        # One by one: Alembic refuses revisions of which one is an ancestor of another.
        ancestors = chain.from_iterable(self._script.iterate_revisions(r, "base") for r in wanted)
        files = sorted({Path(revision.path) for revision in ancestors})
        parts = [*self._common, *more, *wanted, fingerprint(files)]
        return key_of(parts)

    def get(self, key: str) -> CachedSnapshot | None:
        """The entry of a key; ``None`` if it is missing or damaged."""
        found = self._read.get(key) or self._entries.read(key, _read)
        if found is not None:
            self._read[key] = found
        return found

    def put(self, key: str, file: SnapshotFile) -> str:
        """Write an entry, and return its digest."""
        parts = Digested(parts_of(file))
        self._read.pop(key, None)
        self._entries.put(key, parts)
        return parts.digest()


def _read(stream: TextIO) -> CachedSnapshot | None:
    lines = Digested(stream)
    try:
        file = load(lines)
    except ConfigurationError:
        return None
    return CachedSnapshot(file, lines.digest())
