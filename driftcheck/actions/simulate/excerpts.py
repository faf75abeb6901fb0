"""The operation of a migration that ran a statement, and the lines around it."""

from __future__ import annotations

import ast
from pathlib import Path

from driftcheck.sources.statement_log import has_word

_AROUND = 2


def operation_line(file: Path, line: int | None, statement: str) -> int | None:
    """The line of the operation that ran a statement.

    What stands in a ``with`` block (``op.batch_alter_table``) may run only at the block's end, and
    then its line is the block's. The operation is known by the name it gives first.

    Args:
        file: The migration.
        line: The line that was run.
        statement: What was run there.
    """
    block = None if line is None else _statement_at(file, line)
    if not isinstance(block, (ast.With, ast.AsyncWith)):
        return line
    named = ((one.lineno, _first_text(one)) for one in block.body)
    return next((at for at, name in named if name and has_word(statement, name)), line)


def excerpt(file: Path, line: int | None) -> str:
    """Lines of a migration with their numbers, the operation at a line marked.

    Args:
        file: The migration.
        line: Where the operation begins; ``None`` for the functions that upgrade, all of them.

    Returns:
        Nothing where the file cannot be read as Python, or has no operation there.
    """
    functions = [one for one in _parsed(file).body if isinstance(one, ast.FunctionDef)]
    if line is None:
        upgrades = [one for one in functions if one.name.startswith("upgrade")]
        return "\n".join(_numbered(file, _lines_of(*one.body), range(0)) for one in upgrades)
    body = next((b for b in (_lines_of(*one.body) for one in functions) if line in b), None)
    operation = _statement_at(file, line)
    if body is None or operation is None:
        return ""
    marked = _lines_of(operation)
    first, last = marked.start - _AROUND, marked.stop + _AROUND
    return _numbered(file, range(max(first, body.start), min(last, body.stop)), marked)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return ast.Module(body=[], type_ignores=[])


def _statement_at(file: Path, line: int) -> ast.stmt | None:
    """The smallest statement that a line belongs to."""
    statements = (one for one in ast.walk(_parsed(file)) if isinstance(one, ast.stmt))
    around = (one for one in statements if line in _lines_of(one))
    return min(around, key=lambda one: len(_lines_of(one)), default=None)


def _first_text(statement: ast.stmt) -> str | None:
    """The text that stands first in a statement: what an operation is for."""
    texts = (one for one in ast.walk(statement) if isinstance(one, ast.Constant))
    placed = ((t.lineno, t.col_offset, t.value) for t in texts if isinstance(t.value, str))
    return min(placed, default=(0, 0, None))[2]


def _lines_of(*statements: ast.stmt) -> range:
    last = statements[-1]
    return range(statements[0].lineno, (last.end_lineno or last.lineno) + 1)


def _numbered(file: Path, lines: range, marked: range) -> str:
    texts = file.read_text(encoding="utf-8").splitlines()
    width = len(str(lines.stop))
    return "\n".join(
        f"{number:{width}} {'>' if number in marked else ' '} {texts[number - 1]}".rstrip()
        for number in lines
    )
