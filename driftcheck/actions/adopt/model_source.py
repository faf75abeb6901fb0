"""Changes the source of models: removes the declaration of a column, or adds one, as a diff."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import TypeAlias

from driftcheck.schema import SchemaObject

_COLUMN_CALL = re.compile(r"(?:\w+\.)*(?:Column|mapped_column)\Z")
_TYPES = {
    "bigint": "BigInteger",
    "boolean": "Boolean",
    "date": "Date",
    "double precision": "Double",
    "integer": "Integer",
    "smallint": "SmallInteger",
    "text": "Text",
    "timestamp without time zone": "DateTime",
}
"""The types of SQLAlchemy that stand for a type of every database system."""
_Located: TypeAlias = ast.expr | ast.stmt | ast.keyword
_LENGTH = re.compile(r"(?:character varying|varchar)\((\d+)\)\Z", re.IGNORECASE)


def removed_declaration(file: Path, shown: str, line: int, column: str) -> str:
    """Return the diff that removes the declaration of a column.

    Args:
        file: The file of the models.
        shown: Its path in the diff.
        line: The line of the declaration.
        column: The name of the column in the database.

    Returns:
        Nothing if the declaration does not fill its lines, or declares more than the column.
    """

    def removed(source: str, module: ast.Module) -> str | None:
        lines = source.splitlines(keepends=True)
        found = _declaration(module, line, column)
        if found is None:
            return None
        first, last = found
        return "".join([*lines[: first - 1], *lines[last:]])

    return _diff(file, shown, removed)


def added_column(file: Path, shown: str, line: int, column: SchemaObject) -> str:
    """Return the diff that declares a column of a class, after its last column.

    Args:
        file: The file of the models.
        shown: Its path in the diff.
        line: The line of the class.
        column: The column, as the database has it.

    Returns:
        Nothing if the class does not declare its columns by simple assignments, or if the type of
        the column has no type of SQLAlchemy that the file uses.
    """

    def added(source: str, module: ast.Module) -> str | None:
        class_ = next(
            (n for n in ast.walk(module) if isinstance(n, ast.ClassDef) and n.lineno == line), None
        )
        declared = [] if class_ is None else [*_assigned_columns(class_)]
        name = column.address.name
        if not declared or not name.isidentifier() or not _is_plain(column):
            return None
        last, call = declared[-1]
        type_ = _type(str(column.attributes["type"]), ast.unparse(call.func), source)
        if isinstance(last, ast.AnnAssign) or not type_:
            return None
        nullable = "" if column.attributes["nullable"] else ", nullable=False"
        lines = source.splitlines(keepends=True)
        end = last.end_lineno or last.lineno
        text = f"{' ' * last.col_offset}{name} = {ast.unparse(call.func)}({type_}{nullable})\n"
        return "".join([*lines[:end], text, *lines[end:]])

    return _diff(file, shown, added)


def _diff(file: Path, shown: str, change: Callable[[str, ast.Module], str | None]) -> str:
    try:
        source = file.read_text(encoding="utf-8")
        changed = change(source, ast.parse(source))
        if changed is None:
            return ""
        ast.parse(changed)
    except (OSError, ValueError, SyntaxError):
        return ""
    before, after = (text.splitlines(keepends=True) for text in (source, changed))
    return "".join(unified_diff(before, after, f"a/{shown}", f"b/{shown}", n=2))


def _declaration(module: ast.Module, line: int, column: str) -> tuple[int, int] | None:
    """Return the first and the last line of the declaration of a column.

    It is an assignment in a class, or an argument of a call such as ``Table()``.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                if statement.lineno == line and isinstance(statement, (ast.Assign, ast.AnnAssign)):
                    return _own_lines(statement, node.body)
        if isinstance(node, ast.Call):
            for argument in node.args:
                if argument.lineno == line and _names_column(argument, column):
                    return _own_lines(argument, [*node.args, *node.keywords])
    return None


def _own_lines(node: _Located, siblings: Sequence[_Located]) -> tuple[int, int] | None:
    """Return the lines of a node, if no sibling shares them and others remain."""
    lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    others = [each for each in siblings if each is not node]
    shared = any(each.lineno in lines or each.end_lineno in lines for each in others)
    return None if shared or not others else (lines[0], lines[-1])


def _names_column(argument: ast.expr, column: str) -> bool:
    if not isinstance(argument, ast.Call) or not argument.args:
        return False
    first = argument.args[0]
    is_column = _COLUMN_CALL.match(ast.unparse(argument.func))
    return bool(is_column) and isinstance(first, ast.Constant) and first.value == column


def _assigned_columns(class_: ast.ClassDef) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Yield the assignments of a class that declare columns, each with its call."""
    for statement in class_.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            call = statement.value
            if isinstance(call, ast.Call) and _COLUMN_CALL.match(ast.unparse(call.func)):
                yield statement, call


def _is_plain(column: SchemaObject) -> bool:
    """Whether a column has nothing but a type and NOT NULL."""
    others = {
        name: value
        for name, value in column.attributes.items()
        if name not in ("type", "nullable", "serial")
    }
    return not any(others.values())


def _type(type_: str, function: str, source: str) -> str:
    """Return a type as the file writes types; empty if it does not use SQLAlchemy's name of it."""
    length = _LENGTH.match(type_)
    name = "String" if length else _TYPES.get(type_.lower(), "")
    prefix = function.rpartition(".")[0]
    qualified = f"{prefix}.{name}" if prefix else name
    is_known = prefix or re.search(rf"\b{name}\b", source) or "from sqlalchemy import *" in source
    if not name or not is_known:
        return ""
    return f"{qualified}({length[1]})" if length else qualified
