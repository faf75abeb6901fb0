"""Reports what code reads from its surroundings: files, directories, environment variables.

Python has audit events for files and directories, and for what asks servers or other programs. It
has none for the environment and for questions about a path, such as ``Path.exists()``, so these
functions are wrapped. Not seen are the clock, random numbers, and what C code reads by itself.
Source: https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from types import FrameType
from typing import Any

_EXAMINING = ("stat", "lstat", "access", "readlink")
_CAPABILITIES = os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks
"""The sets of functions of ``os`` in which the standard library looks for these functions."""
_OUTSIDE = """
    builtins.input ctypes.dlopen os.exec os.fork os.forkpty os.posix_spawn os.spawn os.startfile
    os.system pty.spawn socket.connect socket.getaddrinfo socket.gethostbyaddr socket.gethostbyname
    socket.sendmsg socket.sendto sqlite3.connect subprocess.Popen winreg.OpenKey
    """.split()
"""The audit events of what code can ask, and no later run can compare."""


class Listener:
    """Is called for everything that code reads, before it reads. These methods do nothing.

    The first argument is the frame of the function that reads.
    """

    def file_is_opened(self, frame: FrameType, path: object, mode: object, flags: object) -> None:
        """Take note of a file that is opened. Arguments: those of the audit event."""

    def directory_is_listed(self, frame: FrameType, path: object) -> None:
        """Take note of a directory that is listed. Arguments: those of the audit event."""

    def path_is_examined(
        self, frame: FrameType, function: str, path: object, options: dict[str, Any]
    ) -> None:
        """Take note of a question about a path. Arguments: those of the function of ``os``."""

    def variable_is_read(self, frame: FrameType, name: object) -> None:
        """Take note of an environment variable that is read."""

    def variables_are_listed(self, frame: FrameType) -> None:
        """Take note that the names of all environment variables are read."""

    def outside_is_asked(self, frame: FrameType, event: str, arguments: tuple[Any, ...]) -> None:
        """Take note of an audit event after which the result may depend on anything."""


_listeners: list[Listener] = []
_wrappers = ExitStack()
_hook_is_installed: list[bool] = []
_thread = threading.local()


@contextmanager
def reporting_to(listener: Listener) -> Iterator[None]:
    """Report to a listener what the code of all threads reads, until the end of the block.

    Several blocks may overlap in any way: the first one wraps the functions, the last one to end
    restores them.
    """
    if not _hook_is_installed:
        sys.addaudithook(_hook)  # cannot be removed: without a listener, it does nothing
        _hook_is_installed.append(True)
    if not _listeners:
        _wrap_functions()
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
        if not _listeners:
            _wrappers.close()


def _report(report: Callable[[Listener], None]) -> None:
    """Call every listener. What the listeners read themselves is not reported."""
    if getattr(_thread, "is_reporting", False):
        return
    _thread.is_reporting = True
    try:
        for listener in tuple(_listeners):
            report(listener)
    finally:
        _thread.is_reporting = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _listeners or event not in _EVENTS:
        return
    frame = sys._getframe(1)  # noqa: SLF001  (the documented way to the stack)
    _report(lambda listener: _EVENTS[event](listener, frame, event, arguments))


def _opened(listener: Listener, frame: FrameType, _event: str, arguments: tuple[Any, ...]) -> None:
    listener.file_is_opened(frame, *arguments)


def _listed(listener: Listener, frame: FrameType, _event: str, arguments: tuple[Any, ...]) -> None:
    listener.directory_is_listed(frame, *arguments)


def _asked(listener: Listener, frame: FrameType, event: str, arguments: tuple[Any, ...]) -> None:
    listener.outside_is_asked(frame, event, arguments)


def _imported(
    listener: Listener, frame: FrameType, _event: str, arguments: tuple[Any, ...]
) -> None:
    """Report the file of an extension module, for which there is no other event."""
    if isinstance(arguments[1], str):
        listener.file_is_opened(frame, arguments[1], "r", os.O_RDONLY)


_EVENTS: dict[str, Callable[[Listener, FrameType, str, tuple[Any, ...]], None]] = {
    **dict.fromkeys(_OUTSIDE, _asked),
    "open": _opened,
    "os.listdir": _listed,
    "os.scandir": _listed,
    "import": _imported,
}


def _wrap_functions() -> None:
    environment = type(os.environ)
    _wrap(environment, "__getitem__", lambda who, frame, _, name: who.variable_is_read(frame, name))
    _wrap(environment, "__iter__", lambda who, frame, _: who.variables_are_listed(frame))
    for name in _EXAMINING:
        _wrap_examining(name)


def _wrap_examining(name: str) -> None:
    def report(listener: Listener, frame: FrameType, path: Any, *_: Any, **options: Any) -> None:
        listener.path_is_examined(frame, name, path, options)

    _wrap(os, name, report)


def _wrap(owner: Any, name: str, report: Callable[..., None]) -> None:
    """Have a function report its call first, until no listener is left.

    Args:
        owner: The module or the class of the function.
        name: Its name.
        report: Called with a listener, the frame of the caller and the arguments.
    """
    original = getattr(owner, name)

    @wraps(original)
    def reported(*arguments: Any, **options: Any) -> Any:
        frame = sys._getframe(1)  # noqa: SLF001
        _report(lambda listener: report(listener, frame, *arguments, **options))
        return original(*arguments, **options)

    setattr(owner, name, reported)
    _wrappers.callback(setattr, owner, name, original)
    for capable in _CAPABILITIES:
        if original in capable:
            capable.add(reported)
            _wrappers.callback(capable.discard, reported)
