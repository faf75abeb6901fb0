"""Operations of autogenerate as data for the cache, without what only running them needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftcheck.project.working_schema import WorkingSchema
from driftcheck.sources.operation import Operation
from driftcheck.storage.snapshot_file import address_of

_PLAIN = (
    "text",
    "reverse",
    "needs_autocommit",
    "is_repeated",
    "table",
    "drops_table",
    "is_of_plugin",
)
"""The attributes that JSON represents as they are."""


def data_of(operation: Operation) -> dict[str, Any]:
    """Return an operation as JSON can represent it."""
    working = operation.working
    return {
        **{name: getattr(operation, name) for name in _PLAIN},
        "address": operation.address,
        "subject": operation.subject,
        "working": [
            working.name,
            working.search_path,
            [*working.translate_map.items()],
            working.must_exist,
        ],
        "imports": operation.imports,
        "resolved": sorted(operation.resolved, key=repr),
    }


def operation_of(data: Mapping[str, Any]) -> Operation:
    """Return the operation that ``data_of`` has converted. It cannot be run.

    Args:
        data: The operation.

    Raises:
        ValueError, KeyError, TypeError: The data is damaged.
    """
    address, subject = data["address"], data["subject"]
    name, search_path, translate_map, must_exist = data["working"]
    return Operation(
        address=None if address is None else address_of(address),
        directive=None,
        subject=None if subject is None else tuple(subject),
        working=WorkingSchema(name, tuple(search_path), dict(translate_map), tuple(must_exist)),
        imports=tuple(data["imports"]),
        resolved=frozenset(map(address_of, data["resolved"])),
        **{name: data[name] for name in _PLAIN},
    )
