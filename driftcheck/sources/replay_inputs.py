"""Records what revisions read outside the history: files, imported modules, environment variables.

A cached replay is valid only while all of these are unchanged.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType

from driftcheck.project.inputs import States
from driftcheck.project.origins import (
    absolute,
    is_installed,
    is_of_driftcheck,
    is_of_project,
    is_of_python,
    readers,
)
from driftcheck.project.reads import reporting_to
from driftcheck.project.recording import Recording

_IN_THE_KEY = ("alembic", "sqlalchemy")
"""Packages whose versions are in the key of the cache."""
_IMPORT_STATEMENTS = (ast.Import, ast.ImportFrom)


@contextmanager
def recording(
    directories: Iterable[Path], root: Path, earlier: Recording
) -> Iterator[ReplayRecording]:
    """Record what revisions read until the end of the block.

    Args:
        directories: The directories of the history. Their files are not recorded: the key
            of the cache includes them.
        root: The root of the project.
        earlier: Has recorded what the code of the project has read before the replay.
    """
    recorder = ReplayRecording([path.resolve() for path in directories], root.resolve(), earlier)
    with reporting_to(recorder):
        yield recorder


class ReplayRecording(Recording):
    """Records what is read during a replay by the revisions and, of the environment, by env.py.

    The environment is compared as it is then: env.py may set it, and runs before the comparison.
    What env.py reads besides it are the models and the configuration, which are read each time.

    Args:
        directories: The directories of the history.
        root: The root of the project.
        earlier: Has recorded what the code of the project has read before the replay.
    """

    _aspect_of_installed = "content"
    """A cached replay may be restored on another machine, where the times differ."""

    def __init__(self, directories: list[Path], root: Path, earlier: Recording) -> None:
        super().__init__(os.environ)
        self._directories = directories
        self._root = root
        self._earlier = earlier
        self._in_history: dict[str, bool] = {}

    def inputs(self) -> States | None:
        """Return everything that was read, and the modules that the revisions import.

        Returns:
            ``None`` if it cannot be read again, or a file was changed.
        """
        for path in map(str, _imported_modules(self._directories, self._is_in_history)):
            # The module may have been imported long before the replay.
            state = self._earlier.first_state("content", path)
            if state is None:
                self._add("content", path)
            else:
                self._states.setdefault("content", {})[path] = state
        return self.recorded().known_states()

    def _counts(self, frame: FrameType, aspect: str, name: str) -> bool:
        if aspect == "importable":  # see _imported_modules
            return False
        if aspect == "variable":
            names_live = "://" in (os.environ.get(name) or "")
            return self._is_read_by_revision(frame) or (
                self._is_read_by_env_py(frame) and not names_live
            )
        if aspect == "variables":
            return self._is_read_by_revision(frame) or self._is_read_by_env_py(frame)
        is_in_key = aspect != "outside" and self._is_in_history(name)
        return not is_in_key and self._is_read_by_revision(frame)

    def _is_in_history(self, file: str) -> bool:
        found = self._in_history.get(file)  # asked for each read of each function on the stack
        if found is None:
            path = _resolved(file)
            found = any(path.is_relative_to(directory) for directory in self._directories)
            self._in_history[file] = found
        return found

    def _is_read_by_revision(self, frame: FrameType) -> bool:
        """Whether a revision is on the stack, and driftcheck does not read on its own account."""
        for code in readers(frame):
            if self._is_in_history(code.co_filename):
                if Path(code.co_filename).name != "env.py":
                    return True
            elif is_of_driftcheck(code.co_filename):
                return False
        return False

    def _is_read_by_env_py(self, frame: FrameType) -> bool:
        """Whether the innermost code of the project on the stack is ``env.py``.

        What driftcheck reads when ``env.py`` opens a connection is not an input.
        """
        for code in readers(frame):
            file = code.co_filename
            if self._is_in_history(file):
                return True
            is_own = is_of_project(file) and _resolved(file).is_relative_to(self._root)
            if is_of_driftcheck(file) or is_own:
                return False
        return False


@cache
def _resolved(path: str) -> Path:
    return Path(path).resolve()


def _imported_modules(
    directories: Iterable[Path], is_in_history: Callable[[str], bool]
) -> set[Path]:
    """Return the files of the modules that revisions import, directly or by the project's modules.

    Args:
        directories: The directories of the history.
        is_in_history: Whether a file is in these directories.
    """
    revisions = {
        file
        for directory in directories
        for file in directory.rglob("*.py")
        if file.name != "env.py"
    }
    modules = _ModuleFiles(is_in_history)
    found: set[Path] = set()
    remaining = set(revisions)
    while remaining:
        imported, packages = modules.imported_by(remaining.pop())
        found |= packages  # a package runs when a module of it is imported
        remaining |= {path for path in imported - found - revisions if not is_installed(str(path))}
        found |= imported - revisions
    return found


class _ModuleFiles:
    """Finds the files of imported modules, except those of Python and those in the cache's key.

    Args:
        is_in_history: Whether a file is in the directories of the history.
    """

    def __init__(self, is_in_history: Callable[[str], bool]) -> None:
        self._is_in_history = is_in_history
        self._names: dict[Path, str] = {}

    def _file(self, name: str) -> Path | None:
        file = absolute(getattr(sys.modules.get(name), "__file__", None))
        is_in_key = name.partition(".")[0] in _IN_THE_KEY
        if file is None or is_in_key or is_of_python(file) or self._is_in_history(file):
            return None
        self._names[Path(file)] = name
        return Path(file)

    def _files(self, names: Iterable[str]) -> set[Path]:
        return {file for name in names if (file := self._file(name)) is not None}

    def imported_by(self, file: Path) -> tuple[set[Path], set[Path]]:
        """Return the modules that a file imports by name, and the packages that these are in."""
        try:
            imports = _imports(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            return set(), set()
        importer = self._names.get(file, "")
        names = {name for node in imports for name in _imported_names(node, importer)}
        parents = {parent for name in names for parent in _parents(name)}
        return self._files(names), self._files(parents)


@cache  # a run asks several times for the imports of the same revisions
def _imports(content: bytes) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Return the import statements of a module.

    Raises:
        SyntaxError, ValueError: The module cannot be parsed.
    """
    return tuple(
        node for node in _statements(ast.parse(content)) if isinstance(node, _IMPORT_STATEMENTS)
    )


def _statements(module: ast.Module) -> Iterator[ast.AST]:
    """Yield the statements of a module, at any depth. An expression contains no statement."""
    remaining: list[ast.AST] = [module]
    while remaining:
        node = remaining.pop()
        yield node
        remaining += (n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.expr))


def _imported_names(node: ast.Import | ast.ImportFrom, importer: str) -> Iterator[str]:
    """Yield the full names that an import statement may mean.

    Args:
        node: The statement.
        importer: The name of the module that has the statement, for a relative import.
    """
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        package = importer.split(".")
        base = ".".join((*package[: len(package) - node.level], node.module or "")).strip(".")
        module = base if node.level else node.module or ""
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts)))
