"""Changes Python source by inserting text, so that the rest of the file stays byte for byte.

The positions come from the syntax tree. Each edit also changes a tree in the same way, and the text
that results must have exactly that tree. So a call that is written in an unforeseen way is left to
the user, and never broken.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\r|\n")


class CannotEdit(Exception):  # noqa: N818  (a result, which the caller turns into advice)
    """The source is not written in a way that can be changed safely."""


@dataclass(frozen=True)
class _Insertion:
    """A text and where it is inserted.

    Attributes:
        line: The line, from 1.
        column: The offset in the line, in bytes.
        text: The text.
    """

    line: int
    column: int
    text: str


class SourceEdit:
    """The edits of one file.

    Args:
        source: The content of the file.

    Raises:
        CannotEdit: It is not Python source in UTF-8.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.tree = _parsed(source)
        self._lines = _LINE_END.sub(b"\n", source).split(b"\n")
        newline = _LINE_END.search(source)
        self._newline = newline[0].decode() if newline else "\n"
        self._insertions: list[_Insertion] = []

    @property
    def is_changed(self) -> bool:
        """Whether there is an edit."""
        return bool(self._insertions)

    def add_keyword(self, call: ast.Call, name: str, value: str) -> None:
        """Add a keyword argument after all arguments of a call."""
        text = f"{name}={value}"
        arguments = [*call.args, *(each.value for each in call.keywords)]
        line, column = _end(call)
        closing = line, column - 1
        if not arguments:
            self._insert(*closing, text)
        else:
            last = max(arguments, key=_end)
            self._append(last, closing, text)
        call.keywords.append(ast.keyword(name, ast.parse(value, mode="eval").body))

    def add_element(self, values: ast.List, value: str) -> None:
        """Add an element to a list that is not empty."""
        line, column = _end(values)
        self._append(values.elts[-1], (line, column - 1), value)
        values.elts.append(ast.parse(value, mode="eval").body)

    def wrap(self, holder: ast.keyword | ast.Assign, function: str) -> None:
        """Write the call of a function around the value of an argument or an assignment."""
        value = holder.value
        self._insert(value.lineno, value.col_offset, f"{function}(")
        self._insert(*_end(value), ")")
        called = ast.parse(function, mode="eval").body
        holder.value = ast.Call(func=called, args=[value], keywords=[])

    def add_import(self, module: str) -> None:
        """Add an import below the last import at the top of the file, unless it is there."""
        imports = [
            node for node in self.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        names = (
            alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names
        )
        if module in names:
            return
        if not imports:
            raise CannotEdit
        last = imports[-1]
        self._insert((last.end_lineno or 0) + 1, 0, f"import {module}{self._newline}")
        position = self.tree.body.index(last) + 1
        self.tree.body.insert(position, ast.Import(names=[ast.alias(module)]))

    def result(self) -> bytes:
        """Return the changed source.

        Raises:
            CannotEdit: It would not have the intended syntax tree.
        """
        lines = re.split(rb"(?<=\n)|(?<=\r)(?!\n)", self.source)
        for insertion in sorted(self._insertions, key=_position, reverse=True):
            line = lines[insertion.line - 1]
            text = insertion.text.encode()
            lines[insertion.line - 1] = line[: insertion.column] + text + line[insertion.column :]
        result = b"".join(lines)
        if ast.dump(_parsed(result)) != ast.dump(self.tree):
            raise CannotEdit
        return result

    def _append(self, last: ast.expr, closing: tuple[int, int], text: str) -> None:
        """Insert a text after the last argument or element, in its style."""
        has_comma = b"," in self._between(_end(last), closing)
        if _end(last)[0] == closing[0]:
            if has_comma:
                self._insert(*closing, f" {text}")
            else:
                self._insert(*_end(last), f", {text}")
            return
        if not has_comma:
            self._insert(*_end(last), ",")
        first = self._lines[last.lineno - 1]
        indent = first[: len(first) - len(first.lstrip())].decode()
        self._insert(closing[0], 0, f"{indent}{text},{self._newline}")

    def _between(self, start: tuple[int, int], end: tuple[int, int]) -> bytes:
        """Return the source between two positions, without comments."""
        (first, from_column), (last, to_column) = start, end
        lines = self._lines[first - 1 : last]
        lines[-1] = lines[-1][:to_column]
        lines[0] = lines[0][from_column:]
        return b"".join(line.partition(b"#")[0] for line in lines)

    def _insert(self, line: int, column: int, text: str) -> None:
        self._insertions.append(_Insertion(line, column, text))


def calls(tree: ast.AST, names: Sequence[str]) -> Iterator[ast.Call]:
    """Yield the calls of a function, in the order of the file.

    Args:
        tree: The syntax tree.
        names: The names of the function in this file, such as ``context.configure``.
    """
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]
    yield from sorted(found, key=lambda call: (call.lineno, call.col_offset))


def local_names(tree: ast.Module, module: str, name: str) -> list[str]:
    """Return the names that something of a module has in a file, by the imports of the file.

    Args:
        tree: The syntax tree of the file.
        module: The module, such as ``alembic``.
        name: The name in the module, such as ``context``.
    """
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == module and not node.level:
            found += [alias.asname or name for alias in node.names if alias.name == name]
        elif isinstance(node, ast.Import):
            found += [f"{a.asname or a.name}.{name}" for a in node.names if a.name == module]
            whole = f"{module}.{name}"
            found += [a.asname or whole for a in node.names if a.name == whole]
    return found


def _parsed(source: bytes) -> ast.Module:
    try:
        source.decode("utf-8")
        return ast.parse(source)
    except (SyntaxError, ValueError):
        raise CannotEdit from None


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _position(insertion: _Insertion) -> tuple[int, int]:
    return insertion.line, insertion.column
