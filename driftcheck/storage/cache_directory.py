"""Where driftcheck keeps what it can make again: the user's cache directory.

What is read there decides what is run on shadow databases, so nobody else may write it. A
directory that others can change is refused; a file that is not the user's own counts as absent.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from driftcheck.errors import ConfigurationError
from driftcheck.storage.processes import is_running

VARIABLE = "DRIFTCHECK_CACHE_DIR"
"""The environment variable that names another directory."""
_ROOT = 0
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_UNFINISHED = ".unfinished-"


def cache_directory() -> Path:
    """The directory; made if need be, and then closed to all but its user.

    Raises:
        ConfigurationError: It cannot be made, or others can change what is in it.
    """
    try:
        directory = _location()
        _make(directory)
        weakness = weakness_of(directory)
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home
        raise ConfigurationError(
            f"there is no cache directory: {error}", hint=f"Name one with {VARIABLE}."
        ) from None
    if weakness:
        raise ConfigurationError(
            f"others can change what driftcheck keeps in {directory}: {weakness}",
            hint=f"Take the right from them (chown, chmod go-w), or name another directory, "
            f"below one of your own, with {VARIABLE}.",
        )
    return directory


def weakness_of(path: Path, *, is_parent: bool = False) -> str:
    """What lets another account than this and root change what is found at a path.

    Each directory on the way counts, and so does each that a link leads through: who can write
    there can put something else in its place.

    Args:
        path: An absolute path of something that exists.
        is_parent: Whether no more matters than that what is in it stays in its place: it is a
            directory such as ``/tmp``, in which there is one of the user's own.

    Returns:
        A clause for a message; empty where nobody else can.

    Raises:
        OSError: It does not exist, or its links lead in a circle.
    """
    if os.name == "nt":  # its directories are closed by rights of another kind
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
    """Whether others can put something in the place of what is in a directory."""
    if found.st_mode & stat.S_ISVTX and not is_last:  # there, only an owner takes something away
        return False
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_own_group(found.st_gid)


def _is_own_group(gid: int) -> bool:
    """Whether a group is the user's alone: some systems give each user one, and the umask 002."""
    import grp  # noqa: PLC0415  (Windows has neither)
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
        # In containers root is often given another account's home. Who looks at the directory
        # later sees that it is this user's own, here as there.
        return Path(tempfile.gettempdir()).absolute() / f"driftcheck-{os.geteuid()}"
    return usual


def _usual_location() -> Path:
    # XDG asks for a relative path to be ignored.
    if (xdg := os.environ.get("XDG_CACHE_HOME")) and Path(xdg).is_absolute():
        return Path(xdg) / "driftcheck"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "driftcheck"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "driftcheck" / "Cache"
    return Path.home() / ".cache" / "driftcheck"


def _make(directory: Path) -> None:
    """Make a directory and those above it, each closed to others whatever the umask is."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    if not directory.is_dir():
        raise NotADirectoryError(f"{directory} is not a directory")


def read_private(path: Path) -> str:
    """Read a file of the cache.

    Raises:
        OSError: It cannot be read, or it is not the user's own, or others can write it.
        UnicodeDecodeError: It is no text.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), encoding="utf-8") as stream:
        for found in (path.parent.lstat(), os.fstat(stream.fileno())):
            if os.name != "nt" and not _is_own(found):
                raise PermissionError(f"{path} is not this user's own")
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError(f"{path} is no file")
        return stream.read()


def _is_own(found: os.stat_result) -> bool:
    if found.st_uid != os.geteuid() or stat.S_ISLNK(found.st_mode):
        return False
    writable = found.st_mode & _OTHERS_WRITE
    return not writable or (not found.st_mode & stat.S_IWOTH and _is_own_group(found.st_gid))


def write_private(path: Path, text: str) -> None:
    """Write a file that its user alone may read: whole or not at all, whoever writes beside.

    Raises:
        OSError: It cannot be written, or its directory is not the user's own.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name != "nt" and not _is_own(path.parent.lstat()):
        raise PermissionError(f"{path.parent} is not this user's own")
    _remove_unfinished(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{_UNFINISHED}{os.getpid()}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _remove_unfinished(directory: Path) -> None:
    """Remove what killed processes were writing.

    A process of another machine, with the same directory, may still be writing: it will find
    that it cannot finish, and what it would have kept is made again.
    """
    for path in directory.glob(f"{_UNFINISHED}*"):
        pid = path.name.removeprefix(_UNFINISHED).partition("-")[0]
        if not pid.isdigit() or not is_running(int(pid)):
            with suppress(OSError):
                path.unlink()
