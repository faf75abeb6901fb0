"""Rewrites single operations of a migration so that they look first; all other lines stay."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from driftcheck.sources.operation import INDENT
from driftcheck.sources.operation_code import function_of, operation_at, statement_at

_OPERATIONS = {
    "add_column": ("get_columns", True),
    "drop_column": ("get_columns", False),
    "create_table": ("get_table_names", True),
    "drop_table": ("get_table_names", False),
    "create_index": ("get_indexes", True),
    "drop_index": ("get_indexes", False),
    "create_unique_constraint": ("get_unique_constraints", True),
    "create_foreign_key": ("get_foreign_keys", True),
    "create_check_constraint": ("get_check_constraints", True),
}
"""The method of the inspector that finds the object of an operation; whether it is created."""
_DROPPED_CONSTRAINTS = {
    "unique": "get_unique_constraints",
    "foreignkey": "get_foreign_keys",
    "check": "get_check_constraints",
}
_OF_TABLE = ("add_column", "drop_column")


class CannotBeRewritten(Exception):  # noqa: N818  (a reason, as CannotBeWritten)
    """Raised if an operation cannot be rewritten. The message is the reason."""


@dataclass(frozen=True)
class OperationObject:
    """The object of an operation.

    Attributes:
        method: The method of the inspector that finds it.
        table: Its table, or its own name if it is a table.
        name: Its name.
        schema: The schema as Python; empty for the default schema.
        is_created: Whether the operation creates it.
    """

    method: str
    table: str
    name: str
    schema: str
    is_created: bool

    @property
    def condition(self) -> str:
        """The condition under which the operation has something to do, in Python."""
        inspector = "sa.inspect(op.get_bind())"
        arguments = [] if self.method == "get_table_names" else [repr(self.table)]
        found = (
            f"{inspector}.{self.method}({', '.join([*arguments, *filter(None, [self.schema])])})"
        )
        if self.method != "get_table_names":
            found = f'[each["name"] for each in {found}]'
        return f"{self.name!r} {'not in' if self.is_created else 'in'} {found}"

    def is_undone_by(self, other: OperationObject) -> bool:
        """Whether another operation undoes this one."""
        same = (self.method, self.table, self.name, self.schema)
        is_same = same == (other.method, other.table, other.name, other.schema)
        return is_same and self.is_created is not other.is_created


@dataclass(frozen=True)
class FixedSource:
    """A migration with one more operation that looks first.

    Attributes:
        text: The source.
        reverse: The operation of ``downgrade()`` that undid it, as code; empty if there was none.
    """

    text: str
    reverse: str = ""


def look_first(source: str, line: int) -> FixedSource:
    """Rewrite the operation at a line of ``upgrade()`` so that it looks first.

    What the operation creates exists on a database that only the migrations built, since an earlier
    revision. So the operation of ``downgrade()`` that undoes it is left out.

    Args:
        source: The source of the migration.
        line: The line of the operation.

    Raises:
        CannotBeRewritten: The operation is not one of Alembic with constant names, or it shares its
            lines with other code.
    """
    module = ast.parse(source)
    call, statement = operation_at(module, line), statement_at(module, line)
    if call is None or not isinstance(statement, ast.Expr) or statement.value is not call:
        raise CannotBeRewritten(f"line {line} is not an operation by itself")
    if "sa" not in _imported(module):
        raise CannotBeRewritten("the file does not import sqlalchemy as sa")
    obj = _object(call, _batch_of(module, statement))
    lines = StringIO(source, newline="").readlines()
    undoing = next(
        (
            (other, batch)
            for other, batch in _downgrade_operations(module)
            if isinstance(other.value, ast.Call) and _undoes(other.value, batch, obj)
        ),
        None,
    )
    changes = {statement: _conditional(lines, statement, obj.condition)}
    reverse = ""
    if undoing is not None:
        undone, batch = undoing
        reverse = _by_itself(undone, batch)
        changes[undone] = _left_out(lines, undone, module)
    for changed in sorted(changes, key=lambda each: -each.lineno):
        lines[changed.lineno - 1 : changed.end_lineno] = changes[changed]
    return FixedSource("".join(lines), reverse)


def _object(call: ast.Call, batch: ast.Call | None) -> OperationObject:
    """Return the object of an operation."""
    function = function_of(call)
    names = [*_arguments(call)]
    if batch is not None:
        table = next(_arguments(batch), "")
        names = [table, *names] if function in _OF_TABLE else [*names[:1], table]
    method, is_created = _OPERATIONS.get(function, ("", False))
    if function == "drop_constraint":
        type_ = _keyword(call, "type_")
        method = _DROPPED_CONSTRAINTS.get(str(getattr(type_, "value", "")), "")
    table_name = _keyword(call, "table_name")
    if isinstance(table_name, ast.Constant):
        names = [*names[:1], str(table_name.value)]
    if "table" in function and len(names) == 1:
        names = [*names, *names]
    if not method or len(names) < 2:  # noqa: PLR2004  (a table and a name)
        raise CannotBeRewritten(
            f"op.{function}() cannot be rewritten, or its names are not constants"
        )
    table, name = names[:2] if function in _OF_TABLE else (names[1], names[0])
    schema = _keyword(batch or call, "schema")
    in_schema = "" if schema is None else ast.unparse(schema).removeprefix("None")
    return OperationObject(method, table, name, in_schema, is_created)


def _undoes(call: ast.Call, batch: ast.Call | None, obj: OperationObject) -> bool:
    try:
        return obj.is_undone_by(_object(call, batch))
    except CannotBeRewritten:
        return False


def _arguments(call: ast.Call) -> Iterator[str]:
    """Yield the leading names of a call; ``op.f()`` and ``sa.Column()`` stand for theirs."""
    for argument in call.args:
        inner = argument.args[0] if isinstance(argument, ast.Call) and argument.args else argument
        if not isinstance(inner, ast.Constant) or not isinstance(inner.value, str):
            return
        yield inner.value


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def _imported(module: ast.Module) -> set[str]:
    imports = (node for node in ast.walk(module) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _batch_of(module: ast.AST, statement: ast.stmt) -> ast.Call | None:
    """Return the call of the batch that a statement belongs to."""
    for node in ast.walk(module):
        if isinstance(node, ast.With) and statement in node.body:
            call = node.items[0].context_expr
            if isinstance(call, ast.Call) and function_of(call) == "batch_alter_table":
                return call
    return None


def _downgrade_operations(module: ast.Module) -> Iterator[tuple[ast.Expr, ast.Call | None]]:
    """Yield the operations of ``downgrade()`` that are statements, each with its batch."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("downgrade"):
            for statement in ast.walk(node):
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                    yield statement, _batch_of(node, statement)


def _conditional(lines: list[str], statement: ast.stmt, condition: str) -> list[str]:
    """Return the lines of a statement below a condition."""
    own = _own_lines(lines, statement)
    margin = own[0][: statement.col_offset]
    step, end = "\t" if "\t" in margin else INDENT, _line_end(own[0])
    return [
        f"{margin}if {condition}:{end}",
        *(step + line if line.strip() else line for line in own),
    ]


def _left_out(lines: list[str], statement: ast.stmt, module: ast.Module) -> list[str]:
    """Return what takes the place of a statement of ``downgrade()``."""
    own = _own_lines(lines, statement)
    margin, end = own[0][: statement.col_offset], _line_end(own[0])
    comment = f"{margin}# The upgrade leaves this as earlier revisions made it.{end}"
    blocks = (getattr(node, "body", ()) for node in ast.walk(module))
    (block,) = (each for each in blocks if isinstance(each, list) and statement in each)
    return [comment, f"{margin}pass{end}"] if len(block) == 1 else [comment]


def _line_end(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n"


def _own_lines(lines: list[str], statement: ast.stmt) -> list[str]:
    """Return the lines of a statement.

    Raises:
        CannotBeRewritten: It shares them with other code, or has a string of several lines, which
            an indentation would change.
    """
    end, end_column = statement.end_lineno or statement.lineno, statement.end_col_offset or 0
    own = lines[statement.lineno - 1 : end]
    before = own[0].encode()[: statement.col_offset]
    after = own[-1].encode()[end_column:].decode().strip()
    texts = (n for n in ast.walk(statement) if isinstance(n, (ast.Constant, ast.JoinedStr)))
    is_long = any(node.lineno != node.end_lineno for node in texts)
    if before.strip() or (after and not after.startswith("#")) or is_long:
        raise CannotBeRewritten(f"line {statement.lineno} cannot be indented by itself")
    return own


def _by_itself(statement: ast.stmt, batch: ast.Call | None) -> str:
    """Return a statement as code that runs outside of its batch."""
    code = ast.unparse(statement)
    if batch is None:
        return code
    return f"with {ast.unparse(batch)} as batch_op:\n{INDENT}{code}"
