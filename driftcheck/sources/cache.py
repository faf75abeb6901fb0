"""Caches the snapshots of a replay, under a key of everything that can change its result."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import alembic
import sqlalchemy
from alembic.script import ScriptDirectory

from driftcheck import __version__
from driftcheck.errors import ConfigurationError
from driftcheck.process.streams import warn
from driftcheck.sources.files import fingerprint, history_files
from driftcheck.storage.cache_directory import cache_directory, read_private, write_private
from driftcheck.storage.snapshot_file import FORMAT, SnapshotFile, dump, load

_RETENTION_DAYS = 30


class Cache:
    """The cached snapshots of a project, in the user's cache directory.

    Args:
        script: The script directory, with its revisions loaded.
        others: Other values that can change the result of a replay: the bootstrap, options.
    """

    def __init__(self, script: ScriptDirectory, others: Iterable[str]) -> None:
        self._script = script
        revisions = {Path(revision.path).resolve() for revision in script.walk_revisions()}
        rest = [file for file in history_files(script) if file not in revisions]
        versions = __version__, FORMAT, alembic.__version__, sqlalchemy.__version__
        self._common = [fingerprint(rest), *map(str, versions), *others]
        self._directory = cache_directory() / "replays"

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
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def get(self, key: str) -> SnapshotFile | None:
        """The entry of a key; ``None`` if it is missing or damaged."""
        path = self._path(key)
        try:
            entry = load(read_private(path))
        except PermissionError as error:  # for example, another account has put it there
            warn(f"not taken from the cache: {error}")
            return None
        except (OSError, UnicodeDecodeError, ConfigurationError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # entries in use are not removed
        return entry

    def put(self, key: str, file: SnapshotFile) -> None:
        """Write an entry atomically: other processes may read and write at the same time."""
        with contextlib.suppress(OSError):  # without the entry, the next run replays the history
            write_private(self._path(key), dump(file))
            self._remove_unused()

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.json"

    def _remove_unused(self) -> None:
        oldest = time.time() - _RETENTION_DAYS * 24 * 60 * 60
        for path in self._directory.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
