"""Stands before psycopg2's class of connections: to call it connects as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

Check = Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]
"""Given a function's arguments, refuses or returns the arguments to call it with."""


_MADE_IN_PYTHON = 1 << 9
"""The flag ``Py_TPFLAGS_HEAPTYPE``; other classes cannot be changed."""


class _StandIn(type):
    """The type of a class that stands in for another: instances of that are its own."""

    stands_for: type | None = None

    def __instancecheck__(cls, instance: object) -> bool:
        real = vars(cls).get("stands_for")
        return isinstance(instance, real) if real else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        real = vars(cls).get("stands_for")
        return issubclass(subclass, real) if real else super().__subclasscheck__(subclass)


def wrap_connections(stack: ExitStack, check: Check, extensions: ModuleType) -> None:
    """Have the arguments of every new connection checked, until the stack ends.

    Args:
        stack: What ends it.
        check: Refuses, or returns the arguments.
        extensions: The module ``psycopg2.extensions``. Its class is written in C and cannot be
            changed: another takes its name, and the subclasses that there are get an
            initialiser.
    """
    real = extensions.connection
    for known in _subclasses(real):
        if known.__flags__ & _MADE_IN_PYTHON:
            _check_first(stack, known, check)
    stand_in = _StandIn("connection", (real,), {"stands_for": real})
    _check_first(stack, stand_in, check)
    stack.callback(setattr, extensions, "connection", real)
    extensions.connection = stand_in  # type: ignore[attr-defined]


def _check_first(stack: ExitStack, of: type, check: Check) -> None:
    own = vars(of).get("__init__")
    initialise: Callable[..., None] = getattr(of, "__init__")  # noqa: B009  (its own or inherited)

    def checked(self: Any, *arguments: Any, **keywords: Any) -> None:
        arguments, keywords = check("psycopg2", *arguments, **keywords)
        initialise(self, *arguments, **keywords)

    setattr(of, "__init__", checked)  # noqa: B010  (mypy takes it for a method)
    if own is None:
        stack.callback(delattr, of, "__init__")
    else:
        stack.callback(setattr, of, "__init__", own)


def _subclasses(of: type) -> Iterator[type]:
    found: list[type] = of.__subclasses__()
    for one in found:
        yield one
        yield from _subclasses(one)
