"""Records everything that the code of a project depends on, from its import on.

Code gives the same result again if it is the same and reads the same: its own modules, those of
installed packages, files, directories and environment variables. What it asks of the network, of
other processes or of other databases cannot be compared later, so a recording with such an event is
not complete. Time and chance leave no trace.
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.machinery import all_suffixes
from importlib.util import source_from_cache
from pathlib import Path
from types import FrameType
from typing import Any

import driftcheck
from driftcheck.databases.own_work import is_own_work, redirection
from driftcheck.project import reads
from driftcheck.project.interception import children, classes, drivers, files
from driftcheck.project.reads import Observer, stat_unreported

Digests = Mapping[str, Mapping[str, str]]
"""For each sort of input, the digest of each input by its name or path."""

_MISSING = ""
_WRITES = os.O_WRONLY | os.O_RDWR
_BYTECODE = "__pycache__"
_DRIFTCHECK = str(Path(driftcheck.__file__).parent) + os.sep
_PACKAGE_DIRECTORIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STANDARD_LIBRARY = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")})
_TRANSPARENT = (
    __file__,
    reads.__file__,
    *(str(m.__file__) for m in (children, classes, drivers, files)),
)
"""The modules of driftcheck whose functions replace others, and are called by other code."""
_NOT_FILES = ("/proc/", "/dev/", "/sys/")
_OF_THE_SHELL = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})
"""Variables that a shell sets for each command. Code that copies the environment reads them too."""
_OUTSIDE = frozenset(
    """
    os.exec os.fork os.forkpty os.posix_spawn os.spawn os.startfile os.system pty.spawn
    socket.connect socket.getaddrinfo socket.gethostbyname socket.sendmsg socket.sendto
    sqlite3.connect subprocess.Popen
    """.split()
)
"""The audit events of what code can ask for its results and no later run can compare."""


class CodeInputs(Observer):
    """Collects what code reads, while ``reads.reporting_to`` reports to it.

    The environment is compared as it is when the recording begins: code may change it.
    """

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._states: dict[str, str] = {}
        self._directories: dict[str, str] = {}
        self._examined: dict[str, str] = {}
        self._variables: set[str] = set()
        self._asks_outside = False

    def digests(self) -> Digests | None:
        """Return digests of everything that was read, which can be represented as JSON.

        Returns:
            ``None`` if the recording is not complete, or a file was changed since it was read.
        """
        is_changed = any(_state(path) != state for path, state in self._states.items())
        if self._asks_outside or is_changed:
            return None
        files = {*self._states, *(file for _, file in _modules())}
        return {
            "file": {path: _file(path) for path in sorted(files)},
            "directory": self._directories,
            "path": self._examined,
            "importable": {path: _importable(path) for path in _import_directories()},
            "variable": {name: self._variable(name) for name in sorted(self._variables)},
            "distributions": {path: _distributions(path) for path in sys.path},
        }

    def are(self, recorded: Digests) -> bool:
        """Return whether all inputs of an earlier recording are unchanged.

        Args:
            recorded: The digests of the recording.
        """
        files = recorded["file"]
        if any(file not in files for _, file in _modules() if _is_of_project(file)):
            return False
        if {*recorded["distributions"]} != {*sys.path}:
            return False
        digest: Mapping[str, Callable[[str], str]] = {**_DIGESTS, "variable": self._variable}
        return all(
            digest[sort](name) == before
            for sort, inputs in recorded.items()
            for name, before in inputs.items()
        )

    def file_is_opened(self, path: object, mode: object, flags: object) -> None:  # noqa: ARG002
        """Record a file that is opened for reading. Arguments: those of the audit event."""
        file = _absolute(path)
        if file is None or (isinstance(flags, int) and flags & _WRITES):
            return
        file = _source(file)
        if file not in self._states and not _is_driftcheck_reading():
            self._states[file] = _state(file)

    def directory_is_listed(self, path: object) -> None:
        """Record a directory that is listed. Arguments: those of the audit event.

        The import system lists every directory that it searches; see ``_import_directories``.
        """
        directory = _absolute(path or ".")
        if directory is None or directory in self._directories:
            return
        if not _is_import_searching() and not _is_driftcheck_reading():
            self._directories[directory] = _MISSING  # listing it reports it again
            self._directories[directory] = _names(directory)

    def path_is_examined(self, path: object) -> None:
        """Record whether a path exists, which code asks."""
        examined = _absolute(path)
        if examined is None or examined in self._examined:
            return
        if not _is_driftcheck_reading():
            self._examined[examined] = _type(examined)

    def variable_is_read(self, name: object) -> None:
        """Record an environment variable that is read."""
        if not isinstance(name, str) or name in _OF_THE_SHELL or name in self._variables:
            return
        if not _is_driftcheck_reading():
            self._variables.add(name)

    def event_occurs(self, event: str) -> None:
        """Record that the recording cannot be complete."""
        if event not in _OUTSIDE or is_own_work() or redirection() is not None:
            return
        if not _is_driftcheck_reading():
            self._asks_outside = True

    def _variable(self, name: str) -> str:
        value = self._environment.get(name)
        return _MISSING if value is None else _digest(os.fsencode(value))


def _is_driftcheck_reading() -> bool:
    """Return whether the innermost code outside of the standard library is driftcheck's."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  (the documented way to the stack)
    while frame is not None:
        owner = _owner(frame.f_code.co_filename)
        if owner:
            return owner == "driftcheck"
        frame = frame.f_back
    return True


def _is_import_searching() -> bool:
    """Return whether the import system lists a directory."""
    caller = sys._getframe(3)  # noqa: SLF001  (this module, reads, and what lists)
    return caller.f_code.co_filename.startswith("<frozen importlib")


@cache
def _owner(file: str) -> str:
    """Return whose code a file is; empty for code that runs for others."""
    if file.startswith(("<frozen ", *_TRANSPARENT)):
        return ""
    if file.startswith(_DRIFTCHECK):
        return "driftcheck"
    if file.startswith(_STANDARD_LIBRARY) and not _is_installed(file):
        return ""
    return "other"


def _modules() -> Iterator[tuple[str, str]]:
    """Yield the name and the file of each module, except those of Python and driftcheck."""
    for name, module in [*sys.modules.items()]:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and _owner(path := os.path.abspath(file)) == "other":  # noqa: PTH100
            yield name, path


def _import_directories() -> set[str]:
    """Return the directories of the project in which modules are searched."""
    paths = [*sys.path]
    for module in [*sys.modules.values()]:
        with suppress(Exception):  # a module may be any object
            paths += [path for path in getattr(module, "__path__", ()) if isinstance(path, str)]
    absolute = {os.path.abspath(path) for path in paths}  # noqa: PTH100  (resolve reads links)
    return {path for path in absolute if _is_of_project(path)}


def _is_of_project(path: str) -> bool:
    """Return whether a path is neither of Python, an installed package, nor driftcheck."""
    inside = f"{path}{os.sep}"
    outside = (_DRIFTCHECK, *_STANDARD_LIBRARY, *_NOT_FILES)
    return not (_is_installed(inside) or inside.startswith(outside))


def _is_installed(path: str) -> bool:
    return any(directory in path for directory in _PACKAGE_DIRECTORIES)


def _absolute(path: object) -> str | None:
    """Return an absolute path; ``None`` for a file descriptor, and for what is no file."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    absolute = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  (resolve reads symbolic links)
    return None if absolute.startswith(_NOT_FILES) else absolute


def _source(path: str) -> str:
    """Return the source file of a compiled file; any other path as it is."""
    if path.endswith(".pyc"):
        with suppress(ValueError, NotImplementedError):
            return source_from_cache(path)
    return path


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _state(path: str) -> str:
    """Return a string that changes when a file is written."""
    try:
        found = stat_unreported(path)
    except (OSError, ValueError):
        return _MISSING
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"


def _file(path: str) -> str:
    """Return the digest of a file; for a file of an installed package, its state."""
    if not _is_of_project(path):
        return _state(path)
    try:
        return _digest(Path(path).read_bytes())
    except (OSError, ValueError):
        return _MISSING


def _names(path: str) -> str:
    """Return a digest of the names in a directory."""
    try:
        names = sorted(os.listdir(path))  # noqa: PTH208  (only names are needed)
    except OSError:
        return _MISSING
    return _digest("\0".join(name for name in names if name != _BYTECODE).encode())


def _importable(path: str) -> str:
    """Return a digest of the names in a directory that may be modules or packages."""
    suffixes = tuple(all_suffixes())
    try:
        with os.scandir(path) as entries:
            names = [e.name for e in entries if e.name.endswith(suffixes) or e.is_dir()]
    except OSError:
        return _MISSING
    return _digest("\0".join(sorted(name for name in names if name != _BYTECODE)).encode())


def _distributions(path: str) -> str:
    """Return a digest of the distributions that are installed in a directory."""
    try:
        with os.scandir(path or ".") as entries:
            found = [
                (entry.name, entry.stat().st_mtime_ns)
                for entry in entries
                if entry.name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth"))
            ]
    except OSError:
        return _MISSING
    return _digest(repr(sorted(found)).encode())


def _type(path: str) -> str:
    try:
        mode = stat_unreported(path).st_mode
    except (OSError, ValueError):
        return _MISSING
    return oct(mode & ~0o7777)


_DIGESTS: Mapping[str, Callable[[str], Any]] = {
    "file": _file,
    "directory": _names,
    "path": _type,
    "importable": _importable,
    "distributions": _distributions,
}
