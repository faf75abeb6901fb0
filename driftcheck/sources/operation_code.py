"""Finds the operations in the code of a migration, and names them in short."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_PROXIES = ("op", "batch_op")
_CONTEXTS = frozenset(("batch_alter_table", "f", "get_bind", "get_context"))
"""Functions of ``op`` that are no operations."""

_SHORT = 60
"""The number of characters after which code is cut."""

_REVERSES = {
    "add_column": "drop_column",
    "create_check_constraint": "drop_constraint",
    "create_foreign_key": "drop_constraint",
    "create_index": "drop_index",
    "create_primary_key": "drop_constraint",
    "create_table": "drop_table",
    "create_unique_constraint": "drop_constraint",
}


def parsed(file: Path) -> ast.Module:
    """Return the syntax tree of a migration; empty if the file is not valid Python."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return ast.Module(body=[], type_ignores=[])


def statement_at(module: ast.Module, line: int) -> ast.stmt | None:
    """Return the smallest statement that a line belongs to."""
    statements = (node for node in ast.walk(module) if isinstance(node, ast.stmt))
    around = (statement for statement in statements if line in lines_of(statement))
    return min(around, key=lambda statement: len(lines_of(statement)), default=None)


def lines_of(*statements: ast.stmt) -> range:
    """Return the lines from the first statement to the end of the last."""
    last = statements[-1]
    return range(statements[0].lineno, (last.end_lineno or last.lineno) + 1)


def operation_at(module: ast.Module, line: int | None) -> ast.Call | None:
    """Return the call of the operation at a line."""
    statement = None if line is None else statement_at(module, line)
    return None if statement is None else next(_operations(statement), None)


def counterpart(module: ast.Module, operation: ast.Call) -> ast.Call | None:
    """Return the call in ``downgrade()`` that undoes an operation, if there is one.

    Example: ``op.drop_column('students', 'nick')`` for
    ``op.add_column('students', sa.Column('nick', sa.Text()))``.
    """
    reverse, names = _REVERSES.get(function_of(operation)), _names(operation)
    downgrades = (
        node
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("downgrade")
    )
    calls = (call for downgrade in downgrades for call in _operations(downgrade))
    return next((c for c in calls if function_of(c) == reverse and _names(c) == names), None)


def function_of(operation: ast.Call) -> str:
    """Return the function that an operation calls, such as ``add_column``."""
    return operation.func.attr if isinstance(operation.func, ast.Attribute) else ""


def short(operation: ast.Call) -> str:
    """Return an operation with the names of its object only: ``op.create_table('students')``."""
    arguments = ", ".join(_short_arguments(operation))
    return _cut(f"{ast.unparse(operation.func)}({arguments})")


def short_code(code: str) -> str:
    """Return the first operation of some code in short."""
    try:
        module = ast.parse(code)
    except SyntaxError:
        return _cut(code)
    operation = next(_operations(module), None)
    return _cut(" ".join(code.split())) if operation is None else short(operation)


def _operations(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls of operations in the order of the code."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            called, proxy = child.func.attr, child.func.value
            if isinstance(proxy, ast.Name) and proxy.id in _PROXIES and called not in _CONTEXTS:
                yield child
        yield from _operations(child)


def _short_arguments(call: ast.Call) -> Iterator[str]:
    """Yield the leading strings and variables, and the column of ``add_column`` by its name."""
    for argument in call.args:
        if isinstance(argument, (ast.Constant, ast.Name)):
            yield ast.unparse(argument)
        elif isinstance(argument, ast.Call) and function_of(argument) == "f":
            yield from _short_arguments(argument)
        else:
            if function_of(call) == "add_column" and isinstance(argument, ast.Call):
                yield short(argument)
            return


def _names(call: ast.Call) -> list[str]:
    """Return the names of the object of an operation: of a column, its table's name too."""
    nodes = (node for argument in call.args for node in ast.walk(argument))
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    count = 2 if "column" in function_of(call) and ast.unparse(call.func)[:2] == "op" else 1
    return [value for value in values if isinstance(value, str)][:count]


def _cut(code: str) -> str:
    return code if len(code) <= _SHORT else code[: _SHORT - 1] + "…"
