"""The cache directory of the user, for files that driftcheck can create again.

These files decide which statements run on shadow databases, so no other account may write them. A
directory that others can change is refused. A file that belongs to others is treated as missing.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from driftcheck.errors import ConfigurationError
from driftcheck.storage.processes import is_running

VARIABLE = "DRIFTCHECK_CACHE_DIR"
"""The environment variable that overrides the directory."""
_ROOT = 0
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_UNFINISHED = ".unfinished-"


def cache_directory() -> Path:
    """Return the directory. It is created if necessary, with access for the user only.

    Raises:
        ConfigurationError: The directory cannot be created, or others can change its files.
    """
    try:
        directory = _location()
        _make(directory)
        weakness = weakness_of(directory)
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home directory
        raise ConfigurationError(
            f"there is no cache directory: {error}", hint=f"Name one with {VARIABLE}."
        ) from None
    if weakness:
        raise ConfigurationError(
            f"other accounts can change the cache directory {directory}: {weakness}",
            hint=f"Remove this right (chown, chmod go-w), or name another directory, in a "
            f"directory that belongs to you, with {VARIABLE}.",
        )
    return directory


def weakness_of(path: Path, *, is_parent: bool = False) -> str:
    """Return why accounts other than this one and root can change the file at a path.

    All parent directories are checked, and all directories that a link leads through: an account
    that can write there can replace the file.

    Args:
        path: An absolute path that exists.
        is_parent: Whether the path is only a parent of the user's own directory, such as
            ``/tmp``. It may be writable for others, if they cannot replace the directory.

    Returns:
        A clause for a message; empty if no other account can change the file.

    Raises:
        OSError: The path does not exist, or its links form a loop.
    """
    if os.name == "nt":  # Windows has no such modes
        return ""
    path.resolve(strict=True)
    for part in (*reversed(path.parents), path):
        found = part.lstat()
        if found.st_uid not in (_ROOT, os.geteuid()):
            return f"{part} belongs to another account (number {found.st_uid})"
        if stat.S_ISLNK(found.st_mode):
            target = part.parent / part.readlink()
            if weakness := weakness_of(target, is_parent=is_parent or part != path):
                return weakness
        elif _others_write(found, is_last=part == path and not is_parent):
            return f"{part} has the mode {stat.S_IMODE(found.st_mode):04o}"
    return ""


def _others_write(found: os.stat_result, *, is_last: bool) -> bool:
    """Return whether others can replace files in a directory."""
    if found.st_mode & stat.S_ISVTX and not is_last:  # sticky: only owners can remove their files
        return False
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_own_group(found.st_gid)


def _is_own_group(gid: int) -> bool:
    """Return whether the user is the only member of a group.

    Some systems create a group for each user, and set the umask 002.
    """
    import grp  # noqa: PLC0415  (not on Windows)
    import pwd  # noqa: PLC0415

    if gid == _ROOT:
        return os.geteuid() == _ROOT
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    alone = set(group.gr_mem) <= {user.pw_name}
    return alone and gid == user.pw_gid and group.gr_name == user.pw_name


def _location() -> Path:
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).absolute()
    usual = _usual_location()
    above = next(path for path in usual.parents if path.exists())
    if weakness_of(above, is_parent=True):
        # In containers, the home directory of root often belongs to another account. The directory
        # below /tmp is checked by the caller like any other.
        return Path(tempfile.gettempdir()).absolute() / f"driftcheck-{os.geteuid()}"
    return usual


def _usual_location() -> Path:
    # The XDG Base Directory Specification says that relative paths are ignored.
    if (xdg := os.environ.get("XDG_CACHE_HOME")) and Path(xdg).is_absolute():
        return Path(xdg) / "driftcheck"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "driftcheck"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "driftcheck" / "Cache"
    return Path.home() / ".cache" / "driftcheck"


def _make(directory: Path) -> None:
    """Create a directory and its parents, with access for the user only."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    if not directory.is_dir():
        raise NotADirectoryError(f"{directory} is not a directory")


def read_private(path: Path) -> str:
    """Return the text of a file of the cache.

    Raises:
        OSError: The file cannot be read, belongs to another account, or others can write it.
        UnicodeDecodeError: The file is not UTF-8.
    """
    with open_private(path) as stream:
        return stream.read()


@contextmanager
def open_private(path: Path) -> Iterator[TextIO]:
    """Open a file of the cache for reading.

    Raises:
        OSError: See ``read_private``.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), encoding="utf-8") as stream:
        for found in (path.parent.lstat(), os.fstat(stream.fileno())):
            if os.name != "nt" and not _is_own(found):
                raise PermissionError(f"{path} belongs to another account, or others can write it")
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError(f"{path} is not a regular file")
        yield stream


def _is_own(found: os.stat_result) -> bool:
    if found.st_uid != os.geteuid() or stat.S_ISLNK(found.st_mode):
        return False
    writable = found.st_mode & _OTHERS_WRITE
    return not writable or (not found.st_mode & stat.S_IWOTH and _is_own_group(found.st_gid))


def write_private(path: Path, text: str | Iterable[str]) -> None:
    """Write a file that only its user can read. The file is replaced atomically.

    Args:
        path: The path of the file.
        text: Its content, whole or in parts.

    Raises:
        OSError: The file cannot be written, or others can write its directory.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name != "nt" and not _is_own(path.parent.lstat()):
        raise PermissionError(f"{path.parent} belongs to another account, or others can write it")
    _remove_unfinished(path.parent)
    replace_file(path, text, f"{_UNFINISHED}{os.getpid()}-")


def replace_file(path: Path, text: str | Iterable[str], prefix: str) -> None:
    """Write a text to a file that only its user can read, which then replaces the file of a path.

    Args:
        path: The path.
        text: The text, whole or in parts.
        prefix: The beginning of the name of the file that is written.

    Raises:
        OSError: The file cannot be written. The file of the path is unchanged then.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.writelines([text] if isinstance(text, str) else text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _remove_unfinished(directory: Path) -> None:
    """Remove the unfinished files of killed processes.

    A process of another machine that uses the same directory may still be writing such a file. Its
    write then fails, and the entry is created again later.
    """
    for path in directory.glob(f"{_UNFINISHED}*"):
        pid = path.name.removeprefix(_UNFINISHED).partition("-")[0]
        if not pid.isdigit() or not is_running(int(pid)):
            with suppress(OSError):
                path.unlink()
