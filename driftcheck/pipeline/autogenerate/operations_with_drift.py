"""Caches what autogenerate writes with the drift, and how its operations fail without the drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from driftcheck.sources.autogenerate_cache import AutogenerateCache
from driftcheck.sources.operation import Operation
from driftcheck.sources.operation_data import data_of, operation_of


class OperationsWithDrift:
    """The operations that autogenerate writes for one database with its drift.

    Args:
        cache: The cache for autogenerate on this database; ``None`` if nothing can be cached.
        about: What the operations depend on, besides what the cache knows, as JSON can represent
            it.

    Attributes:
        operations: The operations; ``None`` if they are not known.
        errors: The error of each operation that was tried on a database without the drift, by its
            text; ``None`` for an operation that runs there.
        is_repeatable: Whether both are the same each time.
    """

    def __init__(self, cache: AutogenerateCache | None, about: object) -> None:
        self._cache = cache
        self._about = about
        self.is_repeatable = True
        self._is_new = False
        self.operations: Sequence[Operation] | None = None
        self.errors: dict[str, str | None] = {}
        found = cache.get(about) if cache is not None else None
        try:
            if found is not None:
                operations, errors = found["operations"], dict(found["errors"])
                self.operations, self.errors = [*map(operation_of, operations)], errors
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):  # it is damaged
            self.operations = None

    def set(self, operations: Sequence[Operation], *, is_repeatable: bool) -> None:
        """Set the operations, which autogenerate has just written.

        Args:
            operations: The operations.
            is_repeatable: Whether they depend on nothing but what the cache and ``about`` name.
        """
        self.operations, self._is_new = operations, True
        self.is_repeatable = self.is_repeatable and is_repeatable

    def tried(self, operation: Operation, error: str | None, *, is_repeatable: bool) -> None:
        """Record the result of an operation on a database without the drift.

        Args:
            operation: The operation.
            error: Its error; ``None`` if it runs.
            is_repeatable: Whether it has the same result each time.
        """
        if is_repeatable:
            self.errors[operation.text] = error
        else:
            self.is_repeatable = False

    def keep(self) -> None:
        """Cache the operations and their errors, after all that a report needs were tried.

        A second call does nothing.
        """
        if self._cache is not None and self._is_new and self.is_repeatable:
            self._is_new = False
            data: dict[str, Any] = {
                "operations": [*map(data_of, self.operations or ())],
                "errors": [*self.errors.items()],
            }
            self._cache.put(self._about, data)
