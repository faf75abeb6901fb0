"""Finds the line where the models declare an object: a column, a table, an index, a constraint.

SQLAlchemy does not keep where a table was declared, but it fires an event for each new table. The
stack at that moment has the line of the project's code. Then the source is parsed: the class or the
call at this line, and the base classes of a class.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Constraint, Table, event

from driftcheck.errors import ProjectError
from driftcheck.project.containment import contained, is_own
from driftcheck.schema import Address

SourceLine: TypeAlias = tuple[Path, int]
"""A file and a line number."""


@dataclass(frozen=True)
class Node:
    """A class, a call or a statement, with its file."""

    file: Path
    syntax: ast.AST

    @property
    def line(self) -> SourceLine:
        """The first line; for a class, the line of its name and not of its decorators."""
        return self.file, getattr(self.syntax, "lineno", 1)


class Declarations:
    """The lines where the tables of the models are declared.

    Args:
        root: The project's directory. Only code below it counts.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tables: WeakKeyDictionary[Table, SourceLine] = WeakKeyDictionary()
        self._is_own = cache(lambda filename: is_own(filename, root))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record the lines of tables that are declared within the context."""
        event.listen(Table, "after_parent_attach", self._record)
        try:
            yield
        finally:
            event.remove(Table, "after_parent_attach", self._record)

    def _record(self, table: Table, _metadata: Any) -> None:
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (inspect.stack() reads source files: 100 times slower)
        while frame is not None and not self._is_own(frame.f_code.co_filename):
            if frame.f_code.co_name == "<module>":
                return  # a table of a library that the project imports
            frame = frame.f_back
        if frame is not None:
            file = (self._root / frame.f_code.co_filename).resolve()
            self._tables[table] = file, frame.f_lineno

    def find(
        self, tables: Iterable[Table], wanted: Iterable[tuple[Address, Address | None]], schema: str
    ) -> dict[Address, tuple[str, int]]:
        """Find the lines where the models declare some objects.

        Args:
            tables: The tables that the models declare.
            wanted: The objects, each with the table that it belongs to, if any.
            schema: The default schema.

        Returns:
            File and line of each object that was found. Paths are relative to the project.
        """
        with suppress(ProjectError), contained("reading the models", root=self._root):
            mappers = mappers_of_tables()
            sources = [
                _Source(table, self._tables.get(table), mappers.get(table, []), self._is_own)
                for table in tables
            ]
            by_name = {(src.table.schema or schema, src.table.name): src for src in sources}
            lines = {}
            for address, parent in wanted:
                table = parent or address
                source = by_name.get((table.schema, table.path[0]))
                line = _line_of(address, source or _first_user(address, sources))
                if line is not None:
                    lines[address] = (self._displayed(line[0]), line[1])
            return lines
        return {}

    def _displayed(self, file: Path) -> str:
        root = self._root.resolve()
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


class _Source:
    """The source of one table: the call or the classes that declare it.

    Args:
        table: The table.
        recorded: The line that was running when the table was declared; ``None`` if not known.
        mappers: The mappers of the table, the mapper of the base class first.
        is_own: Says whether a file belongs to the project.
    """

    def __init__(
        self, table: Table, recorded: SourceLine | None, mappers: Sequence[Any], is_own: Any
    ) -> None:
        self.table = table
        self._recorded = recorded
        self._mappers = mappers
        self._is_own = is_own

    @cached_property
    def nodes(self) -> Sequence[Node]:
        """The call and the classes that declare the table and its columns, the nearest first."""
        recorded = [] if self._recorded is None else [*_nodes_at(self._recorded, self.table.name)]
        classes = dict.fromkeys(c for m in self._mappers for c in m.class_.__mro__)
        inherited = (node for class_ in classes for node in self._class_nodes(class_))
        return [*dict.fromkeys([*recorded, *inherited])]

    def _class_nodes(self, class_: type) -> Iterator[Node]:
        file = getattr(sys.modules.get(class_.__module__), "__file__", None)
        if file and self._is_own(file):
            path = Path(file).resolve()
            definitions = _classes(_parsed(path)).get(class_.__qualname__, [])
            yield from (Node(path, syntax) for syntax in definitions[-1:])

    def column(self, name: str) -> SourceLine | None:
        """The line of a column, by its name in the database."""
        for node in self.nodes:
            assignments = (_assignment(node, key) for key in self._attributes(name))
            declaration = next(filter(None, assignments), None) or _call_for(node, name, "column")
            if declaration is not None:
                return declaration.line
        return None

    def _attributes(self, name: str) -> Iterator[str]:
        """The names of attributes that may map a column. Mappers are not configured for this."""
        for column in self.table.columns:
            if column.name == name:
                for mapper in self._mappers:
                    with suppress(Exception):
                        yield mapper.get_property_by_column(column).key
                yield column.key
        yield name

    def named(self, name: str) -> SourceLine | None:
        """The line of an object that is declared with a name: an index, a constraint, a type."""
        files = dict.fromkeys(node.file for node in self.nodes)
        modules = (Node(file, _parsed(file)) for file in files)
        for node in (*self.nodes, *modules):  # an index may be declared outside of the class
            call = _call_for(node, name)
            if call is not None:
                return call.line
        return None

    def first_line(self) -> SourceLine | None:
        """The line of the table's class or call; else the line that was recorded."""
        return self.nodes[0].line if self.nodes else self._recorded


def mappers_of_tables() -> dict[Any, list[Any]]:
    """The mappers of each table, the mapper of the base class first.

    A project that does not use the ORM has none, and the ORM is not imported for it.
    """
    mappers: dict[Any, list[Any]] = {}
    mapperlib = sys.modules.get("sqlalchemy.orm.mapper")
    if mapperlib is None:
        return mappers
    for registry in mapperlib._all_registries():  # noqa: SLF001  (there is no public list of registries)
        with suppress(Exception):  # a registry with a class that cannot be mapped
            for mapper in sorted(registry.mappers, key=lambda m: len(m.class_.__mro__)):
                mappers.setdefault(mapper.local_table, []).append(mapper)
    return mappers


def _first_user(address: Address, sources: Iterable[_Source]) -> _Source | None:
    """The first table with a column of an enum or domain."""
    users = (src for src in sources if any(_has_type(c, address) for c in src.table.columns))
    return next(users, None) if address.kind in ("enum", "domain") else None


def _has_type(column: Any, type_: Address) -> bool:
    return getattr(column.type, "name", None) == type_.name


def _line_of(address: Address, source: _Source | None) -> SourceLine | None:
    """The line of an object: of its own declaration, else of its only column, else of its table."""
    if source is None:
        return None
    if address.kind == "table":
        return source.first_line()
    columns = _columns_of(address, source.table)
    line = None if address.kind == "column" else source.named(address.name)
    if line is None and len(columns) == 1:
        line = source.column(columns[0])
    return line or source.first_line()


def _columns_of(address: Address, table: Table) -> Sequence[str]:
    """The columns of an object. The object may have no name in the models."""
    if address.kind == "column":
        return [address.name]
    if address.kind in ("enum", "domain"):
        return [column.name for column in table.columns if _has_type(column, address)][:1]
    if address.kind == "primary key":
        return [column.name for column in table.primary_key.columns]
    items: list[Any] = [*table.indexes, *table.constraints]
    matching = [item for item in items if item.name == address.name]
    if not matching:
        kind = address.kind.replace(" ", "_")
        matching = [c for c in table.constraints if not c.name and _visit_name(c) == kind]
    return [column.name for column in matching[0].columns] if len(matching) == 1 else []


def _visit_name(constraint: Constraint) -> str:
    name = str(constraint.__visit_name__)
    return "foreign_key" if name == "foreign_key_constraint" else name


def _parsed(file: Path) -> ast.AST:
    """The syntax tree of a file; an empty module if the file cannot be read or parsed."""
    try:
        status = file.stat()
        return _syntax(file, status.st_mtime_ns, status.st_size)
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


@lru_cache(256)
def _syntax(file: Path, _changed: int, _size: int) -> ast.AST:
    return ast.parse(file.read_bytes())


@lru_cache(256)
def _classes(syntax: ast.AST) -> dict[str, list[ast.ClassDef]]:
    """The classes of a file by qualified name, in the order of the file."""
    classes: dict[str, list[ast.ClassDef]] = {}
    scopes: list[tuple[str, ast.AST]] = [("", syntax)]
    while scopes:
        scope, node = scopes.pop()
        for child in ast.iter_child_nodes(node):
            inner = scope
            match child:
                case ast.ClassDef(name=name):
                    classes.setdefault(scope + name, []).append(child)
                    inner = f"{scope}{name}."
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    inner = f"{scope}{name}.<locals>."
            scopes.append((inner, child))
    return {name: sorted(same, key=lambda node: node.lineno) for name, same in classes.items()}


def _nodes_at(recorded: SourceLine, table: str) -> Iterator[Node]:
    """The innermost call that names the table and the innermost class that contain a line."""
    file, line = recorded
    syntax = _parsed(file)
    calls = _calls(syntax).get(table, ())
    classes = (node for same_name in _classes(syntax).values() for node in same_name)
    for candidates in (calls, classes):
        spanning = [node for node in candidates if _spans(node, line)]
        if spanning:
            yield Node(file, max(spanning, key=lambda node: node.lineno))


def _spans(node: ast.AST, line: int) -> bool:
    decorators = getattr(node, "decorator_list", ())
    first = min((d.lineno for d in decorators), default=getattr(node, "lineno", line + 1))
    return first <= line <= (getattr(node, "end_lineno", None) or 0)


def _assignment(node: Node, attribute: str) -> Node | None:
    """The statement of a class that defines an attribute: an assignment, annotation or method."""
    if not isinstance(node.syntax, ast.ClassDef):
        return None
    for statement in node.syntax.body:
        match statement:
            case ast.Assign(targets=targets):
                names = [getattr(target, "id", None) for target in targets]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.FunctionDef(name=name):
                names = [name]
            case _:
                names = []
        if attribute in names:
            return Node(node.file, statement)
    return None


def _call_for(node: Node, name: str, function: str = "") -> Node | None:
    """The call that passes a name: ``Column("age", …)``, ``Index(…, name="x")``.

    A call whose function contains ``function`` is preferred, so that ``Column("age")`` is found and
    not ``relationship("age")``.
    """
    calls = [call for call in _calls(node.syntax).get(name, ()) if call is not node.syntax]
    calls.sort(key=lambda call: function not in ast.unparse(call.func).lower())
    return Node(node.file, calls[0]) if calls else None


@lru_cache(4096)
def _calls(syntax: ast.AST) -> dict[object, list[ast.Call]]:
    """The calls in a syntax tree, by the names that they pass."""
    calls: dict[object, list[ast.Call]] = {}
    for node in ast.walk(syntax):
        for name in _names(node):
            calls.setdefault(name, []).append(node)  # type: ignore[arg-type]
    return calls


def _names(node: ast.AST) -> list[object]:
    """The names that a call passes: its first argument, or ``name=``."""
    if not isinstance(node, ast.Call):
        return []
    keywords = (keyword.value for keyword in node.keywords if keyword.arg == "name")
    arguments = [*node.args[:1], *keywords]
    return [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
