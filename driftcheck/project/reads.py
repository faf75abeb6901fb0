"""Reports what code reads from its surroundings: files, directories, environment variables.

Python has audit events for files and directories. It has none for the environment and for questions
about a path, such as ``Path.exists()``, so these functions are wrapped.
Source: https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, cast

_read_variable = cast("Any", type(os.environ)).__getitem__
stat_unreported = os.stat
"""``os.stat``, without a report of this question."""
_EXAMINING = ("stat", "lstat", "access")
_CAPABILITIES = ("supports_dir_fd", "supports_fd", "supports_follow_symlinks")
"""The sets of functions of ``os`` in which the standard library looks for these functions."""
_LISTING = frozenset({"os.listdir", "os.scandir"})


class Observer:
    """Is called for everything that code reads. The methods of this class do nothing."""

    def file_is_opened(self, path: object, mode: object, flags: object) -> None:
        """Take note of a file that is opened. Arguments: those of the audit event."""

    def directory_is_listed(self, path: object) -> None:
        """Take note of a directory that is listed. Arguments: those of the audit event."""

    def variable_is_read(self, name: object) -> None:
        """Take note of an environment variable that is read."""

    def path_is_examined(self, path: object) -> None:
        """Take note of a path about which code asks whether and how it exists."""

    def event_occurs(self, event: str) -> None:
        """Take note of any other audit event."""


_observers: list[Observer] = []
_hook_is_installed: list[bool] = []


@contextmanager
def reporting_to(observer: Observer) -> Iterator[None]:
    """Report to an observer what the code of all threads reads, until the end of the block."""
    if not _hook_is_installed:
        sys.addaudithook(_hook)  # cannot be removed: without an observer, it does nothing
        _hook_is_installed.append(True)
    _observers.append(observer)
    try:
        with ExitStack() as stack:
            if len(_observers) == 1:
                _wrap_environment(stack)
                for name in _EXAMINING:
                    _wrap_examining(name, stack)
            yield
    finally:
        _observers.remove(observer)


def value_of(name: str) -> str | None:
    """Return the value of a variable, without a report of this read."""
    try:
        return cast("str", _read_variable(os.environ, name))
    except KeyError:
        return None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for observer in tuple(_observers):
        if event == "open":
            observer.file_is_opened(*arguments)
        elif event in _LISTING:
            observer.directory_is_listed(*arguments)
        else:
            observer.event_occurs(event)


def _wrap_environment(stack: ExitStack) -> None:
    def reported(environment: Any, name: Any) -> Any:
        for observer in tuple(_observers):
            observer.variable_is_read(name)
        return _read_variable(environment, name)

    environment_type = cast("Any", type(os.environ))
    environment_type.__getitem__ = reported
    stack.callback(setattr, environment_type, "__getitem__", _read_variable)


def _wrap_examining(name: str, stack: ExitStack) -> None:
    original: Callable[..., Any] = getattr(os, name)

    @wraps(original)
    def reported(path: Any, *arguments: Any, **options: Any) -> Any:
        for observer in tuple(_observers):
            observer.path_is_examined(path)
        return original(path, *arguments, **options)

    setattr(os, name, reported)
    stack.callback(setattr, os, name, original)
    for capability in _CAPABILITIES:
        functions = getattr(os, capability)
        if original in functions:
            functions.add(reported)
            stack.callback(functions.discard, reported)
