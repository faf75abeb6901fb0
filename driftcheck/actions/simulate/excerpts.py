"""Finds the operation of a migration that ran a statement, and the lines around it."""

from __future__ import annotations

import ast
from pathlib import Path

from driftcheck.sources.operation_code import lines_of, parsed, statement_at
from driftcheck.sources.statement_log import has_word

_LINES_AROUND = 2


def operation_line(file: Path, line: int | None, statement: str) -> int | None:
    """Return the line of the operation that ran a statement.

    The operations in a ``with`` block (``op.batch_alter_table``) may run only at the end of the
    block; the line that ran is then the block's. In this case the operation is the first one whose
    first string is a name in the statement.

    Args:
        file: The migration.
        line: The line that ran.
        statement: The statement.
    """
    block = None if line is None else statement_at(parsed(file), line)
    if not isinstance(block, (ast.With, ast.AsyncWith)):
        return line
    named = ((operation.lineno, _first_string(operation)) for operation in block.body)
    lines = (number for number, name in named if name and has_word(statement, name))
    return next(lines, line)


def excerpt(file: Path, line: int | None) -> str:
    """Return lines of a migration with their numbers, with a mark at the operation of a line.

    Args:
        file: The migration.
        line: The first line of the operation; ``None`` for the bodies of the functions that
            upgrade.

    Returns:
        An empty string if the file is not valid Python or has no operation at the line.
    """
    functions = [node for node in parsed(file).body if isinstance(node, ast.FunctionDef)]
    if line is None:
        upgrades = [function for function in functions if function.name.startswith("upgrade")]
        return "\n".join(
            _numbered(file, lines_of(*function.body), range(0)) for function in upgrades
        )
    bodies = (lines_of(*function.body) for function in functions)
    body = next((body for body in bodies if line in body), None)
    operation = statement_at(parsed(file), line)
    if body is None or operation is None:
        return ""
    marked = lines_of(operation)
    first, last = marked.start - _LINES_AROUND, marked.stop + _LINES_AROUND
    return _numbered(file, range(max(first, body.start), min(last, body.stop)), marked)


def _first_string(statement: ast.stmt) -> str | None:
    """Return the first string of a statement: the name of the object of an operation."""
    constants = (node for node in ast.walk(statement) if isinstance(node, ast.Constant))
    strings = ((c.lineno, c.col_offset, c.value) for c in constants if isinstance(c.value, str))
    return min(strings, default=(0, 0, None))[2]


def _numbered(file: Path, lines: range, marked: range) -> str:
    source = file.read_text(encoding="utf-8").splitlines()
    width = len(str(lines.stop))
    return "\n".join(
        f"{number:{width}} {'>' if number in marked else ' '} {source[number - 1]}".rstrip()
        for number in lines
    )
