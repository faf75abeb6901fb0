"""Checks connections that user code opens by calling the connection class of psycopg2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

Check = Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]
"""Receives the arguments of a function. Refuses the call, or returns the arguments to use."""


_HEAP_TYPE = 1 << 9
"""The flag ``Py_TPFLAGS_HEAPTYPE`` of ``type.__flags__``. Other classes cannot be changed."""


class _Substitute(type):
    """The type of a class that replaces another. ``isinstance`` gives the same result for both."""

    original: type | None = None

    def __instancecheck__(cls, instance: object) -> bool:
        real = vars(cls).get("original")
        return isinstance(instance, real) if real else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        real = vars(cls).get("original")
        return issubclass(subclass, real) if real else super().__subclasscheck__(subclass)


def wrap_connections(stack: ExitStack, check: Check, extensions: ModuleType) -> None:
    """Check the arguments of every new connection until the stack ends.

    Args:
        stack: Restores the original classes.
        check: Refuses the connection, or returns the arguments to use.
        extensions: The module ``psycopg2.extensions``. Its connection class is written in C and
            cannot be changed: a subclass replaces it in the module, and the ``__init__`` of its
            existing subclasses is wrapped.
    """
    real = extensions.connection
    for known in _subclasses(real):
        if known.__flags__ & _HEAP_TYPE:
            _wrap_initializer(stack, known, check)
    substitute = _Substitute("connection", (real,), {"original": real})
    _wrap_initializer(stack, substitute, check)
    stack.callback(setattr, extensions, "connection", real)
    extensions.connection = substitute  # type: ignore[attr-defined]


def _wrap_initializer(stack: ExitStack, cls: type, check: Check) -> None:
    own = vars(cls).get("__init__")
    initialize: Callable[..., None] = getattr(cls, "__init__")  # noqa: B009  (own or inherited)

    def checked(self: Any, *arguments: Any, **keywords: Any) -> None:
        arguments, keywords = check("psycopg2", *arguments, **keywords)
        initialize(self, *arguments, **keywords)

    setattr(cls, "__init__", checked)  # noqa: B010  (mypy takes it for a method)
    if own is None:
        stack.callback(delattr, cls, "__init__")
    else:
        stack.callback(setattr, cls, "__init__", own)


def _subclasses(cls: type) -> Iterator[type]:
    direct: list[type] = cls.__subclasses__()
    for subclass in direct:
        yield subclass
        yield from _subclasses(subclass)
