"""Restores SQLAlchemy models to an earlier state, whatever event listeners have changed in them.

``create_all()`` runs the listeners of the models. A listener may add an index, a constraint or a
column, and may do so once only. A copy of the models would not run all listeners: ``to_metadata()``
copies only those that are registered with ``propagate=True``.

Models that no listener and no compiler of other code than SQLAlchemy's can change are not recorded:
in a large project, this takes longer than writing the DDL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.visitors import Visitable
from sqlalchemy.types import SchemaType, TypeEngine

Restore = Callable[[], None]

_ONE_TIME_LISTENER = "once"
"""The variable in which ``sqlalchemy.util.only_once`` keeps a listener that has not run yet."""
_EVENTS = ("before_create", "after_create")
_OWN_PACKAGES = frozenset({"sqlalchemy", "alembic"})


@contextmanager
def models_unchanged(models: Sequence[MetaData], connection: Any) -> Iterator[None]:
    """Undo every change that writing the DDL of models makes in them, at the end of the block.

    Args:
        models: The metadata.
        connection: The SQLAlchemy connection for which the DDL is written.
    """
    restores = [*_restores(models)] if _runs_other_code(models, connection) else []
    try:
        yield
    finally:
        for restore in restores:
            restore()


def _runs_other_code(models: Sequence[MetaData], connection: Any) -> bool:
    """Return whether code that is not SQLAlchemy's runs while the models are written as DDL.

    Methods of types are not looked for: SQLAlchemy caches what they return, so they have no
    effects. Sources: SQLAlchemy documentation, "DDL Events" and "Custom SQL Constructs and
    Compilation Extension".
    """
    listeners = (
        listener
        for metadata in models
        for item in _items_with_events(metadata)
        for event in _EVENTS
        for listener in getattr(item.dispatch, event)
    )
    executions = connection.dispatch.before_execute, connection.dispatch.after_execute
    return (
        any(map(bool, executions))
        or not all(map(_is_of_type, listeners))
        or any(_has_other_compiler(Visitable))
    )


def _items_with_events(metadata: MetaData) -> Iterator[Any]:
    """Yield everything for which ``create_all()`` calls listeners."""
    yield metadata
    yield from metadata._sequences.values()  # noqa: SLF001  (create_all reads them too)
    for table in metadata.tables.values():
        yield table
        yield from table.indexes
        yield from table.constraints


def _is_of_type(listener: Any) -> bool:
    """Return whether a listener is the one with which SQLAlchemy's own type creates itself."""
    method = getattr(listener, "func", listener)  # of a functools.partial
    # Before SQLAlchemy 2.1, it is a portable_instancemethod, with the type as its target.
    type_ = getattr(method, "__self__", None) or getattr(method, "target", None)
    return isinstance(type_, SchemaType) and _package(type(type_).__module__) in _OWN_PACKAGES


def _has_other_compiler(base: type[Any]) -> Iterator[bool]:
    """Yield for each class below a class whether a function of other code compiles it."""
    for class_ in base.__subclasses__():
        dispatcher = vars(class_).get("_compiler_dispatcher")
        functions = dispatcher.specs.values() if dispatcher is not None else ()
        yield any(_package(getattr(f, "__module__", "")) not in _OWN_PACKAGES for f in functions)
        yield from _has_other_compiler(class_)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _restores(models: Iterable[MetaData]) -> Iterator[Restore]:
    """Yield a function for every reachable object that restores the present state of the object."""
    found: list[Any] = list(models)
    visited: dict[int, Any] = {}  # the values keep the objects alive, so that no id is used again
    while found:
        item = found.pop()
        if id(item) in visited:
            continue
        visited[id(item)] = item
        if isinstance(item, (MetaData, SchemaItem, TypeEngine)):
            yield _attributes_restore(item)
            yield from _one_time_listeners(item)
            found += [*vars(item).values()]
        elif isinstance(item, dict):
            yield _dict_restore(item)
            found += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            yield _list_restore(item)
            found += item
        elif isinstance(item, set):
            yield _set_restore(item)
            found += item
        elif isinstance(item, (tuple, frozenset)):
            found += item
        elif slots := _column_collection_slots(item):
            yield _slots_restore(item, slots)
            found += slots.values()


def _attributes_restore(item: Any) -> Restore:
    state = dict(vars(item))

    def restore() -> None:
        vars(item).clear()
        vars(item).update(state)

    return restore


def _dict_restore(item: dict[Any, Any]) -> Restore:
    state = dict(item)

    def restore() -> None:
        if dict(item) != state or list(item) != list(state):
            dict.clear(item)  # MetaData.tables has no clear() of its own
            dict.update(item, state)

    return restore


def _list_restore(item: list[Any]) -> Restore:
    state = list(item)

    def restore() -> None:
        item[:] = state

    return restore


def _set_restore(item: set[Any]) -> Restore:
    state = list(item)  # in its order, which an OrderedSet keeps

    def restore() -> None:
        item.clear()
        item.update(state)

    return restore


def _column_collection_slots(item: Any) -> dict[str, Any]:
    """Return the attributes of a collection of columns; empty for any other object."""
    if not type(item).__module__.startswith("sqlalchemy.sql"):
        return {}
    names = ("_collection", "_index", "_colset", "_proxy_index")
    return {name: getattr(item, name) for name in names if hasattr(item, name)}


def _slots_restore(item: Any, state: dict[str, Any]) -> Restore:
    def restore() -> None:
        for name, value in state.items():
            object.__setattr__(item, name, value)

    return restore


def _one_time_listeners(item: Any) -> Iterator[Restore]:
    """Yield functions that restore the listeners registered with ``once=True``."""
    dispatch = vars(item).get("dispatch")
    for event in getattr(dispatch, "_event_names", ()):
        for listener in getattr(dispatch, event):
            code = getattr(listener, "__code__", None)
            if code is not None and _ONE_TIME_LISTENER in code.co_freevars:
                cell = listener.__closure__[code.co_freevars.index(_ONE_TIME_LISTENER)]
                if isinstance(cell.cell_contents, list):
                    yield _list_restore(cell.cell_contents)
