"""Writes the body of ``upgrade()`` or ``downgrade()`` from steps.

Some databases have the changes of an upgrade already, so each of its operations looks first. A
downgrade begins on databases that are all alike, so its operations need not look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent

from driftcheck.actions.adopt.operations import OperationWriter, executed, literal
from driftcheck.actions.adopt.steps import Step, Verb
from driftcheck.databases.database import Database
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.operation import INDENT, joined

_BEFORE_LOOKS = """\
# Some databases have these changes already, so the operations look first.
if op.get_context().as_sql:
    raise RuntimeError("This revision looks at the database: run it without --sql.")"""

_LOOKS = {
    "tables": """\
def tables(schema=None):
    return set(sa.inspect(op.get_bind()).get_table_names(schema))""",
    "columns": """\
def columns(table, schema=None):
    found = sa.inspect(op.get_bind()).get_columns(table, schema)
    return {column["name"] for column in found}""",
    "indexes": """\
def indexes(table, schema=None):
    found = sa.inspect(op.get_bind()).get_indexes(table, schema)
    return {index["name"] for index in found}""",
    "constraints": """\
def constraints(table, schema=None):
    inspector = sa.inspect(op.get_bind())
    found = [
        inspector.get_pk_constraint(table, schema),
        *inspector.get_unique_constraints(table, schema),
        *inspector.get_foreign_keys(table, schema),
        *inspector.get_check_constraints(table, schema),
    ]
    return {constraint["name"] for constraint in found}""",
    "holds": """\
def holds(condition):
    return op.get_bind().execute(sa.text(f"SELECT {condition}")).scalar()""",
}
"""The functions by which an upgrade looks at the database, in the order in which they stand."""

_FUNCTIONS = {
    "table": "tables",
    "column": "columns",
    "index": "indexes",
    "primary key": "constraints",
    "unique constraint": "constraints",
    "foreign key": "constraints",
    "check constraint": "constraints",
}


_OF_TYPE = ("type", "collation")
_HOLD_TYPES = frozenset(("view", "materialized view", "rule", "trigger", "policy"))
"""Kinds of objects below which no column can get another type. Source: ``ATExecAlterColumnType``
of PostgreSQL."""


@dataclass(frozen=True)
class Block:
    """Lines of a body that run under the same condition.

    Attributes:
        code: The lines.
        condition: The condition in Python; empty if they always run.
        note: A comment above the lines.
    """

    code: str
    condition: str = ""
    note: str = ""


class BodyWriter:
    """Writes the body of a function of a migration.

    Args:
        writer: Writes steps as operations of Alembic.
        database: The database system, which writes conditions in SQL.
        before: The schema before the migration.
        after: The schema after it.
        as_sql: The objects whose steps are written in SQL: Alembic's operation was tried, and does
            not lead to the same schema.
    """

    def __init__(
        self,
        writer: OperationWriter,
        database: Database,
        before: Snapshot,
        after: Snapshot,
        as_sql: frozenset[Address],
    ) -> None:
        self._writer = writer
        self._database = database
        self._before = before
        self._after = after
        self._as_sql = as_sql

    def upgrade(self, steps: Sequence[Step]) -> str:
        """Return the body of ``upgrade()``, whose operations look first."""
        return _with_looks(self._blocks(steps, looks=True))

    def downgrade(self, steps: Sequence[Step]) -> str:
        """Return the body of ``downgrade()``."""
        return "\n".join(_merged(self._blocks(steps, looks=False)))

    def _blocks(self, steps: Sequence[Step], *, looks: bool) -> Iterator[Block]:
        included: set[Address] = set()
        created: dict[Address, str] = {}
        condition = ""  # of the block before
        for step in steps:
            if step.address in included or _is_done_by_creation(step, created):
                continue
            code = None if step.address in self._as_sql else self._writer.write(step)
            if code is None:
                for block in self._executed(step, looks=looks):
                    condition = block.condition
                    yield block
                continue
            included |= code.includes - self._as_sql
            parent = step.obj.part_of
            if not looks:
                condition = ""
            elif parent is None or created.get(parent) != condition:
                condition = self._condition(step)  # else its table is created just before
            if step.verb is Verb.CREATE and step.address.kind == "table":
                created[step.address] = condition
            yield Block(code.lines, condition, code.note)

    def _executed(self, step: Step, *, looks: bool) -> Iterator[Block]:
        """Yield the statements of a step as operations that run SQL."""
        for statement in step.statements:
            if not looks or not self._needs_look(step):
                yield Block(executed(statement))
                continue
            conditional = self._database.conditional(statement, step.obj)
            run, condition = conditional.statement, conditional.condition
            if step.after is None and step.verb is Verb.ALTER:
                condition = self._database.existence(step.obj)
            if step.verb is Verb.DROP and self._is_replaced(step.address):
                run, condition = statement, self._database.existence(step.obj, of_kind=True)
            call = f"holds({literal(condition)})" if condition else self._type_is_free(step)
            if not call and run == statement and self._is_found_by_a_look(step):
                call = self._condition(step)
            yield Block(executed(run), call)

    def _is_found_by_a_look(self, step: Step) -> bool:
        """Whether a condition in Python can tell if a step has been made, where SQL cannot."""
        return step.verb in (Verb.CREATE, Verb.DROP) and step.address.kind in _FUNCTIONS

    def _is_replaced(self, address: Address) -> bool:
        """Whether an object of another kind gets the name, so that ``IF EXISTS`` would find it."""
        return any(
            other._replace(kind=address.kind) == address and other != address
            for other in self._after.objects
        )

    def _needs_look(self, step: Step) -> bool:
        """Whether a step cannot run on a database that has the changes already.

        An object that exists before and after is created again, or altered, on every database.
        """
        in_both = step.address in self._before.objects and step.address in self._after.objects
        return step.verb in (Verb.RENAME, Verb.ALTER) or not in_both

    def _condition(self, step: Step) -> str:
        """Return the condition of an operation of Alembic, in Python."""
        if not self._needs_look(step):
            return ""
        if step.verb is Verb.ALTER and step.after is not None:
            return self._type_is_free(step)
        obj = step.obj
        parent = obj.part_of
        if parent is not None and step.verb is Verb.DROP and parent not in self._after.objects:
            return self._is_found(parent, None)
        return self._is_found(obj.address, parent, negated=step.verb is Verb.CREATE)

    def _type_is_free(self, step: Step) -> str:
        """Return the condition under which a column can get its new type; empty if it always can.

        A database that has the changes already has the objects that stand on the column, too.
        """
        former, later = step.before, step.after
        if former is None or later is None or step.address.kind != "column":
            return ""
        if all(former.attributes.get(name) == later.attributes.get(name) for name in _OF_TYPE):
            return ""
        for address in self._after.dependents.get(later.address, ()):
            if address.kind in _HOLD_TYPES and address not in self._before.objects:
                found = self._database.existence(self._after.objects[address])
                return f"not holds({literal(found)})" if found else ""
        return ""

    def _is_found(self, address: Address, parent: Address | None, *, negated: bool = False) -> str:
        """Return the expression that is true if the database has an object, or lacks it."""
        if address.kind == "column" and not self._writer.is_reflected_silently(parent or address):
            found = self._database.existence(SchemaObject(address, {}))
            if found:
                return f"{'not ' if negated else ''}holds({literal(found)})"
        schema = [] if address.schema == self._default_schema else [repr(address.schema)]
        arguments = [] if address.kind == "table" else [repr((parent or address).path[0])]
        call = f"{_FUNCTIONS[address.kind]}({', '.join([*arguments, *filter(None, schema)])})"
        return f"{address.name!r} {'not in' if negated else 'in'} {call}"

    @property
    def _default_schema(self) -> str:
        return self._after.default_schema


def _is_done_by_creation(step: Step, created: Mapping[Address, str]) -> bool:
    """Whether Alembic has made comments and sequences of a table when it created the table."""
    return (
        step.verb is Verb.ALTER
        and step.address in created
        and all(
            " OWNED BY " in statement
            or statement.startswith(("COMMENT ON TABLE ", "COMMENT ON COLUMN "))
            for statement in step.statements
        )
    )


def _with_looks(blocks: Iterator[Block]) -> str:
    """Return blocks below the functions by which their conditions look."""
    found = list(blocks)
    body = "\n".join(_merged(iter(found)))
    used = [name for name in _LOOKS if any(f"{name}(" in each.condition for each in found)]
    if not used:
        return body
    functions = "\n\n".join(_LOOKS[name] for name in used)
    return f"{_BEFORE_LOOKS}\n\n{functions}\n\n{body}"


def _merged(blocks: Iterator[Block]) -> Iterator[str]:
    """Yield blocks as text. Successive ones with the same condition are one."""
    condition, texts = "", list[str]()
    for block in blocks:
        if block.condition != condition and texts:
            yield _conditional(condition, texts)
            texts = []
        condition = block.condition
        if block.note:
            texts.append(f"# {block.note}")
        texts.append(block.code)
    if texts:
        yield _conditional(condition, texts)


def _conditional(condition: str, texts: Sequence[str]) -> str:
    body = joined(texts)
    return f"if {condition}:\n{indent(body, INDENT)}" if condition else body
