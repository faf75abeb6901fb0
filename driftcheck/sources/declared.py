"""Finds the line where the models declare an object: a column, a table, an index, a constraint.

SQLAlchemy does not keep where a table was declared. It tells whoever listens when one is, though,
and then the stack says which line of the project's code is being run. From there on the source is
read: the class or the call at that line and, of a class, the classes that it inherits from.
"""

from __future__ import annotations

import ast
import importlib
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

Place: TypeAlias = tuple[Path, int]
"""A file, and a line of it."""


@dataclass(frozen=True)
class Node:
    """A class, a call or a statement, in the source that it is part of."""

    file: Path
    syntax: ast.AST

    @property
    def place(self) -> Place:
        """Where it begins; the name of a class counts, not its decorators."""
        return self.file, getattr(self.syntax, "lineno", 1)


class Declarations:
    """Where the tables of the models were declared.

    Args:
        root: The project's directory: only its own code is looked at.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tables: WeakKeyDictionary[Table, Place] = WeakKeyDictionary()
        self._is_own = cache(lambda filename: is_own(filename, root))

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note meanwhile where tables are declared."""
        event.listen(Table, "after_parent_attach", self._note)
        try:
            yield
        finally:
            event.remove(Table, "after_parent_attach", self._note)

    def _note(self, table: Table, _metadata: Any) -> None:
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (inspect.stack() reads source files: 100 times slower)
        while frame is not None and not self._is_own(frame.f_code.co_filename):
            if frame.f_code.co_name == "<module>":
                return  # a library's own table: the project only imports it
            frame = frame.f_back
        if frame is not None:
            file = (self._root / frame.f_code.co_filename).resolve()
            self._tables[table] = file, frame.f_lineno

    def find(
        self, tables: Iterable[Table], wanted: Iterable[tuple[Address, Address | None]], schema: str
    ) -> dict[Address, tuple[str, int]]:
        """Find the lines where the models declare some objects; what is not found is left out.

        Args:
            tables: The tables that the models declare.
            wanted: The objects, each with the table that it belongs to, if it is part of one.
            schema: The schema of tables that name none.
        """
        with suppress(ProjectError), contained("reading the models", root=self._root):
            mappers = _mappers()
            sources = [
                _Source(table, self._tables.get(table), mappers.get(table, []), self._is_own)
                for table in tables
            ]
            by_name = {(one.table.schema or schema, one.table.name): one for one in sources}
            found = {}
            for address, whole in wanted:
                source = by_name.get(((whole or address).schema, (whole or address).path[0]))
                place = _place(address, source or _user_of(address, sources))
                if place is not None:
                    found[address] = (self._shown(place[0]), place[1])
            return found
        return {}

    def _shown(self, file: Path) -> str:
        root = self._root.resolve()
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


class _Source:
    """The source of one table: the class or the call that declares it, and what a class inherits.

    Args:
        table: The table.
        noted: The line that was run when it was declared.
        mappers: Its mappers, that of the base class first.
        is_own: Whether a file is the project's own.
    """

    def __init__(
        self, table: Table, noted: Place | None, mappers: Sequence[Any], is_own: Any
    ) -> None:
        self.table = table
        self._noted = noted
        self._mappers = mappers
        self._is_own = is_own

    @cached_property
    def nodes(self) -> Sequence[Node]:
        """The classes and the call that have a say in the table, nearest first."""
        noted = [] if self._noted is None else [*_at(self._noted, self.table.name)]
        classes = dict.fromkeys(c for m in self._mappers for c in m.class_.__mro__)
        found = [*noted, *(node for c in classes for node in self._node_of(c))]
        return [*dict.fromkeys(found)]

    def _node_of(self, class_: type) -> Iterator[Node]:
        file = getattr(sys.modules.get(class_.__module__), "__file__", None)
        if file and self._is_own(file):
            path = Path(file).resolve()
            found = _classes(_parsed(path)).get(class_.__qualname__, [])
            yield from (Node(path, syntax) for syntax in found[-1:])

    def column(self, name: str) -> Place | None:
        """The line of a column, by its name in the database."""
        for node in self.nodes:
            assigned = (_assignment(node, key) for key in self._attributes(name))
            found = next(filter(None, assigned), None) or _call_for(node, name, "column")
            if found is not None:
                return found.place
        return None

    def _attributes(self, name: str) -> Iterator[str]:
        """The attributes that a column may be mapped to; no mapper is configured for that."""
        for column in self.table.columns:
            if column.name == name:
                for mapper in self._mappers:
                    with suppress(Exception):
                        yield mapper.get_property_by_column(column).key
                yield column.key
        yield name

    def named(self, name: str) -> Place | None:
        """The line of what is given a name of its own: an index, a constraint, a type."""
        files = dict.fromkeys(node.file for node in self.nodes)
        whole_files = (Node(file, _parsed(file)) for file in files)
        for node in (*self.nodes, *whole_files):  # an index may stand below the class
            found = _call_for(node, name)
            if found is not None:
                return found.place
        return None

    def whole(self) -> Place | None:
        """The line of the class or of the call or, where none is seen, the line that was run."""
        return self.nodes[0].place if self.nodes else self._noted


def _mappers() -> dict[Any, list[Any]]:
    """The mappers of each table, that of the base class first."""
    found: dict[Any, list[Any]] = {}
    mapperlib = importlib.import_module("sqlalchemy.orm.mapper")
    for registry in mapperlib._all_registries():  # noqa: SLF001  (there is no public list of them)
        with suppress(Exception):  # one with a class that could not be mapped
            for mapper in sorted(registry.mappers, key=lambda m: len(m.class_.__mro__)):
                found.setdefault(mapper.local_table, []).append(mapper)
    return found


def _user_of(address: Address, sources: Iterable[_Source]) -> _Source | None:
    """The table that has a column of a type which is its own object: an enum, a domain."""
    users = (one for one in sources if any(_is_of(c, address) for c in one.table.columns))
    return next(users, None) if address.kind in ("enum", "domain") else None


def _is_of(column: Any, type_: Address) -> bool:
    return getattr(column.type, "name", None) == type_.name


def _place(address: Address, source: _Source | None) -> Place | None:
    if source is None:
        return None
    if address.kind == "table":
        return source.whole()
    columns = _columns_of(address, source.table)
    place = None if address.kind == "column" else source.named(address.name)
    if place is None and len(columns) == 1:
        place = source.column(columns[0])
    return place or source.whole()


def _columns_of(address: Address, table: Table) -> Sequence[str]:
    """The columns of an object, which need not have a name in the models."""
    if address.kind == "column":
        return [address.name]
    if address.kind in ("enum", "domain"):
        return [column.name for column in table.columns if _is_of(column, address)][:1]
    if address.kind == "primary key":
        return [column.name for column in table.primary_key.columns]
    things: list[Any] = [*table.indexes, *table.constraints]
    named = [thing for thing in things if thing.name == address.name]
    if not named:
        kind = address.kind.replace(" ", "_")
        named = [t for t in table.constraints if not t.name and _visit_name(t) == kind]
    return [column.name for column in named[0].columns] if len(named) == 1 else []


def _visit_name(constraint: Constraint) -> str:
    name = str(constraint.__visit_name__)
    return "foreign_key" if name == "foreign_key_constraint" else name


def _parsed(file: Path) -> ast.AST:
    """The syntax of a file; an empty one where it cannot be read, as that of a compiled module."""
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
    """The classes of a file by their qualified names, in its order; a name may come again."""
    found: dict[str, list[ast.ClassDef]] = {}
    scopes: list[tuple[str, ast.AST]] = [("", syntax)]
    while scopes:
        scope, node = scopes.pop()
        for child in ast.iter_child_nodes(node):
            inner = scope
            match child:
                case ast.ClassDef(name=name):
                    found.setdefault(scope + name, []).append(child)
                    inner = f"{scope}{name}."
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    inner = f"{scope}{name}.<locals>."
            scopes.append((inner, child))
    return {name: sorted(same, key=lambda one: one.lineno) for name, same in found.items()}


def _at(place: Place, table: str) -> Iterator[Node]:
    """The innermost class, and the call that names the table, at a line."""
    file, line = place
    syntax = _parsed(file)
    calls = _calls(syntax).get(table, ())
    classes = (one for several in _classes(syntax).values() for one in several)
    for candidates in (calls, classes):
        spanning = [node for node in candidates if _spans(node, line)]
        if spanning:
            yield Node(file, max(spanning, key=lambda node: node.lineno))


def _spans(node: ast.AST, line: int) -> bool:
    decorators = getattr(node, "decorator_list", ())
    first = min((d.lineno for d in decorators), default=getattr(node, "lineno", line + 1))
    return first <= line <= (getattr(node, "end_lineno", None) or 0)


def _assignment(node: Node, attribute: str) -> Node | None:
    """The statement of a class that gives an attribute its value, its type, or its function."""
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


def _call_for(node: Node, name: str, maker: str = "") -> Node | None:
    """The call that gives something a name: ``Column("age", …)``, ``Index(…, name="x")``.

    One that says what it makes goes before one that only has the name: ``relationship("age")``.
    """
    calls = [call for call in _calls(node.syntax).get(name, ()) if call is not node.syntax]
    calls.sort(key=lambda call: maker not in ast.unparse(call.func).lower())
    return Node(node.file, calls[0]) if calls else None


@lru_cache(4096)
def _calls(syntax: ast.AST) -> dict[object, list[ast.Call]]:
    """The calls within some syntax, by the names that they give."""
    found: dict[object, list[ast.Call]] = {}
    for node in ast.walk(syntax):
        for name in _names(node):
            found.setdefault(name, []).append(node)  # type: ignore[arg-type]
    return found


def _names(node: ast.AST) -> list[object]:
    """The names that a call gives: its first argument, or ``name=``."""
    if not isinstance(node, ast.Call):
        return []
    given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
    return [value.value for value in given if isinstance(value, ast.Constant)]
