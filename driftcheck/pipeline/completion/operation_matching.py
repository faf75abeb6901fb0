"""Finds the findings that the operations of autogenerate are written for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from driftcheck.chain import Gap
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Severity
from driftcheck.judging.judge import Judged, objects_of
from driftcheck.schema import Address, SchemaObject
from driftcheck.sources.operation import Operation


class Named(Protocol):
    """What an operation is compared with: the name of an object, and what it is about."""

    @property
    def address(self) -> Address:
        """The address of the object."""

    @property
    def subject(self) -> tuple[str, ...] | None:
        """See ``SchemaObject.subject``."""


def is_for(operation: Operation, judged: Judged) -> bool:
    """Return whether an operation is about the object of a finding, or resolves its difference.

    Autogenerate creates a table that was renamed with all of its parts, so an operation about the
    table is also about a part that was renamed.
    """
    if operation.address is not None and operation.address in _renamed_parents(judged):
        return True
    return is_for_any(operation, list(objects_in(judged)))


def is_for_any(operation: Operation, objects: Sequence[Named]) -> bool:
    """Return whether an operation is about one of several objects, or resolves its difference."""
    addresses = {schema_object.address for schema_object in objects}
    if not operation.resolved.isdisjoint(addresses):
        return True
    return operation.address is not None and _is_about(operation, operation.address, objects)


def is_explained(operation: Operation, judged: Iterable[Judged]) -> bool:
    """Return whether an operation is written for a finding of a pending change.

    A note is no such finding, because it does not say that a migration is missing.
    """
    return any(is_for(operation, each) for each in pending(judged))


def explaining_note(operation: Operation, judged: Iterable[Judged]) -> Judged | None:
    """Return the note about a pending change that an operation is written for, if any."""
    notes = (each for each in judged if each.finding.severity is Severity.NOTE)
    return next(
        (each for each in notes if each.changes.get(Gap.PENDING) and is_for(operation, each)), None
    )


def pending(judged: Iterable[Judged]) -> Iterator[Judged]:
    """Yield the findings of pending changes that are not notes."""
    for each in judged:
        if each.changes.get(Gap.PENDING) and each.finding.severity is not Severity.NOTE:
            yield each


def objects_in(judged: Judged) -> Iterator[SchemaObject]:
    """Yield all objects that a finding is about, including parts.

    Autogenerate knows no renames. It drops a renamed table and creates another one, so it writes
    operations for all parts.
    """
    for changes in judged.changes.values():
        yield from objects_of(changes)
    for change in judged.changes.get(Gap.PENDING, ()):
        if change.type is ChangeType.RENAMED:
            yield from (part for parts in change.standing for part in parts)


def _renamed_parents(judged: Judged) -> Iterator[Address]:
    """Yield both addresses of the parent object of a renamed part, if it was renamed too."""
    for change in judged.changes.get(Gap.PENDING, ()):
        if change.type is ChangeType.RENAMED and change.wanted and change.actual:
            parents = change.wanted.part_of, change.actual.part_of
            if parents[0] != parents[1]:
                yield from filter(None, parents)


def tables_in(judged: Judged) -> set[str]:
    """Return the names of the tables that a finding is about."""
    tables = {schema_object.address.path[0] for schema_object in objects_in(judged)}
    changes = (change for group in judged.changes.values() for change in group)
    parents = {change.schema_object.part_of for change in changes}
    return tables | {parent.name for parent in parents if parent is not None}


def _is_about(operation: Operation, address: Address, objects: Sequence[Named]) -> bool:
    addresses = {schema_object.address for schema_object in objects}
    if address.kind == "index":  # Alembic does not qualify an index by its table, MySQL does
        return any((a.kind, a.name) == ("index", address.name) for a in addresses)
    if address.name:
        return address in addresses
    unnamed = [
        candidate
        for candidate in objects
        if (candidate.address.kind, candidate.address.path[:-1])
        == (address.kind, address.path[:-1])
    ]
    return any(candidate.subject in (None, operation.subject) for candidate in unnamed)
