"""Makes the remedy for an operation that creates an object which exists already."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.dialects import postgresql

from driftcheck.judging.findings import Remedy
from driftcheck.schema import Address
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.operation_code import counterpart, function_of, operation_at, parsed, short
from driftcheck.sources.replay import RevisionFailure

_CREATED = {
    "add_column": "column",
    "create_check_constraint": "check constraint",
    "create_foreign_key": "foreign key",
    "create_index": "index",
    "create_primary_key": "primary key",
    "create_table": "table",
    "create_unique_constraint": "unique constraint",
}
"""The kind of the object that a function of ``op`` is called for."""

_LABEL = re.compile(r"'((?:[^']|'')*)'")


def existing_object_remedy(
    failure: RevisionFailure,
    existing: tuple[Address, MigrationSource],
    root: Path,
    *,
    is_generated: bool,
) -> Remedy:
    """Return the remedy for an operation that creates an object which exists already.

    Args:
        failure: The failure of the operation.
        existing: The object, and the operation that has created it.
        root: The project's directory.
        is_generated: Whether ``migrate`` would write the operation, so that its file is not one
            of the project.
    """
    module = parsed(root / failure.where.file)
    operation = operation_at(module, failure.where.line)
    address, earlier = existing
    if address.kind == "enum" and (operation is None or function_of(operation) != "execute"):
        return _without_type(failure, address, operation, earlier, is_generated=is_generated)
    where = "the migration that migrate writes" if is_generated else failure.where.file
    known = f"{earlier.file} has already created {address}"
    if operation is None:
        return Remedy("delete the operation", f"Delete it from {where}: {known}.")
    if _CREATED.get(function_of(operation)) == address.kind:
        undone = counterpart(module, operation)
        summary = f"Delete {_named(operation, is_generated)} from {where}: {known}."
        if undone is not None:
            summary += (
                f" Delete {_named(undone, is_generated)} from its downgrade too: it would drop "
                f"the object of {earlier.revision}."
            )
        return Remedy("delete the operation", summary)
    summary = (
        f"Change {_named(operation, is_generated)} in {where} so that it does not create "
        f"{address}: {known}."
    )
    return Remedy("change the operation", summary)


def _without_type(
    failure: RevisionFailure,
    address: Address,
    operation: ast.Call | None,
    earlier: MigrationSource,
    *,
    is_generated: bool,
) -> Remedy:
    """Return the remedy for an operation that creates an enum along with its column.

    Source: SQLAlchemy documentation, ``sqlalchemy.dialects.postgresql.ENUM.create_type``.
    """
    name = short(operation) if operation is not None else "the operation"
    known = f"{earlier.file} has already created {address}"
    if is_generated and not _is_written():
        summary = (
            f"In the migration that migrate writes, give the column of {name} this type, which is "
            f"not created: {known}. Its downgrade must not drop the type either."
        )
    elif is_generated:
        summary = (
            f"In the models, declare the type of the new column so that {name} does not create it: "
            f"{known}. Migrate then writes the same type."
        )
    else:
        summary = (
            f"In {failure.where.file}, give the column of {name} this type, which is not created: "
            f"{known}. The downgrade must not drop the type either."
        )
    arguments = ", ".join(_enum_arguments(failure.statement, address))
    code = f"from sqlalchemy.dialects import postgresql\n\npostgresql.ENUM({arguments})"
    return Remedy("do not create the type", summary, "python", code)


def _is_written() -> bool:
    """Whether migrate writes that a type is not created. It does not with SQLAlchemy 1.4."""
    return "create_type=False" in repr(postgresql.ENUM(create_type=False))


def _enum_arguments(statement: str, address: Address) -> Iterator[str]:
    """Yield the arguments of ``postgresql.ENUM`` for a ``CREATE TYPE`` statement."""
    head, _, labels = statement.partition(" AS ENUM ")
    yield from (repr(label.replace("''", "'")) for label in _LABEL.findall(labels))
    yield f"name={address.name!r}"
    if "." in head.replace(address.name, ""):
        yield f"schema={address.schema!r}"
    yield "create_type=False"


def _named(operation: ast.Call, is_generated: bool) -> str:  # noqa: FBT001
    """Return an operation in short, with its line if the file is one of the project."""
    return short(operation) + ("" if is_generated else f" (line {operation.lineno})")
