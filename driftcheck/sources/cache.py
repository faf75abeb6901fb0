"""Keeps what was replayed once, under a key made of everything that could change it."""

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

_KEPT_DAYS = 30


class Cache:
    """Snapshots of replays, in a directory that is the user's own.

    Args:
        script: The script directory, its revisions loaded.
        others: What else could change what a replay builds: the bootstrap, the server, options.
    """

    def __init__(self, script: ScriptDirectory, others: Iterable[str]) -> None:
        self._script = script
        revisions = {Path(revision.path).resolve() for revision in script.walk_revisions()}
        rest = [file for file in history_files(script) if file not in revisions]
        versions = __version__, FORMAT, alembic.__version__, sqlalchemy.__version__
        self._common = [fingerprint(rest), *map(str, versions), *others]
        self._directory = cache_directory() / "replays"

    def key(self, revisions: Iterable[str], *more: str) -> str:
        """The key of the schema at some revisions: of their text, and that of all before them."""
        wanted = sorted(revisions)
        # One by one: together they may not overlap, and one may depend on another branch's.
        before = chain.from_iterable(self._script.iterate_revisions(r, "base") for r in wanted)
        files = sorted({Path(revision.path) for revision in before})
        parts = [*self._common, *more, *wanted, fingerprint(files)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def get(self, key: str) -> SnapshotFile | None:
        """What is kept under a key. A damaged entry is as good as none."""
        path = self._path(key)
        try:
            found = load(read_private(path))
        except PermissionError as error:  # put there by another account, say
            warn(f"not taken from the cache: {error}")
            return None
        except (OSError, UnicodeDecodeError, ConfigurationError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # what is used stays
        return found

    def put(self, key: str, file: SnapshotFile) -> None:
        """Keep something, whole or not at all: others may read and write at the same time."""
        with contextlib.suppress(OSError):  # a full disk costs the next run a replay, no more
            write_private(self._path(key), dump(file))
            self._forget_unused()

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.json"

    def _forget_unused(self) -> None:
        oldest = time.time() - _KEPT_DAYS * 24 * 60 * 60
        for path in self._directory.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
