"""Entries of the cache directory: texts under keys of everything that can change them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from driftcheck.process.streams import warn
from driftcheck.storage.cache_directory import cache_directory, read_private, write_private

_RETENTION_DAYS = 30


class Entries:
    """The entries of one kind, in the user's cache directory.

    Args:
        kind: The name of their directory.
    """

    def __init__(self, kind: str) -> None:
        self._directory = cache_directory() / kind

    def get(self, key: str) -> str | None:
        """Return the entry of a key; ``None`` if it is missing or cannot be read."""
        path = self._path(key)
        try:
            text = read_private(path)
        except PermissionError as error:  # for example, another account has put it there
            warn(f"not taken from the cache: {error}")
            return None
        except (OSError, UnicodeDecodeError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # entries in use are not removed
        return text

    def put(self, key: str, text: str) -> None:
        """Write an entry atomically: other processes may read and write at the same time."""
        with contextlib.suppress(OSError):  # without the entry, the next run computes it again
            write_private(self._path(key), text)
            self._remove_unused()

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.json"

    def _remove_unused(self) -> None:
        oldest = time.time() - _RETENTION_DAYS * 24 * 60 * 60
        for path in self._directory.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def key_of(parts: Iterable[object]) -> str:
    """Return the key of an entry.

    Args:
        parts: Everything that can change the entry, as JSON can represent it.
    """
    return digest_of(json.dumps([*parts]))


def digest_of(text: str) -> str:
    """Return a digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
