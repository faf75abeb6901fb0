"""Says what has to change in the models after the drift has been adopted.

Otherwise autogenerate would take the adopted change back in the next migration. Where a column is
declared by a statement or an argument of its own, the change is a diff; else it is a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from driftcheck.actions.adopt.model_source import added_column, removed_declaration
from driftcheck.actions.adopt.targets import Target
from driftcheck.chain import Side
from driftcheck.judging.adoption import ModelChange
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import SourceLine
from driftcheck.judging.judge import addresses_of
from driftcheck.judging.value_text import attribute_name, brief_value
from driftcheck.pipeline.changes import pending_changes
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.schema import Address
from driftcheck.sources.declarations import Declarations
from driftcheck.sources.models import declared_tables


class ModelChanges:
    """Finds the changes that the models need.

    Args:
        root: The project's directory.
        declarations: The lines on which the tables of the models are declared.
    """

    def __init__(self, root: Path, declarations: Declarations) -> None:
        self._root = root
        self._declarations = declarations

    def needed(self, database: DatabaseState, target: Target) -> Iterator[ModelChange]:
        """Yield the changes after which the models are as the schema with the adopted drift.

        Differences that the models have from the head already are left out: they are pending, and
        the adoption does not change that. Of an object that has some, only the others are named.

        Args:
            database: The state of the database.
            target: The schema with the drift.
        """
        if Side.MODELS not in database.snapshots:
            return
        before = {addresses_of(change): change for change in pending_changes(database, target.head)}
        renamed = {
            change.wanted.address: change.actual.address
            for change in target.changes
            if change.type is ChangeType.RENAMED and change.wanted and change.actual
        }
        opened = [
            added
            for change in pending_changes(database, target.schema, renamed)
            if (added := _added_to(before.get(addresses_of(change)), change)) is not None
        ]
        lines = self._lines(database, opened)
        for change in opened:
            yield self._change(change, lines.get(change.address) or _of_table(change, lines))

    def _lines(
        self, database: DatabaseState, changes: Sequence[Change]
    ) -> dict[Address, SourceLine]:
        """Return the lines that declare the objects of changes, and their tables."""
        objects = [change.schema_object for change in changes]
        wanted = [(obj.address, obj.part_of) for obj in objects]
        tables = [(obj.part_of, None) for obj in objects if obj.part_of is not None]
        found = self._declarations.find(
            declared_tables(database.configured),
            [*wanted, *tables],
            database.snapshots[Side.MODELS].default_schema,
        )
        return {address: SourceLine(*line) for address, line in found.items()}

    def _change(self, change: Change, line: SourceLine | None) -> ModelChange:
        summary, diff = _summary(change), ""
        if line is not None and line.line is not None and change.address.kind == "column":
            file = self._root / line.file
            if change.type is ChangeType.MISSING:
                diff = removed_declaration(file, line.file, line.line, change.address.name)
            elif change.type is ChangeType.EXTRA and change.actual is not None:
                diff = added_column(file, line.file, line.line, change.actual)
        return ModelChange(summary, line, diff)


def _added_to(pending: Change | None, change: Change) -> Change | None:
    """Return a change without the differences that were pending before; nothing if none is left."""
    if pending is None or pending.type is not change.type:
        return change
    differences = tuple(each for each in change.differences if each not in pending.differences)
    return replace(change, differences=differences) if differences else None


def _of_table(change: Change, lines: dict[Address, SourceLine]) -> SourceLine | None:
    parent = change.schema_object.part_of
    return None if parent is None else lines.get(parent)


def _summary(change: Change) -> str:
    """Return the change in a sentence. The wanted side is that of the models."""
    own, other = change.wanted, change.actual
    address = change.address
    if other is None:
        return f"Remove {address} from the models: the database no longer has it."
    if own is None:
        return f"Add {address} to the models: the database has it."
    if change.type is ChangeType.RENAMED:
        return f"Rename {address} to {other.address.sql} in the models."
    return f"Change {address} in the models: {_differences(change)}."


def _differences(change: Change) -> str:
    return ", ".join(
        f"{attribute_name(each.attribute)} is {brief_value(each.actual)} in the database"
        for each in change.differences
    )
