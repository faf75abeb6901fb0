"""The result of autogenerate on the head, and its form in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftcheck.chain import Gap
from driftcheck.databases.messages import lacks_rights
from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.completion.operation_matching import objects_in
from driftcheck.schema import SchemaObject
from driftcheck.sources.operation import Operation
from driftcheck.sources.operation_data import data_of, operation_of
from driftcheck.storage.snapshot_file import Known, object_of, row_of, value_of


@dataclass(frozen=True)
class OnHead:
    """The operations that autogenerate writes for the head, after they ran on a copy of it.

    Attributes:
        operations: The operations.
        errors: The errors of those that fail, by the text of the operation.
        left: The changes between the models and the copy that remain.
    """

    operations: Sequence[Operation]
    errors: dict[str, str]
    left: Sequence[Change]

    @property
    def lacks_rights(self) -> bool:
        """Whether an operation may fail only because the shadow's role lacks a right."""
        return any(map(lacks_rights, self.errors.values()))

    def as_json(self) -> dict[str, Any]:
        """Return a form that ``result_of`` converts back. It has no errors."""
        return {
            "operations": [*map(data_of, self.operations)],
            "left": [*map(_row, self.left)] if self.operations else [],
        }


def nothing_written(judged: Iterable[Judged]) -> OnHead:
    """Return the result without operations: all changes between models and head remain."""
    return OnHead((), {}, [c for each in judged for c in each.changes.get(Gap.PENDING, ())])


def result_of(data: Mapping[str, Any], judged: Iterable[Judged]) -> OnHead | None:
    """Return the result that ``OnHead.as_json`` has converted; ``None`` if it is damaged.

    Args:
        data: The result.
        judged: The findings of the database.
    """
    try:
        operations = [*map(operation_of, data["operations"])]
        left = [*map(_change, data["left"])]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
    return OnHead(operations, {}, left) if operations else nothing_written(judged)


def pending_data(judged: Iterable[Judged]) -> list[Any]:
    """Return what of the findings the result depends on, as JSON can represent it.

    Which operations are read before and after depends on the objects of pending findings, and
    these may have drift too.
    """
    return [
        [each.finding.severity, [*map(row_of, objects_in(each))]]
        for each in judged
        if each.changes.get(Gap.PENDING)
    ]


def drift_data(judged: Iterable[Judged], objects: Iterable[SchemaObject]) -> list[Any]:
    """Return what the result with the drift depends on, as JSON can represent it.

    Args:
        judged: The findings of the database.
        objects: The objects that the findings concern, in all schemas.
    """
    findings = [
        [
            *(each.finding.rule, each.finding.severity, each.finding.address, each.finding.gaps),
            [[gap, [*map(_row, changes)]] for gap, changes in each.changes.items()],
        ]
        for each in judged
    ]
    return ["with drift", findings, [*map(row_of, objects)]]


def _row(change: Change) -> list[Any]:
    return [
        change.type,
        *(None if side is None else row_of(side) for side in (change.wanted, change.actual)),
        [[each.attribute, each.wanted, each.actual] for each in change.differences],
        [*map(_row, change.parts)],
        [[*map(row_of, parts)] for parts in change.standing],
    ]


def _change(row: list[Any]) -> Change:
    kind, wanted, actual, differences, parts, (wanted_parts, actual_parts) = row
    return Change(
        ChangeType(kind),
        _side(wanted),
        _side(actual),
        tuple(Difference(name, value_of(a), value_of(b)) for name, a, b in differences),
        tuple(map(_change, parts)),
        (_objects(wanted_parts), _objects(actual_parts)),
    )


def _side(row: list[Any] | None) -> SchemaObject | None:
    return None if row is None else object_of(row, Known())


def _objects(rows: list[list[Any]]) -> tuple[SchemaObject, ...]:
    return tuple(object_of(row, Known()) for row in rows)
