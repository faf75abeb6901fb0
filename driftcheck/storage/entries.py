"""Entries of the cache directory: texts under keys of everything that can change them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO, TypeVar

from driftcheck.process.streams import warn
from driftcheck.storage.cache_directory import cache_directory, open_private, write_private

_RETENTION_DAYS = 30

T = TypeVar("T")


class Entries:
    """The entries of one kind, in the user's cache directory.

    Args:
        kind: The name of their directory.
    """

    def __init__(self, kind: str) -> None:
        self._directory = cache_directory() / kind

    def get(self, key: str) -> str | None:
        """Return the entry of a key; ``None`` if it is missing or cannot be read."""
        return self.read(key, lambda stream: stream.read())

    def read(self, key: str, read: Callable[[TextIO], T]) -> T | None:
        """Read the entry of a key, without having all of its text at a time.

        Args:
            key: The key.
            read: Reads the entry.

        Returns:
            What this has returned; ``None`` if the entry is missing or cannot be read.
        """
        path = self._path(key)
        try:
            with open_private(path) as stream:
                result = read(stream)
        except PermissionError as error:  # for example, another account has put it there
            warn(f"not taken from the cache: {error}")
            return None
        except (OSError, UnicodeDecodeError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # entries in use are not removed
        return result

    def put(self, key: str, text: str | Iterable[str]) -> None:
        """Write an entry atomically: other processes may read and write at the same time.

        Args:
            key: The key.
            text: The entry, whole or in parts.
        """
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


class Digested:
    """The parts of a text, and a digest of those that have been taken.

    Args:
        parts: The parts.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        self._parts = iter(parts)
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[str]:
        """Yield the parts that have not been taken."""
        for part in self._parts:
            self._hash.update(part.encode())
            yield part

    def digest(self) -> str:
        """Return the digest of the whole text. The remaining parts are taken."""
        for _ in self:
            pass
        return self._hash.hexdigest()


def key_of(parts: Iterable[object]) -> str:
    """Return the key of an entry.

    Args:
        parts: Everything that can change the entry, as JSON can represent it.
    """
    return digest_of(json.dumps([*parts]))


def digest_of(text: str) -> str:
    """Return a digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
