"""Records what code reads, with the state in which it was first read.

Some reads cannot be compared later: an answer of a server or of another program, a pipe. Then the
inputs are not known.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from driftcheck.databases.own_work import is_own_work, redirection
from driftcheck.project.inputs import OF_THE_SHELL, Inputs, States, inputs_with, state_of
from driftcheck.project.origins import (
    absolute,
    caller_of_wrappers,
    is_installed,
    is_of_driftcheck,
    is_of_project,
    is_of_python,
    readers,
    source_of,
)
from driftcheck.project.reads import Listener

_WRITES = os.O_WRONLY | os.O_RDWR
_NEW = os.O_EXCL | os.O_TRUNC
_NO_FILES = ("/proc/", "/sys/", "/dev/")
_HARMLESS = frozenset({os.devnull, "/dev/urandom", "/dev/random"})
_UNSEEN = frozenset(
    """
    grpc pycurl uvloop zmq multiprocessing.popen_spawn_posix multiprocessing.popen_forkserver
    """.split()
)
"""Modules whose C code connects to servers, or starts programs, without an audit event."""
_IMPORTS = ("<frozen importlib", f"importlib{os.sep}metadata")
_OF_DISTRIBUTIONS = {
    "*.dist-info/RECORD": "content",
    "*.egg-info": "stamp",
    "*.egg-link": "stamp",
    "*.pth": "stamp",
}
"""The files that describe installed packages. A ``RECORD`` has digests of the files of a package,
whose times may have been set to a constant."""
_DOTENV = os.path.join("dotenv", "main.py")  # noqa: PTH118
_INTERPOLATED = re.compile(r"\$\{([^}:]*)")
"""As python-dotenv's ``variables.py`` finds the names of variables in a value."""


@dataclass(frozen=True)
class Recorded:
    """What code has read until some moment.

    Attributes:
        states: The state of each input before it was first read.
        environment: The environment variables before that.
        is_repeatable: Whether everything that was read can be read again.
    """

    states: States
    environment: Mapping[str, str]
    is_repeatable: bool

    @property
    def files(self) -> list[str]:
        """The files that were read, except those of installed packages."""
        read = self.states.get("content", {}).items()
        return [path for path, state in read if state and not is_installed(path)]

    @property
    def variables(self) -> list[str]:
        """The environment variables that were read and had a value at first."""
        return [name for name, state in self.states.get("variable", {}).items() if state]

    @cached_property
    def has_changed_files(self) -> bool:
        """Whether a file that was read has been changed since."""
        return any(
            state_of(aspect, path, self.environment) != state
            for aspect in ("content", "stamp")
            for path, state in self.states.get(aspect, {}).items()
        )

    def known_states(self) -> States | None:
        """Return the states; ``None`` if some cannot be read again, or a file was changed."""
        return self.states if self.is_repeatable and not self.has_changed_files else None

    def inputs(self) -> Inputs | None:
        """Return the inputs; ``None`` as ``known_states``."""
        states = self.known_states()
        return None if states is None else inputs_with(states)


class Recording(Listener):
    """Records what code reads, while ``reads.reporting_to`` reports to it.

    Args:
        environment: The environment variables, whose values are the states of variables.
    """

    _aspect_of_installed = "stamp"
    """What is compared of a file of an installed package."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._states: dict[str, dict[str, str]] = {}
        self._searched: set[str] = set()
        self._is_repeatable = True

    def recorded(self) -> Recorded:
        """Return what was read until now."""
        states = {aspect: dict(of_aspect) for aspect, of_aspect in self._states.items()}
        is_repeatable = self._is_repeatable and _UNSEEN.isdisjoint(sys.modules)
        return Recorded(states, dict(self._environment), is_repeatable)

    def first_state(self, aspect: str, name: str) -> str | None:
        """Return the state in which an input was first read; ``None`` if it was not read."""
        return self._states.get(aspect, {}).get(name)

    def _counts(self, frame: FrameType, aspect: str, name: str) -> bool:
        """Return whether an input counts, which depends on the code that reads it.

        Args:
            frame: The frame of the function that reads.
            aspect: What is read of it; ``outside`` for what cannot be read again.
            name: A path or the name of an environment variable.
        """
        raise NotImplementedError

    def file_is_opened(self, frame: FrameType, path: object, mode: object, flags: object) -> None:
        """Record a file that is opened for reading."""
        name = absolute(path)  # what gave a descriptor was seen, and stdin is empty
        if name is None or not isinstance(flags, int):
            return
        if flags & os.O_WRONLY or (flags & _WRITES and flags & _NEW):
            return
        name = source_of(name)
        is_relative_to_descriptor = mode is None and name != path and not isinstance(path, bytes)
        if flags & os.O_RDWR or is_relative_to_descriptor:
            self._note_outside(frame)
        elif name.startswith(_NO_FILES):
            if name not in _HARMLESS:
                self._note_outside(frame)
        elif is_installed(name):
            self._note(frame, self._aspect_of_installed, name)
        elif not is_of_python(name):
            self._note(frame, "content", name)

    def directory_is_listed(self, frame: FrameType, path: object) -> None:
        """Record the names in a directory; for an import, those that may be modules."""
        name = absolute(path or ".")
        if name is None:
            self._note_outside(frame)
        elif not is_of_python(name + os.sep):
            is_import = any(part in frame.f_code.co_filename for part in _IMPORTS)
            self._note(frame, "importable" if is_import else "names", name)

    def path_is_examined(
        self, frame: FrameType, function: str, path: object, options: dict[str, Any]
    ) -> None:
        """Record what is at a path, and the target of a link if it was not followed."""
        name = absolute(path)
        if name is None:
            return
        if options.get("dir_fd") is not None:
            self._note_outside(frame)
        elif not is_of_python(name):
            if function != "readlink":
                self._note(frame, "type", name)
            if function in ("lstat", "readlink") or options.get("follow_symlinks") is False:
                self._note(frame, "link", name)

    def variable_is_read(self, frame: FrameType, name: object) -> None:
        """Record an environment variable that is read."""
        if isinstance(name, (str, bytes)) and not _is_dotenv_copying(frame):
            self._note_variable(frame, os.fsdecode(name))

    def variables_are_listed(self, frame: FrameType) -> None:
        """Record the names of all environment variables."""
        if _is_dotenv_copying(frame):
            self._note_interpolated_variables(frame)
        else:
            self._note(frame, "variables", "")

    def outside_is_asked(self, frame: FrameType, event: str, arguments: tuple[Any, ...]) -> None:
        """Record that something was read that cannot be read again.

        Shadow databases can. Importing ctypes loads no library, and a message without an address
        goes to a server to which a connection was opened before.
        """
        if event == "ctypes.dlopen" and arguments[0] is None:
            return
        if event == "socket.sendmsg" and arguments[1] is None:
            return
        if redirection() is None and not is_own_work():
            self._note_outside(caller_of_wrappers(frame))

    def _note_variable(self, frame: FrameType, name: str) -> None:
        if name not in OF_THE_SHELL:
            self._note(frame, "variable", name)

    def _note_interpolated_variables(self, frame: FrameType) -> None:
        """Note the variables that the files read so far name: python-dotenv looks up no others."""
        for file in self._states.get("content", {}).keys() - self._searched:
            self._searched.add(file)
            for name in _INTERPOLATED.findall(_text(file)):
                self._note_variable(frame, name)

    def _note_outside(self, frame: FrameType) -> None:
        if self._is_repeatable and self._counts(frame, "outside", ""):
            self._is_repeatable = False

    def _note(self, frame: FrameType, aspect: str, name: str) -> None:
        if name not in self._states.get(aspect, ()) and self._counts(frame, aspect, name):
            self._add(aspect, name)

    def _add(self, aspect: str, name: str) -> None:
        """Add the state of an input before it is read for the first time.

        Its state at the end of the check may be another one.
        """
        of_aspect = self._states.setdefault(aspect, {})
        if name in of_aspect:
            return
        try:
            of_aspect[name] = state_of(aspect, name, self._environment)
        except ValueError:
            self._is_repeatable = False


class ProjectRecording(Recording):
    """Records everything that the code of a project reads, from its import on.

    The environment is compared as it is when the recording begins: code may change it.
    """

    def __init__(self) -> None:
        super().__init__(dict(os.environ))
        self._add("process", "")
        for directory in map(absolute, (path or "." for path in sys.path)):
            if directory is not None and not is_of_python(directory + os.sep):
                self._add_import_directory(Path(directory))
        for file in _module_files():
            if is_installed(file):
                self._add("stamp", file)
            elif is_of_project(file):  # what its code has read is not known
                self._is_repeatable = False

    def recorded(self) -> Recorded:
        """Return what was read until now, and all modules."""
        for file in _module_files():
            if is_installed(file):
                self._add("stamp", file)
            elif is_of_project(file):
                self._add("content", file)
        return super().recorded()

    def finds_unchanged(self, inputs: Inputs) -> bool:
        """Return whether the code of this run reads what that of an earlier run has read.

        If so, the result of the earlier run is taken, and its inputs are inputs of this run too.

        Args:
            inputs: The inputs of the earlier run.
        """
        files = {*inputs.names.get("content", ())}
        if not self._is_repeatable or not files.issuperset(filter(is_of_project, _module_files())):
            return False
        states = inputs.unchanged(self._environment, self._states)
        if states is None:
            return False
        for aspect, of_aspect in states.items():
            self._states[aspect] = {**of_aspect, **self._states.get(aspect, {})}
        return True

    def _counts(self, frame: FrameType, _aspect: str, _name: str) -> bool:
        code = next(readers(frame), None)
        return code is not None and not is_of_driftcheck(code.co_filename)

    def _add_import_directory(self, directory: Path) -> None:
        if directory.is_file():
            self._add("stamp", str(directory))
            return
        self._add("importable", str(directory))
        for pattern, aspect in _OF_DISTRIBUTIONS.items():
            for file in directory.glob(pattern):
                self._add(aspect, str(file))


def _module_files() -> Iterator[str]:
    """Yield the files of all modules, except the program itself."""
    for name, module in [*sys.modules.items()]:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and name != "__main__" and (path := absolute(file)):
            yield path


def _is_dotenv_copying(frame: FrameType) -> bool:
    """Return whether python-dotenv copies all variables, to look up those that a file names."""
    code = next(readers(frame), None)
    return code is not None and _copies_variables(code)


def _copies_variables(code: CodeType) -> bool:
    return code.co_name == "resolve_variables" and code.co_filename.endswith(_DOTENV)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="latin-1")
    except OSError:
        return ""
