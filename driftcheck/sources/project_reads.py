"""Observes what the project's code reads until it names its database.

Files and directories are seen by audit events, environment variables and questions about files by
wrappers of ``os``. What cannot be read again, such as an answer from the network, is noted too:
then nobody can know without the project's code which database it names.

Not observed are the clock, random numbers, and what C code reads on its own account.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial, wraps
from importlib.util import source_from_cache
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, cast

import driftcheck
from driftcheck.databases.own_work import redirection
from driftcheck.sources.project_inputs import (
    OF_THE_SHELL,
    STATES,
    ProjectInputs,
    project_inputs,
    variable,
    variable_names,
)

_DRIFTCHECK = str(Path(driftcheck.__file__).parent) + os.sep
_FINDS_PROJECT = f"{_DRIFTCHECK}project{os.sep}loading.py"
"""It reads what the commands of Alembic and Flask read to find the project."""
_PASSES_ON = f"{_DRIFTCHECK}project{os.sep}interception{os.sep}"
"""Its wrappers are between the project's code and what that code calls."""
_PACKAGES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_RECORDS = "*.dist-info/RECORD"
"""They have digests of the files of a package, whose times may have been set to a constant."""
_STANDARD = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")} | {"<frozen "}
)
_WRITES = os.O_WRONLY | os.O_RDWR
_NEW = os.O_EXCL | os.O_TRUNC
_NO_FILES = ("/proc/", "/sys/", "/dev/")
_HARMLESS = frozenset({os.devnull, "/dev/urandom", "/dev/random"})
_UNREPEATABLE = frozenset(
    """
    socket.connect socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname
    socket.gethostbyaddr subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork
    os.forkpty pty.spawn ctypes.dlopen sqlite3.connect builtins.input winreg.OpenKey
    """.split()
)
_UNSEEN = frozenset(
    """
    grpc pycurl uvloop zmq multiprocessing.popen_spawn_posix multiprocessing.popen_forkserver
    """.split()
)
"""Modules whose C code connects to servers, or starts programs, without an audit event."""
_ABILITIES = os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks
_DOTENV = os.path.join("dotenv", "main.py")  # noqa: PTH118
_INTERPOLATED = re.compile(r"\$\{([^}:]*)")
"""As python-dotenv's ``variables.py`` finds the names of variables in a value."""
_IMPORTS = ("importlib._bootstrap", f"importlib{os.sep}metadata")


class ProjectReads:
    """Collects the inputs of the project's code while ``observed`` is active."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self._states: dict[str, dict[str, str]] = {}
        self._searched: set[str] = set()
        self._is_repeatable = not _imported_before()
        self._add("process", "")
        for directory in sys.path:
            if not _is_standard(directory + os.sep):
                self._add("stamp" if Path(directory).is_file() else "importable", _path(directory))
                for record in Path(directory).glob(_RECORDS):
                    self._add("content", _path(record))
        for file in _files_of_packages():
            self._add("stamp", file)

    @property
    def files(self) -> list[str]:
        """The files that were read, except those of installed packages."""
        read = (path for path, state in self._states.get("content", {}).items() if state)
        return [path for path in read if not _is_of_package(path)]

    @property
    def variables(self) -> list[str]:
        """The environment variables that were read and had a value at first."""
        return [name for name, state in self._states.get("variable", {}).items() if state]

    @property
    def has_changed_files(self) -> bool:
        """Whether a file that was read has another content by now."""
        states = self._states.get("content", {}).items()
        return any(STATES["content"](path) != state for path, state in states)

    def inputs(self) -> ProjectInputs | None:
        """Return the inputs; ``None`` if something was read that cannot be read again."""
        if not self._is_repeatable or not _UNSEEN.isdisjoint(sys.modules):
            return None
        return project_inputs(self._states)

    @contextmanager
    def observed(self) -> Iterator[None]:
        """Observe what the code in this block reads."""
        with ExitStack() as stack:
            _observe_events(self._event, stack)
            environment = cast("Any", type(os.environ))
            _wrap(environment, "__getitem__", self._variable_is_read, stack)
            _wrap(environment, "__iter__", self._variables_are_listed, stack)
            for name in ("stat", "lstat", "access"):
                _wrap(os, name, partial(self._file_is_asked_for, "type"), stack)
            _wrap(os, "readlink", partial(self._file_is_asked_for, "link"), stack)
            yield

    def _event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._file_is_opened(*arguments)
        elif event in ("os.listdir", "os.scandir"):
            self._directory_is_listed(*arguments)
        elif event in _UNREPEATABLE and not _is_shadow_or_own(event, arguments):
            self._is_repeatable = False

    def _file_is_opened(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):  # what gave the descriptor was seen, and stdin is empty
            return
        if flags & os.O_WRONLY or (flags & _WRITES and flags & _NEW) or _is_own(_reader()):
            return
        name = _source(_path(path))
        is_relative_to_descriptor = mode is None and not os.path.isabs(os.fsdecode(path))  # noqa: PTH117
        if flags & os.O_RDWR or is_relative_to_descriptor:
            self._is_repeatable = False
        elif name.startswith(_NO_FILES):
            self._is_repeatable &= name in _HARMLESS
        elif _is_of_package(name):
            self._add("stamp", name)
        elif not _is_standard(name):
            self._add("content", name)

    def _directory_is_listed(self, path: Any) -> None:
        if isinstance(path, int):
            self._is_repeatable = False
            return
        name = _path(path or ".")
        if not _is_standard(name + os.sep) and not _is_own(_reader()):
            self._add("importable" if _is_import_running() else "names", name)

    def _file_is_asked_for(self, aspect: str, path: Any, *_: Any, **keywords: Any) -> None:
        if isinstance(path, int):
            return
        if keywords.get("dir_fd") is not None:
            self._is_repeatable = False
        elif not _is_standard(name := _path(path)) and not _is_own(_reader()):
            self._add(aspect, name)

    def _variable_is_read(self, _environment: Any, name: Any) -> None:
        if isinstance(name, (str, bytes)) and not _is_own(_reader()) and not _is_dotenv_copying():
            self._add_variable(os.fsdecode(name))

    def _variables_are_listed(self, _environment: Any) -> None:
        if _is_own(_reader()):
            return
        if _is_dotenv_copying():
            self._add_interpolated_variables()
        else:
            state = variable_names("", self.environment)
            self._states.setdefault("variables", {})[""] = state

    def _add_variable(self, name: str) -> None:
        if name not in OF_THE_SHELL:
            # The project's code may have set the variable itself, from another input.
            self._states.setdefault("variable", {})[name] = variable(name, self.environment)

    def _add_interpolated_variables(self) -> None:
        """Note the variables that the files read so far name: python-dotenv looks up no others."""
        for file in set(self.files) - self._searched:
            self._searched.add(file)
            for name in _INTERPOLATED.findall(Path(file).read_text(encoding="latin-1")):
                self._add_variable(name)

    def _add(self, aspect: str, name: str) -> None:
        """Note the state of an input before it is read for the first time.

        Its state at the end of the check may be another one.
        """
        known = self._states.setdefault(aspect, {})
        if name in known:
            return
        try:
            known[name] = STATES[aspect](name)
        except ValueError:
            self._is_repeatable = False


_observers: list[Callable[[str, tuple[Any, ...]], None]] = []
_hook_is_installed: list[bool] = []


def _observe_events(observer: Callable[[str, tuple[Any, ...]], None], stack: ExitStack) -> None:
    if not _hook_is_installed:
        sys.addaudithook(_hook)  # cannot be removed: without an observer, it does nothing
        _hook_is_installed.append(True)
    _observers.append(observer)
    stack.callback(_observers.remove, observer)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for observer in tuple(_observers):
        observer(event, arguments)


def _wrap(owner: Any, name: str, note: Callable[..., None], stack: ExitStack) -> None:
    """Have a function call another one with its arguments first, until the stack ends."""
    original = getattr(owner, name)

    @wraps(original)
    def noting(*arguments: Any, **keywords: Any) -> Any:
        note(*arguments, **keywords)
        return original(*arguments, **keywords)

    setattr(owner, name, noting)
    stack.callback(setattr, owner, name, original)
    for able in _ABILITIES:
        if original in able:
            able.add(noting)
            stack.callback(able.discard, noting)


def _is_shadow_or_own(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether a shadow is connected to, driftcheck acts itself, or ctypes is only imported."""
    if event == "ctypes.dlopen" and arguments[0] is None:
        return True
    return redirection() is not None or _is_own(_reader(passing=_PASSES_ON))


def _reader(passing: str = __file__) -> str:
    """Return the file of the innermost code that is not of the standard library.

    Args:
        passing: Further files to leave out: the beginning of their paths.
    """
    for code in _codes(sys._getframe(1)):  # noqa: SLF001  (the documented way to the stack)
        file = code.co_filename
        if not file.startswith((__file__, passing)) and not _is_standard(file):
            return file
    return ""


def _is_own(file: str) -> bool:
    return file.startswith(_DRIFTCHECK) and file != _FINDS_PROJECT


def _is_standard(file: str) -> bool:
    return file.startswith(_STANDARD) and not _is_of_package(file)


def _is_of_package(file: str) -> bool:
    return any(part in file for part in _PACKAGES)


def _is_import_running() -> bool:
    """Whether the import system, or a search for installed packages, lists a directory."""
    files = [code.co_filename for code in islice(_codes(sys._getframe(1)), 8)]  # noqa: SLF001
    return any(part in file for file in files for part in _IMPORTS)


def _is_dotenv_copying() -> bool:
    """Whether python-dotenv copies all variables, to look up those that a file names."""
    codes = islice(_codes(sys._getframe(1)), 12)  # noqa: SLF001
    return any(
        code.co_name == "resolve_variables" and code.co_filename.endswith(_DOTENV) for code in codes
    )


def _codes(frame: FrameType | None) -> Iterator[CodeType]:
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def _path(path: Any) -> str:
    return os.path.join(os.getcwd(), os.fsdecode(path))  # noqa: PTH109, PTH118  (not normalized)


def _source(path: str) -> str:
    """Return the source file of a compiled file; any other path as it is."""
    if path.endswith(".pyc"):
        with suppress(ValueError, NotImplementedError):
            return source_from_cache(path)
    return path


def _module_files() -> Mapping[str, str]:
    modules = ((name, getattr(module, "__file__", None)) for name, module in sys.modules.items())
    return {name: file for name, file in modules if isinstance(file, str)}


def _files_of_packages() -> list[str]:
    return list(filter(_is_of_package, _module_files().values()))


def _imported_before() -> bool:
    """Whether code of the project has run already. What it has read is not known."""
    return any(
        not (file.startswith(_DRIFTCHECK) or _is_standard(file) or _is_of_package(file))
        for name, file in _module_files().items()
        if name != "__main__"
    )
