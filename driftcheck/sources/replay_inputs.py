"""Records what a replay reads outside the history: files, imported modules, environment variables.

A cached replay is valid only while all of these are unchanged.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import source_from_cache
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import driftcheck
from driftcheck.project import reads
from driftcheck.project.reads import Observer, reporting_to, value_of

_MISSING = ""
_REPORTING = frozenset({Path(__file__), Path(reads.__file__)})
_DRIFTCHECK = Path(driftcheck.__file__).parent
_PACKAGE_DIRECTORIES = ("site-packages", "dist-packages")
_NOT_FILES = (Path("/proc"), Path("/dev"), Path("/sys"))
_WRITES = os.O_WRONLY | os.O_RDWR
_OF_THE_SHELL = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})
"""Variables that a shell sets for each command. Code that copies the environment reads them too."""


@dataclass(frozen=True)
class ReplayInputs:
    """What a replay has read outside the history, each with a digest.

    Attributes:
        files: Files and directories. The digest of a directory is that of the names in it.
        variables: Environment variables. The digest is that of the value, never the value.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def are_unchanged(self) -> bool:
        """Whether every file and every environment variable is as the replay has read it."""
        return all(_file_digest(Path(path)) == digest for path, digest in self.files.items()) and (
            all(_value_digest(name) == digest for name, digest in self.variables.items())
        )

    def with_more(self, more: ReplayInputs) -> ReplayInputs:
        """Return these inputs and those of a later part of the replay."""
        return ReplayInputs({**self.files, **more.files}, {**self.variables, **more.variables})

    def as_json(self) -> dict[str, dict[str, str]]:
        """Return a form that ``replay_inputs_of`` converts back."""
        return {"files": dict(self.files), "variables": dict(self.variables)}


def replay_inputs_of(data: Mapping[str, Any]) -> ReplayInputs:
    """Return the replay inputs of which ``data`` is the JSON form."""
    return ReplayInputs(data.get("files", {}), data.get("variables", {}))


@contextmanager
def recording(directories: Iterable[Path], root: Path) -> Iterator[Recorder]:
    """Record what code reads until the end of the block.

    Args:
        directories: The directories of the history. Their files are not recorded: the key
            of the cache includes them.
        root: The root of the project.
    """
    recorder = Recorder([path.resolve() for path in directories], root.resolve())
    with reporting_to(recorder):
        yield recorder


class Recorder(Observer):
    """Collects the files and environment variables that are read during a replay.

    Args:
        directories: The directories of the history.
        root: The root of the project.
    """

    def __init__(self, directories: list[Path], root: Path) -> None:
        self._directories = directories
        self._root = root
        self._paths: set[Path] = set()
        self._variables: set[str] = set()

    def inputs(self) -> ReplayInputs:
        """Return everything that was read, and the modules that the revisions import."""
        paths = self._paths | _imported_modules(self._directories, self._is_of_project)
        return ReplayInputs(
            {str(path): _file_digest(path) for path in sorted(paths)},
            {name: _value_digest(name) for name in sorted(self._variables)},
        )

    def file_is_opened(self, path: object, _mode: object, flags: object) -> None:
        """Record a file that a revision opens for reading. Arguments: those of the audit event.

        Files that ``env.py`` opens are the models and the configuration, which are read each time.
        """
        if isinstance(flags, int) and not flags & _WRITES and (file := _path(path)) is not None:
            file = _source(file)
            is_outside_history = _is_own_code(file) and not self._is_in_history(file)
            if is_outside_history and file.is_file() and self._is_read_by_revision():
                self._paths.add(file)

    def directory_is_listed(self, path: object) -> None:
        """Record a directory that a revision lists. Arguments: those of the audit event."""
        directory = _path(path or ".")
        if directory is None or not _is_own_code(directory) or _is_import_running():
            return
        if self._is_read_by_revision():
            self._paths.add(directory)

    def variable_is_read(self, name: object) -> None:
        """Record an environment variable that a revision, ``env.py`` or a helper reads.

        A database URL that ``env.py`` reads says where live is, and is not recorded.
        """
        if not isinstance(name, str) or name in _OF_THE_SHELL:
            return
        names_live = "://" in (value_of(name) or "")
        if self._is_read_by_revision() or (self._is_read_by_env_py() and not names_live):
            self._variables.add(name)

    def _is_of_project(self, path: Path) -> bool:
        is_own = path.is_relative_to(self._root) and _is_own_code(path)
        return is_own and not self._is_in_history(path)

    def _is_in_history(self, path: Path) -> bool:
        return any(path.is_relative_to(directory) for directory in self._directories)

    def _is_read_by_revision(self) -> bool:
        """Whether a revision is on the stack, and driftcheck does not read on its own account."""
        for file in _files_on_the_stack():
            if self._is_in_history(file) and file.name != "env.py":
                return True
            if _is_of_driftcheck(file):
                return False
        return False

    def _is_read_by_env_py(self) -> bool:
        """Whether the innermost code of the project on the stack is ``env.py``.

        What driftcheck reads when ``env.py`` opens a connection is not an input.
        """
        for file in _files_on_the_stack():
            if self._is_in_history(file):
                return True
            if _is_of_driftcheck(file) or (file.is_relative_to(self._root) and _is_own_code(file)):
                return False
        return False


def _files_on_the_stack() -> Iterator[Path]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (the documented way to the stack)
    while frame is not None:
        yield Path(frame.f_code.co_filename)
        frame = frame.f_back


def _is_of_driftcheck(file: Path) -> bool:
    """Whether a file on the stack is code of driftcheck, except the modules that record reads."""
    return file.is_relative_to(_DRIFTCHECK) and file not in _REPORTING


def _is_import_running() -> bool:
    """Whether the import system reads, which lists every directory that it searches."""
    return any("importlib._bootstrap" in str(file) for file in islice(_files_on_the_stack(), 5))


def _path(path: object) -> Path | None:
    """Return an absolute path; ``None`` for a file descriptor."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    return Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100  (resolve reads symbolic links)


def _source(path: Path) -> Path:
    """Return the source file of a compiled file; any other path as it is."""
    if path.suffix == ".pyc":
        with suppress(ValueError, NotImplementedError):
            return Path(source_from_cache(str(path)))
    return path


def _is_own_code(path: Path) -> bool:
    """Whether a path is neither of an installed package nor of the operating system."""
    if any(part in _PACKAGE_DIRECTORIES for part in path.parts):
        return False
    outside = {Path(sys.prefix), Path(sys.base_prefix), *_NOT_FILES}
    return not any(path.is_relative_to(directory) for directory in outside)


def _file_digest(path: Path) -> str:
    try:
        if path.is_dir():
            content = "\0".join(sorted(entry.name for entry in path.iterdir())).encode()
        else:
            content = path.read_bytes()
    except OSError:
        return _MISSING
    return hashlib.sha256(content).hexdigest()


def _value_digest(name: str) -> str:
    value = value_of(name)
    return _MISSING if value is None else hashlib.sha256(os.fsencode(value)).hexdigest()


def _imported_modules(directories: Iterable[Path], is_of_project: Any) -> set[Path]:
    """Return the files of the project's modules that the revisions import, directly or not."""
    revisions = {
        file
        for directory in directories
        for file in directory.rglob("*.py")
        if file.name != "env.py"
    }
    modules = _ModuleFiles(is_of_project)
    found: set[Path] = set()
    remaining = set(revisions)
    while remaining:
        imported, packages = modules.imported_by(remaining.pop())
        found |= packages  # a package runs when a module of it is imported
        remaining |= imported - found - revisions
        found |= imported - revisions
    return found


class _ModuleFiles:
    """Finds the files of imported modules.

    Args:
        is_of_project: Whether a file belongs to the project.
    """

    def __init__(self, is_of_project: Any) -> None:
        self._is_of_project = is_of_project

    @cached_property
    def _files(self) -> dict[str, Path]:
        files = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and self._is_of_project(path := Path(file).absolute()):
                files[name] = path
        return files

    def imported_by(self, file: Path) -> tuple[set[Path], set[Path]]:
        """Return the modules that a file imports by name, and the packages that these are in."""
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            return set(), set()
        names = {
            name for node in ast.walk(tree) for name in _imported_names(node, self._name(file))
        }
        imported = {self._files[name] for name in names if name in self._files}
        parents = {parent for name in names for parent in _parents(name)}
        return imported, {self._files[name] for name in parents if name in self._files}

    def _name(self, file: Path) -> str:
        return next((name for name, path in self._files.items() if path == file), "")


def _imported_names(node: ast.AST, importer: str) -> Iterator[str]:
    """Yield the full names that an import statement may mean.

    Args:
        node: Any node.
        importer: The name of the module that has the statement, for a relative import.
    """
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = importer.split(".")
        base = ".".join((*package[: len(package) - node.level], node.module or "")).strip(".")
        module = base if node.level else node.module or ""
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts)))
