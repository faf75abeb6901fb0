"""Reports the operations of ``migrate`` that no pending change explains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from driftcheck.judging.findings import Finding, Remedy, Verdict
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.completion.finding_context import Operations
from driftcheck.pipeline.completion.operation_matching import explaining_note, is_explained
from driftcheck.pipeline.completion.remedies import code_of
from driftcheck.pipeline.faults.faults import fault
from driftcheck.pipeline.faults.version_tables import exclude_own_table
from driftcheck.schema import Address
from driftcheck.sources.operation import Operation

_EXCLUDE_NAME = """\
def include_name(name, kind, parent_names):
    return kind != "table" or name not in {{{name!r}}}"""


def pending_operations(
    operations: Operations,
    judged: Sequence[Judged],
    schemas: Sequence[str],
    version_tables: Collection[str],
    migrate: str,
) -> Iterator[Finding]:
    """Make findings of the operations that ``migrate`` would write and no finding explains.

    Operations that are written for one note are one finding: a rename in the models is a drop and a
    creation. Other examples are the operations of plugins, whose objects are not in the models'
    metadata, and an operation that does not change the schema.

    Args:
        operations: The operations that autogenerate writes for a database at head.
        judged: The findings of the database.
        schemas: The selected schemas; empty for all.
        version_tables: The names of Alembic's own tables in the database.
        migrate: The project's command that writes a migration with autogenerate.
    """
    left = [
        operation
        for operation in operations.on_head
        if _is_selected(operation, schemas)
        and _compares(operation)
        and not is_explained(operation, judged)
    ]
    twice = _under_two_schemas(left)
    for table, group in twice.items():
        yield _under_two_schemas_finding(table, group)
    of_these = {id(operation) for group in twice.values() for operation in group}
    left = [operation for operation in left if id(operation) not in of_these]
    for note, group in _grouped(left, judged):
        errors = [operations.errors.get(operation.text, "") for operation in group]
        if note is None and operations.is_hidden(group[0]) and not any(errors):
            yield _hidden(group[0])
            continue
        remedy = _remedy(group, "\n".join(filter(None, errors)), note, version_tables, migrate)
        yield _finding(group, errors, note, remedy)


def _under_two_schemas(operations: Sequence[Operation]) -> dict[Address, list[Operation]]:
    """Return the operations on each table that is to be created and to be dropped.

    The models name the schema of the table, and the search path has this schema too, so that the
    table is reflected without a schema and taken for another one.
    """
    dropped = {operation.address for operation in operations if operation.drops_table}
    tables = {
        (operation.address.schema, operation.table): operation.address
        for operation in operations
        if operation.address in dropped and operation.address and not operation.drops_table
    }
    groups: dict[Address, list[Operation]] = {address: [] for address in tables.values()}
    for operation in operations:
        address = operation.address
        table = None if address is None else tables.get((address.schema, operation.table))
        if table is not None:
            groups[table].append(operation)
    return groups


def _under_two_schemas_finding(table: Address, operations: Sequence[Operation]) -> Finding:
    """Make the finding of a table that autogenerate takes for two."""
    summary = (
        "Never run these operations: they drop the table with its rows. The search path of env.py "
        f"has the schema {table.schema}, which the models name too. Declare the models without "
        "this schema, and set the default schema in env.py after the search path."
    )
    code = f"connection.dialect.default_schema_name = {table.schema!r}"
    remedy = Remedy("name the schema in one place", summary, "python", code)
    finding = _finding(operations, [""] * len(operations), None, remedy)
    message = (
        f"migrate would create and drop {table}: autogenerate finds it without the schema that the "
        "models name"
    )
    return replace(finding, message=message, address=table)


def _grouped(
    operations: Iterable[Operation], judged: Sequence[Judged]
) -> Iterator[tuple[Judged | None, list[Operation]]]:
    """Group operations by the note that they are written for. Others are alone."""
    groups: dict[int, tuple[Judged | None, list[Operation]]] = {}
    for operation in operations:
        note = explaining_note(operation, judged)
        key = id(operation) if note is None else id(note)
        groups.setdefault(key, (note, []))[1].append(operation)
    yield from groups.values()


def _is_selected(operation: Operation, schemas: Sequence[str]) -> bool:
    address = operation.address
    return not schemas or address is None or address.schema in schemas


def _compares(operation: Operation) -> bool:
    """Return whether the operation comes from a comparison with the schema of the models.

    Reflection ignores ``schema_translate_map``, so autogenerate would compare with another schema.
    Source: SQLAlchemy documentation, "Translation of Schema Names".
    """
    return not operation.working.translate_map


def _finding(
    operations: Sequence[Operation], errors: Sequence[str], note: Judged | None, remedy: Remedy
) -> Finding:
    address = operations[0].address
    if note is not None and len(operations) > 1:
        address = note.finding.address
    about = f" for {address}" if address is not None and address.name else ""
    several = f"{len(operations)} operations that belong"
    finding = fault(
        "pending-operation",
        count=several if len(operations) > 1 else "an operation that belongs",
        operation=" and ".join(operation.call for operation in operations) + about,
        details="\n".join(_details(operations, errors)),
        remedies=(remedy,),
    )
    return replace(finding, verdict=Verdict.PENDING, address=address, why=_why(note))


def _hidden(operation: Operation) -> Finding:
    """Make the finding of an operation whose effect the live database has already."""
    summary = (
        "Write this operation into a migration, because autogenerate sees no difference on this "
        "database. Then stamp this database with the migration: the change is no drift any more."
    )
    remedy = Remedy(
        "write the migration", summary, "python", code_of([operation.text], [operation])
    )
    finding = _finding([operation], [""], None, remedy)
    impact = (
        "The live database has the effect of the operation already. A database that the migrations "
        "build lacks it, and alembic check fails there."
    )
    message = f"on a database without the drift, migrate would write {operation.call}"
    return replace(finding, message=message, impact=impact)


def _why(note: Judged | None) -> str:
    """Return a sentence that names the note about the same difference."""
    if note is None:
        return ""
    return f"A note of this report says why: {note.finding.message}."


def _details(operations: Sequence[Operation], errors: Sequence[str]) -> Iterator[str]:
    for operation, error in zip(operations, errors, strict=True):
        subject = f"The operation {operation.call}" if len(operations) > 1 else "The operation"
        if error:
            yield f"{subject} fails on a database at head: {error}"
        elif operation.is_repeated:
            yield f"{subject} has no effect: migrate writes it again after it has run."
            yield f"\n{operation.text}"


def _remedy(
    operations: Sequence[Operation],
    error: str,
    note: Judged | None,
    version_tables: Collection[str],
    migrate: str,
) -> Remedy:
    dropped = [operation.table for operation in operations if operation.drops_table]
    if len(operations) == 1 and set(dropped) & set(version_tables):
        return exclude_own_table(dropped[0])
    if dropped and note is not None and note.finding.rule.endswith("-partition"):
        return _exclude_partition(dropped[0])
    code = code_of((operation.text for operation in operations), operations)
    several = len(operations) > 1
    these, fail = ("these operations", "fail") if several else ("this operation", "fails")
    if error:
        summary = (
            "Correct the declaration in the models or in the plugin so that migrate no longer "
            f"writes {these}, which {fail} on every database."
        )
        return Remedy("correct the declaration", summary, "python", code)
    if all(operation.is_repeated for operation in operations):
        summary = (
            "Declare in the models what the database has, or leave the object out of the "
            "comparison, with include_object, compare_type or compare_server_default in env.py. "
            f"A migration with {these} changes nothing."
        )
        return Remedy("correct the declaration", summary)
    then = f"which writes {these}"
    if any(operation.needs_autocommit for operation in operations):
        blocks = (
            "operations into the blocks that are" if several else "operation into the block that is"
        )
        then = f"and put its {blocks} shown"
    return Remedy("write the migration", f"Run {migrate}, {then}.", "python", code)


def _exclude_partition(name: str) -> Remedy:
    """Return the remedy for operations that drop a partition, which models do not declare."""
    summary = (
        "Do not run these operations: they drop the partition with its rows. Autogenerate takes a "
        "partition for a table that the models lack. Leave the partitions out of the comparison "
        "in env.py, with the option include_name of context.configure()."
    )
    return Remedy("exclude the partitions", summary, "python", _EXCLUDE_NAME.format(name=name))
